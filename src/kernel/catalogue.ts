/**
 * The one catalogue of codes: each names one mistake, failure or refusal, and never changes its meaning.
 * A test holds it against `docs/errors.md` both ways, and looks for a test that produces each code.
 * Pure ring.
 */

/** Mistakes of an author, found before anything runs. Area first; the text is the meaning. */
export const DIAGNOSTICS = {
  // runbooks and plans
  PLAN_CYCLE: 'nodes wait for each other in a circle, or a runbook contains itself',
} as const;

/** Expected at run time; the general codes, beside those that each AWF's contract declares. */
export const FAILURES = {
  ACTION_TIMED_OUT: 'an attempt did not answer in time, so its effect is unknown',
  ACTION_DIVERGED: 'somebody else changed the object meanwhile, so the compensation overwrote nothing',
  ACTION_FENCED: 'the action arrived after its compensation and was refused',
  SYSTEM_UNAVAILABLE: 'the system could not be reached or answered with a server error',
  SYSTEM_RATE_LIMITED: 'the system asked to wait',
  SYSTEM_UNAUTHORISED: 'the system refused our credentials or their scope',
  SYSTEM_REFUSED: 'the system refused the request as invalid',
  SYSTEM_ANSWER_UNREADABLE: 'the system answered with something that its contract does not allow',
  CONNECTION_CUT: 'the connection ended before the answer, so the effect is unknown',
} as const;

export type DiagnosticCode = keyof typeof DIAGNOSTICS;
export type FailureCode = keyof typeof FAILURES;
