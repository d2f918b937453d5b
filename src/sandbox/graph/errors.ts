/**
 * Microsoft Graph's words: its error envelope, its throttling and how a token reaches it.
 * Adapter ring.
 * @source https://learn.microsoft.com/en-us/graph/errors
 */
import { answer, authorization, type Answer, type Presented, type Refusal } from '../wire';

export function graphError(status: number, code: string, message: string): Answer {
  return answer(status, {
    error: {
      code,
      message,
      innerError: { date: '2026-01-01T00:00:00', 'request-id': REQUEST_ID, 'client-request-id': REQUEST_ID },
    },
  });
}

/** Nothing here looks a request up by its id, so all have one. */
const REQUEST_ID = '00000000-0000-0000-0000-000000000000';

export const notFound = (id: string): Answer =>
  graphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );

export const badRequest = (message: string): Answer => graphError(400, 'Request_BadRequest', message);

export function presented(headers: Readonly<Record<string, string | undefined>>): Presented {
  const token = authorization(headers['authorization'], 'Bearer');
  return token === undefined ? { kind: 'none' } : { kind: 'token', token };
}

export function refuse(refusal: Refusal): Answer {
  switch (refusal.kind) {
    case 'no_credentials':
      return graphError(401, 'InvalidAuthenticationToken', 'Access token is empty.');
    case 'bad_credentials':
      return graphError(
        401,
        'InvalidAuthenticationToken',
        'Access token validation failure. Invalid audience.',
      );
    case 'expired_credentials':
      return graphError(
        401,
        'InvalidAuthenticationToken',
        'Lifetime validation failed, the token is expired.',
      );
    case 'missing_scope':
      return graphError(
        403,
        'Authorization_RequestDenied',
        'Insufficient privileges to complete the operation.',
      );
    case 'rate_limited': {
      // @source https://learn.microsoft.com/en-us/graph/throttling
      const error = graphError(
        429,
        'TooManyRequests',
        'Too many requests. Retry after the time in Retry-After.',
      );
      return { ...error, headers: { 'retry-after': String(refusal.retryAfterSeconds) } };
    }
    case 'server_error':
      return graphError(
        refusal.status,
        refusal.status === 503 ? 'serviceNotAvailable' : 'generalException',
        'The service is not able to process the request.',
      );
    case 'unreadable_body':
      return graphError(400, 'BadRequest', 'Unable to read JSON request payload.');
    case 'no_such_path':
      return graphError(400, 'BadRequest', 'Resource not found for the segment.');
    case 'refused':
      return graphError(
        refusal.status ?? 403,
        refusal.code ?? 'Forbidden',
        refusal.message ?? 'The caller is not allowed to perform the action.',
      );
  }
}
