/**
 * Robots of one process: what they need of the servers, the configuration and the systems, put together.
 * Entry ring; a composition root.
 */
import { contracts, effectOf, warm } from '../../activities';
import { resolveConnection } from '../config/connections';
import { createCortex } from '../cortex/cortex';
import type { Connection } from '../dsl/effect';
import { openDatabase } from '../store/database';
import { createEntityStore, type EntityStore } from '../store/entities';
import { createExclusive } from '../store/exclusive';
import { createBarrier } from '../store/barrier';
import { createSubjectKeys } from '../store/subject-keys';
import { createActivities } from '../temporal/activities';
import { createAuthorityRobot, type AuthorityRobot } from '../temporal/authority-robot';
import { connectOutcomes, type Outcomes } from '../temporal/client';
import { createDispatcher, type Log } from '../temporal/dispatcher';
import { countedNames } from '../temporal/entity-names';
import { quietRuntime, startWorker, type Robot, type RunningWorker } from '../temporal/worker';
import type { Logger } from '../telemetry/logger';
import { countHolds, measuredAdmit, watchRequests } from '../telemetry/observe';
import type { Telemetry } from '../telemetry/telemetry';
import { activityInterceptor, clientInterceptor, watchAttempts } from '../telemetry/temporal-interceptors';
import type { TenantConfig } from './configuration';
import { configsOf } from './tenant-configs';
import { createApprovals } from './approvals/parts';
import { archivePlaceOf } from './archive';
import { startProjecting, type Projecting } from './evidence';
import { startNotices } from './notices';
import { codecOf, tenantKeysOf } from './payload-keys';
import { reporting } from './reports';
import { startPolicyOnRecord, type PolicyOnRecord } from './policy-on-record';
import { createRulebook, tenantFigures, type Census } from './rulebook';
import { sandboxVariables } from './sandbox-variables';
import { loggerOf } from './services';
import type { Settings } from './settings';
import type { Wiring } from './wiring';
import { freePort, showMetrics, telemetryOf } from './watching';
import { wrappingKeysOf } from './wrapping-keys';
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
  const sdkMetrics = settings.telemetry.metrics === undefined ? undefined : `127.0.0.1:${await freePort()}`;
  quietRuntime(sdkMetrics);
  const telemetry = telemetryOf(settings, 'worker');
  const database = openDatabase({
    url: wiring.databaseUrl,
    applicationName: 'backstep-worker',
    onIdleError: (error) => logger.log('store.connection_lost', { error }),
  });
  const controls = openDatabase({
    url: wiring.databaseUrl,
    applicationName: 'backstep-controls',
    poolSize: CONTROL_CONNECTIONS,
    onIdleError: (error) => logger.log('store.connection_lost', { error }),
  });
  const closeDatabases = async (): Promise<void> => {
    await Promise.all([database.close(), controls.close()]);
  };
  warm();
  const now = (): number => Date.now();
  const barrier = createBarrier(database);
  let policies: PolicyOnRecord | undefined;
  const configOf = configsOf(settings, ({ bundle }) => policies?.read(bundle));
  const entities = createEntityStore(database);
  const bundleOf = async (tenant: string) => (await configOf(tenant)).bundle;
  const approvals = createApprovals({
    ...{ database, cortex: createCortex(entities), bundleOf, now },
    wrapping: wrappingKeysOf(settings),
  });
  const archive = archivePlaceOf(settings);
  const robot = createAuthorityRobot({
    ...(archive === undefined ? {} : { archive }),
    proofs: approvals.proofs,
    database,
    controls,
    databaseUrl: wiring.databaseUrl,
    barrier,
    rulebook: createRulebook(
      bundleOf,
      censusOf(entities),
      countedNames(createSubjectKeys(database, tenantKeysOf(settings)), now),
    ),
    figuresOf: async (tenant) => tenantFigures(await bundleOf(tenant)),
    now,
    log,
    onHold: countHolds(telemetry),
    report: reporting(controls, now),
  });
  const dispatcher = createDispatcher({
    barrier,
    admit: measuredAdmit(telemetry, robot.admit),
    proven: (key, gates) => approvals.proofs.gates(key, gates),
    undoFailed: robot.undoFailed,
    exclusive: createExclusive(database),
    watch: watchRequests(telemetry),
    effects: effectOf,
    connections: connectionsOf(settings, wiring, configOf),
    now,
    log,
  });
  let projecting: Projecting | undefined;
  try {
    const codec = codecOf(settings);
    const running = await startWorker({
      address: wiring.temporalAddress,
      namespace: wiring.temporalNamespace,
      robots,
      activities: {
        ...createActivities({
          ...{ dispatcher, awfs: contracts.map(({ name }) => name), log },
          check: approvals.check,
          watch: watchAttempts(telemetry),
        }),
        ...robot.activities,
      },
      codec,
      bundle: await workflowBundle(settings),
      identity: `backstep-${process.pid}`,
      interceptor: activityInterceptor(telemetry),
      onGrown: (run) => projecting?.projector.told(run),
      ...(options.slots === undefined ? {} : { slots: options.slots }),
    });
    const releasing = robots.includes('service')
      ? await startReleasing(robot, { wiring, codec, telemetry })
      : undefined;
    policies =
      releasing === undefined
        ? undefined
        : startPolicyOnRecord({
            ...{ authority: robot.authority, outcomes: releasing.outcomes },
            onError: (tenant, error) => logger.log('policy.unrecorded', { tenant, error }),
          });
    const notices =
      releasing === undefined
        ? undefined
        : startNotices({
            ...{ settings, wiring, database, configOf, telemetry, logger, now },
            outcomes: releasing.outcomes,
          });
    if (robots.includes('service'))
      projecting = await startProjecting(settings, wiring, { logger, telemetry, now });
    const shown = await showMetrics(settings, {
      ...{ telemetry, logger },
      ...(sdkMetrics === undefined ? {} : { along: `http://${sdkMetrics}/metrics` }),
    });
    logger.log('worker.started', { robots });
    const ended = running.ended.finally(async () => {
      await notices?.stop();
      policies?.stop();
      await releasing?.stop();
      await projecting?.stop();
      await closeDatabases();
      await shown?.close();
      await telemetry.close();
    });
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
    await closeDatabases();
    throw error;
  }
}

