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
  RUNBOOK_UNKNOWN: 'the catalog has no runbook of that id',
  PARAM_UNKNOWN: 'the runbook has no parameter of that name',
  PARAM_MISSING: 'a parameter without a default has no value',
  PARAM_INVALID: 'the value of a parameter is of the wrong type or out of bounds',
  ENTITY_TYPE_MISMATCH: 'the runbook is about another type of entity',
  ENTITY_FIELD_MISSING: 'the entity lacks a field that the runbook reads',
  ENTITY_FIELD_INVALID: 'a field of the entity is of the wrong type or out of bounds',
  EVENT_FIELD_MISSING: 'the event lacks a field that the runbook reads, or there is no event',
  EVENT_FIELD_INVALID: 'a field of the event is of the wrong type or out of bounds',
  SETTING_INVALID: 'a configured value is not of the type that its key asks for',
  PLAN_CYCLE: 'nodes wait for each other in a circle, or a runbook contains itself',
  PLAN_NODE_ID_MALFORMED: 'the id of a node is empty, too long or holds a character that ids cannot have',
  PLAN_NODE_DUPLICATE: 'two nodes have one id',
  PLAN_NODE_UNKNOWN: 'no node has the id that is waited for',
  PLAN_NODE_OUTSIDE: 'a node waits for one inside a block that may not run',
  PLAN_NODE_UNREACHABLE: 'a node stands behind the end of the outcome, so it never runs',
  PLAN_AWF_UNKNOWN: 'the catalog has no AWF of that name',
  PLAN_INPUT_INVALID: 'an input that is known when compiling does not fit the contract of its AWF',
  PLAN_EXIT_SHADOWED: 'an exit stands behind one that takes all its codes, so it is never taken',
  PLAN_EXIT_IMPOSSIBLE: 'an exit names a code that the AWF cannot give',
  PLAN_COMPENSATION_MISSING: 'an AWF that changes something has no compensation and is no pivot',
  PLAN_COMPENSATION_UNKNOWN: 'the catalog has no AWF of the name that a contract gives as its compensation',
  PLAN_PIVOT_TWICE: 'a path holds more than one pivot',
  PLAN_PIVOT_CONCURRENT:
    'a node can run at the same time as the pivot, so it is neither before nor behind it',
  PLAN_PIVOT_NOT_RETRIABLE: 'an AWF behind the pivot may fail for good, and there is no way back',
  PLAN_PIVOT_NO_WAY_BACK: 'a course behind the pivot asks for a backstep past it',
  PLAN_CASE_MISSING: 'a choice has no case for a value that can occur',
  PLAN_CASE_UNKNOWN: 'a choice has a case for a value that cannot occur',
  PLAN_CHOICE_OPEN: 'a choice is on something whose values cannot be listed',
  PLAN_OUTPUT_MISSING: 'a reference reads an output that may not exist on that path',
  PLAN_OUTPUT_OUTSIDE: 'a reference reads an output from inside a block that it is not in',
  PLAN_CHECKPOINT_UNKNOWN: 'a backstep names a checkpoint that does not exist',
  PLAN_CHECKPOINT_NOT_REACHED: 'a backstep names a checkpoint that need not have been passed',
  PLAN_DURATION_MALFORMED: 'a duration is not written as numbers with units',
  PLAN_INSTANT_MALFORMED: 'an instant is not written as ISO 8601',
  PLAN_BUSINESS_HOURS_MALFORMED: 'business hours name an unknown time zone, day or time of day',
  PLAN_APPROVER_MALFORMED: 'an approver is no rank, role or person, or there are too few or too many',
  PLAN_VALUE_NOT_KNOWN: 'a value that is needed when compiling exists only when the plan runs',
  PLAN_LANE_NOT_LOCAL: 'an action is told to fire in the local lane, and its AWF is not fit for that',
  PLAN_TOO_MANY_NODES: 'a plan has more nodes than it may have',
  PLAN_TOO_LARGE: 'a plan has more bytes than it may have',
  PLAN_TOO_DEEP: 'blocks or runbooks stand deeper inside each other than they may',
  PLAN_TOO_WIDE: 'more nodes can be in flight at once than may be',
  PLAN_TOO_MANY_CASES: 'a choice has more cases than it may have',
  PLAN_TOO_MANY_ELEMENTS: 'a for-each has more elements than its bound, or a bound over the limit',
  PLAN_TOO_MANY_RETRIES: 'an exit asks for more retries than it may',
  PLAN_WAIT_TOO_LONG: 'a wait, gate or delay is longer than it may be',
  PLAN_PAYLOAD_TOO_LARGE: 'an input that is known when compiling has more bytes than it may have',
  PLAN_HISTORY_TOO_LONG: 'the history of the plan would pass the limits of Temporal',
  PLAN_FORMAT_UNKNOWN: 'the plan has a format that this program does not know',
  PLAN_MALFORMED: 'something that is not a plan was given as one',
  PLAN_STALE: 'what the plan was compiled from has changed since',
  RESUME_NODE_UNCLEAR: 'whether an action of the outcome that is gone on with happened is not known',
  RESUME_NODE_UNDONE: 'an action before the node that is gone on from was undone',
  RESUME_NODE_DIFFERS:
    'today an action would fire before the node that is gone on from, and it was not done then',
  ENTITY_UNKNOWN: 'the tenant has no entity of that id',
  CONFIGURATIONS_TOO_MANY: 'the configuration space of a runbook has more points than are walked',
  // facts and figures of the authority rules
  FACTS_MISSING: 'a fact that has no safe default is not given',
  FACTS_UNKNOWN: 'a fact of that name does not exist',
  FACTS_INVALID: 'a fact is of the wrong kind, out of its bounds, or not one of its words',
  FIGURES_UNKNOWN: 'a figure of that name does not exist',
  FIGURES_INVALID: 'a figure is of the wrong kind, or does not fit the figures beside it',
  // configuration files
  CONFIG_YAML: 'a file is no YAML, or says one thing twice',
  CONFIG_TOO_LARGE: 'a file, or the number of files or automations, is beyond its bound',
  CONFIG_FILE_UNKNOWN: 'a configuration file stands where nothing reads it',
  CONFIG_FILE_MISSING: 'a tenant has no `tenant.yaml`',
  CONFIG_FIELD_UNKNOWN: 'a file has a field that does not exist there',
  CONFIG_KEY_UNKNOWN: 'a configuration key of that name does not exist',
  CONFIG_NAME_UNKNOWN: 'an outcome, AWF, system, team, field … of that name does not exist',
  CONFIG_TYPE: 'a value is missing or of the wrong type',
  CONFIG_OUT_OF_BOUNDS: 'a value is of the right type and beyond its bounds',
  CONFIG_SCOPE: 'the scope of a layer file names no layer, or several',
  CONFIG_DUPLICATE: 'two files set the same key for one scope, or give one id twice',
  CONFIG_UNREACHABLE: 'a key is set in a scope in which it can never matter',
  CONFIG_LOCKED: 'a key is set although a less specific layer locked it',
  CONFIG_LOOSENED: 'a key is loosened although a less specific layer lets it only be tightened',
  CONFIG_NOT_ORDERED: 'a key is marked `tightenOnly`, and neither direction of it is tighter',
  CONFIG_TEMPLATE: 'a path, a template or a condition is malformed',
  CONFIG_SECRET_IN_CLEAR: 'a secret stands in a file instead of a reference to it',
  CONFIG_ENV_MISSING: 'a name that a connection refers to is not set in the environment',
  CONFIG_FACT_UNKNOWN: 'an entity says a region, team or class that the tenant does not have',
  // events and what they select
  EVENT_MALFORMED: 'what was sent is no JSON object, or is nested deeper than it may be',
  EVENT_TOO_LARGE: 'an event has more bytes, attributes or characters than it may have',
  EVENT_ATTRIBUTE_MISSING: 'an event lacks an attribute that CloudEvents requires',
  EVENT_ATTRIBUTE_INVALID: 'an attribute of an event is not of the form that CloudEvents asks for',
  EVENT_UNKNOWN: 'no such event was received',
  SELECT_NONE: 'no automation takes the event',
  SELECT_AMBIGUOUS: 'more than one automation takes the event',
  SELECT_OVERLAP: 'two automations can take the same event',
  SELECT_NEVER: 'the condition of an automation contradicts itself, so it never takes an event',
  SELECT_INCOMPLETE: 'an event lacks what its automation needs to name the entity or a parameter',
  EVENT_ID_TAKEN: 'an event of another source with the same id has already started this outcome',
  // entities
  ENTITY_ID_MALFORMED: 'the id of an entity is not of the form `type:name`',
  ENTITY_TYPE_UNKNOWN: 'the tenant has no entities of that type',
  ENTITY_FIELD_UNKNOWN: 'entities of that type have no field or relation of that name',
  ENTITY_TOO_LARGE: 'the fields of an entity have more characters than they may have',
} as const;

