/**
 * What was thrown while a request was served, as the problem that its caller sees.
 * Entry ring; pure. What nobody expected is shown as nothing but that.
 */
import { StoreError } from '../store/store-error';
import { Problem } from './problem';

export function problemThrown(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isDown(error)) {
    return new Problem('DEPENDENCY_DOWN', 'Temporal or the database does not answer', {
      help: 'send it again, with the same `Idempotency-Key`',
      headers: { 'retry-after': '5' },
      cause: error,
    });
  }
  return (
    ofFramework(error) ?? new Problem('API_UNEXPECTED', 'an error that nobody expected', { cause: error })
  );
}

/** Mistakes of a request that are found before any route sees it. @source fastify `lib/errors.js` */
function ofFramework(error: unknown): Problem | undefined {
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem('REQUEST_TOO_LARGE', 'the body is too large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Problem('REQUEST_TYPE_UNSUPPORTED', 'the body is of a media type that is not taken', {
        help: 'send `application/json`',
      });
    default:
      // Bodies that are no JSON, lengths that are wrong, paths that cannot be decoded.
      if (typeof statusCode !== 'number' || statusCode < 400 || statusCode >= 500) return undefined;
      return new Problem('REQUEST_INVALID', 'the request cannot be read', {
        errors: [{ pointer: code === 'FST_ERR_BAD_URL' ? '/params' : '/body', message: 'it is malformed' }],
      });
  }
}

/** gRPC: deadline exceeded, resource exhausted, unavailable. @source gRPC status codes */
const DOWN = new Set<unknown>([4, 8, 14]);

function isDown(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if (at instanceof StoreError) return at.isPassing;
    if (DOWN.has((at as { readonly code?: unknown }).code)) return true;
  }
  return false;
}
