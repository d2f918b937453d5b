/**
 * What can be wrong with the database itself. It is never an action's failure: whoever meets it tries again later.
 * Adapter ring.
 */
import { STORE_PROBLEMS } from '../kernel/catalogue';

export type StoreProblem = keyof typeof STORE_PROBLEMS;

const PASSING: ReadonlySet<StoreProblem> = new Set([
  'STORE_UNAVAILABLE',
  'STORE_BUSY',
  'ARCHIVE_UNAVAILABLE',
]);

/** Thrown by everything in `src/store`; the message names no host and no SQL, the `cause` does. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  constructor(
    readonly code: StoreProblem,
    options?: { readonly cause?: unknown },
  ) {
    super(`${code}: ${STORE_PROBLEMS[code]}`, options);
  }

  /** Whether the same call may well succeed later. */
  get isPassing(): boolean {
    return PASSING.has(this.code);
  }
}

/**
 * SQLSTATE classes and codes that pass: connection lost (08), resources (53), operator's intervention such as a shutdown or a
 * cancelled statement (57).
 * @source PostgreSQL, appendix A
 */
const UNAVAILABLE = /^(08|53|57P)/;
/** Serialization failure, deadlock, lock or statement time-out. */
const BUSY = new Set(['40001', '40P01', '55P03', '57014']);

/** The StoreError that stands for whatever the driver threw. */
export function storeErrorOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = sqlStateOf(error);
  if (code !== undefined && BUSY.has(code)) return new StoreError('STORE_BUSY', { cause: error });
  if (code !== undefined && !UNAVAILABLE.test(code)) return new StoreError('STORE_REFUSED', { cause: error });
  return new StoreError('STORE_UNAVAILABLE', { cause: error });
}

/** Five characters; errors of the socket or the pool have none. */
function sqlStateOf(error: unknown): string | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 4 && at instanceof Error; depth++) {
    const { code } = at as { readonly code?: unknown };
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
    at = at.cause;
  }
  return undefined;
}