/** Expected at run time; the general codes, beside those that each AWF's contract declares. */
export const FAILURES = {
  ACTION_TIMED_OUT: 'an attempt did not answer in time, so its effect is unknown',
  ACTION_DIVERGED: 'somebody else changed the object meanwhile, so the compensation overwrote nothing',
  ACTION_UNAPPROVED: 'the decisions at a gate before the action are not signed as they have to be',
  ACTION_DENIED: 'the authority rules, or a person, denied the action for good',
  ACTION_EXPIRED: 'the action was held for longer than it may wait',
  ACTION_FENCED: 'the action arrived after its compensation and was refused',
  ACTION_OVERTAKEN: 'the action had run with another input before a person changed it; that is undone',
  ACTION_TRANSITION_REFUSED: 'the state of the action has no such way on',
  ACTION_TOO_EARLY: 'the state of the action has such a way on, and its time has not come',
  SYSTEM_UNAVAILABLE: 'the system could not be reached or answered with a server error',
  SYSTEM_RATE_LIMITED: 'the system asked to wait',
  SYSTEM_CONTENDED: 'others were changing the same thing for so long that our turn did not come',
  SYSTEM_UNAUTHORISED: 'the system refused our credentials or their scope',
  SYSTEM_REFUSED: 'the system refused the request as invalid',
  SYSTEM_ANSWER_UNREADABLE: 'the system answered with something that its contract does not allow',
  CONNECTION_CUT: 'the connection ended before the answer, so the effect is unknown',
  ACTION_INPUT_INVALID: 'the input does not fit the contract of the AWF',
  ACTION_CRASHED:
    'the effect ended with an error that its contract does not know, so what it changed is unknown',
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
  STORE_ROLE_UNUSABLE: 'the role of the program could get around the walls between tenants',
  STORE_KEY_MISSING: 'a key in the database is wrapped with one that this process was not given',
  ARCHIVE_UNAVAILABLE: 'the place of archived histories cannot be reached',
  ARCHIVE_REFUSED:
    'the place of archived histories refused: a lock, missing rights, or another object in the way',
  ARCHIVE_CHANGED: 'what lies at the place of an archived history is not what was put there',
  ARCHIVE_NOT_NAMED: 'histories lie outside the database, and this process was not told where',
} as const;

