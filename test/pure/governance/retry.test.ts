/** The retry table of 8.4, held number by number. */
import { confidenceAfterFailures, retryDelay } from '../../../src/governance/retry';
import { RETRY_FIGURES } from '../../../src/governance/figures/retry';
import type { FailureClass } from '../../../src/kernel/failure';

describe('retry table (8.4)', () => {
  const delays = (failureClass: FailureClass): number[] => {
    const found: number[] = [];
    for (let n = 1; n < 20; n++) {
      const verdict = retryDelay(failureClass, n);
      if (!verdict.retry) break;
      found.push(verdict.afterMs);
    }
    return found;
  };

  test('a transient failure is retried three times, after 1 s, 2 s and 4 s', () => {
    expect(delays('transient')).toEqual([1_000, 2_000, 4_000]);
  });
  test('a recoverable failure is retried twice, after 60 s and 120 s', () => {
    expect(delays('recoverable')).toEqual([60_000, 120_000]);
  });
  test('a permanent failure is never retried', () => {
    expect(delays('permanent')).toEqual([]);
  });
  test('an unknown failure is retried once, after 300 s', () => {
    expect(delays('unknown')).toEqual([300_000]);
  });
  test('a tenant may set other figures', () => {
    const retry = { ...RETRY_FIGURES, transient: { ...RETRY_FIGURES.transient, maxRetries: 5, baseMs: 10 } };
    expect(retryDelay('transient', 5, { retry })).toEqual({ retry: true, afterMs: 160 });
  });
  test('an unknown failure takes a tenth of the confidence, a known one nothing', () => {
    expect(confidenceAfterFailures(0.95, { unknown: 1, transient: 3 })).toBeCloseTo(0.855, 12);
    expect(confidenceAfterFailures(0.95, { transient: 3, recoverable: 2 })).toBe(0.95);
  });
});
