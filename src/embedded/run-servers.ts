/**
 * Starts both servers of a stand that this process owns, on free ports, and gives the handles to stop, kill and restart
 * them. The lock's note tells other processes where they are.
 * Adapter ring.
 */
import type { Daemon, Guard } from './daemon';
import type { HeldLock } from './lock';
import { LOOPBACK, freePort } from './ports';
import { providePostgres } from './postgres-programs';
import {
  createCluster,
  createDatabase,
  postgresUrl,
  startPostgres,
  stopPostgres,
  type PostgresConfig,
} from './postgres-server';
import { chooseUser } from './postgres-user';
import { StandError } from './stand-error';
import type { OwnPostgresNote, StandNote } from './stand-note';
import {
  STAND_NAMESPACE,
  type FoundBinary,
  type OpenStandOptions,
  type PostgresServer,
  type Stand,
  type TemporalServer,
} from './stand-types';
import { provideProgram } from './temporal-programs';
import { startTemporal, stopTemporal, type TemporalConfig } from './temporal-server';
import { TEMPORAL_CLI } from './wheel-pins';

/** How often other ports are tried when somebody takes one between our look and the server's start. */
const PORT_TRIES = 5;

export interface RunServersOptions extends OpenStandOptions {
  readonly name: string;
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly lock: HeldLock<StandNote>;
  readonly guard: Guard;
  readonly onProgress: (line: string) => void;
}

/** A server that can go down and come back on the same port. */
interface Running {
  readonly port: number;
  daemon: Daemon | undefined;
}

type TemporalRunning = Running & {
  readonly uiPort?: number;
  readonly program: FoundBinary;
  readonly config: TemporalConfig;
};
type PostgresRunning = Running & { readonly url: string; readonly config: PostgresConfig };

export async function runServers(options: RunServersOptions): Promise<Stand> {
  const started: Running[] = [];
  let note: StandNote = { phase: 'starting' };
  const tell = async (change: Partial<StandNote>): Promise<void> => {
    note = { ...note, ...change };
    await options.lock.write(note);
  };
  const left = options.lock.left;
  const databaseUrl = options.env['DATABASE_URL'] ?? '';
  await tell({});
  try {
    const [temporal, postgres] = await bothOrNeither(
      startTemporalOf(options, left, started),
      startPostgresOf(options, left, started),
    );
    options.signal?.throwIfAborted();
    const tellOfServers = (phase: StandNote['phase']): Promise<void> =>
      tell({ phase, temporal: temporalNote(temporal), postgres: postgresNote(postgres, databaseUrl) });
    await tellOfServers('ready');
    return ownedStand(options, { temporal, postgres, tellOfServers });
  } catch (error) {
    await Promise.all(started.map((server) => server.daemon?.stop(['SIGINT', 'SIGKILL'], 10_000)));
    throw error;
  }
}

function ownedStand(
  options: RunServersOptions,
  servers: {
    readonly temporal: TemporalRunning;
    readonly postgres: PostgresRunning | undefined;
    readonly tellOfServers: (phase: StandNote['phase']) => Promise<void>;
  },
): Stand {
  const { temporal, postgres, tellOfServers } = servers;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([
      temporal.daemon === undefined ? undefined : stopTemporal(temporal.daemon),
      postgres?.daemon === undefined ? undefined : stopPostgres(postgres.daemon),
    ]);
    temporal.daemon = undefined;
    if (postgres !== undefined) postgres.daemon = undefined;
    // The data may be gone, or the disk full: the servers are down all the same, and a dead owner's lock is no lock.
    await tellOfServers('closed').catch(() => undefined);
    await options.lock.release().catch(() => undefined);
    options.guard.dismiss();
  };
  return {
    name: options.name,
    dataDir: options.dataDir,
    owned: true,
    temporal: temporalHandle(temporal, tellOfServers),
    postgres:
      postgres === undefined
        ? externalPostgres(options.env['DATABASE_URL'] ?? '')
        : postgresHandle(postgres, tellOfServers),
    close: () => (closing ??= close()),
  };
}

function temporalHandle(running: TemporalRunning, tell: (phase: 'ready') => Promise<void>): TemporalServer {
  return {
    address: `${LOOPBACK}:${running.port}`,
    namespace: STAND_NAMESPACE,
    ...(running.uiPort === undefined ? {} : { uiUrl: `http://${LOOPBACK}:${running.uiPort}` }),
    get pid() {
      return running.daemon?.isAlive() === true ? running.daemon.identity.pid : undefined;
    },
    async restart() {
      if (running.daemon !== undefined) await stopTemporal(running.daemon);
      const ports = {
        temporal: running.port,
        ...(running.uiPort === undefined ? {} : { ui: running.uiPort }),
      };
      const daemon = await startTemporal(running.config, ports);
      if (daemon === 'port taken') throw portLost('Temporal', running.port);
      running.daemon = daemon;
      await tell('ready');
    },
    async kill(signal = 'SIGKILL') {
      await running.daemon?.stop([signal], 30_000);
    },
  };
}