/** Why a command, or a request to the API, was not done; beside diagnostics and the problems of stand and store. */
export const ENTRY_PROBLEMS = {
  CLI_USAGE: 'the command line asks for something that does not exist, or not enough',
  CLI_INTERRUPTED: 'the command was interrupted before it was done; what it had started is stopped',
  CLI_UNEXPECTED: 'an error that nobody expected; with `BACKSTEP_DEBUG=1` its stack is shown',
  COMPILE_REFUSED: 'an outcome does not compile; the diagnostics say why',
  CONFIG_REFUSED: 'the configuration of a tenant is not valid; the diagnostics say why',
  VERIFY_FAILED: 'a path or a failure was found after which the world is not as before',
  ENTITY_REFUSED: 'an entity does not exist, or what was said of it is not valid or not theirs to say',
  EVENT_KEPT:
    'an event selected no automation, or several, or its outcome did not compile; it is kept with the reason',
  EVENT_REFUSED: 'what was taken in is no CloudEvent, or one that is too large; it is not kept',
  CONTROL_REFUSED: 'an act of control names something that does not exist',
  REPORT_REFUSED: 'a report of that period, or made by itself, cannot be had',
  LOG_KIND_UNKNOWN: 'there is no record of that kind',
  LOG_RECORD_UNKNOWN: 'the log has no such record, or no signed head has it yet',
  LOG_HEAD_UNKNOWN: 'no head of that size was signed',
  LOG_NOT_PROVEN: 'something in a bundle is not as it was exported; each flaw is named',
  LOG_HOLD_UNKNOWN: 'no legal hold of that id is in force',
  LOG_HELD: 'a legal hold keeps what would go',
  LOG_SUBJECT_BUSY: 'an outcome about the subject still runs, and needs what would be forgotten',
  OUTCOME_REFUSED: 'the outcome did not take the act: it is over, decided already, or has no such node',
  DEMO_FAILED: 'the demonstration found something that is not as it says',
  DOCTOR_TOOL_UNUSABLE: 'a program that is needed is missing or too old',
  DOCTOR_CONFIG_INVALID: 'the configuration of a tenant is not valid',
  STAND_ALREADY_UP: 'another process has brought this stand up',
  STAND_NOT_UP: 'no stand is up, and the command does not bring one up by itself',
  WORKER_START_FAILED: 'the robots did not start',
} as const;

