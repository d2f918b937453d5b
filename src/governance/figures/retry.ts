/**
 * How often and after how long a failed action is tried again, by the class of its failure.
 * Pure ring: data only.
 * @source execution model 8.4
 */
import type { FailureClass } from '../../kernel/failure';

/** How the delays of one class grow: `base × 2ⁿ⁻¹`, `base × n`, or always `base`. */
export type Backoff = 'exponential' | 'linear' | 'fixed';

export interface RetryFigure {
  /** Retries after the first attempt; 0 where the class is not eligible. */
  readonly maxRetries: number;
  readonly backoff: Backoff;
  /** Delay before the first retry, in milliseconds. */
  readonly baseMs: number;
  /** What one failure of this class multiplies the action's confidence by, in (0, 1]; 1 leaves it alone. */
  readonly confidenceFactor: number;
  readonly spec: string;
}

export type RetryFigures = Readonly<Record<FailureClass, RetryFigure>>;

export const RETRY_FIGURES: RetryFigures = {
  transient: { maxRetries: 3, backoff: 'exponential', baseMs: 1_000, confidenceFactor: 1, spec: '8.4' },
  recoverable: { maxRetries: 2, backoff: 'linear', baseMs: 60_000, confidenceFactor: 1, spec: '8.4' },
  permanent: { maxRetries: 0, backoff: 'fixed', baseMs: 0, confidenceFactor: 1, spec: '8.4' },
  // The spec says "with degraded confidence" and not by how much. 0.9 is ours: the same tenth that a moderate failure
  // takes from trust (2.3). It leaves Very High confidence (0.95) above the autopilot threshold (0.855 ≥ 0.85) and
  // takes everything below that to a person, so an unclear effect is repeated alone only where we were nearly sure.
  unknown: { maxRetries: 1, backoff: 'fixed', baseMs: 300_000, confidenceFactor: 0.9, spec: '8.4' },
};
