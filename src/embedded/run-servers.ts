/**
 * Starts both servers of a stand that this process owns, on free ports, and gives the handles to stop, kill and restart
 * them. The lock's note tells other processes where they are.
 * Adapter ring.
 */
import type { Daemon, Guard } from './daemon';
import type { HeldLock } from './lock';
import { manageServer, type ManagedServer } from './managed-server';
import type { StandPlaces } from './places';
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
import type { StandNote } from './stand-note';
import {
  STAND_NAMESPACE,
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

export interface RunServersOptions extends StandPlaces {
  readonly options: OpenStandOptions;
  readonly lock: HeldLock<StandNote>;
  readonly guard: Guard;
  readonly onProgress: (line: string) => void;
}

/** A server in charge, and what the note says of it. */
interface Charge<Part extends 'temporal' | 'postgres'> {
  readonly server?: ManagedServer;
  note(): NonNullable<StandNote[Part]>;
}

/** Starts both servers. If one fails, the other is stopped before the failure is thrown. */
export async function runServers(run: RunServersOptions): Promise<Stand> {
  const { lock, options } = run;
  const parts: { temporal?: Charge<'temporal'>; postgres?: Charge<'postgres'> } = {};
  const tell = (phase: StandNote['phase']): Promise<void> =>
    lock.write({
      phase,
      ...(parts.temporal === undefined ? {} : { temporal: parts.temporal.note() }),
      ...(parts.postgres === undefined ? {} : { postgres: parts.postgres.note() }),
    });
  const tellOfChange = (): Promise<void> => tell('ready');
  const stopBoth = async (): Promise<void> => {
    await Promise.all([parts.temporal?.server?.stop(), parts.postgres?.server?.stop()]);
  };
  await tell('starting');
  try {
    const [temporal, postgres] = await bothSettled(
      startTemporalPart(run, tellOfChange).then((part) => (parts.temporal = part)),
      startPostgresPart(run, tellOfChange).then((part) => (parts.postgres = part)),
    );
    options.signal?.throwIfAborted();
    await tell('ready');
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      await stopBoth();
      // The data may be gone or the disk full: the servers are down all the same, and a dead owner's lock is no lock.
      await tell('closed').catch(() => undefined);
      await lock.release().catch(() => undefined);
      run.guard.dismiss();
    };
    return {
      name: run.name,
      dataDir: run.dataDir,
      owned: true,
      temporal: temporal.handle,
      postgres: postgres.handle,
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await stopBoth();
    throw error;
  }
}

async function startTemporalPart(
  run: RunServersOptions,
  onChange: () => Promise<void>,
): Promise<Charge<'temporal'> & { readonly handle: TemporalServer }> {
  const { guard, options, lock } = run;
  const program = await provideProgram(TEMPORAL_CLI, {
    env: options.env,
    cacheDir: run.cacheDir,
    onProgress: run.onProgress,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onStart: (pid) => guard.watch(pid, 'SIGTERM'),
    onEnd: (pid) => guard.forget(pid),
  });
  const config: TemporalConfig = {
    program: program.path,
    dataDir: run.dataDir,
    durability: options.durability ?? 'process',
    env: options.env,
    guard,
  };
  const last = lock.left?.temporal;
  const { daemon, ports } = await onFreePorts('Temporal', options.signal, async (tried) => {
    const temporal = await freePort([options.ports?.temporal, last?.port], tried);
    const ui =
      options.ui === true
        ? await freePort([options.ports?.ui, last?.uiPort], [...tried, temporal])
        : undefined;
    const each = { temporal, ...(ui === undefined ? {} : { ui }) };
    return { ports: each, daemon: await startTemporal(config, each) };
  });
  const server = manageServer(
    {
      title: 'Temporal',
      port: ports.temporal,
      start: () => startTemporal(config, ports),
      stop: stopTemporal,
      onChange,
    },
    daemon,
  );
  const uiPort = ports.ui;
  return {
    server,
    note: () => ({
      program,
      port: ports.temporal,
      ...withProcess(server),
      ...(uiPort === undefined ? {} : { uiPort }),
    }),
    handle: {
      address: `${LOOPBACK}:${ports.temporal}`,
      namespace: STAND_NAMESPACE,
      ...(uiPort === undefined ? {} : { uiUrl: `http://${LOOPBACK}:${uiPort}` }),
      get pid() {
        return server.identity()?.pid;
      },
      async restart() {
        await server.stop();
        await server.start();
      },
      kill: (signal = 'SIGKILL') => server.kill(signal),
    },
  };
}

async function startPostgresPart(
  run: RunServersOptions,
  onChange: () => Promise<void>,
): Promise<Charge<'postgres'> & { readonly handle: PostgresServer }> {
  const { options, dataDir, onProgress } = run;
  const { env } = options;
  const named = env['DATABASE_URL'];
  if (isNamed(named))
    return { note: () => ({ external: true, url: named }), handle: externalPostgres(named) };
  const programs = await providePostgres(env, run.cacheDir);
  const as = await chooseUser(env, programs.postgres, dataDir, onProgress);
  const durability = options.durability ?? 'process';
  const config: PostgresConfig = { programs, as, dataDir, durability, env, guard: run.guard };
  await createCluster(config, onProgress);
  const last = run.lock.left?.postgres;
  const lastPort = last?.external === false ? last.port : undefined;
  const { daemon, ports } = await onFreePorts('Postgres', options.signal, async (tried) => {
    const postgres = await freePort([options.ports?.postgres, lastPort], tried);
    return { ports: { postgres }, daemon: await startPostgres(config, postgres) };
  });
  const port = ports.postgres;
  const server = manageServer(
    { title: 'Postgres', port, start: () => startPostgres(config, port), stop: stopPostgres, onChange },
    daemon,
  );
  try {
    const url = await postgresUrl(dataDir, port);
    await createDatabase(url);
    return {
      server,
      note: () => ({ external: false, version: programs.version, port, ...withProcess(server) }),
      handle: {
        url,
        external: false,
        get pid() {
          return server.identity()?.pid;
        },
        stop: () => server.stop(),
        start: () => server.start(),
      },
    };
  } catch (error) {
    await stopPostgres(daemon);
    throw error;
  }
}

/** A Postgres that the user named; it is neither started nor stopped here. */
export function externalPostgres(url: string): PostgresServer {
  const refuse = (): Promise<never> =>
    Promise.reject(new RangeError('the Postgres of `DATABASE_URL` is not ours to stop or start'));
  return { url, external: true, pid: undefined, stop: refuse, start: refuse };
}

export const isNamed = (value: string | undefined): value is string => value !== undefined && value !== '';

/** Tries ports until a server starts; `tried` holds those that were found taken. */
async function onFreePorts<Ports extends Readonly<Record<string, number>>>(
  title: string,
  signal: AbortSignal | undefined,
  attempt: (
    tried: readonly number[],
  ) => Promise<{ readonly ports: Ports; readonly daemon: Daemon | 'port taken' }>,
): Promise<{ readonly ports: Ports; readonly daemon: Daemon }> {
  const tried: number[] = [];
  for (let i = 0; i < PORT_TRIES; i++) {
    signal?.throwIfAborted();
    const { ports, daemon } = await attempt(tried);
    if (daemon !== 'port taken') return { ports, daemon };
    tried.push(...Object.values(ports));
  }
  throw new StandError(
    'STAND_PORTS_TAKEN',
    `${title} found no free port on ${LOOPBACK}: ${tried.join(', ')} were taken`,
    'see which programs listen there, and start again',
  );
}

/** Waits for both even if one fails, so that the failure finds everything that was started. */
async function bothSettled<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value];
}

function withProcess(server: ManagedServer): {
  process?: NonNullable<ReturnType<ManagedServer['identity']>>;
} {
  const process = server.identity();
  return process === undefined ? {} : { process };
}
