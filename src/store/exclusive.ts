/**
 * Turns between processes: who changes the same thing of a system goes one after the other, whatever process they run in.
 * Adapter ring. It guards against lost updates of systems that replace a whole set; it does not replace the barrier: a
 * database that dies in the middle gives the turn to the next.
 */
import { invariant } from '../kernel/invariant';
import type { Database } from './database';
import { storeErrorOf } from './store-error';

/**
 * Runs `work` while nobody else has `thing`, and gives what it gave, also where the database was lost meanwhile. Throws
 * StoreError if the turn could not be had, and then `work` was not begun; else what `work` threw. It holds one connection
 * for as long as it waits and works, so whoever has many at hand for one thing lets them in one by one.
 */
export type Exclusive = <T>(thing: string, work: () => Promise<T>) => Promise<T>;

export function createExclusive(database: Database): Exclusive {
  return async <T>(thing: string, work: () => Promise<T>): Promise<T> => {
    const turn: { isHad: boolean; done?: { readonly value: T } } = { isHad: false };
    try {
      await database.shared.transaction(async (client) => {
        await client.query({ name: 'exclusive', text: LOCK, values: [thing] });
        turn.isHad = true;
        turn.done = { value: await work() };
      });
    } catch (error) {
      // The lock went with the connection; what was done with it stands.
      if (turn.done === undefined) throw turn.isHad ? error : storeErrorOf(error);
    }
    invariant(turn.done !== undefined, 'a transaction that committed did its work');
    return turn.done.value;
  };
}

/** Freed by the end of its transaction, also where the process that has it dies. */
const LOCK = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))';