/** Why a step was not overridden, or a task not taken; also what the engine answers. */
export const OVERRIDE_PROBLEMS = {
  OVERRIDE_TOO_LATE: 'the step has fired, or is under way: what may have happened is not overridden',
  OVERRIDE_NOT_POSSIBLE: 'the step does not take such an override',
  OVERRIDE_OUTPUT_NEEDED: 'what stands behind the step reads an output that it would not have',
  OVERRIDE_BYPASSES_GATE: 'the way that was chosen would lead around people who are asked on the other',
  OVERRIDE_AFTER_APPROVAL:
    'people have approved the step as it was, and only who approved it alone may change it',
  OVERRIDE_AWF_UNFIT: 'the AWF cannot take the place of the one in the plan',
  OVERRIDE_INPUT_INVALID: 'what was given does not fit the contract of the AWF',
  TASK_UNKNOWN: 'nothing waits for a person there',
  TASK_CLAIMED: 'another person has claimed the task',
} as const;

/** What a caller of outcomes can do wrong or has come too late for. */
export const OUTCOME_PROBLEMS = {
  OUTCOME_UNKNOWN: 'there is no such outcome',
  OUTCOME_OVER: 'the outcome has ended, so it takes no more acts',
  OUTCOME_UNDO_WINDOW_OVER: 'the time in which the outcome could be taken back is over',
  OUTCOME_DOES_NOT_ANSWER: 'no robot took up the act in time; it may still do so',
  ACT_MALFORMED: 'the act has not the form that it needs',
  ACT_UNSIGNED: 'the act is not signed by a key of the tenant, or was signed for something else',
  ACT_EXPIRED: 'the act was signed too long before it arrived',
  ACT_REPEATED: 'the signed word of the act has counted before',
  ACT_CROWDED: 'too much that was sent to the outcome still waits',
  EVENT_ID_UNUSABLE:
    'the id of the event is empty, ends as those of backsteps do, or was run with another request',
} as const;

/** Why something can't be replayed, or gone on with; none of these ever stands for something half done. */
export const REPLAY_PROBLEMS = {
  REPLAY_FILE_MALFORMED: 'the file holds no history that can be read',
  REPLAY_DIVERGED: 'today’s workflow code takes another way through a history',
  REPLAY_NODE_UNKNOWN: 'the outcome has no such node, or has not come to it',
  REPLAY_UNDECIDED: 'no decision is on record for the action',
  REPLAY_RECORD_UNREADABLE:
    'the decision on record was tampered with, or is of a form that is not known any more',
  REPLAY_CATALOG_MISSING: 'an AWF of the outcome is not in today’s catalog, so nothing predicts it',
  REPLAY_CHANGE_REFUSED: 'what is to be other in a fork does not exist there',
  REPLAY_REHEARSAL_REFUSED: 'today the event selects no outcome, or its outcome does not compile',
  RESUME_REFUSED: 'the outcome cannot be gone on with from that node; the diagnostics say why',
} as const;

