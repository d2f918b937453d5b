/**
 * Failures: what is expected to go wrong at run time, as tagged values. An adapter turns one into a Temporal
 * ApplicationFailure, in one place, and reads it back in one place.
 * Pure ring.
 */

/** How a failure is retried. @source execution model 8.4 */
export type FailureClass = 'transient' | 'recoverable' | 'permanent' | 'unknown';

export interface Failure {
  readonly class: FailureClass;
  /** A business error that the AWF's contract declares, or one of the general codes of the catalogue. */
  readonly code: string;
  /** What a caller may see: no hosts, no SQL, no stacks. */
  readonly message: string;
  /** Whether the failed attempt may have changed something: `unknown` after a time-out or a cut connection. */
  readonly effect: 'none' | 'unknown';
  /** Earliest next attempt that the system asked for, in milliseconds from the failure (Retry-After). */
  readonly retryAfterMs?: number;
}

/** One try at an action; every try is kept, because Temporal forgets those that failed. */
export interface Attempt {
  /** 1 for the first. */
  readonly n: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Absent on the attempt that succeeded. */
  readonly failure?: Failure;
}
