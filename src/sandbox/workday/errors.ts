/**
 * Workday's words: an `error` text with, for validations, a list of errors with their codes.
 * Adapter ring.
 * @source https://community.workday.com/rest/error-messages
 */
import { answer, authorization, type Answer, type Presented, type Refusal } from '../wire';

export interface ValidationError {
  /** Workday's own code, such as `A219`; those that begin with `S` are the stand-in's, for rules without a public one. */
  readonly code: string;
  readonly error: string;
  readonly field?: string;
}

export const invalid = (...errors: readonly ValidationError[]): Answer =>
  answer(400, { error: 'Validation error occurred. Invalid request.', errors });

export const notFound = (what: string, id: string): Answer =>
  answer(404, { error: `Resource not found: ${what} ${id}`, errors: [] });

export function presented(headers: Readonly<Record<string, string | undefined>>): Presented {
  const token = authorization(headers['authorization'], 'Bearer');
  return token === undefined ? { kind: 'none' } : { kind: 'token', token };
}

export function refuse(refusal: Refusal): Answer {
  switch (refusal.kind) {
    case 'no_credentials':
    case 'bad_credentials':
    case 'expired_credentials':
      return answer(401, { error: 'invalid_grant', errors: [] });
    case 'missing_scope':
      return answer(403, { error: 'permission denied', errors: [] });
    case 'rate_limited':
      // Workday sends no Retry-After and no rate headers: a client has to wait blindly.
      return answer(429, { error: 'Too Many Requests', errors: [] });
    case 'server_error':
      return answer(refusal.status, { error: 'internal server error', errors: [] });
    case 'unreadable_body':
      return answer(400, { error: 'bad request: the body is not valid JSON', errors: [] });
    case 'no_such_path':
      return answer(404, { error: 'resource not found', errors: [] });
    case 'refused':
      return answer(refusal.status ?? 400, {
        error: 'Validation error occurred. Invalid request.',
        errors: [
          {
            code: refusal.code ?? 'S100',
            error: refusal.message ?? 'The worker is not eligible for this business process.',
          },
        ],
      });
  }
}
