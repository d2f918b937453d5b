/**
 * From what happened on the wire to a `Failure`: its class, and whether the attempt may have changed something.
 * The one place where HTTP numbers become codes of the domain.
 */
import type { AwfContract } from '../../src/dsl/awf';
import { EffectError, type EffectContext } from '../../src/dsl/effect';
import type { FailureCode } from '../../src/kernel/catalogue';
import type { Failure, FailureClass } from '../../src/kernel/failure';
import type { Json } from '../../src/kernel/json';
import type { WireError } from './wire';
import { type WireAnswer } from './wire';

/** What one request was for. */
export interface Purpose {
  /** Whether it may change something in the system, whatever its HTTP method. */
  readonly write: boolean;
}

/**
 * The system answered with an error, or not at all. Left alone it reaches the dispatcher as a general failure; an effect
 * that knows the vendor's code catches it and says it in words of its contract.
 */
export class SystemError extends EffectError {
  constructor(
    failure: Failure,
    /** HTTP status; 0 where there was no answer. */
    readonly status: number,
    /** The answer's body, where it was JSON. */
    readonly body: Json,
  ) {
    super(failure);
  }
}

/** Attempts that have changed something already: a later failure in them leaves the effect unknown. */
const wrote = new WeakSet<EffectContext>();

/** Notes that a write of this attempt was answered with success. */
export function noteWrite(context: EffectContext): void {
  wrote.add(context);
}

/** What a clean refusal means for the attempt: nothing, unless an earlier write of it succeeded. */
export function effectSoFar(context: EffectContext): Failure['effect'] {
  return wrote.has(context) ? 'unknown' : 'none';
}

/** A business error that the contract declares. */
export function refusal(
  contract: { readonly errors: AwfContract['errors'] },
  code: string,
  context: EffectContext,
  detail?: string,
): EffectError {
  const declared = contract.errors[code];
  return new EffectError({
    class: declared?.class ?? 'permanent',
    code,
    message: detail ?? declared?.summary ?? code,
    effect: effectSoFar(context),
  });
}

/** Somebody else changed the object meanwhile: the compensation overwrites nothing and asks a person. */
export function diverged(context: EffectContext, what: string): EffectError {
  return new EffectError({
    class: 'permanent',
    code: 'ACTION_DIVERGED',
    message: what,
    effect: effectSoFar(context),
  });
}

/** There was no answer. */
export function failureOfSilence(error: WireError, purpose: Purpose, context: EffectContext): SystemError {
  const effect = error.sent && purpose.write ? 'unknown' : effectSoFar(context);
  const [code, message] = SILENCE[error.reason];
  return new SystemError({ class: 'transient', code, message, effect }, 0, null);
}

const SILENCE: Readonly<Record<WireError['reason'], readonly [FailureCode, string]>> = {
  unreachable: ['SYSTEM_UNAVAILABLE', 'the system could not be reached'],
  cut: ['CONNECTION_CUT', 'the connection ended before the answer'],
  aborted: ['ACTION_TIMED_OUT', 'the system did not answer in time'],
  too_large: ['SYSTEM_ANSWER_UNREADABLE', 'the answer is longer than any that is expected'],
};

/**
 * The system answered with a status that is no success.
 * @source execution model 8.4: network and rate limits are transient, API errors recoverable, credentials permanent
 */
export function failureOfStatus(
  answer: WireAnswer,
  purpose: Purpose,
  context: EffectContext,
  now: number,
): SystemError {
  const { status } = answer;
  const [failureClass, code, message] = judge(status);
  // A server error may come after the effect; every other status says that the request was not carried out.
  const effect = status >= 500 && purpose.write ? 'unknown' : effectSoFar(context);
  const retryAfterMs = retryAfterOf(answer.headers, now);
  return new SystemError(
    {
      class: failureClass,
      code,
      message,
      effect,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
    status,
    parsed(answer.text),
  );
}

function judge(status: number): readonly [FailureClass, FailureCode, string] {
  switch (status) {
    case 401:
      return ['permanent', 'SYSTEM_UNAUTHORISED', 'the system does not accept our credentials'];
    case 403:
      return ['permanent', 'SYSTEM_UNAUTHORISED', 'our account is not allowed to do this'];
    case 408:
    case 425:
      return ['transient', 'SYSTEM_UNAVAILABLE', 'the system did not take the request in time'];
    case 409:
    case 412:
    case 423:
      return ['recoverable', 'SYSTEM_REFUSED', 'the object is being changed by somebody else'];
    case 429:
      return ['transient', 'SYSTEM_RATE_LIMITED', 'the system asked to wait'];
    case 502:
    case 503:
    case 504:
      return ['transient', 'SYSTEM_UNAVAILABLE', 'the system is not available'];
    default:
      return status >= 500
        ? ['recoverable', 'SYSTEM_UNAVAILABLE', 'the system answered with a server error']
        : ['permanent', 'SYSTEM_REFUSED', 'the system refused the request'];
  }
}

/** The answer came with success but says what no contract of the system allows. */
export function unreadable(purpose: Purpose, context: EffectContext): SystemError {
  return new SystemError(
    {
      class: 'recoverable',
      code: 'SYSTEM_ANSWER_UNREADABLE',
      message: 'the system answered with something that its contract does not allow',
      effect: purpose.write ? 'unknown' : effectSoFar(context),
    },
    0,
    null,
  );
}

/**
 * Milliseconds to wait that the system asked for: `Retry-After` in seconds or as a date, or Okta's reset as Unix seconds.
 * @source RFC 9110 10.2.3
 */
function retryAfterOf(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const asked = headers['retry-after'];
  if (asked !== undefined) {
    const seconds = Number(asked);
    if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
    const at = Date.parse(asked);
    if (!Number.isNaN(at)) return Math.max(0, at - now);
  }
  const reset = Number(headers['x-rate-limit-reset']);
  if (headers['x-rate-limit-reset'] === undefined || !Number.isFinite(reset)) return undefined;
  // The reset is meant against the system's own clock, which it sends along.
  const theirs = Date.parse(headers['date'] ?? '');
  return Math.max(0, reset * 1_000 - (Number.isNaN(theirs) ? now : theirs));
}

/** The JSON value of a text; null where it is none. */
export function parsed(text: string): Json {
  if (text === '') return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
