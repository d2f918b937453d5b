/**
 * The connection to Postgres: a bounded pool, statement time-outs, the tenant of each statement, and the migrations.
 * Adapter ring. Repositories take a `Database`; only composition roots open one. Nothing reads a tenant's rows without
 * saying which tenant: there is no such method.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate as runMigrations } from 'drizzle-orm/node-postgres/migrator';
import { Pool, type PoolClient, type QueryConfig, type QueryResult, type QueryResultRow } from 'pg';
import { appUrlOf, isAppUrl } from './app-role';
import { StoreError, storeErrorOf } from './store-error';
import { raiseWalls, TENANT_SETTING } from './walls';

const STORE_LIMITS = {
  /**
   * Connections of one process. Statements here take well under a millisecond, and Postgres allows 100 connections in all:
   * eight processes fit, and a wait for a free connection stays below that for a free core.
   */
  poolSize: 10,
  /** How long a call waits for a connection, in milliseconds. */
  connectMs: 5_000,
  /** Longest statement, in milliseconds; nothing here comes near it unless the database is in trouble. */
  statementMs: 10_000,
  /** Longest wait for a lock of another transaction, in milliseconds. */
  lockMs: 5_000,
  /** A connection unused for so long is given back, in milliseconds. */
  idleMs: 30_000,
} as const;

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`: the owner's, or that of the role of the program. */
  readonly url: string;
  readonly poolSize?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Told of connections that broke while nobody used them. */
  readonly onIdleError?: (error: Error) => void;
}

export interface Database {
  /** The rows of one tenant: all that is asked of it sees these alone, by row-level security. */
  of(tenant: string): TenantDatabase;
  /** What is of no tenant: it sees no row of any. */
  readonly shared: SharedDatabase;
  close(): Promise<void>;
}

export interface TenantDatabase {
  /** For repositories with ordinary queries. */
  readonly orm: Omit<NodePgDatabase, 'transaction'>;
  /** One statement in a transaction of its own, and one round trip. A `name` keeps it prepared on each connection. Throws StoreError. */
  query<Row extends QueryResultRow>(statement: QueryConfig): Promise<readonly Row[]>;
  /** Runs `work` in one transaction; it is rolled back if `work` rejects. Throws StoreError, or what `work` threw. */
  transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
}

/** A statement that asks for no tenant says so in its name. */
export type SharedStatement = QueryConfig & { readonly name: `shared-${string}` };

export interface SharedDatabase {
  /** Throws StoreError. */
  query<Row extends QueryResultRow>(statement: SharedStatement): Promise<readonly Row[]>;
  transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
}

/** Opens a pool, as the role of the program whoever's address it is. No connection is made before the first call. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new Pool({
    connectionString: appUrlOf(options.url),
    max: options.poolSize ?? STORE_LIMITS.poolSize,
    connectionTimeoutMillis: STORE_LIMITS.connectMs,
    idleTimeoutMillis: STORE_LIMITS.idleMs,
    statement_timeout: STORE_LIMITS.statementMs,
    lock_timeout: STORE_LIMITS.lockMs,
    // A server that vanished without a word must not hold a worker for the minutes that TCP would wait.
    query_timeout: STORE_LIMITS.statementMs + STORE_LIMITS.lockMs,
    application_name: options.applicationName ?? 'backstep',
    keepAlive: true,
    // Whose rows a statement may see goes to the server together with it, and not a round trip ahead.
    pipeline: true,
  });
  survive(pool, options.onIdleError);
  return {
    of: (tenant) => viewOf(pool, tenant),
    shared: viewOf(pool, ''),
    close: () => pool.end(),
  };
}

/** @param tenant empty: nobody's */
function viewOf(pool: Pool, tenant: string): TenantDatabase {
  const run = <Row extends QueryResultRow>(statement: QueryConfig): Promise<QueryResult<Row>> =>
    runFor<Row>(pool, tenant, statement);
  return {
    get orm() {
      // Drizzle calls nothing of a client but this.
      const client = {
        query: (config: QueryConfig, values?: unknown[]) =>
          run(values === undefined ? config : { ...config, values }),
      };
      return drizzle(client as unknown as PoolClient);
    },
    async query<Row extends QueryResultRow>(statement: QueryConfig) {
      try {
        return (await run<Row>(statement)).rows;
      } catch (error) {
        throw storeErrorOf(error);
      }
    },
    transaction: (work) => transact(pool, tenant, work),
  };
}

const SET_TENANT = {
  name: 'tenant',
  text: `SELECT set_config('${TENANT_SETTING}', $1, false)`,
} as const;

/** Whose rows a connection shows, where that is known: a connection that nobody has asked yet shows nobody's. */
const standing = new WeakMap<PoolClient, string>();

/**
 * Says whose rows the connection is to show from here on, ahead of what is asked next and without a round trip of its own; says
 * nothing where it shows them already, as it nearly always does.
 * INVARIANT: no statement goes to a connection that does not show the rows of its tenant, and no others. What a transaction sets
 * is gone when it is rolled back, so this is said outside of any.
 */
async function standFor(client: PoolClient, tenant: string): Promise<void> {
  if (standing.get(client) === tenant) return;
  standing.delete(client);
  await client.query({ ...SET_TENANT, values: [tenant] });
  standing.set(client, tenant);
}

async function runFor<Row extends QueryResultRow>(
  pool: Pool,
  tenant: string,
  statement: QueryConfig,
): Promise<QueryResult<Row>> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const set = standFor(client, tenant);
    const asked = client.query<Row>(statement);
    const [, result] = await Promise.all([set, asked]);
    return result;
  } catch (error) {
    // A connection of which nobody knows what it is still to answer is not used again.
    if (sqlState(error) === undefined) broken = error as Error;
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Errors of the server have a state of five characters. */
function sqlState(error: unknown): string | undefined {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * Lets the process outlive the loss of any connection: an error that nobody hears ends it. The pool hears for those that are
 * idle and for single statements, but for nobody between the statements of a transaction.
 */
function survive(pool: Pool, onIdleError: DatabaseOptions['onIdleError']): void {
  pool.on('error', (error) => onIdleError?.(error));
  pool.on('connect', (client) => client.on('error', () => undefined));
}

async function transact<T>(pool: Pool, tenant: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw storeErrorOf(error);
  });
  let broken = false;
  try {
    await Promise.all([standFor(client, tenant), client.query('BEGIN')]);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => (broken = true));
    throw isDriverError(error) ? storeErrorOf(error) : error;
  } finally {
    client.release(broken);
  }
}

/** Any number of processes may call this at once: one migrates, the others wait for it and find nothing left to do. */
const MIGRATION_LOCK = 0x6261636b;

/** Brings the schema up to date, as its owner; who was given the role of the program only leaves that to the owner. Throws StoreError. */
export async function migrate(options: DatabaseOptions): Promise<void> {
  if (isAppUrl(options.url)) return;
  // A pool of one: the advisory lock belongs to its session. Migrations may take longer than any statement at run time.
  const pool = new Pool({
    connectionString: options.url,
    max: 1,
    connectionTimeoutMillis: STORE_LIMITS.connectMs,
    application_name: 'backstep-migrate',
  });
  survive(pool, options.onIdleError);
  try {
    const orm = drizzle(pool);
    await pool.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const folder = migrationsFolder();
    await runMigrations(orm, { migrationsFolder: folder });
    await pool.query(await readFile(join(folder, 'functions', 'authority.sql'), 'utf8'));
    await raiseWalls(pool, options.url, folder);
    await pool.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
  } catch (error) {
    throw storeErrorOf(error);
  } finally {
    await pool.end();
  }
}

/** The nearest `migrations` folder above this file: it lies at the root, of the sources as of the built package. */
function migrationsFolder(): string {
  for (let at = __dirname; ; at = dirname(at)) {
    const folder = join(at, 'migrations');
    if (existsSync(join(folder, 'meta', '_journal.json'))) return folder;
    if (dirname(at) === at) throw new StoreError('STORE_MIGRATIONS_MISSING');
  }
}

/** Errors of the server carry a `severity`, those of the socket a system `code`. */
const isDriverError = (error: unknown): boolean =>
  error instanceof Error && ('severity' in error || ('code' in error && 'syscall' in error));
