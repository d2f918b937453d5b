/**
 * The stand's Postgres: creates its data, starts it, waits until it accepts connections, stops it.
 * Adapter ring. The caller holds the stand's lock, so nobody else touches the data.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { startDaemon, type Daemon, type Guard } from './daemon';
import { LOOPBACK } from './ports';
import type { PostgresPrograms } from './postgres-programs';
import { commandAs, type RunAs } from './postgres-user';
import { identify, processesNaming, stopProcess } from './process-identity';
import { runProgram } from './run-program';
import { StandError, diskFull, isDiskFull, isDiskFullText, systemCodeOf } from './stand-error';
import type { Durability, Environment } from './stand-types';

/** The role and the database, both of this name. */
const OWNER = 'backstep';

/** Less than `initdb` needs, in bytes: what it wrote is removed again when it fails, so the disk does not look full. A new cluster takes 65 MB. */
const NEW_CLUSTER_BYTES = 48 * 1024 * 1024;

const READY_TIMEOUT_MS = 60_000;
/** `SIGINT` rolls back and disconnects, `SIGQUIT` ends at once and recovers at the next start. */
const STOP_SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const;
const STOP_PATIENCE_MS = 15_000;

export interface PostgresConfig {
  readonly programs: PostgresPrograms;
  readonly as: RunAs;
  /** Of the stand; holds `postgres/`, `postgres.log` and `postgres.password`. */
  readonly dataDir: string;
  readonly durability: Durability;
  readonly env: Environment;
  readonly guard: Guard;
}

/** Names of what lies in the stand's data folder. */
const POSTGRES_FOLDER = 'postgres';
const PASSWORD_FILE = 'postgres.password';
const POSTGRES_LOG = 'postgres.log';

export const clusterOf = (dataDir: string): string => path.join(dataDir, POSTGRES_FOLDER);

