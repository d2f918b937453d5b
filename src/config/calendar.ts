/**
 * Change calendars as configuration writes them: windows between two moments, and windows that come back every week.
 * Authoring ring. What a calendar does to an action, the authority rules say.
 */
import { z } from 'zod';
import { CALENDAR_KINDS, type CalendarFacts } from '../governance/facts';
import type { Json } from '../kernel/json';
import { readMoment } from '../kernel/moment';

/** `[from, to)`, in milliseconds since the epoch. */
export interface ChangeWindow {
  readonly from: number;
  readonly to: number;
}

/** Most windows of one calendar: a year of nights. */
export const WINDOWS_LIMIT = 400;

/** Windows that have not ended which a decision is told of; what it needs is the present one and the next. */
const NEAR_LIMIT = 16;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The first of January 1970 was a Thursday. */
const DAYS = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'] as const;

const WEEKLY = /^(daily|mon|tue|wed|thu|fri|sat|sun) (\d\d):(\d\d)-(\d\d):(\d\d)$/;

/**
 * Reads `<from>/<to>`, two moments of ISO 8601 with the second behind the first; `undefined` where the text is none. A moment
 * without a zone is UTC.
 */
export function readWindow(text: string): ChangeWindow | undefined {
  const [from, to, ...rest] = text.split('/').map((moment) => readMoment(moment)?.at);
  if (from === undefined || to === undefined || rest.length > 0 || from >= to) return undefined;
  return { from, to };
}

interface WeeklyWindow {
  /** Absent: every day. */
  readonly day?: number;
  /** Milliseconds from the beginning of that day, in UTC. */
  readonly from: number;
  /** Behind `from`; past the end of the day where the window goes over midnight. */
  readonly to: number;
}

/** Reads `sat 22:00-04:00` or `daily 01:00-05:00`, in UTC; what ends before it begins ends on the next day. */
function readWeekly(text: string): WeeklyWindow | undefined {
  const [, day, ...clock] = WEEKLY.exec(text) ?? [];
  const [fromHour, fromMinute, toHour, toMinute] = clock.map(Number);
  const from = timeOfDay(fromHour, fromMinute);
  const to = timeOfDay(toHour, toMinute);
  if (day === undefined || from === undefined || to === undefined || from === DAY_MS) return undefined;
  const index = (DAYS as readonly string[]).indexOf(day);
  return { ...(index < 0 ? {} : { day: index }), from, to: to > from ? to : to + DAY_MS };
}

/** `24:00` is the end of the day. */
function timeOfDay(hour = NaN, minute = NaN): number | undefined {
  const at = (hour * 60 + minute) * MINUTE_MS;
  return minute < 60 && at <= DAY_MS ? at : undefined;
}

const text = (read: (text: string) => unknown, message: string, example: string) =>
  z
    .string()
    .max(100)
    .refine((one) => read(one) !== undefined, { message })
    .meta({ examples: [example] });

/** The value of a key `calendar.<name>`. */
export const calendarSchema = z
  .strictObject({
    kind: z.enum(CALENDAR_KINDS).meta({
      description: 'freeze: nothing fires inside its windows; maintenance: nothing fires outside them',
    }),
    windows: z
      .array(
        text(
          readWindow,
          'is no window: write `<from>/<to>`, two moments, the second behind the first',
          '2026-12-20T00:00Z/2027-01-03T00:00Z',
        ),
      )
      .max(WINDOWS_LIMIT)
      .optional(),
    weekly: z
      .array(
        text(
          readWeekly,
          'is no weekly window: write a day or `daily`, and the hours in UTC, such as `sat 22:00-04:00`',
          'sat 22:00-04:00',
        ),
      )
      .max(50)
      .optional()
      .meta({
        description:
          'a day (mon to sun) or daily, and the hours in UTC; over midnight where the end is earlier',
      }),
  })
  .refine(({ windows = [], weekly = [] }) => windows.length + weekly.length > 0, {
    message: 'has neither `windows` nor `weekly`',
  });

/**
 * A checked calendar as a fact of a decision at `now`: the windows that have not ended, the earliest first, no more of them
 * than a decision needs. A value that is no calendar has none, and so holds what it covers.
 */
export function calendarAt(id: string, value: Json, now: number): CalendarFacts {
  const read = calendarSchema.safeParse(value);
  if (!read.success) return { id, kind: 'maintenance', windows: [] };
  const { kind, windows = [], weekly = [] } = read.data;
  const all = [
    ...windows.flatMap((one) => readWindow(one) ?? []),
    ...weekly.flatMap((one) => occurrences(readWeekly(one), now)),
  ];
  return { id, kind, windows: nearWindows(all, now) };
}

/** Those that have not ended, the earliest first, no more of them than a decision needs. */
export function nearWindows(windows: readonly ChangeWindow[], now: number): readonly ChangeWindow[] {
  return windows
    .filter(({ to }) => to > now)
    .sort((a, b) => a.from - b.from || a.to - b.to)
    .slice(0, NEAR_LIMIT);
}

/** From yesterday, whose window may not have ended, to the same day of the next week. */
function occurrences(window: WeeklyWindow | undefined, now: number): readonly ChangeWindow[] {
  if (window === undefined) return [];
  const today = Math.floor(now / DAY_MS);
  const days = Array.from({ length: 9 }, (_, i) => today - 1 + i);
  return days
    .filter((day) => window.day === undefined || day % DAYS.length === window.day)
    .map((day) => ({ from: day * DAY_MS + window.from, to: day * DAY_MS + window.to }));
}
