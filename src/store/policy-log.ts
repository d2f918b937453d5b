/**
 * The PolicyLog in Postgres: records behind each other under one lock a tenant, so that the chain has one writer at a time
 * however many projectors there are; tiles and signed heads beside them.
 * Adapter ring. It makes no hash and no record: what is appended comes from `src/audit`.
 */
import type { PoolClient } from 'pg';
import type { Appended, LogEnd, Tile } from '../audit/growing-log';
import type { Hash } from '../audit/primitives';
import type { Entry, RecordKind } from '../audit/record';
import { invariant } from '../kernel/invariant';
import type { Database } from './database';

export interface StoredRecord {
  readonly seq: number;
  /** Canonical JSON of the record. */
  readonly text: string;
}

export interface RecordQuery {
  /** The first place that is read, inclusive; newest first from there down with `newestFirst`. */
  readonly from?: number;
  /** The place behind the last that is read. */
  readonly before?: number;
  readonly kinds?: readonly RecordKind[];
  readonly outcome?: string;
  readonly actor?: string;
  /** When it happened: from, inclusive, and before; milliseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
  readonly newestFirst?: boolean;
  readonly limit: number;
}

export interface StoredCheckpoint {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly size: number;
  readonly root: Hash;
  readonly note: string;
  readonly signer: string;
  readonly publicKey: Uint8Array;
}

export interface PolicyLogStore {
  /** Where the log ends, as of now. */
  end(tenant: string): Promise<LogEnd>;
  list(tenant: string, query: RecordQuery): Promise<readonly StoredRecord[]>;
  /** Hashes of the records `[from, to)`, in order. */
  hashes(tenant: string, from: number, to: number): Promise<readonly Hash[]>;
  /** Tiles with an index below `before`'s at their level. */
  tiles(tenant: string, size: number): Promise<readonly Tile[]>;
  /** Oldest first. */
  checkpoints(tenant: string, query?: CheckpointQuery): Promise<readonly StoredCheckpoint[]>;
  /** Tenants that have a log. */
  tenants(): Promise<readonly string[]>;
}

export interface CheckpointQuery {
  /** Only those up to this size. */
  readonly upTo?: number;
  /** The newest so many; default all. */
  readonly newest?: number;
}

/** Throws StoreError when the database is down or refuses. */
export function createPolicyLogStore(database: Database): PolicyLogStore {
  return {
    async end(tenant) {
      const rows = await database
        .of(tenant)
        .query<EndRow>({ name: 'policy-log-end', text: END, values: [tenant] });
      return endOf(rows[0]);
    },
    list: (tenant, query) => database.of(tenant).query<StoredRecord>(listStatement(tenant, query)),
    async hashes(tenant, from, to) {
      const values = [tenant, from, to];
      const rows = await database
        .of(tenant)
        .query<{ readonly hash: Buffer }>({ name: 'policy-log-hashes', text: HASHES, values });
      return rows.map(({ hash }) => hash);
    },
    async tiles(tenant, size) {
      return database
        .of(tenant)
        .query<Tile>({ name: 'policy-log-tiles', text: TILES, values: [tenant, size] });
    },
    async checkpoints(tenant, { upTo, newest } = {}) {
      const values = [tenant, upTo ?? null, newest ?? null];
      return database
        .of(tenant)
        .query<StoredCheckpoint>({ name: 'policy-log-checkpoints', text: CHECKPOINTS, values });
    },
    async tenants() {
      const rows = await database.shared.query<{ readonly tenant: string }>({
        name: 'shared-policy-log-tenants',
        text: 'SELECT policy_log_tenants() AS tenant',
      });
      return rows.map(({ tenant }) => tenant);
    },
  };
}

/** Takes the tenant's log for this transaction and says where it ends. */
export async function lockLog(client: PoolClient, tenant: string): Promise<LogEnd> {
  await client.query({ name: 'policy-log-begin', text: BEGIN, values: [tenant] });
  const { rows } = await client.query<EndRow>({ name: 'policy-log-lock', text: LOCK, values: [tenant] });
  return endOf(rows[0]);
}

/** The newest head of a log that the caller has the lock of. */
export async function newestCheckpoint(
  client: PoolClient,
  tenant: string,
): Promise<StoredCheckpoint | undefined> {
  const { rows } = await client.query<StoredCheckpoint>({
    name: 'policy-log-newest',
    text: CHECKPOINTS,
    values: [tenant, null, 1],
  });
  return rows[0];
}

export async function addCheckpoint(
  client: PoolClient,
  tenant: string,
  { at, size, root, note, signer, publicKey }: StoredCheckpoint,
): Promise<void> {
  const values = [tenant, new Date(at), size, root, note, signer, publicKey];
  await client.query({ name: 'policy-log-sign', text: ADD_CHECKPOINT, values });
}

/** Months that have been given room, of this process. */
const months = new Set<string>();

