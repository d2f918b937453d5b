/**
 * Fires and undoes actions: admit, capture, execute, commit. It is all of an action's life but the waiting between attempts,
 * which it leaves to its caller (Temporal, or the law kit).
 * Adapter ring; it knows the barrier and the effects, nothing of Temporal. Throws StoreError where the database is down: that
 * is no failure of the action, so it is not recorded as one, and nothing has fired that was not admitted.
 */
import { compensate } from './compensate';
import type { Dispatcher, DispatcherParts } from './dispatcher-port';
import { execute } from './execute';

export type * from './dispatcher-port';

export function createDispatcher(parts: DispatcherParts): Dispatcher {
  return {
    execute: (request, host) => execute(parts, request, host),
    compensate: (request, host) => compensate(parts, request, host),
    sweep: (of, nodes) => parts.barrier.strays(of, nodes),
  };
}
