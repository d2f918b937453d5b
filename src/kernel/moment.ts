/**
 * Moments as people write them, in ISO 8601; one without a zone is UTC, on any machine.
 * Pure ring.
 */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** How finely it is written, in milliseconds: a day, a minute, a second or a thousandth of one. */
  readonly spanMs: number;
}

/** `2026-11-17`, `2026-11-17T04:14Z`, `2026-11-17 04:14:07+01:00`. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?)?$/i;

/** The moment that a text names; `undefined` where it names none, such as the thirtieth of February. */
export function readMoment(text: string): Moment | undefined {
  const [, date, time, seconds, part, zone = 'Z'] = ISO.exec(text) ?? [];
  if (date === undefined || !isDay(date) || (part !== undefined && seconds === undefined)) return undefined;
  const at = Date.parse(`${date}T${time ?? '00:00'}${seconds ?? ':00'}${part ?? ''}${zone.toUpperCase()}`);
  if (Number.isNaN(at)) return undefined;
  const spanMs =
    time === undefined ? 86_400_000 : seconds === undefined ? 60_000 : part === undefined ? 1_000 : 1;
  return { at, spanMs };
}

/** ECMAScript takes the thirtieth of February for a day of March. */
function isDay(date: string): boolean {
  const at = Date.parse(date);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date);
}
