/**
 * One tenant's world: collections of rows with versions and indexes, and the transaction in which one request reads
 * and changes them.
 * Adapter ring, but no I/O here: what a transaction changed is handed to the log by whoever opened it.
 */
import { createHash } from 'node:crypto';
import { canonicalJson, jsonEquals, type Json, type JsonObject } from '../kernel/json';
import { COLLECTIONS, isVolatile, type CollectionName } from './collections';

/** One row before and after a request; null where it did not exist. */
export interface Change {
  readonly collection: CollectionName;
  readonly id: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

/** How much of a world a snapshot shows: everything, or without what is closed for good (cancelled, rescinded). */
export type View = 'full' | 'standing';

interface Row {
  readonly value: JsonObject;
  readonly version: number;
}

class Collection {
  readonly rows = new Map<string, Row>();
  private readonly indexes = new Map<string, Map<string, Set<string>>>();

  constructor(private readonly name: CollectionName) {
    for (const index of Object.keys(COLLECTIONS[name].indexes)) this.indexes.set(index, new Map());
  }

  set(id: string, value: JsonObject | null): void {
    const old = this.rows.get(id);
    if (old) this.reindex(id, old.value, false);
    if (value === null) {
      this.rows.delete(id);
      return;
    }
    this.rows.set(id, { value, version: (old?.version ?? 0) + 1 });
    this.reindex(id, value, true);
  }

  idsWhere(index: string, key: string): ReadonlySet<string> {
    return this.indexes.get(index)?.get(key) ?? NONE;
  }

  private reindex(id: string, value: JsonObject, add: boolean): void {
    for (const [name, keyOf] of Object.entries(COLLECTIONS[this.name].indexes)) {
      const key = keyOf(value);
      const index = this.indexes.get(name);
      if (key === undefined || !index) continue;
      const ids = index.get(key);
      if (add) {
        if (ids) ids.add(id);
        else index.set(key, new Set([id]));
      } else if (ids) {
        ids.delete(id);
        if (ids.size === 0) index.delete(key);
      }
    }
  }
}

const NONE: ReadonlySet<string> = new Set();

/** A world as plain data: what a dump holds and a restore takes. */
export interface WorldDump {
  readonly ids: number;
  readonly rows: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
}

export class World {
  private readonly collections = new Map<CollectionName, Collection>();
  /** How many ids were handed out; part of the state, so that a restarted sandbox never repeats one. */
  ids = 0;

  constructor(readonly tenant: string) {}

  collection(name: CollectionName): Collection {
    let found = this.collections.get(name);
    if (!found) {
      found = new Collection(name);
      this.collections.set(name, found);
    }
    return found;
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) this.collection(change.collection).set(change.id, change.after);
  }

  begin(past?: ReadonlyMap<string, JsonObject | null>): Transaction {
    return new Transaction(this, past);
  }

  dump(): WorldDump {
    const rows: Record<string, Record<string, JsonObject>> = {};
    for (const [name, collection] of this.collections) {
      if (collection.rows.size === 0) continue;
      rows[name] = Object.fromEntries([...collection.rows].map(([id, row]) => [id, row.value]));
    }
    return { ids: this.ids, rows };
  }

  static from(tenant: string, dump: WorldDump): World {
    const world = new World(tenant);
    world.ids = dump.ids;
    for (const [name, rows] of Object.entries(dump.rows)) {
      if (!(name in COLLECTIONS)) continue;
      for (const [id, value] of Object.entries(rows)) world.collection(name as CollectionName).set(id, value);
    }
    return world;
  }

  /** The world as comparable data: two snapshots are equal if and only if the two worlds are. */
  snapshot(view: View): JsonObject {
    const result: Record<string, JsonObject> = {};
    for (const [name, collection] of this.collections) {
      const rows: Record<string, JsonObject> = {};
      for (const [id, row] of collection.rows) {
        if (view === 'standing' && COLLECTIONS[name].standing?.(row.value) === false) continue;
        rows[id] = withoutVolatile(row.value);
      }
      if (Object.keys(rows).length > 0) result[name] = rows;
    }
    return result;
  }
}

