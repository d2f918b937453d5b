/**
 * How a use case says no: a code, what and why, how to mend it. Doors show it; none of them has to know where it comes from.
 * Entry ring.
 */
import type { Diagnostic } from '../kernel/diagnostic';
import { err, ok, type Result } from '../kernel/result';
import { OutcomeError, type OutcomeProblem } from '../temporal/outcome-error';

export interface Refusal {
  /** Stands in the catalogue of codes. */
  readonly code: string;
  /** Lower case, no final stop. */
  readonly message: string;
  readonly help?: string;
  readonly diagnostics?: readonly Diagnostic[];
}

const HELP: Partial<Record<OutcomeProblem, string>> = {
  OUTCOME_UNKNOWN: 'its id is `<tenant>/<outcome code>/<event id>`, as `backstep run` prints it',
  OUTCOME_OVER:
    '`backstep trace` tells how it ended; a completed one can still be taken back with `backstep backstep`',
  OUTCOME_UNDO_WINDOW_OVER: 'the window is part of the plan: see `undo for …` in `backstep compile`',
  OUTCOME_DOES_NOT_ANSWER: 'see whether robots are up: `backstep doctor`, then `backstep worker`',
};

/** What `work` gives, or the refusal that it threw. Other errors stay thrown: they are nobody's to mend here. */
export async function refusing<T>(work: () => Promise<T>): Promise<Result<T, Refusal>> {
  try {
    return ok(await work());
  } catch (error) {
    if (!(error instanceof OutcomeError)) throw error;
    const help = HELP[error.code];
    return err({ code: error.code, message: error.message, ...(help === undefined ? {} : { help }) });
  }
}

export const refuse = (
  code: string,
  message: string,
  more: Pick<Refusal, 'help' | 'diagnostics'> = {},
): Result<never, Refusal> => err({ code, message, ...more });

/** What is said of an outcome that is not there, and of one that is another tenant's: the very same words. */
export const noSuchOutcome = (id: string): Promise<Result<never, Refusal>> =>
  refusing(() => Promise.reject(new OutcomeError('OUTCOME_UNKNOWN', id)));
