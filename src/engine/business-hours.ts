/** When the next business hour begins, in the zone it is written for. Pure ring. */
import type { BusinessHours } from '../plan/plan';

const MINUTE_MS = 60_000;
/** A week and a day: whatever the days named, one of them is within. */
const HORIZON_MINUTES = 8 * 24 * 60;

/** `at` itself inside business hours, else the instant they next begin, to the minute. */
export function nextOpening(hours: BusinessHours, at: number): number {
  const clock = clockOf(hours.timezone);
  const open = (instant: number): boolean => isOpen(hours, clock, instant);
  if (open(at)) return at;
  // Steps of a quarter of an hour find the window (the compiler refuses shorter ones); then its first minute is found.
  const start = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  for (let minute = 0; minute <= HORIZON_MINUTES; minute += 15) {
    if (!open(start + minute * MINUTE_MS)) continue;
    let first = start + minute * MINUTE_MS;
    while (first - MINUTE_MS > at && open(first - MINUTE_MS)) first -= MINUTE_MS;
    return first;
  }
  return at;
}

const DAYS = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function isOpen(hours: BusinessHours, clock: Intl.DateTimeFormat, at: number): boolean {
  const parts = clock.formatToParts(new Date(at));
  const part = (type: string): string => parts.find((p) => p.type === type)?.value ?? '';
  const minute = Number(part('hour')) * 60 + Number(part('minute'));
  return hours.days.includes(DAYS.indexOf(part('weekday'))) && minute >= hours.from && minute < hours.to;
}

const clockOf = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