export function digestOf(snapshot: JsonObject): string {
  return createHash('sha256').update(canonicalJson(snapshot)).digest('hex');
}

function withoutVolatile(row: JsonObject): JsonObject {
  return strip(row) as JsonObject;
}

function strip(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(strip);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value as JsonObject).filter(([key]) => !isVolatile(key));
  return Object.fromEntries(kept.map(([key, member]) => [key, strip(member)]));
}

/** A row with the id under which it is kept. */
export interface Found<T extends JsonObject> {
  readonly id: string;
  readonly row: T;
}

/** Reads and writes of one request. Writes are seen at once, and undone if the handler throws. */
export class Transaction {
  private readonly changed = new Map<string, Change>();
  private readonly idsBefore: number;

  /** @param past rows as they were a moment ago, by `collection/id`: what a lagging read sees. */
  constructor(
    private readonly world: World,
    private readonly past?: ReadonlyMap<string, JsonObject | null>,
  ) {
    this.idsBefore = world.ids;
  }

  get tenant(): string {
    return this.world.tenant;
  }

  get<T extends JsonObject>(collection: CollectionName, id: string): T | undefined {
    const old = this.past?.get(`${collection}/${id}`);
    if (old !== undefined) return (old ?? undefined) as T | undefined;
    return this.world.collection(collection).rows.get(id)?.value as T | undefined;
  }

  /** How often the row was written since it was made; 0 where there is none. */
  version(collection: CollectionName, id: string): number {
    return this.world.collection(collection).rows.get(id)?.version ?? 0;
  }

  find<T extends JsonObject>(collection: CollectionName, index: string, key: string): Found<T>[] {
    if (this.past && this.past.size > 0) {
      const keyOf = COLLECTIONS[collection].indexes[index];
      return this.all<T>(collection).filter((found) => keyOf?.(found.row) === key);
    }
    const found: Found<T>[] = [];
    for (const id of this.world.collection(collection).idsWhere(index, key)) {
      const row = this.get<T>(collection, id);
      if (row) found.push({ id, row });
    }
    return found;
  }

  first<T extends JsonObject>(collection: CollectionName, index: string, key: string): Found<T> | undefined {
    return this.find<T>(collection, index, key)[0];
  }

  all<T extends JsonObject>(collection: CollectionName): Found<T>[] {
    const found: Found<T>[] = [];
    for (const id of this.world.collection(collection).rows.keys()) {
      const row = this.get<T>(collection, id);
      if (row) found.push({ id, row });
    }
    for (const [key, old] of this.past ?? []) {
      const id = key.slice(collection.length + 1);
      if (!key.startsWith(`${collection}/`) || old === null) continue;
      if (!this.world.collection(collection).rows.has(id)) found.push({ id, row: old as T });
    }
    return found;
  }

  put(collection: CollectionName, id: string, after: JsonObject): void {
    this.write(collection, id, after);
  }

  remove(collection: CollectionName, id: string): void {
    this.write(collection, id, null);
  }

  /** The next number of this world: ids are made of it, so that they are unique and come out the same again. */
  nextId(): number {
    this.world.ids += 1;
    return this.world.ids;
  }

  /** Puts everything back as it was when the transaction began. */
  rollback(): void {
    for (const { collection, id, before } of [...this.changed.values()].reverse()) {
      this.world.collection(collection).set(id, before);
    }
    this.world.ids = this.idsBefore;
    this.changed.clear();
  }

  /** What is different now from when the transaction began: a write of the same value is no change. */
  changes(): readonly Change[] {
    return [...this.changed.values()].filter(({ before, after }) => !sameRow(before, after));
  }

  private write(collection: CollectionName, id: string, after: JsonObject | null): void {
    const key = `${collection}/${id}`;
    const rows = this.world.collection(collection);
    const earlier = this.changed.get(key);
    const before = earlier ? earlier.before : (rows.rows.get(id)?.value ?? null);
    rows.set(id, after);
    this.changed.set(key, { collection, id, before, after });
  }
}

function sameRow(a: JsonObject | null, b: JsonObject | null): boolean {
  if (a === null || b === null) return a === b;
  return jsonEquals(withoutVolatile(a), withoutVolatile(b));
}
