/**
 * The stand's Temporal: starts the real server on its SQLite file, tuned, waits until it serves, and stops it.
 * Adapter ring. The caller holds the stand's lock, so nobody else touches the data.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { startDaemon, type Daemon, type Guard } from './daemon';
import { LOOPBACK } from './ports';
import { processesNaming, stopProcess } from './process-identity';
import { StandError, diskFull, isDiskFull, isDiskFullText, textOf } from './stand-error';
import { SEARCH_ATTRIBUTES, STAND_NAMESPACE, type Durability, type Environment } from './stand-types';
import { DYNAMIC_CONFIG } from './temporal-tuning';

const READY_TIMEOUT_MS = 60_000;
const STOP_SIGNALS = ['SIGTERM', 'SIGKILL'] as const;
const STOP_PATIENCE_MS = 10_000;

/**
 * Less than a new server writes before it serves, in bytes (measured: 2.9 MB). On a full disk it can't write why it ended, and
 * by the time that we look Postgres, which failed beside it, may have given back what it had taken.
 */
const NEW_DATA_BYTES = 2.5 * 1024 * 1024;

const TEMPORAL_DB = 'temporal.db';
const TEMPORAL_LOG = 'temporal.log';
export const temporalDbOf = (dataDir: string): string => path.join(dataDir, TEMPORAL_DB);

export interface TemporalConfig {
  readonly program: string;
  readonly dataDir: string;
  readonly durability: Durability;
  readonly env: Environment;
  readonly guard: Guard;
}

export interface TemporalPorts {
  readonly temporal: number;
  /** Absent: no UI. */
  readonly ui?: number;
}

/** The command line of a server; `dynamicConfig` and `pragmas` are measured in `bench/embedded-tuning.ts`. */
export function temporalArguments(options: {
  readonly db: string;
  readonly ports: TemporalPorts;
  readonly dynamicConfig: Readonly<Record<string, unknown>>;
  readonly pragmas: readonly string[];
}): readonly string[] {
  const { ports } = options;
  return [
    'server',
    'start-dev',
    '--ip',
    LOOPBACK,
    '--port',
    String(ports.temporal),
    ...(ports.ui === undefined ? ['--headless'] : ['--ui-ip', LOOPBACK, '--ui-port', String(ports.ui)]),
    '--db-filename',
    options.db,
    '--log-level',
    'warn',
    ...options.pragmas.flatMap((pragma) => ['--sqlite-pragma', pragma]),
    ...Object.entries(options.dynamicConfig).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${JSON.stringify(value)}`,
    ]),
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

export function sqlitePragmas(durability: Durability): readonly string[] {
  return ['journal_mode=wal', `synchronous=${durability === 'machine' ? 'full' : 'normal'}`];
}

/** Starts the server and waits until it serves the namespace, or reports that a port is taken. */
export async function startTemporal(
  config: TemporalConfig,
  ports: TemporalPorts,
): Promise<Daemon | 'port taken'> {
  const isNew = !existsSync(temporalDbOf(config.dataDir));
  const daemon = await startDaemon(
    {
      command: config.program,
      args: temporalArguments({
        db: temporalDbOf(config.dataDir),
        ports,
        dynamicConfig: DYNAMIC_CONFIG,
        pragmas: sqlitePragmas(config.durability),
      }),
      env: config.env,
      cwd: config.dataDir,
      logFile: path.join(config.dataDir, TEMPORAL_LOG),
      stopSignal: 'SIGTERM',
    },
    config.guard,
  );
  const problem = await untilServing(daemon, `${LOOPBACK}:${ports.temporal}`);
  if (problem === undefined) return daemon;
  const log = daemon.logTail();
  await daemon.stop(STOP_SIGNALS, STOP_PATIENCE_MS);
  if (/address already in use|port .* is not available|can't set .*port/i.test(log)) return 'port taken';
  if (isDiskFullText(log) || (await isDiskFull(config.dataDir, isNew ? NEW_DATA_BYTES : undefined)))
    throw diskFull(config.dataDir);
  throw new StandError(
    'STAND_START_FAILED',
    `Temporal did not start: ${log.trim().split('\n').slice(-3).join(' / ') || problem}`,
    `see \`${path.join(config.dataDir, TEMPORAL_LOG)}\`; start with \`fresh\` if the data is damaged`,
  );
}

export async function stopTemporal(daemon: Daemon): Promise<void> {
  await daemon.stop(STOP_SIGNALS, STOP_PATIENCE_MS);
}

/** Ends servers that an owner who died left on this data. The caller holds the lock, so no live owner is robbed. */
export async function reapTemporal(dataDir: string): Promise<number> {
  const orphans = processesNaming(temporalDbOf(dataDir));
  await Promise.all(orphans.map((orphan) => stopProcess(orphan, STOP_SIGNALS, STOP_PATIENCE_MS)));
  return orphans.length;
}

/** Whether a Temporal server at the address serves the namespace. */
export async function temporalAnswers(address: string): Promise<boolean> {
  return probe(address, 5_000).then(
    () => true,
    () => false,
  );
}

/** `undefined` once it serves; else why it does not. */
async function untilServing(daemon: Daemon, address: string): Promise<string | undefined> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let why = 'it did not answer in time';
  while (daemon.isAlive() && Date.now() < deadline) {
    try {
      await probe(address, 1_000);
      // Another server may answer on a port that ours lost; ours ends then, a moment later.
      if (daemon.isAlive()) return undefined;
    } catch (error) {
      why = textOf(error);
      await sleep(25);
    }
  }
  return daemon.isAlive() ? why : 'it ended at once';
}

/** Asks for the namespace and makes sure of the search attributes; throws while the server is not ready. */
async function probe(address: string, timeoutMs: number): Promise<void> {
  // Not `connect`: where that fails it leaves a channel behind that tries on for ever.
  const connection = Connection.lazy({ address, connectTimeout: timeoutMs });
  try {
    await connection.ensureConnected();
    await connection.withDeadline(Date.now() + timeoutMs, async () => {
      await connection.workflowService.describeNamespace({ namespace: STAND_NAMESPACE });
      await ensureSearchAttributes(connection);
    });
  } finally {
    await connection.close();
  }
}

/** The server's own flag counts only when it creates its data, so an older stand gets new attributes this way. */
async function ensureSearchAttributes(connection: Connection): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({
    namespace: STAND_NAMESPACE,
  });
  const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in customAttributes));
  if (missing.length === 0) return;
  const KEYWORD = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
  await connection.operatorService.addSearchAttributes({
    namespace: STAND_NAMESPACE,
    searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
  });
}