function postgresHandle(running: PostgresRunning, tell: (phase: 'ready') => Promise<void>): PostgresServer {
  return {
    url: running.url,
    external: false,
    get pid() {
      return running.daemon?.isAlive() === true ? running.daemon.identity.pid : undefined;
    },
    async stop() {
      if (running.daemon !== undefined) await stopPostgres(running.daemon);
      running.daemon = undefined;
    },
    async start() {
      if (running.daemon?.isAlive() === true) return;
      const daemon = await startPostgres(running.config, running.port);
      if (daemon === 'port taken') throw portLost('Postgres', running.port);
      running.daemon = daemon;
      await tell('ready');
    },
  };
}

/** A Postgres that the user named; it is neither started nor stopped here. */
export function externalPostgres(url: string): PostgresServer {
  const refuse = (): Promise<never> =>
    Promise.reject(new RangeError('the Postgres of `DATABASE_URL` is not ours to stop or start'));
  return { url, external: true, pid: undefined, stop: refuse, start: refuse };
}

async function startTemporalOf(
  options: RunServersOptions,
  left: StandNote | undefined,
  started: Running[],
): Promise<TemporalRunning> {
  const { guard } = options;
  const program = await provideProgram(TEMPORAL_CLI, {
    ...options,
    onStart: (pid) => guard.watch(pid, 'SIGTERM'),
    onEnd: (pid) => guard.forget(pid),
  });
  const config: TemporalConfig = {
    ...options,
    program: program.path,
    durability: options.durability ?? 'process',
  };
  const tried: number[] = [];
  for (let i = 0; i < PORT_TRIES; i++) {
    options.signal?.throwIfAborted();
    const port = await freePort([options.ports?.temporal, left?.temporal?.port], tried);
    const uiPort =
      options.ui === true
        ? await freePort([options.ports?.ui, left?.temporal?.uiPort], [...tried, port])
        : undefined;
    tried.push(port, ...(uiPort === undefined ? [] : [uiPort]));
    const daemon = await startTemporal(config, {
      temporal: port,
      ...(uiPort === undefined ? {} : { ui: uiPort }),
    });
    if (daemon === 'port taken') continue;
    const running = { port, ...(uiPort === undefined ? {} : { uiPort }), daemon, program, config };
    started.push(running);
    return running;
  }
  throw portsTaken('Temporal', tried);
}

async function startPostgresOf(
  options: RunServersOptions,
  left: StandNote | undefined,
  started: Running[],
): Promise<PostgresRunning | undefined> {
  const { env, dataDir, cacheDir, onProgress } = options;
  if (isNamed(env['DATABASE_URL'])) return undefined;
  const programs = await providePostgres(env, cacheDir);
  const as = await chooseUser(env, programs.postgres, dataDir, onProgress);
  const config: PostgresConfig = { ...options, programs, as, durability: options.durability ?? 'process' };
  await createCluster(config, onProgress);
  const tried: number[] = [];
  const lastPort = left?.postgres?.external === false ? left.postgres.port : undefined;
  for (let i = 0; i < PORT_TRIES; i++) {
    options.signal?.throwIfAborted();
    const port = await freePort([options.ports?.postgres, lastPort], tried);
    tried.push(port);
    const daemon = await startPostgres(config, port);
    if (daemon === 'port taken') continue;
    const running = { port, daemon, config, url: await postgresUrl(dataDir, port) };
    started.push(running);
    await createDatabase(running.url);
    return running;
  }
  throw portsTaken('Postgres', tried);
}

export const isNamed = (value: string | undefined): value is string => value !== undefined && value !== '';

/** Waits for both even if one fails, so that the failure finds everything that was started. */
async function bothOrNeither<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value];
}

function temporalNote(running: TemporalRunning): NonNullable<StandNote['temporal']> {
  return {
    program: running.program,
    port: running.port,
    ...(running.uiPort === undefined ? {} : { uiPort: running.uiPort }),
    ...(running.daemon === undefined ? {} : { process: running.daemon.identity }),
  };
}

function postgresNote(running: PostgresRunning | undefined, url: string): NonNullable<StandNote['postgres']> {
  if (running === undefined) return { external: true, url };
  const note: OwnPostgresNote = {
    external: false,
    version: running.config.programs.version,
    port: running.port,
  };
  return running.daemon === undefined ? note : { ...note, process: running.daemon.identity };
}

function portLost(server: string, port: number): StandError {
  return new StandError(
    'STAND_PORTS_TAKEN',
    `${server} can't come back on port ${port}: another program has taken it meanwhile`,
    'close the stand and open it again; it then takes another port',
  );
}

function portsTaken(server: string, tried: readonly number[]): StandError {
  return new StandError(
    'STAND_PORTS_TAKEN',
    `${server} found no free port on ${LOOPBACK}: ${tried.join(', ')} were taken`,
    'see which programs listen there, and start again',
  );
}
