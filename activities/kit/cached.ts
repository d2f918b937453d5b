/**
 * Things kept per connection for the life of the process: SDK clients, access tokens, ids that names stand for.
 * Bounded, and keyed by everything that makes two connections different, so that no tenant sees what is another's.
 */
import { createHash } from 'node:crypto';
import type { Connection } from '../../src/dsl/effect';

/** Connections remembered; a worker that serves more tenants than this makes clients anew. */
const CONNECTIONS_MAX = 500;

const keys = new WeakMap<Connection, string>();

/** Tells connections apart by content. Hashed, because the content is secret. */
export function connectionKey(connection: Connection): string {
  let key = keys.get(connection);
  if (key === undefined) {
    const { baseUrl, secrets, settings } = connection;
    key = createHash('sha256')
      .update(JSON.stringify([baseUrl, secrets, settings ?? {}]))
      .digest('base64');
    keys.set(connection, key);
  }
  return key;
}

/** One value per connection, made on first use; a value that failed to be made is made again. */
export function perConnection<T>(make: (connection: Connection) => T): (connection: Connection) => T {
  const kept = new Map<string, T>();
  return (connection) => {
    const key = connectionKey(connection);
    const found = kept.get(key);
    if (found !== undefined) return found;
    const made = make(connection);
    if (kept.size >= CONNECTIONS_MAX) kept.delete(kept.keys().next().value as string);
    kept.set(key, made);
    if (made instanceof Promise) made.catch(() => kept.delete(key));
    return made;
  };
}

/** How long a name stands for the same id, in milliseconds: short, because people rename things. */
const NAME_MS = 60_000;
const NAMES_MAX = 5_000;

/** Ids by name. Only hits are kept: what does not exist may be made at any moment. */
export class Names {
  private readonly kept = new Map<string, { readonly id: string; readonly until: number }>();

  async idOf(
    name: string,
    now: number,
    find: () => Promise<string | undefined>,
  ): Promise<string | undefined> {
    const found = this.kept.get(name);
    if (found && found.until > now) return found.id;
    const id = await find();
    if (id === undefined) this.kept.delete(name);
    else this.remember(name, id, now);
    return id;
  }

  remember(name: string, id: string, now: number): void {
    if (this.kept.size >= NAMES_MAX) this.kept.clear();
    this.kept.set(name, { id, until: now + NAME_MS });
  }

  forget(name: string): void {
    this.kept.delete(name);
  }
}
