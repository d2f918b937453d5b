/**
 * The adapters that use cases work with, opened against one set of servers.
 * Entry ring; a composition root.
 */
import { createCortex, type Cortex } from '../cortex/cortex';
import { createIngest, type Ingest } from '../cortex/ingest';
import { seedCortex } from '../cortex/seed';
import { createAuthority, type Authority } from '../store/authority';
import { createAuthorityView, type AuthorityView } from '../store/authority-view';
import { openDatabase } from '../store/database';
import { createEntityStore } from '../store/entities';
import { createEventStore } from '../store/events';
import { createReportStore, type ReportStore } from '../store/reports';
import { createNoticeStore, type NoticeStore } from '../store/notices';
import { createLogger, type Logger } from '../telemetry/logger';
import { currentScope } from '../telemetry/scope';
import type { Telemetry } from '../telemetry/telemetry';
import { clientInterceptor } from '../telemetry/temporal-interceptors';
import { connectOutcomes, type Outcomes } from '../temporal/client';
import { countedNames, type CountedName } from '../temporal/entity-names';
import { createApprovals, type Approvals } from './approvals/parts';
import type { TenantConfig } from './configuration';
import { openEvidence, type Evidence } from './evidence';
import { codecOf, namesOf } from './payload-keys';
import type { Census } from './rulebook';
import type { Settings } from './settings';
import { telemetryOf } from './watching';
import type { Wiring } from './wiring';
import { configsOf } from './tenant-configs';
import { wrappingKeysOf } from './wrapping-keys';

/** What use cases are handed. */
export interface Services {
  readonly outcomes: Outcomes;
  readonly cortex: Cortex;
  /** Keys, and the one rule of who may decide. */
  readonly approvals: Approvals;
  readonly ingest: Ingest;
  readonly authority: Authority;
  readonly authorityView: AuthorityView;
  readonly census: Census;
  /** How counters call an entity. */
  readonly countedAs: CountedName;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly notices: NoticeStore;
  /** Those that a schedule made. */
  readonly reports: ReportStore;
  /** The PolicyLog and its archive. */
  readonly evidence: Evidence;
  /** Where the key of the log is, and what else this process was told. */
  readonly settings: Settings;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  close(): Promise<void>;
}

/** Connections of a client that does one thing at a time. */
const POOL_SIZE = 4;

export interface ServicesOptions {
  /** What the log and the database call this process; default `cli`. */
  readonly role?: string;
  /** Connections to the database; default enough for one thing at a time. */
  readonly poolSize?: number;
}

/** Connects to the servers; whoever opens it closes it. */
export async function openServices(
  settings: Settings,
  wiring: Wiring,
  { role = 'cli', poolSize = POOL_SIZE }: ServicesOptions = {},
): Promise<Services> {
  const now = (): number => Date.now();
  const logger = loggerOf(settings, role);
  const telemetry = telemetryOf(settings, role);
  const database = openDatabase({
    url: wiring.databaseUrl,
    poolSize,
    applicationName: `backstep-${role}`,
    onIdleError: (error) => logger.log('store.connection_lost', { error }),
  });
  const entities = createEntityStore(database);
  const cortex = createCortex(entities);
  const configOf = configsOf(settings);
  const bundleOf = async (tenant: string) => (await configOf(tenant)).bundle;
  const approvals = createApprovals({
    ...{ database, cortex, bundleOf, now },
    wrapping: wrappingKeysOf(settings),
  });
  const outcomes = await connectOutcomes({
    address: wiring.temporalAddress,
    namespace: wiring.temporalNamespace,
    codec: codecOf(settings),
    ...namesOf(settings),
    sign: approvals.signAct,
    interceptor: clientInterceptor(telemetry),
  });
  const evidence = openEvidence(settings, database, outcomes);
  return {
    outcomes,
    authority: createAuthority(database),
    authorityView: createAuthorityView(database),
    census: (tenant, type) => entities.count(tenant, type),
    countedAs: countedNames(evidence.keys, now),
    approvals,
    cortex,
    ingest: createIngest({ events: createEventStore(database), cortex, now }),
    logger,
    telemetry,
    notices: createNoticeStore(database),
    reports: createReportStore(database),
    evidence,
    settings,
    now,
    close: () => closeAll([outcomes, database, telemetry]),
  };
}

/** Puts the tenant's seeded entities into the graph; what has been said of them since is later, and stays. */
export const seedTenant = (
  services: Services,
  { bundle, seed }: TenantConfig,
): ReturnType<typeof seedCortex> => seedCortex(services.cortex, bundle, seed);

/** The log of this process, on standard error. */
export const loggerOf = (settings: Settings, role: string): Logger =>
  createLogger({
    level: settings.logLevel,
    write: (line) => process.stderr.write(line),
    now: () => Date.now(),
    fields: { role },
    scope: () => currentScope().fields,
  });

async function closeAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  await Promise.allSettled(parts.map((part) => part.close()));
}
