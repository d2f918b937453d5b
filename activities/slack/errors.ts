/**
 * Slack's error words, and which of them no effect has an answer to.
 * @source https://docs.slack.dev/reference/methods/conversations.invite, its neighbours, and the errors common to all methods
 */
import { EffectError, type EffectContext } from '../../src/dsl/effect';
import type { Failure } from '../../src/kernel/failure';
import { effectSoFar } from '../kit/failures';

/** `ok: false` with HTTP 200; `code` is Slack's word for why. */
export class SlackRefusal extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** The refusal inside an error of the SDK. What is no word of Slack's is an answer that nobody can read. */
export function slackRefusal(error: unknown): SlackRefusal | undefined {
  const data = (error as { data?: { ok?: unknown; error?: unknown } } | null)?.data;
  return data?.ok === false && typeof data.error === 'string' && /^[a-z_]+$/.test(data.error)
    ? new SlackRefusal(data.error)
    : undefined;
}

const UNAUTHORISED = new Set([
  ...[
    'not_authed',
    'invalid_auth',
    'account_inactive',
    'token_revoked',
    'token_expired',
    'org_login_required',
  ],
  ...['missing_scope', 'no_permission', 'access_denied', 'not_allowed_token_type', 'ekm_access_denied'],
]);

const FAULTY = new Set(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout']);

/** The general failure behind an error that no effect has an answer to; `undefined` for all others. */
export function failureOfSlack(
  code: string,
  purpose: { readonly write: boolean },
  context: EffectContext,
): EffectError | undefined {
  const effect = effectSoFar(context);
  if (UNAUTHORISED.has(code)) {
    return failed({
      class: 'permanent',
      code: 'SYSTEM_UNAUTHORISED',
      message: 'the system does not let our app do this',
      effect,
    });
  }
  if (code === 'ratelimited') {
    return failed({
      class: 'transient',
      code: 'SYSTEM_RATE_LIMITED',
      message: 'the system asked to wait',
      effect,
    });
  }
  // Slack says of its own faults that some of the work may have been done.
  return FAULTY.has(code)
    ? failed({
        class: 'transient',
        code: 'SYSTEM_UNAVAILABLE',
        message: 'the system is not available',
        effect: purpose.write ? 'unknown' : effect,
      })
    : undefined;
}

const failed = (failure: Failure): EffectError => new EffectError(failure);
