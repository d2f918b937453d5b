/** Waiting for conditions, never for durations. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Characters of what was seen last, in the message. */
const SHOWN = 2_000;

/** Looks until what is seen holds, and returns it; past the bound it says what it was instead. Bounds are milliseconds. */
export async function until<T>(
  look: () => Promise<T>,
  holds: (seen: T) => boolean,
  { withinMs, everyMs }: { readonly withinMs: number; readonly everyMs: number },
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > deadline)
      throw new Error(`it never came to pass: ${JSON.stringify(seen).slice(0, SHOWN)}`);
    await sleep(everyMs);
  }
}
