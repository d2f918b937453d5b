/**
 * Change calendars: nothing fires inside a freeze, nor outside the windows of a maintenance calendar. Deny wins: one
 * calendar that says no is enough. Pure ring.
 */
import type { CalendarFacts } from '../facts';
import { hold, type Block, type FiringRule } from '../rule';

export const CALENDARS: FiringRule = {
  rule: 'calendars',
  spec: 'DESIGN 6',
  judgeFiring: ({ facts: { calendars, now } }) => {
    const blocks = calendars.flatMap((calendar) => blockOf(calendar, now));
    const because =
      calendars.length === 0
        ? 'no change calendar covers it'
        : blocks.length === 0
          ? 'every change calendar is open'
          : blocks
              .map((block) => block.because)
              .sort()
              .join('; ');
    return { because, blocks };
  },
};

function blockOf({ id, kind, windows }: CalendarFacts, now: number): readonly Block[] {
  const inside = windows.filter(({ from, to }) => from <= now && now < to);
  if (kind === 'freeze') {
    if (inside.length === 0) return [];
    const ends = Math.max(...inside.map(({ to }) => to));
    return [hold(`calendar:${id}`, `the change freeze \`${id}\` is on`, 'the end of the freeze', ends)];
  }
  if (inside.length > 0) return [];
  const starts = windows.map(({ from }) => from).filter((from) => from > now);
  const next = starts.length === 0 ? null : Math.min(...starts);
  return [
    hold(`calendar:${id}`, `it is outside the windows of \`${id}\``, 'the next maintenance window', next),
  ];
}
