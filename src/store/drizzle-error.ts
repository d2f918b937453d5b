/** Drizzle wraps what the driver threw in an error that shows the statement; here it becomes a StoreError. Adapter ring. */
import { DrizzleQueryError } from 'drizzle-orm';
import { storeErrorOf } from './store-error';

/** The result of a query, or a StoreError in place of drizzle's. */
export async function asStoreError<T>(query: PromiseLike<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw error instanceof DrizzleQueryError ? storeErrorOf(error) : error;
  }
}

/** Whether a query was refused because a unique index has the row already. @source PostgreSQL, appendix A: 23505 */
export function isUniqueViolation(error: unknown, index: string): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code, constraint } = at as { readonly code?: unknown; readonly constraint?: unknown };
    if (code === '23505') return constraint === index;
  }
  return false;
}