/** One that writes, one that watches what still executes. */
const CONTROL_CONNECTIONS = 2;

/** Held actions are told of their release by the robots that run outcomes; what comes back ends it. */
async function startReleasing(
  robot: AuthorityRobot,
  {
    wiring,
    codec,
    telemetry,
  }: {
    readonly wiring: Wiring;
    readonly codec: ReturnType<typeof codecOf>;
    readonly telemetry: Telemetry;
  },
): Promise<{ readonly outcomes: Outcomes; stop(): Promise<void> }> {
  const outcomes = await connectOutcomes({
    address: wiring.temporalAddress,
    namespace: wiring.temporalNamespace,
    codec,
    interceptor: clientInterceptor(telemetry),
  });
  const releaser = robot.release(outcomes);
  return {
    outcomes,
    stop: async () => {
      await releaser.stop();
      await outcomes.close();
    },
  };
}

/** A count is believed for so long, in milliseconds: a share of a population needs no more. */
const CENSUS_MS = 60_000;

function censusOf(entities: Pick<EntityStore, 'count'>): Census {
  const known = new Map<string, { readonly until: number; readonly count: Promise<number> }>();
  return (tenant, type) => {
    const place = `${tenant}/${type}`;
    const before = known.get(place);
    if (before !== undefined && Date.now() < before.until) return before.count;
    const count = entities.count(tenant, type);
    known.set(place, { until: Date.now() + CENSUS_MS, count });
    count.catch(() => known.delete(place));
    return count;
  };
}

/**
 * Connections by tenant and system, from the tenant's configuration and this process's environment. One that can't be had is
 * no failure of an action: nothing fires, and it is tried again.
 */
function connectionsOf(
  settings: Settings,
  wiring: Wiring,
  configOf: (tenant: string) => Promise<TenantConfig>,
): (tenant: string, system: string) => Promise<Connection> {
  const known = new Map<string, Promise<(system: string) => Connection>>();
  return async (tenant, system) => {
    let connect = known.get(tenant);
    if (connect === undefined) {
      connect = connectorOf(settings, wiring, { tenant, config: configOf(tenant) });
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
  { tenant, config }: { readonly tenant: string; readonly config: Promise<TenantConfig> },
): Promise<(system: string) => Connection> {
  const { bundle } = await config;
  const stand = wiring.sandboxUrl === undefined ? {} : sandboxVariables(tenant, wiring.sandboxUrl);
  const lookup = (name: string): string | undefined => settings.env[name] ?? stand[name];
  const found = new Map<string, Connection>();
  return (system) => {
    const before = found.get(system);
    if (before !== undefined) return before;
    const connection = resolveConnection(bundle, system, lookup);
    if (!connection.ok) throw new Error(connection.error.map(({ message }) => message).join('; '));
    found.set(system, connection.value);
    return connection.value;
  };
}

const effectLog = (logger: Logger): Log => ({
  info: (message, fields) => logger.log('action.note', { message, ...fields }),
  warn: (message, fields) => logger.log('action.warning', { message, ...fields }),
});
