/**
 * Brings archived histories from the database to their place outside. Their bytes stand in the database until they lie there, so
 * that a place that is down loses nothing, and what was brought twice is there once.
 * Adapter ring. It holds up no projector: that has done its part when the bytes are in the database.
 */
import type { ArchivePlace } from '../store/archive-place';
import type { Retention } from '../store/retention';
import { StoreError } from '../store/store-error';

export interface BringParts {
  readonly retention: Pick<Retention, 'unplaced' | 'placed' | 'heldPlaces'>;
  readonly archive: ArchivePlace;
  readonly tenants: () => Promise<readonly string[]>;
  /** Told of what could not be brought; it must return at once. */
  readonly onError?: (error: unknown) => void;
}

const BRING_LIMITS = {
  /** Between two looks for what waits, in milliseconds. */
  lookMs: 2_000,
  /** The longest pause while the place is down: each is twice the one before. */
  longestMs: 60_000,
  /** Between two looks at what legal holds keep past its time, and how long before its time is over it is held, in milliseconds. */
  holdMs: 3_600_000,
  aheadMs: 30 * 86_400_000,
  /** Histories that are read at once. */
  page: 10,
} as const;

export interface Bringing {
  /** Finishes the one at hand. */
  stop(): Promise<void>;
}

/** Brings what waits now; how many. Throws the first thing that passes by itself: the rest waits for the next time. */
export async function bringAll({ retention, archive, tenants, onError }: BringParts): Promise<number> {
  let count = 0;
  for (const tenant of await tenants()) {
    // What the place refuses must not stand before all that came after it.
    const refused: string[] = [];
    for (;;) {
      const waiting = await retention.unplaced(tenant, BRING_LIMITS.page, refused);
      for (const history of waiting) {
        try {
          await retention.placed(tenant, history.run, await archive.put(history));
          count += 1;
        } catch (error) {
          if (!(error instanceof StoreError) || error.isPassing) throw error;
          refused.push(history.run);
          onError?.(error);
        }
      }
      if (waiting.length < BRING_LIMITS.page) break;
    }
  }
  return count;
}

/**
 * Has the place itself hold what a legal hold keeps and its lock soon does not any more, and lets go of what was lifted since.
 * Throws the first thing that passes by itself.
 * @param known places that are held so, to be handed in again the next time: what is missing there is let go of when it is removed
 * @param at milliseconds since the epoch
 */
export async function holdAll(
  { retention, archive, tenants, onError }: BringParts,
  known: Set<string>,
  at: number,
): Promise<void> {
  const held = new Set<string>();
  for (const tenant of await tenants())
    for (const place of await retention.heldPlaces(tenant, at + BRING_LIMITS.aheadMs)) held.add(place);
  for (const place of new Set([...held, ...known])) {
    const on = held.has(place);
    if (on === known.has(place)) continue;
    try {
      await archive.hold(place, on);
    } catch (error) {
      if (!(error instanceof StoreError) || error.isPassing) throw error;
      // What is gone has no hold to lose.
      if (on) onError?.(error);
      if (on) continue;
    }
    if (on) known.add(place);
    else known.delete(place);
  }
}

/** Brings for as long as it is not stopped. */
export function startBringing(
  parts: BringParts,
  times: Partial<Record<'lookMs' | 'longestMs', number>> = {},
): Bringing {
  const { lookMs, longestMs } = { ...BRING_LIMITS, ...times };
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;
  const known = new Set<string>();
  let nextHold = 0;
  let pause: number = lookMs;
  let wake = (): void => undefined;
  const run = async (): Promise<void> => {
    while (!isOver()) {
      try {
        await bringAll(parts);
        const now = Date.now();
        if (now >= nextHold) {
          await holdAll(parts, known, now);
          nextHold = now + BRING_LIMITS.holdMs;
        }
        pause = lookMs;
      } catch (error) {
        parts.onError?.(error);
        pause = Math.min(pause * 2, longestMs);
      }
      if (isOver()) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        timer.unref();
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const running = run();
  return {
    stop: async () => {
      over.abort();
      wake();
      await running;
    },
  };
}
