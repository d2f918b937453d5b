/**
 * How attempts end, as the workflow is told.
 * Adapter ring; pure functions.
 */
import type { Attempt, Failure } from '../kernel/failure';
import { invariant } from '../kernel/invariant';
import type { Tried } from './attempt';
import type { Again } from './dispatcher-port';
import { lostFailure, type Verdict } from './retry-budget';

export const failureOf = (tried: Exclude<Tried<unknown>, { kind: 'ok' }>, isMutating: boolean): Failure =>
  tried.kind === 'failed' ? tried.failure : lostFailure(isMutating);

/** The failure that ended a firing. Once an effect was unclear it stays so, whatever a later attempt says. */
export function lastOf(attempts: readonly Attempt[], isUnclear: boolean): Failure {
  const last = attempts[attempts.length - 1]?.failure;
  invariant(last !== undefined, 'a firing that failed for good has a failed attempt');
  return isUnclear ? { ...last, effect: 'unknown' } : last;
}

export const lostOf = (attempts: readonly Attempt[]): number =>
  attempts.filter((attempt) => attempt.failure?.code === 'ACTION_ATTEMPT_LOST').length;

export const settle = <Result>(verdict: Verdict, failedFor: () => Result): Result | Again =>
  verdict.retry ? { kind: 'again', afterMs: verdict.afterMs, failure: verdict.failure } : failedFor();

export const kept = (attempts: readonly Attempt[]): { readonly attempts?: readonly Attempt[] } =>
  attempts.length === 0 ? {} : { attempts };

export const failed = (
  failure: Failure,
  attempts: readonly Attempt[],
): { readonly kind: 'failed'; readonly failure: Failure; readonly attempts?: readonly Attempt[] } => ({
  kind: 'failed',
  failure,
  ...kept(attempts),
});

export const clean = (code: string, message: string): Failure => ({
  class: 'permanent',
  code,
  message,
  effect: 'none',
});

export const notImplemented = (awf: string): Failure =>
  clean('ACTION_NOT_IMPLEMENTED', `this robot has no effect for \`${awf}\``);

export const invalidInput = (awf: string, issues: string): Failure =>
  clean('ACTION_INPUT_INVALID', `\`${awf}\` does not take this input: ${issues}`);