/** Writes what was put behind the end. The caller has the lock. */
export async function appendRecords(
  client: PoolClient,
  entries: readonly Entry[],
  { end, records, tiles }: Appended,
): Promise<void> {
  const tenant = entries[0]?.tenant;
  if (tenant === undefined) return;
  await makeRoom(client, entries);
  const rows = entries.map((entry, i) => ({ entry, record: records[i]! }));
  const of = <T>(read: (row: (typeof rows)[number]) => T): T[] => rows.map(read);
  const inserted = client.query({
    name: 'policy-log-append',
    text: APPEND,
    values: [
      tenant,
      of(({ record }) => record.seq),
      of(({ entry }) => new Date(entry.at).toISOString()),
      of(({ entry }) => entry.kind),
      of(({ entry }) => entry.actor.kind),
      of(({ entry }) => entry.actor.id),
      of(({ entry }) => entry.outcome ?? null),
      of(({ entry }) => entry.node ?? null),
      of(({ entry }) => entry.origin.workflow),
      of(({ entry }) => entry.origin.run),
      of(({ entry }) => entry.origin.event),
      of(({ entry }) => entry.origin.part),
      of(({ record }) => record.text),
      of(({ record }) => record.hash),
    ],
  });
  await inserted.catch((error: unknown) => {
    // A transaction that was rolled back has taken its new months along: the next one makes them again.
    months.clear();
    throw error;
  });
  if (tiles.length > 0) {
    const values = [tenant, tiles.map((t) => t.level), tiles.map((t) => t.index), tiles.map((t) => t.hash)];
    await client.query({ name: 'policy-log-tile', text: ADD_TILES, values });
  }
  const values = [tenant, end.size, end.head, Buffer.concat(end.frontier.map(filled))];
  await client.query({ name: 'policy-log-grow', text: GROW, values });
}

async function makeRoom(client: PoolClient, entries: readonly Entry[]): Promise<void> {
  const needed = [...new Set(entries.map(({ at }) => new Date(at).toISOString().slice(0, 7)))];
  const unknown = needed.filter((month) => !months.has(month));
  if (unknown.length === 0) return;
  const values = [unknown.map((month) => `${month}-01`)];
  await client.query({ text: 'SELECT policy_log_months($1::date[])', values });
  for (const month of unknown) months.add(month);
}

interface EndRow {
  readonly size: string;
  readonly head: Buffer;
  readonly frontier: Buffer;
}

const HASH_BYTES = 32;
const NOTHING = Buffer.alloc(HASH_BYTES);
const filled = (hash: Hash | undefined): Uint8Array => hash ?? NOTHING;

function endOf(row: EndRow | undefined): LogEnd {
  if (row === undefined) return { size: 0, head: new Uint8Array(), frontier: [] };
  invariant(row.frontier.length % HASH_BYTES === 0, 'a frontier is made of hashes');
  const frontier: Hash[] = [];
  for (let at = 0; at < row.frontier.length; at += HASH_BYTES)
    frontier.push(row.frontier.subarray(at, at + HASH_BYTES));
  return { size: Number(row.size), head: row.head, frontier };
}

function listStatement(tenant: string, query: RecordQuery) {
  const { from, before, kinds, outcome, actor, since, until, newestFirst = false, limit } = query;
  const values: unknown[] = [tenant];
  const where = ['tenant = $1'];
  const also = (condition: string, value: unknown): void => {
    if (value === undefined) return;
    values.push(value);
    where.push(condition.replace('?', `$${values.length}`));
  };
  also('seq >= ?', from);
  also('seq < ?', before);
  also('kind = ANY(?)', kinds);
  also('outcome = ?', outcome);
  also('actor = ?', actor);
  also('at >= ?', since === undefined ? undefined : new Date(since));
  also('at < ?', until === undefined ? undefined : new Date(until));
  values.push(limit);
  return {
    text: `SELECT seq::float8 AS seq, text FROM policy_log WHERE ${where.join(' AND ')}
      ORDER BY seq ${newestFirst ? 'DESC' : 'ASC'} LIMIT $${values.length}`,
    values,
  };
}

const END = 'SELECT size, head, frontier FROM policy_logs WHERE tenant = $1';
const LOCK = `${END} FOR UPDATE`;
const BEGIN = `
  INSERT INTO policy_logs (tenant, head, frontier) VALUES ($1, '', '') ON CONFLICT (tenant) DO NOTHING`;
const GROW = `
  UPDATE policy_logs SET size = $2, head = $3, frontier = $4, changed_at = now() WHERE tenant = $1`;

const APPEND = `
  INSERT INTO policy_log (tenant, seq, at, kind, actor_kind, actor, outcome, node, workflow, run, event, part, text, hash)
  SELECT $1, * FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::int[], $12::int[], $13::text[], $14::bytea[])`;

const ADD_TILES = `
  INSERT INTO policy_log_tiles (tenant, level, index, hash)
  SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::bytea[])`;

const HASHES = 'SELECT hash FROM policy_log WHERE tenant = $1 AND seq >= $2 AND seq < $3 ORDER BY seq';

const TILES = `
  SELECT level, index::float8 AS index, hash FROM policy_log_tiles
  WHERE tenant = $1 AND (index + 1) * (2::numeric ^ level) <= $2 ORDER BY level, index`;

const CHECKPOINTS = `
  SELECT * FROM (
    SELECT (extract(epoch FROM at) * 1000)::float8 AS at, size::float8 AS size, root, note, signer,
      public_key AS "publicKey"
    FROM policy_log_checkpoints WHERE tenant = $1 AND ($2::bigint IS NULL OR size <= $2)
    ORDER BY policy_log_checkpoints.at DESC LIMIT $3::bigint) AS newest
  ORDER BY newest.at`;

const ADD_CHECKPOINT = `
  INSERT INTO policy_log_checkpoints (tenant, at, size, root, note, signer, public_key)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`;
