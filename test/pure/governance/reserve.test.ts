/** The arithmetic of limits: what a request does to a counter, in which window, against which limit. 6.2 to 6.4. */
import * as fc from 'fast-check';
import { SPEC_FIGURES as F } from '../../../src/governance/figures';
import {
  chainDepthOf,
  limitOf,
  reserve,
  settlement,
  usedShare,
  windowAt,
} from '../../../src/governance/reserve';
import { DAY, HOUR } from './fixtures';

const count = fc.nat(1_000);

describe('a reservation', () => {
  test.each([
    [50, 0, 1, 'granted', 1],
    [50, 38, 1, 'granted', 39],
    [50, 39, 1, 'soft', 40],
    [50, 49, 1, 'soft', 50],
    [50, 50, 1, 'hard', 50],
    [50, 49, 2, 'hard', 49],
    [50, 51, 1, 'overage', 51],
    [50, 0, 51, 'unattainable', 0],
    [0, 0, 1, 'unattainable', 0],
    [0, 0, 0, 'granted', 0],
    [50, 50, 0, 'soft', 50],
    [50, 60, 0, 'soft', 60],
  ] as const)(
    'of limit %d, %d used and %d asked is %s and leaves %d in use',
    (limit, used, asked, level, usedAfter) => {
      expect(reserve(limit, used, asked, F)).toEqual({
        level,
        fits: level === 'granted' || level === 'soft',
        usedAfter,
      });
    },
  );

  test('never takes the counter over the limit, in any order of requests', () => {
    fc.assert(
      fc.property(count, fc.array(fc.integer({ min: 1, max: 50 })), (limit, requests) => {
        const used = requests.reduce((sum, asked) => reserve(limit, sum, asked, F).usedAfter, 0);
        expect(used).toBeLessThanOrEqual(limit);
      }),
    );
  });

  test('grants exactly as many single units as the limit has', () => {
    fc.assert(
      fc.property(count, fc.nat(2_000), (limit, requests) => {
        let used = 0;
        let granted = 0;
        for (let i = 0; i < requests; i++) {
          const reservation = reserve(limit, used, 1, F);
          used = reservation.usedAfter;
          if (reservation.fits) granted += 1;
        }
        expect(granted).toBe(Math.min(limit, requests));
      }),
    );
  });

  test('is settled to the real cost, which is how use comes to pass a limit', () => {
    const used = reserve(100, 90, 10, F).usedAfter + settlement(10, 25);
    expect(used).toBe(115);
    expect(reserve(100, used, 1, F).level).toBe('overage');
  });

  test('tells the share of a limit in use, and calls a shut door full', () => {
    expect([usedShare(200, 160), usedShare(0, 0), usedShare(0, 1)]).toEqual([0.8, 0, 1]);
  });
});

describe('a window', () => {
  const iso = (text: string): number => Date.parse(text);
  test.each([
    ['hour', '2026-03-10T10:42:01Z', '2026-03-10T10:00:00Z', '2026-03-10T11:00:00Z'],
    ['day', '2026-03-10T10:42:01Z', '2026-03-10T00:00:00Z', '2026-03-11T00:00:00Z'],
    ['month', '2026-12-31T23:59:59Z', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['month', '2028-02-29T00:00:00Z', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z'],
  ] as const)('of a %s around %s is [%s, %s)', (window, at, from, to) => {
    expect(windowAt(window, iso(at))).toEqual({ from: iso(from), to: iso(to) });
  });

  test('of what is counted at once is none', () => {
    expect(windowAt('at_once', 0)).toBeNull();
  });

  test('holds its moment, and the next begins where it ends', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('hour', 'day', 'month'),
        fc.integer({ min: 0, max: 4e12 }),
        (window, at) => {
          const found = windowAt(window, at);
          if (found === null) throw new Error('a calendar window has bounds');
          expect(found.from <= at && at < found.to).toBe(true);
          expect(windowAt(window, found.to)?.from).toBe(found.to);
          expect(windowAt(window, found.from)).toEqual(found);
          expect(found.to - found.from).toBeGreaterThanOrEqual(window === 'hour' ? HOUR : DAY);
        },
      ),
    );
  });
});

describe('the limit in force', () => {
  test('is the tier’s, and a contract only tightens it', () => {
    expect(limitOf('actions_per_day', { tier: 'growth', limits: {} }, F)).toBe(50);
    expect(limitOf('actions_per_day', { tier: 'growth', limits: { actions_per_day: 20 } }, F)).toBe(20);
    expect(limitOf('actions_per_day', { tier: 'growth', limits: { actions_per_day: 90 } }, F)).toBe(50);
  });

  test('is the contract’s where the tier says Custom, and Pro’s where the contract is silent', () => {
    const custom = { tier: 'enterprise', limits: { llm_calls_per_hour: 9_000 } } as const;
    expect(limitOf('llm_calls_per_hour', custom, F)).toBe(9_000);
    expect(limitOf('llm_calls_per_hour', { tier: 'enterprise', limits: {} }, F)).toBe(500);
    expect(chainDepthOf('enterprise', F)).toBe(3);
  });
});