/** Creates the cluster unless it is there. A creation that was cut short leaves nothing that counts as a cluster. */
export async function createCluster(
  config: PostgresConfig,
  onProgress: (line: string) => void,
): Promise<void> {
  const cluster = clusterOf(config.dataDir);
  if (existsSync(path.join(cluster, 'PG_VERSION'))) return checkCluster(config, cluster);
  onProgress('creating the Postgres data');
  await removeDrafts(config.dataDir);
  const draft = `${cluster}.draft-${process.pid}`;
  const passwordDraft = `${draft}.password`;
  const password = randomBytes(24).toString('base64url');
  try {
    await mkdir(draft, { mode: 0o700 });
    await config.as.own(draft);
    await writeFile(passwordDraft, password, { mode: 0o600 });
    await config.as.own(passwordDraft);
    await initdb(config, draft, passwordDraft);
    await writeFile(path.join(config.dataDir, PASSWORD_FILE), password, { mode: 0o600 });
    await rm(cluster, { recursive: true, force: true });
    await rename(draft, cluster);
  } finally {
    await rm(passwordDraft, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

async function initdb(config: PostgresConfig, draft: string, passwordFile: string): Promise<void> {
  const { as, programs, guard } = config;
  const [command, args] = commandAs(as, programs.initdb, [
    `--pgdata=${draft}`,
    `--username=${OWNER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    // Sorts the same on every machine, whatever locales are installed.
    '--builtin-locale=C.UTF-8',
    ...(config.durability === 'machine' ? [] : ['--no-sync']),
  ]);
  const run = await runProgram(command, args, {
    env: config.env,
    timeoutMs: READY_TIMEOUT_MS,
    cwd: '/',
    ...(as.uid === undefined || as.gid === undefined ? {} : { uid: as.uid, gid: as.gid }),
    onStart: (pid) => guard.watch(pid, 'SIGTERM'),
    onEnd: (pid) => guard.forget(pid),
  });
  if (run.code === 0) return;
  const said = `${run.stdout}${run.stderr}`;
  if (isDiskFullText(said) || (await isDiskFull(config.dataDir, NEW_CLUSTER_BYTES)))
    throw diskFull(config.dataDir);
  throw new StandError(
    'STAND_START_FAILED',
    `the Postgres data can't be created: ${said.trim().split('\n').slice(-3).join(' / ')}`,
    'mend what Postgres says, or name a running Postgres with `DATABASE_URL`',
  );
}

async function checkCluster(config: PostgresConfig, cluster: string): Promise<void> {
  const major = (await readFile(path.join(cluster, 'PG_VERSION'), 'utf8')).trim();
  const help = 'start with `fresh` to begin with empty data, or move the folder away';
  if (major !== config.programs.major) {
    const what = `\`${cluster}\` was written by Postgres ${major}, and this is ${config.programs.major}`;
    throw new StandError('STAND_DATA_UNUSABLE', what, help);
  }
  if (!existsSync(path.join(config.dataDir, PASSWORD_FILE))) {
    throw new StandError(
      'STAND_DATA_UNUSABLE',
      `\`${cluster}\` is there, but its password file is not`,
      help,
    );
  }
}

/** Leftovers of creations that were cut short. */
async function removeDrafts(dataDir: string): Promise<void> {
  const drafts = (await readdir(dataDir)).filter((name) => name.startsWith(`${POSTGRES_FOLDER}.draft-`));
  await Promise.all(drafts.map((name) => rm(path.join(dataDir, name), { recursive: true, force: true })));
}

/** Starts the server on the port and waits until it is ready, or reports that the port is taken. */
export async function startPostgres(config: PostgresConfig, port: number): Promise<Daemon | 'port taken'> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    await clearStalePidFile(clusterOf(config.dataDir));
    const daemon = await spawnPostgres(config, port);
    if (await untilReady(config, daemon, deadline)) return daemon;
    const log = daemon.logTail();
    await daemon.stop(STOP_SIGNALS, STOP_PATIENCE_MS);
    if (/could not bind|Address already in use/i.test(log)) return 'port taken';
    if (isDiskFullText(log) || (await isDiskFull(config.dataDir))) throw diskFull(config.dataDir);
    // After a SIGKILL the last backends of the old server need a moment to notice.
    if (/pre-existing shared memory block/.test(log) && Date.now() < deadline) {
      await sleep(200);
      continue;
    }
    throw new StandError(
      'STAND_START_FAILED',
      `Postgres did not start: ${lastLines(log)}`,
      `see \`${path.join(config.dataDir, POSTGRES_LOG)}\`; start with \`fresh\` if the data is damaged`,
    );
  }
}

function spawnPostgres(config: PostgresConfig, port: number): Promise<Daemon> {
  const { as, durability } = config;
  const settings: Readonly<Record<string, string | number>> = {
    listen_addresses: LOOPBACK,
    port,
    // TCP only: a socket in a shared folder would be one more thing to collide.
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '128MB',
    // With fsync off a commit is still written to the kernel, so it survives SIGKILL; `docs/embedded.md`.
    fsync: durability === 'machine' ? 'on' : 'off',
    full_page_writes: durability === 'machine' ? 'on' : 'off',
    synchronous_commit: 'on',
    // No replicas and no base backups on a stand, so less is logged.
    wal_level: 'minimal',
    max_wal_senders: 0,
    checkpoint_timeout: '15min',
    max_wal_size: '1GB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  const [command, args] = commandAs(as, config.programs.postgres, [
    '-D',
    clusterOf(config.dataDir),
    ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ]);
  return startDaemon(
    {
      command,
      args,
      env: config.env,
      cwd: '/',
      logFile: path.join(config.dataDir, POSTGRES_LOG),
      ...(as.uid === undefined || as.gid === undefined ? {} : { uid: as.uid, gid: as.gid }),
      stopSignal: 'SIGINT',
    },
    config.guard,
  );
}

/** The eighth line of `postmaster.pid` says `ready`, as `pg_ctl` waits for; the first is the pid. */
async function untilReady(config: PostgresConfig, daemon: Daemon, deadline: number): Promise<boolean> {
  const file = path.join(clusterOf(config.dataDir), 'postmaster.pid');
  while (daemon.isAlive() && Date.now() < deadline) {
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
    if (Number(lines[0]) === daemon.identity.pid && lines[7]?.trim() === 'ready') return true;
    await sleep(20);
  }
  return false;
}

/**
 * Removes a pid file whose number now belongs to some other program: Postgres itself would refuse to start beside it. Where the
 * number belongs to nobody, Postgres removes the file, with better checks than ours.
 */
async function clearStalePidFile(cluster: string): Promise<void> {
  const file = path.join(cluster, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return;
  const pid = Number(text.split('\n', 1)[0]);
  if (identify(pid) !== undefined && processesNaming(cluster).length === 0) await rm(file, { force: true });
}

/** Ends servers that an owner who died left on this data. The caller holds the lock, so no live owner is robbed. */
export async function reapPostgres(dataDir: string): Promise<number> {
  const orphans = processesNaming(clusterOf(dataDir));
  await Promise.all(orphans.map((orphan) => stopProcess(orphan, STOP_SIGNALS, STOP_PATIENCE_MS)));
  return orphans.length;
}

export async function stopPostgres(daemon: Daemon): Promise<void> {
  await daemon.stop(STOP_SIGNALS, STOP_PATIENCE_MS);
}

/** The URL of the stand's own database. */
export async function postgresUrl(dataDir: string, port: number): Promise<string> {
  const password = await readFile(path.join(dataDir, PASSWORD_FILE), 'utf8');
  return `postgres://${OWNER}:${password}@${LOOPBACK}:${port}/${OWNER}`;
}

/** Creates the stand's database unless it is there. */
export async function createDatabase(url: string): Promise<void> {
  const admin = new URL(url);
  admin.pathname = '/postgres';
  const client = new Client({ connectionString: admin.href });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [OWNER]);
    if (found.rowCount === 0) await client.query(`create database ${OWNER}`);
  } finally {
    await client.end();
  }
}

/** Whether a Postgres answers at the URL. */
export async function postgresAnswers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const lastLines = (log: string): string => log.trim().split('\n').slice(-3).join(' / ') || 'it said nothing';
