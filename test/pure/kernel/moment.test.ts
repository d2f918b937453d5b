/** Moments as people write them mean the same on every machine, and what is none is none. */
import { readMoment } from '../../../src/kernel/moment';

const { TZ } = process.env;
afterEach(() => {
  if (TZ === undefined) delete process.env['TZ'];
  else process.env['TZ'] = TZ;
});

test.each(['UTC', 'America/New_York', 'Asia/Kolkata'])('a moment without a zone is UTC in %s', (zone) => {
  process.env['TZ'] = zone;
  for (const text of ['2026-11-17T04:14', '2026-11-17 04:14', '2026-11-17T04:14Z', '2026-11-17T05:14+01:00'])
    expect(readMoment(text)).toEqual({ at: Date.UTC(2026, 10, 17, 4, 14), spanMs: 60_000 });
});

test.each([
  ['2026-11-17', 86_400_000],
  ['2026-11-17T04:14', 60_000],
  ['2026-11-17T04:14:07', 1_000],
  ['2026-11-17T04:14:07.250Z', 1],
])('%s is said to within %i ms', (text, spanMs) => {
  expect(readMoment(text)?.spanMs).toBe(spanMs);
});

test.each([
  ...['', 'soon', '17.11.2026', '2026-11', '2026-02-30', '2026-13-01', '2026-11-17T25:00', '2026-11-17T4:14'],
  ...['2026-11-17T04:14.5Z', '2026-11-17Z', '2026-11-17T04:14+1', '2026-11-17T04:14Z and more'],
])('`%s` is no moment', (text) => {
  expect(readMoment(text)).toBeUndefined();
});
