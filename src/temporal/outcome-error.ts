/**
 * What a caller of outcomes can do wrong or has come too late for.
 * Adapter ring.
 */
import { OUTCOME_PROBLEMS } from '../kernel/catalogue';

export type OutcomeProblem = keyof typeof OUTCOME_PROBLEMS;

export class OutcomeError extends Error {
  override readonly name = 'OutcomeError';
  constructor(
    readonly code: OutcomeProblem,
    /** The outcome, or what is wrong with what was sent. */
    readonly about: string,
  ) {
    super(`\`${about}\`: ${OUTCOME_PROBLEMS[code]}`);
  }
}