/** Why the API did not do what it was asked, beside what use cases refuse; `docs/api.md` has the statuses. */
export const REST_PROBLEMS = {
  TOKEN_MISSING: 'the request carries no bearer token',
  TOKEN_INVALID: 'the token is none that a trusted issuer made for this service, or lacks what it has to say',
  TOKEN_EXPIRED: 'the token is expired or not valid yet',
  ROLE_MISSING: 'none of the roles in the token may do this',
  GATE_APPROVER_NOT_ALLOWED: 'the caller may not decide here',
  GATE_SELF_APPROVAL:
    'the caller started it or takes over what they approved, is whom it is about, or wrote the policy that asks',
  GATE_REASON_MISSING: 'a rejection, an explicit approval or an emergency needs a reason',
  GATE_CARD_CHANGED:
    'the decision was signed for another gate, or for a card that is not the one that stands',
  GATE_ASKS_NOBODY: 'nobody’s approval is asked there as it stands: something else holds it',
  GATE_DECISION_EXPIRED: 'the decision was signed too long before it arrived',
  GATE_SIGNATURE_INVALID: 'the decision is not signed by a key of the tenant, or is of no known form',
  GATE_KEY_REVOKED: 'the decision was signed by a key that has been revoked',
  GATE_GLASS_NOT_ALLOWED: 'the caller may not pass a chain in an emergency',
  GATE_AUTO_DENIED: 'the risk behind a gate that the rules answer asks for people',
  DELEGATION_REFUSED:
    'a delegation or an absence is not the caller’s to say, ends too late, or hands on too much',
  REVIEW_REFUSED: 'there is nothing of that name to review, or the caller may not review it',
  KEY_UNKNOWN: 'the tenant has no signing key of that name',
  ISSUER_UNAVAILABLE: 'the keys of the issuer cannot be read, so no token can be judged',
  ISSUER_MISSING: 'no issuer of tokens is configured, or only in part',
  PAYLOAD_KEYS_UNUSABLE: 'the file with the keys of payloads cannot be used',
  WRAPPING_KEYS_UNUSABLE: 'the file with the keys that seal signing keys cannot be used',
  WEBHOOKS_UNUSABLE: 'the file with the secrets of webhooks cannot be used',
  ROUTE_UNKNOWN: 'the API has no such path',
  METHOD_NOT_ALLOWED: 'the path exists, and does not take this method',
  REQUEST_INVALID: 'the request does not fit the schema of its route',
  REQUEST_TOO_LARGE: 'the body has more bytes than the route takes',
  REQUEST_HEAD_TOO_LARGE: 'the address and headers of the request are longer than any that is taken',
  REQUEST_TYPE_UNSUPPORTED: 'the body is of a media type that the route does not take',
  REQUEST_TOO_OFTEN: 'more requests, or more streams at once, than one caller may have',
  CURSOR_UNKNOWN: 'the cursor is none that this list gave',
  KEY_REUSED: 'the `Idempotency-Key` was sent before with another request',
  KEY_IN_USE: 'a request with this `Idempotency-Key` is being worked on',
  DEPENDENCY_DOWN: 'Temporal or the database does not answer',
  API_UNEXPECTED: 'an error that nobody expected; the log has it under the id in `instance`',
  API_UNREACHABLE: 'the API that a command asks does not answer, or not as one of ours',
  API_PORT_UNUSABLE: 'the address that the API is to listen on cannot be had',
} as const;

export type DiagnosticCode = keyof typeof DIAGNOSTICS;
export type FailureCode = keyof typeof FAILURES;
