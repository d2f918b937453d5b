/**
 * Whether a failed action is tried again, and when: the retry table by class of failure.
 * Pure ring: counts come in as arguments, so the engine, the simulator and the Temporal adapter agree to the millisecond.
 * It knows no jitter (a plan's trace must be reproducible) and no `Retry-After`: the caller takes the later of the two.
 */
import type { FailureClass } from '../kernel/failure';
import { assertNever } from '../kernel/invariant';
import { RETRY_FIGURES, type RetryFigure, type RetryFigures } from './figures/retry';

export type RetryVerdict =
  /** `afterMs`: milliseconds from the end of the failed attempt to the earliest next one. */
  { readonly retry: true; readonly afterMs: number } | { readonly retry: false };

/**
 * The retry owed to the latest failure.
 * @param failureClass class of the latest failure; each class has its own count
 * @param attemptsOfClass attempts of this action that failed in that class so far, the latest included; at least 1
 * @source execution model 8.4
 */
export function retryDelay(
  failureClass: FailureClass,
  attemptsOfClass: number,
  figures: { readonly retry: RetryFigures } = { retry: RETRY_FIGURES },
): RetryVerdict {
  const figure = figures.retry[failureClass];
  if (attemptsOfClass > figure.maxRetries) return { retry: false };
  return { retry: true, afterMs: delayBefore(Math.max(1, attemptsOfClass), figure) };
}

/**
 * Confidence left after attempts that failed, in [0, 1]: each *unknown* one takes its share, the other classes none.
 * @source execution model 8.4, "with degraded confidence"
 */
export function confidenceAfterFailures(
  confidence: number,
  attempts: Readonly<Partial<Record<FailureClass, number>>>,
  figures: { readonly retry: RetryFigures } = { retry: RETRY_FIGURES },
): number {
  let left = confidence;
  for (const failureClass of ['transient', 'recoverable', 'permanent', 'unknown'] as const) {
    left *= figures.retry[failureClass].confidenceFactor ** (attempts[failureClass] ?? 0);
  }
  return left;
}

function delayBefore(nthRetry: number, { backoff, baseMs }: RetryFigure): number {
  switch (backoff) {
    case 'exponential':
      return baseMs * 2 ** (nthRetry - 1);
    case 'linear':
      return baseMs * nthRetry;
    case 'fixed':
      return baseMs;
    default:
      return assertNever(backoff);
  }
}
