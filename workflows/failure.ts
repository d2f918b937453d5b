/**
 * Failures and Temporal's own, turned into each other: here and nowhere else.
 * Loaded inside the Temporal sandbox, by the activities, and by whoever reads a history.
 */
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import type { Attempt, Failure } from '../src/kernel/failure';
import type { Json } from '../src/kernel/json';

/** A failure for good, with every attempt made. */
export interface Failed {
  readonly kind: 'failed';
  readonly failure: Failure;
  readonly attempts?: readonly Attempt[];
  readonly decision?: Json;
}

/** Ends the activity: Temporal does not try it again. The failure and its attempts travel as details. */
export function finalFailure({ failure, attempts, decision }: Failed): ApplicationFailure {
  return ApplicationFailure.create({
    type: failure.code,
    message: failure.message,
    nonRetryable: true,
    details: [
      {
        failure,
        ...(attempts === undefined ? {} : { attempts }),
        ...(decision === undefined ? {} : { decision }),
      },
    ],
  });
}

/** Asks Temporal for another attempt `afterMs` milliseconds from now. */
export function passingFailure(
  why: { readonly code: string; readonly message: string },
  afterMs: number,
): ApplicationFailure {
  return ApplicationFailure.create({
    type: why.code,
    message: why.message,
    // Temporal takes 0 for "as the policy says".
    nextRetryDelay: Math.max(1, Math.ceil(afterMs)),
  });
}

/**
 * What an activity ended with; `undefined` where the error does not come from an activity, so that it is our bug. Remote
 * activities fail with an ActivityFailure around the cause, local ones with the bare cause.
 */
export function readFailure(error: unknown): Failed | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure)
    return readDetails(cause) ?? { kind: 'failed', failure: foreign(cause) };
  if (cause instanceof TimeoutFailure)
    return unclear('ACTION_TIMED_OUT', 'the attempt did not answer in time');
  if (cause instanceof CancelledFailure) return unclear('ACTION_CANCELLED', 'the attempt was cancelled');
  return undefined;
}

function readDetails({ details }: ApplicationFailure): Failed | undefined {
  const detail = details?.[0] as Partial<Failed> | undefined;
  if (detail?.failure === undefined) return undefined;
  return {
    kind: 'failed',
    failure: detail.failure,
    ...(detail.attempts === undefined ? {} : { attempts: detail.attempts }),
    ...(detail.decision === undefined ? {} : { decision: detail.decision }),
  };
}

/** An error that our activities do not throw: the robot is of another make or mind. */
const foreign = (failure: ApplicationFailure): Failure => ({
  class: 'unknown',
  code: 'ACTION_CRASHED',
  message: failure.type ?? 'the activity ended with an unexpected error',
  effect: 'unknown',
});

const unclear = (code: string, message: string): Failed => ({
  kind: 'failed',
  failure: { class: 'unknown', code, message, effect: 'unknown' },
});
