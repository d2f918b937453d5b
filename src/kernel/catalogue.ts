/**
 * The one catalogue of codes: each names one mistake, failure or refusal, and never changes its meaning.
 * A test holds it against `docs/errors.md` both ways, and looks for a test that produces each code.
 * Pure ring.
 */

/** Mistakes of an author, found before anything runs. Area first; the text is the meaning. */
export const DIAGNOSTICS = {
  // runbooks and plans
  RUNBOOK_THREW: 'the function of a runbook threw an error while it was recorded',
  RUNBOOK_REFERENCE_AS_TEXT: 'a reference was used as text while the runbook was recorded',
  RUNBOOK_LITERAL_NOT_JSON: 'a literal in a runbook is no JSON, so it cannot stand in a plan',
  RUNBOOK_STEP_EXPECTED: 'something that is no node was named as one to wait for or to return to',
  PLAN_CYCLE: 'nodes wait for each other in a circle, or a runbook contains itself',
  // facts and figures of the authority rules
  FACTS_MISSING: 'a fact that has no safe default is not given',
  FACTS_UNKNOWN: 'a fact of that name does not exist',
  FACTS_INVALID: 'a fact is of the wrong kind, out of its bounds, or not one of its words',
  FIGURES_UNKNOWN: 'a figure of that name does not exist',
  FIGURES_INVALID: 'a figure is of the wrong kind, or does not fit the figures beside it',
} as const;

/** Expected at run time; the general codes, beside those that each AWF's contract declares. */
export const FAILURES = {
  ACTION_TIMED_OUT: 'an attempt did not answer in time, so its effect is unknown',
  ACTION_DIVERGED: 'somebody else changed the object meanwhile, so the compensation overwrote nothing',
  ACTION_FENCED: 'the action arrived after its compensation and was refused',
  ACTION_TRANSITION_REFUSED: 'the state of the action has no such way on',
  ACTION_TOO_EARLY: 'the state of the action has such a way on, and its time has not come',
  SYSTEM_UNAVAILABLE: 'the system could not be reached or answered with a server error',
  SYSTEM_RATE_LIMITED: 'the system asked to wait',
  SYSTEM_UNAUTHORISED: 'the system refused our credentials or their scope',
  SYSTEM_REFUSED: 'the system refused the request as invalid',
  SYSTEM_ANSWER_UNREADABLE: 'the system answered with something that its contract does not allow',
  CONNECTION_CUT: 'the connection ended before the answer, so the effect is unknown',
  ACTION_INPUT_INVALID: 'the input does not fit the contract of the AWF',
  ACTION_CRASHED: 'the effect ended with an error that its contract does not know, so what it changed is unknown',
  ACTION_ATTEMPT_LOST: 'an attempt left no record, because its worker or the database was lost',
  ACTION_NOT_IMPLEMENTED: 'no effect of that AWF is known to the robot that was asked',
  ACTION_CANCELLED: 'the attempt was cancelled from outside, so its effect is unknown',
} as const;

/** Why a local stand (Temporal and Postgres on one machine) can't be had; `docs/embedded.md` says how to mend each. */
export const STAND_PROBLEMS = {
  STAND_DISK_FULL: 'the disk has no room for the data or the binaries',
  STAND_DISK_READ_ONLY: 'the folder cannot be written by this user',
  STAND_BINARY_UNUSABLE: 'a program named in the environment does not exist, does not run or is too old',
  STAND_BINARY_MISSING: 'a program was found nowhere and could not be fetched',
  STAND_CHECKSUM_MISMATCH: 'what was fetched is not what was pinned, so it was removed',
  STAND_IN_USE: 'another process runs the stand, and what was asked needs it stopped',
  STAND_UNHEALTHY: 'another process runs the stand, but it does not answer',
  STAND_PORTS_TAKEN: 'no free port was left after several tries',
  STAND_DATA_UNUSABLE: 'the data folder was written by another version or is damaged',
  STAND_USER_UNUSABLE: 'Postgres refuses to run as root, and no other user can reach its folders',
  STAND_START_FAILED: 'a server ended or did not answer while it was starting',
  STAND_INTERRUPTED: 'the start was interrupted; what had been started was stopped',
} as const;

/** What can be wrong with the database; never an action's failure. */
export const STORE_PROBLEMS = {
  STORE_UNAVAILABLE: 'the database cannot be reached or is shutting down',
  STORE_BUSY: 'the database did not answer in time, or another transaction was in the way',
  STORE_REFUSED: 'the database refused a statement',
  STORE_MIGRATIONS_MISSING: 'the folder `migrations` was not found beside the program',
} as const;

export type DiagnosticCode = keyof typeof DIAGNOSTICS;
export type FailureCode = keyof typeof FAILURES;
