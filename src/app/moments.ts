/**
 * When something happened, as people say it: an instant as finely as it is written, or the last such weekday. All of it is UTC where no
 * zone is named.
 * Entry ring; pure.
 */
export interface Span {
  /** Milliseconds since the epoch, inclusive. */
  readonly since: number;
  /** Exclusive. */
  readonly until: number;
}

const DAY_MS = 86_400_000;
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

/** `2026-11-17`, `2026-11-17T04:14Z`, `2026-11-17 04:14:07+01:00`. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:\.\d+)?(Z|[+-]\d\d:\d\d)?)?$/i;
/** `tuesday 4:14`, `yesterday 04:14`, `today`. */
const SAID = /^([a-z]+)(?:(?: at)? (\d{1,2}):(\d\d))?$/i;

/** The span that a text names; `undefined` where it names none. A weekday is the last one that has begun. */
export function spanOf(text: string, now: number): Span | undefined {
  const [, date, time, seconds, zone = 'Z'] = ISO.exec(text.trim()) ?? [];
  if (date !== undefined) {
    const since = Date.parse(`${date}T${time ?? '00:00'}${seconds ?? ':00'}${zone.toUpperCase()}`);
    const ms = time === undefined ? DAY_MS : seconds === undefined ? 60_000 : 1_000;
    return Number.isNaN(since) ? undefined : { since, until: since + ms };
  }
  const [, day = '', hours, minutes] = SAID.exec(text.trim()) ?? [];
  const midnight = dayNamed(day.toLowerCase(), now);
  if (midnight === undefined) return undefined;
  if (hours === undefined) return { since: midnight, until: midnight + DAY_MS };
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const since = midnight + Number(hours) * 3_600_000 + Number(minutes) * 60_000;
  return { since, until: since + 60_000 };
}

function dayNamed(name: string, now: number): number | undefined {
  const today = now - (now % DAY_MS);
  if (name === 'today') return today;
  if (name === 'yesterday') return today - DAY_MS;
  const day = DAYS.findIndex((one) => one === name || one.slice(0, 3) === name);
  return day < 0 ? undefined : today - ((new Date(now).getUTCDay() - day + 7) % 7) * DAY_MS;
}
