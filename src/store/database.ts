/**
 * The connection to Postgres: a bounded pool, statement time-outs, and the migrations.
 * Adapter ring. Repositories take a `Database`; only composition roots open one.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate as runMigrations } from 'drizzle-orm/node-postgres/migrator';
import { Pool, type PoolClient, type QueryConfig, type QueryResultRow } from 'pg';
import { StoreError, storeErrorOf } from './store-error';

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
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  readonly poolSize?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Told of connections that broke while nobody used them. */
  readonly onIdleError?: (error: Error) => void;
}

export interface Database {
  /** For repositories with ordinary queries. */
  readonly orm: NodePgDatabase;
  /** One statement in a transaction of its own. A `name` keeps it prepared on each connection. Throws StoreError. */
  query<Row extends QueryResultRow>(statement: QueryConfig): Promise<readonly Row[]>;
  /** Runs `work` in one transaction; it is rolled back if `work` rejects. Throws StoreError, or what `work` threw. */
  transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Opens a pool. No connection is made before the first call. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new Pool({
    connectionString: options.url,
    max: options.poolSize ?? STORE_LIMITS.poolSize,
    connectionTimeoutMillis: STORE_LIMITS.connectMs,
    idleTimeoutMillis: STORE_LIMITS.idleMs,
    statement_timeout: STORE_LIMITS.statementMs,
    lock_timeout: STORE_LIMITS.lockMs,
    // A server that vanished without a word must not hold a worker for the minutes that TCP would wait.
    query_timeout: STORE_LIMITS.statementMs + STORE_LIMITS.lockMs,
    application_name: options.applicationName ?? 'backstep',
    keepAlive: true,
  });
  survive(pool, options.onIdleError);
  return {
    orm: drizzle(pool),
    async query<Row extends QueryResultRow>(statement: QueryConfig) {
      try {
        return (await pool.query<Row>(statement)).rows;
      } catch (error) {
        throw storeErrorOf(error);
      }
    },
    transaction: (work) => transact(pool, work),
    close: () => pool.end(),
  };
}

/**
 * Lets the process outlive the loss of any connection: an error that nobody hears ends it. The pool hears for those that are
 * idle and for single statements, but for nobody between the statements of a transaction.
 */
function survive(pool: Pool, onIdleError: DatabaseOptions['onIdleError']): void {
  pool.on('error', (error) => onIdleError?.(error));
  pool.on('connect', (client) => client.on('error', () => undefined));
}

async function transact<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw storeErrorOf(error);
  });
  let broken = false;
  try {
    await client.query('BEGIN');
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

/** Brings the schema up to date. Throws StoreError. */
export async function migrate(options: DatabaseOptions): Promise<void> {
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
