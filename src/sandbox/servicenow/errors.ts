/**
 * ServiceNow's words: results in `result`, errors in `error`, and how a user or a token reaches it.
 * Adapter ring.
 * @source https://docs.servicenow.com/bundle/washingtondc-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html
 */
import { answer, authorization, basic, type Answer, type Presented, type Refusal } from '../wire';

export const result = (status: number, value: unknown, headers?: Record<string, string>): Answer =>
  answer(status, { result: value }, headers);

export const failure = (status: number, message: string, detail: string | null): Answer =>
  answer(status, { error: { message, detail }, status: 'failure' });

export const noRecord = (): Answer =>
  failure(404, 'No Record found', "Record doesn't exist or ACL restricts the record retrieval");

/** What a business rule of the instance answers when it aborts a write. */
export const abortedBy = (rule: string, table: string, why: string): Answer =>
  failure(
    403,
    'Operation Failed',
    `Operation against file '${table}' was aborted by Business Rule '${rule}'. Error Message: ${why}`,
  );

export function presented(headers: Readonly<Record<string, string | undefined>>): Presented {
  const credentials = basic(headers['authorization']);
  if (credentials) return { kind: 'basic', ...credentials };
  const token = authorization(headers['authorization'], 'Bearer');
  return token === undefined ? { kind: 'none' } : { kind: 'token', token };
}

/** Requests an hour that the instance's rule says it allows; it never counts, faults do. */
const LIMIT = 1_000;

export function refuse(refusal: Refusal): Answer {
  switch (refusal.kind) {
    case 'no_credentials':
    case 'bad_credentials':
    case 'expired_credentials': {
      const error = failure(401, 'User Not Authenticated', 'Required to provide Auth information');
      return { ...error, headers: { 'www-authenticate': 'BASIC realm="Service-now"' } };
    }
    case 'missing_scope':
      return failure(403, 'User Not Authorized', 'Failed API level ACL Validation');
    case 'rate_limited': {
      // @source https://docs.servicenow.com/bundle/washingtondc-api-reference/page/integrate/inbound-rest/concept/inbound-REST-API-rate-limiting.html
      const error = failure(429, 'Rate limit exceeded', 'Rejected by rate limit rule `backstep`');
      const reset = Math.ceil(refusal.now.getTime() / 1000) + refusal.retryAfterSeconds;
      return {
        ...error,
        headers: {
          'retry-after': String(refusal.retryAfterSeconds),
          'x-ratelimit-limit': String(LIMIT),
          'x-ratelimit-reset': String(reset),
          'x-ratelimit-rule': 'backstep',
        },
      };
    }
    case 'server_error':
      return failure(refusal.status, 'Transaction cancelled: maximum execution time exceeded', null);
    case 'unreadable_body':
      return failure(400, 'Exception while reading request', 'The payload is not valid JSON.');
    case 'no_such_path':
      return failure(400, 'Requested URI does not represent any resource', null);
    case 'refused':
      return failure(
        refusal.status ?? 403,
        refusal.code ?? 'Operation Failed',
        refusal.message ?? 'ACL Exception Update Failed due to security constraints',
      );
  }
}
