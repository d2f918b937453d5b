/**
 * Errors as callers see them: problem details with a code of the catalogue and its HTTP status, in one table.
 * Entry ring; pure. What is shown holds no host, SQL or stack.
 * @source RFC 9457
 */
import { z } from 'zod';
import type { Refusal } from '../app/refusal';
import * as catalogue from '../kernel/catalogue';
import type { Diagnostic } from '../kernel/diagnostic';

/** The status of every code that a route can answer with. */
export const STATUS = {
  TOKEN_MISSING: 401,
  TOKEN_INVALID: 401,
  TOKEN_EXPIRED: 401,
  ROLE_MISSING: 403,
  GATE_APPROVER_NOT_ALLOWED: 403,
  GATE_SELF_APPROVAL: 403,
  GATE_REASON_MISSING: 422,
  GATE_CARD_CHANGED: 409,
  GATE_ASKS_NOBODY: 409,
  GATE_DECISION_EXPIRED: 409,
  GATE_SIGNATURE_INVALID: 403,
  GATE_KEY_REVOKED: 403,
  GATE_GLASS_NOT_ALLOWED: 403,
  ISSUER_UNAVAILABLE: 503,
  ROUTE_UNKNOWN: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_INVALID: 400,
  REQUEST_TOO_LARGE: 413,
  REQUEST_HEAD_TOO_LARGE: 431,
  REQUEST_TYPE_UNSUPPORTED: 415,
  REQUEST_TOO_OFTEN: 429,
  CURSOR_UNKNOWN: 400,
  KEY_REUSED: 422,
  KEY_IN_USE: 409,
  DEPENDENCY_DOWN: 503,
  API_UNEXPECTED: 500,
  COMPILE_REFUSED: 422,
  CONFIG_REFUSED: 503,
  EVENT_REFUSED: 400,
  OUTCOME_REFUSED: 409,
  OUTCOME_UNKNOWN: 404,
  OUTCOME_OVER: 409,
  OUTCOME_UNDO_WINDOW_OVER: 409,
  OUTCOME_DOES_NOT_ANSWER: 503,
  ACT_MALFORMED: 400,
  ACT_UNSIGNED: 403,
  ACT_EXPIRED: 409,
  ACT_REPEATED: 409,
  ACT_CROWDED: 429,
  CONTROL_REFUSED: 404,
  DELEGATION_REFUSED: 409,
  REVIEW_REFUSED: 409,
  REPORT_REFUSED: 422,
  LOG_KIND_UNKNOWN: 400,
  LOG_RECORD_UNKNOWN: 404,
  LOG_HEAD_UNKNOWN: 404,
  LOG_HOLD_UNKNOWN: 404,
  ENTITY_REFUSED: 422,
  FACTS_INVALID: 422,
  EVENT_ID_UNUSABLE: 400,
  OVERRIDE_TOO_LATE: 409,
  OVERRIDE_NOT_POSSIBLE: 409,
  OVERRIDE_OUTPUT_NEEDED: 422,
  OVERRIDE_BYPASSES_GATE: 409,
  OVERRIDE_AFTER_APPROVAL: 409,
  OVERRIDE_AWF_UNFIT: 422,
  OVERRIDE_INPUT_INVALID: 422,
  TASK_UNKNOWN: 404,
  TASK_CLAIMED: 409,
  REPLAY_NODE_UNKNOWN: 404,
  REPLAY_UNDECIDED: 409,
  REPLAY_RECORD_UNREADABLE: 409,
  REPLAY_CATALOG_MISSING: 409,
  REPLAY_CHANGE_REFUSED: 422,
  REPLAY_REHEARSAL_REFUSED: 422,
  RESUME_REFUSED: 409,
} as const satisfies Partial<Readonly<Record<Code, number>>>;

export type ProblemCode = keyof typeof STATUS;

type Code =
  | keyof typeof catalogue.REST_PROBLEMS
  | keyof typeof catalogue.ENTRY_PROBLEMS
  | keyof typeof catalogue.OUTCOME_PROBLEMS
  | keyof typeof catalogue.OVERRIDE_PROBLEMS
  | keyof typeof catalogue.REPLAY_PROBLEMS
  | 'FACTS_INVALID';

const MEANING: Readonly<Record<Code, string>> = {
  ...catalogue.REST_PROBLEMS,
  ...catalogue.ENTRY_PROBLEMS,
  ...catalogue.OUTCOME_PROBLEMS,
  ...catalogue.OVERRIDE_PROBLEMS,
  ...catalogue.REPLAY_PROBLEMS,
  FACTS_INVALID: catalogue.DIAGNOSTICS.FACTS_INVALID,
};

/** A part of the request that does not fit. */
export interface Misfit {
  /** JSON pointer into `body`, `query` or `params`, such as `/body/entity`. @source RFC 6901 */
  readonly pointer: string;
  readonly message: string;
}

export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The request, as the log names it. */
  readonly instance: string;
  readonly code: string;
  readonly help?: string | undefined;
  readonly diagnostics?: readonly Diagnostic[] | undefined;
  readonly errors?: readonly Misfit[] | undefined;
}

/** The same as a schema, for the OpenAPI document. */
export const problemSchema = z.object({
  type: z.string().meta({ description: '`urn:backstep:problem:` and the code' }),
  title: z.string().meta({ description: 'what the code means' }),
  status: z.int().min(400).max(599),
  detail: z.string(),
  instance: z.string().meta({ description: '`urn:uuid:` and the id of the request' }),
  code: z.string().meta({ description: 'stable; see docs/errors.md' }),
  help: z.string().optional().meta({ description: 'how to mend it' }),
  diagnostics: z
    .array(z.object({ code: z.string(), at: z.string(), message: z.string(), help: z.string().optional() }))
    .optional(),
  errors: z
    .array(z.object({ pointer: z.string(), message: z.string() }))
    .optional()
    .meta({ description: 'parts of the request that do not fit' }),
});

export const PROBLEM_TYPE = 'application/problem+json';

export interface ProblemMore {
  readonly help?: string | undefined;
  readonly diagnostics?: readonly Diagnostic[] | undefined;
  readonly errors?: readonly Misfit[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Thrown inside the API and turned into an answer in one place. `message` is lower case, no final stop. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  constructor(
    readonly code: ProblemCode,
    message: string,
    readonly more: ProblemMore = {},
  ) {
    super(message, { cause: more.cause });
    this.status = STATUS[code];
  }
}

/** The problem that a use case's refusal is. A code without a status is our own bug, and says no more than that. */
export function problemOf({ code, message, help, diagnostics }: Refusal): Problem {
  if (!isProblemCode(code)) return new Problem('API_UNEXPECTED', MEANING.API_UNEXPECTED, { cause: message });
  const headers = code === 'OUTCOME_DOES_NOT_ANSWER' ? { 'retry-after': '5' } : {};
  return new Problem(code, message, { help, diagnostics, headers });
}

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(STATUS, code);

/** @param request id of the request */
export function detailsOf({ code, message, status, more }: Problem, request: string): ProblemDetails {
  const { help, diagnostics, errors } = more;
  return {
    type: `urn:backstep:problem:${code}`,
    title: MEANING[code],
    status,
    detail: message,
    instance: `urn:uuid:${request}`,
    code,
    ...(help === undefined ? {} : { help }),
    ...(diagnostics === undefined ? {} : { diagnostics }),
    ...(errors === undefined ? {} : { errors }),
  };
}
