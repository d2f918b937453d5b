/**
 * When something happened, as people say it: an instant as finely as it is written, or the last such weekday. All of it is UTC where no
 * zone is named.
 * Entry ring; pure.
 */
import { readMoment } from '../kernel/moment';

export interface Span {
  /** Milliseconds since the epoch, inclusive. */
  readonly since: number;
  /** Exclusive. */
  readonly until: number;
}

const DAY_MS = 86_400_000;
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

/** `tuesday 4:14`, `yesterday 04:14`, `today`. */
const SAID = /^([a-z]+)(?:(?: at)? (\d{1,2}):(\d\d))?$/i;

/** The span that a text names; `undefined` where it names none. A weekday is the last one that has begun. */
export function spanOf(text: string, now: number): Span | undefined {
  const moment = readMoment(text.trim());
  if (moment !== undefined) return { since: moment.at, until: moment.at + moment.spanMs };
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
