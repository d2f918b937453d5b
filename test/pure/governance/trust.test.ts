/** Trust: what is earned, what is lost, and how long it takes. 2.3 and DESIGN §9.5. */
import * as fc from 'fast-check';
import { SPEC_FIGURES as F } from '../../../src/governance/figures';
import { TRUST_LEVELS } from '../../../src/governance/mode';
import {
  applyTrustEvent,
  foldTrust,
  freshTrust,
  trustAt,
  type TrustEvent,
  type TrustLedger,
} from '../../../src/governance/trust';
import { DAY, NOW } from './fixtures';

/** `count` events of a kind, `everyDays` apart, ending at NOW. */
const run = (count: number, everyDays: number, kind: TrustEvent['kind'] = 'success'): TrustEvent[] =>
  Array.from({ length: count }, (_, i) => ({ at: NOW - (count - 1 - i) * everyDays * DAY, kind }));
const at = (ledger: TrustLedger, now = NOW): ReturnType<typeof trustAt> => trustAt(ledger, now, F);

describe('a level is earned', () => {
  test.each([
    [29, 0, 'new'],
    [30, 0, 'established'],
    [100, 0.5, 'established'],
    [100, 1, 'proven'],
    [500, 0.2, 'proven'],
    [500, 0.4, 'veteran'],
  ] as const)('by %d successes %d days apart: %s', (count, everyDays, level) => {
    expect(at(foldTrust(run(count, everyDays), F)).earned).toBe(level);
  });

  test('by nobody who has done nothing', () => {
    expect(at(freshTrust(F))).toEqual({ earned: 'new', score: 1, effective: 'new' });
  });

  test('by every one below it too', () => {
    const claimed = { ...foldTrust(run(500, 0.4), F), criticalFailures: 1 };
    expect(at(claimed).earned).toBe('new');
  });
});

describe('a critical failure', () => {
  const veteran = foldTrust(run(500, 0.4), F);
  const fallen = applyTrustEvent(veteran, { at: NOW, kind: 'critical_failure' }, F);

  test('drops one level at once', () => {
    expect(at(veteran).earned).toBe('veteran');
    expect(at(fallen).earned).toBe('proven');
    expect(at(applyTrustEvent(fallen, { at: NOW, kind: 'critical_failure' }, F)).earned).toBe('established');
  });

  test('leaves no level below new', () => {
    const first = applyTrustEvent(freshTrust(F), { at: NOW, kind: 'critical_failure' }, F);
    expect(at(first).earned).toBe('new');
  });

  test('begins a new climb: what was lost must be earned anew, and can be', () => {
    let ledger = fallen;
    for (let day = 1; day <= 179; day++) {
      for (let i = 0; i < 3; i++)
        ledger = applyTrustEvent(ledger, { at: NOW + day * DAY, kind: 'success' }, F);
    }
    expect(ledger.successes).toBeGreaterThan(500);
    expect(at(ledger, NOW + 179 * DAY).earned).toBe('proven');
    expect(at(ledger, NOW + 180 * DAY).earned).toBe('veteran');
  });

  test('on the way to established takes the climb back to its start', () => {
    const events: TrustEvent[] = [...run(29, 0), { at: NOW, kind: 'critical_failure' }, ...run(29, 0)];
    expect(at(foldTrust(events, F)).earned).toBe('new');
    expect(at(foldTrust([...events, { at: NOW, kind: 'success' }], F)).earned).toBe('established');
  });
});

describe('a spike of failures', () => {
  test('takes back a level that the climb has reached', () => {
    const events = [...run(100, 1), ...run(3, 0, 'moderate_failure')];
    expect(at(foldTrust(events, F)).earned).toBe('established');
  });

  test('takes back a level kept through a drop, though not the first failure', () => {
    const proven = foldTrust([...run(500, 0.4), { at: NOW, kind: 'critical_failure' }], F);
    const one = applyTrustEvent(proven, { at: NOW, kind: 'moderate_failure' }, F);
    expect(at(one).earned).toBe('proven');
    expect(at(applyTrustEvent(one, { at: NOW, kind: 'moderate_failure' }, F)).earned).toBe('established');
  });
});

describe('the score', () => {
  const scoreAfter = (events: readonly TrustEvent[], now = NOW): number =>
    at(foldTrust(events, F), now).score;

  test('loses a tenth with each moderate failure', () => {
    expect(scoreAfter(run(2, 0, 'moderate_failure'))).toBe(0.81);
  });

  test('loses a fifth with each sixty days exceeded without activity', () => {
    const one = run(1, 0);
    expect(scoreAfter(one, NOW + 60 * DAY)).toBe(1);
    expect(scoreAfter(one, NOW + 60 * DAY + 1)).toBe(0.8);
    expect(scoreAfter(one, NOW + 120 * DAY)).toBe(0.8);
    expect(scoreAfter(one, NOW + 121 * DAY)).toBe(0.64);
  });

  test('keeps what idleness took when activity returns', () => {
    const ledger = foldTrust([{ at: NOW - 61 * DAY, kind: 'success' }, ...run(1, 0)], F);
    expect(ledger.score).toBe(0.8);
  });

  test('gains a twentieth with ten successes in a row, up to one', () => {
    const failure = run(1, 0, 'moderate_failure');
    expect(scoreAfter([...failure, ...run(9, 0)])).toBe(0.9);
    expect(scoreAfter([...failure, ...run(10, 0)])).toBe(0.95);
    expect(scoreAfter([...failure, ...run(40, 0)])).toBe(1);
    expect(scoreAfter([...failure, ...run(9, 0), ...failure, ...run(9, 0)])).toBe(0.81);
  });

  test('below 0.7 lowers the effective level by one, below 0.4 by two', () => {
    const proven = foldTrust(run(100, 1), F);
    const effective = (score: number): string => at({ ...proven, score }).effective;
    expect([0.7, 0.69, 0.4, 0.39].map(effective)).toEqual(['proven', 'established', 'established', 'new']);
  });
});

describe('the fold', () => {
  const anyEvent = fc.record({
    at: fc.integer({ min: NOW - 400 * DAY, max: NOW }),
    kind: fc.constantFrom<TrustEvent['kind']>(
      'success',
      'success',
      'success',
      'moderate_failure',
      'critical_failure',
    ),
  });

  test('in pieces is the fold of the whole', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), fc.array(anyEvent), (first, second) => {
        let ledger = foldTrust(first, F);
        for (const event of second) ledger = applyTrustEvent(ledger, event, F);
        expect(ledger).toEqual(foldTrust([...first, ...second], F));
      }),
    );
  });

  test('keeps the score in [0, 1], and the effective level at or below the earned one', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 200 }), fc.nat(1_000), (events, days) => {
        const view = at(foldTrust(events, F), NOW + days * DAY);
        expect(view.score).toBeGreaterThanOrEqual(0);
        expect(view.score).toBeLessThanOrEqual(1);
        expect(TRUST_LEVELS.indexOf(view.effective)).toBeLessThanOrEqual(TRUST_LEVELS.indexOf(view.earned));
      }),
    );
  });

  test('never rises by a failure', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 200 }), fc.boolean(), (events, critical) => {
        const before = foldTrust(events, F);
        const now = before.lastActiveAt ?? NOW;
        const after = applyTrustEvent(
          before,
          { at: now, kind: critical ? 'critical_failure' : 'moderate_failure' },
          F,
        );
        const rank = (ledger: TrustLedger): number => TRUST_LEVELS.indexOf(at(ledger, now).effective);
        expect(rank(after)).toBeLessThanOrEqual(rank(before));
      }),
    );
  });
});
