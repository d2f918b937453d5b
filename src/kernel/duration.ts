/**
 * Durations: written `'90s'`, `'1h30m'`, `'2d'` by people, held as whole milliseconds everywhere else.
 * Pure ring.
 */
import { err, ok, type Result } from './result';

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

type Unit = keyof typeof UNIT_MS;

/** A duration as written: numbers with the units `ms s m h d`, largest first, such as `'1h30m'` or `'0.5s'`. */
export type DurationText = `${number}${Unit}` | (string & {});

/** Milliseconds of a written duration, or what is wrong with it. */
export function parseDuration(text: string): Result<number, string> {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)];
  const read = parts.map((part) => part[0]).join('');
  if (parts.length === 0 || read !== text) {
    return err(
      `\`${text}\` is not a duration: write numbers with units, such as \`90s\`, \`1h30m\` or \`2d\``,
    );
  }
  const total = parts.reduce((sum, part) => sum + Number(part[1]) * UNIT_MS[part[2] as Unit], 0);
  return ok(Math.round(total));
}

/** Milliseconds of a duration written in code; a malformed one is our bug and throws. */
export function durationMs(text: DurationText): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new RangeError(parsed.error);
  return parsed.value;
}

/** The shortest exact text: `90_000` is `1m30s`, `0` is `0s`. Inverse of `parseDuration`. */
export function printDuration(ms: number): string {
  let rest = ms;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / UNIT_MS[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * UNIT_MS[unit];
  }
  return text === '' ? '0s' : text;
}
