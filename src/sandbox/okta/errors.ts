/**
 * Okta's words: its error envelope and the codes that the stand-in uses, and how a credential reaches it.
 * Adapter ring.
 * @source https://developer.okta.com/docs/reference/error-codes/
 */
import { answer, authorization, type Answer, type Presented, type Refusal } from '../wire';

/** An Okta error: code, summary and causes. The id is fixed, for nothing here looks it up. */
export function oktaError(
  status: number,
  code: string,
  summary: string,
  causes: readonly string[] = [],
): Answer {
  return answer(status, {
    errorCode: code,
    errorSummary: summary,
    errorLink: code,
    errorId: 'oaeSandbox',
    errorCauses: causes.map((errorSummary) => ({ errorSummary })),
  });
}

export const notFound = (what: string, id: string): Answer =>
  oktaError(404, 'E0000007', `Not found: Resource not found: ${id} (${what})`);

export const invalid = (field: string, causes: readonly string[]): Answer =>
  oktaError(400, 'E0000001', `Api validation failed: ${field}`, causes);

/** An API token comes as `SSWS`, an OAuth access token as `Bearer`. @source https://developer.okta.com/docs/reference/core-okta-api/#authentication */
export function presented(headers: Readonly<Record<string, string | undefined>>): Presented {
  const token =
    authorization(headers['authorization'], 'SSWS') ?? authorization(headers['authorization'], 'Bearer');
  return token === undefined ? { kind: 'none' } : { kind: 'token', token };
}

/** Requests a minute that the stand-in says it allows; it never counts, faults do. */
const LIMIT = 600;

export function refuse(refusal: Refusal): Answer {
  switch (refusal.kind) {
    case 'no_credentials':
    case 'bad_credentials':
    case 'expired_credentials':
      return oktaError(401, 'E0000011', 'Invalid token provided');
    case 'missing_scope':
      return oktaError(403, 'E0000006', 'You do not have permission to perform the requested action');
    case 'rate_limited': {
      // Reset is a Unix time in seconds; Okta sends no Retry-After.
      // @source https://developer.okta.com/docs/reference/rl-best-practices/
      const reset = Math.ceil(refusal.now.getTime() / 1000) + refusal.retryAfterSeconds;
      const error = oktaError(429, 'E0000047', 'API call exceeded rate limit due to too many requests.');
      return {
        ...error,
        headers: {
          'x-rate-limit-limit': String(LIMIT),
          'x-rate-limit-remaining': '0',
          'x-rate-limit-reset': String(reset),
          date: refusal.now.toUTCString(),
        },
      };
    }
    case 'server_error':
      return oktaError(refusal.status, 'E0000009', 'Internal Server Error');
    case 'unreadable_body':
      return oktaError(400, 'E0000003', 'The request body was not well-formed.');
    case 'no_such_path':
      return oktaError(404, 'E0000022', 'The endpoint does not support the provided HTTP method');
    case 'refused':
      return oktaError(
        refusal.status ?? 403,
        refusal.code ?? 'E0000006',
        refusal.message ?? 'You do not have permission to perform the requested action',
      );
  }
}
