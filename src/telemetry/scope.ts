/**
 * What the work at hand belongs to: carried along by the runtime through every await, so that a log line and a span know it
 * without being told.
 * Adapter ring; no I/O.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { SpanRef } from './trace-ids';

export interface Scope {
  /** In every log line: ids alone, nothing personal. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The span that is open; absent where none is recorded. */
  readonly span?: SpanRef;
}

const scopes = new AsyncLocalStorage<Scope>();

const OUTSIDE: Scope = { fields: {} };

export const currentScope = (): Scope => scopes.getStore() ?? OUTSIDE;

/** Runs work within a scope that adds to the one around it. */
export function within<T>(
  more: { readonly fields?: Scope['fields']; readonly span?: SpanRef },
  work: () => T,
): T {
  const { fields, span } = currentScope();
  const inner = more.span ?? span;
  return scopes.run(
    { fields: { ...fields, ...more.fields }, ...(inner === undefined ? {} : { span: inner }) },
    work,
  );
}
