/**
 * Robots of one process: what they need of the servers, the configuration and the systems, put together.
 * Entry ring; a composition root.
 */
import { contracts, effectOf, warm } from '../../activities';
import { resolveConnection } from '../config/connections';
import type { Connection } from '../dsl/effect';
import { openDatabase } from '../store/database';
import { createExclusive } from '../store/exclusive';
import { createBarrier } from '../store/barrier';
import { createActivities } from '../temporal/activities';
import { createCodec } from '../temporal/codec';
import { createDispatcher, type Log } from '../temporal/dispatcher';
import { quietRuntime, startWorker, type Robot, type RunningWorker } from '../temporal/worker';
import type { Logger } from '../telemetry/logger';
import { loadConfig } from './configuration';
import { sandboxVariables } from './sandbox-variables';
import { loggerOf } from './services';
import type { Settings } from './settings';
import type { Wiring } from './wiring';
import { workflowBundle } from './workflow-bundle';

export interface RobotsOptions {
  readonly settings: Settings;
  readonly wiring: Wiring;
  /** `service` and names of domains; default: all. */
  readonly robots?: readonly string[];
  readonly slots?: number;
}

export interface Robots extends RunningWorker {
  readonly robots: readonly Robot[];
}

/** Domains that have an AWF, sorted. */
export const domains = (): readonly string[] => [...new Set(contracts.map(({ domain }) => domain))].sort();

/** Roles by the names people use; `undefined` for a name that is none. */
export function robotOf(name: string): Robot | undefined {
  if (name === 'service') return 'service';
  return domains().includes(name) ? `platform:${name}` : undefined;
}

/** Starts the robots, and resolves when all of them take work. */
export async function startRobots(options: RobotsOptions): Promise<Robots> {
  const { settings, wiring } = options;
  const names = options.robots ?? ['service', ...domains()];
  const robots = names.flatMap((name) => robotOf(name) ?? []);
  const logger = loggerOf(settings, 'worker').with({ pid: process.pid });
  const log = effectLog(logger);
  quietRuntime();
  const database = openDatabase({
    url: wiring.databaseUrl,
    applicationName: 'backstep-worker',
    onIdleError: (error) => logger.log('store.connection_lost', { error }),
  });
  warm();
  const dispatcher = createDispatcher({
    barrier: createBarrier(database),
    exclusive: createExclusive(database),
    effects: effectOf,
    connections: connectionsOf(settings, wiring),
    now: () => Date.now(),
    log,
  });
  try {
    const running = await startWorker({
      address: wiring.temporalAddress,
      namespace: wiring.temporalNamespace,
      robots,
      activities: createActivities({ dispatcher, awfs: contracts.map(({ name }) => name), log }),
      codec: createCodec(),
      bundle: await workflowBundle(settings),
      identity: `backstep-${process.pid}`,
      ...(options.slots === undefined ? {} : { slots: options.slots }),
    });
    logger.log('worker.started', { robots });
    const ended = running.ended.finally(() => database.close());
    ended.catch(() => undefined);
    return {
      robots,
      ended,
      stop: async () => {
        logger.log('worker.stopping');
        await running.stop();
        await ended;
        logger.log('worker.stopped');
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/**
 * Connections by tenant and system, from the tenant's configuration and this process's environment. One that can't be had is
 * no failure of an action: nothing fires, and it is tried again.
 */
function connectionsOf(
  settings: Settings,
  wiring: Wiring,
): (tenant: string, system: string) => Promise<Connection> {
  const known = new Map<string, Promise<(system: string) => Connection>>();
  return async (tenant, system) => {
    let connect = known.get(tenant);
    if (connect === undefined) {
      connect = connectorOf(settings, wiring, tenant);
      known.set(tenant, connect);
      // A configuration that is not valid now may be mended.
      connect.catch(() => known.delete(tenant));
    }
    return (await connect)(system);
  };
}

async function connectorOf(
  settings: Settings,
  wiring: Wiring,
  tenant: string,
): Promise<(system: string) => Connection> {
  const config = await loadConfig(settings, tenant);
  if (!config.ok) throw new Error(`the configuration of \`${tenant}\` is not valid`);
  const stand = wiring.sandboxUrl === undefined ? {} : sandboxVariables(tenant, wiring.sandboxUrl);
  const lookup = (name: string): string | undefined => settings.env[name] ?? stand[name];
  const found = new Map<string, Connection>();
  return (system) => {
    const before = found.get(system);
    if (before !== undefined) return before;
    const connection = resolveConnection(config.value.bundle, system, lookup);
    if (!connection.ok) throw new Error(connection.error.map(({ message }) => message).join('; '));
    found.set(system, connection.value);
    return connection.value;
  };
}

const effectLog = (logger: Logger): Log => ({
  info: (message, fields) => logger.log('action.note', { message, ...fields }),
  warn: (message, fields) => logger.log('action.warning', { message, ...fields }),
});
