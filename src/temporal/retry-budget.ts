/**
 * Whether a failed attempt is followed by another, from the attempts that the barrier kept and the plan's own table.
 * Adapter ring; pure functions.
 * @source execution model 8.4
 */
import type { Attempt, Failure } from '../kernel/failure';
import type { Plan } from '../plan/plan';
import { ATTEMPT_LIMITS } from './attempt';

export type Verdict =
  { readonly retry: true; readonly afterMs: number; readonly failure: Failure } | { readonly retry: false };

/** What an attempt without a record counts as. Its class has no retries to use up: it is tried again at once. */
export const lostFailure = (isMutating: boolean): Failure => ({
  class: 'transient',
  code: 'ACTION_ATTEMPT_LOST',
  message: 'the attempt left no record',
  effect: isMutating ? 'unknown' : 'none',
});

/**
 * The verdict on the latest failure.
 * @param attempts failed attempts of this firing, the latest included; lost ones count for no class
 */
export function verdictOn(failure: Failure, attempts: readonly Attempt[], retry: Plan['retry']): Verdict {
  if (isLost(failure))
    return failure.class === 'permanent' ? { retry: false } : { retry: true, afterMs: 0, failure };
  const rule = retry[failure.class];
  const used = attempts.filter(
    (attempt) => attempt.failure?.class === failure.class && !isLost(attempt.failure),
  ).length;
  if (used > rule.max) return { retry: false };
  const planned = rule.delaysMs[Math.min(Math.max(used, 1), rule.delaysMs.length) - 1] ?? 0;
  const asked = Math.min(failure.retryAfterMs ?? 0, ATTEMPT_LIMITS.retryAfterMs);
  return { retry: true, afterMs: Math.max(planned, asked), failure };
}

const isLost = (failure: Failure): boolean => failure.code === 'ACTION_ATTEMPT_LOST';
