/**
 * Evidence, put together: the stores of the PolicyLog, and the projector beside the robots that run outcomes.
 * Entry ring; a composition root.
 */
import type { PayloadCodec } from '@temporalio/common';
import { sayNotices } from '../notices/say';
import { startBringing } from '../projection/bring-to-archive';
import { startProjector, type Projector, type ProjectorEvent } from '../projection/projector';
import { openDatabase, type Database } from '../store/database';
import { createEvidenceStore, type EvidenceStore, type WithRecords } from '../store/evidence';
import { createLegalHolds, type LegalHolds } from '../store/legal-holds';
import { createPolicyLogStore, type PolicyLogStore } from '../store/policy-log';
import { createRetention, type Retention } from '../store/retention';
import { createSubjectKeys, type SubjectKeys } from '../store/subject-keys';
import { countRecord } from '../telemetry/count-records';
import type { Logger } from '../telemetry/logger';
import type { Telemetry } from '../telemetry/telemetry';
import { connectOutcomes, type Outcomes } from '../temporal/client';
import { createHistories, type Histories } from '../temporal/histories';
import { archivePlaceOf } from './archive';
import { openLogKey } from './log-key';
import { codecOf, tenantKeysOf } from './payload-keys';
import { primitives } from './primitives';
import type { Settings } from './settings';
import type { Wiring } from './wiring';

/** What use cases about the PolicyLog work with. */
export interface Evidence {
  readonly log: PolicyLogStore;
  readonly store: EvidenceStore;
  readonly keys: SubjectKeys;
  readonly holds: LegalHolds;
  readonly retention: Retention;
  readonly histories: Histories;
  readonly codec: PayloadCodec;
}

export function openEvidence(settings: Settings, database: Database, outcomes: Outcomes): Evidence {
  return evidenceOf(settings, { database, outcomes });
}

/** @param also who else writes when records are written */
function evidenceOf(
  settings: Settings,
  { database, outcomes }: { readonly database: Database; readonly outcomes: Outcomes },
  also: readonly WithRecords[] = [],
): Evidence {
  const archive = archivePlaceOf(settings);
  return {
    log: createPolicyLogStore(database),
    store: createEvidenceStore(database, also, archive),
    keys: createSubjectKeys(database, tenantKeysOf(settings)),
    holds: createLegalHolds(database),
    retention: createRetention(database, archive),
    histories: createHistories(outcomes.client),
    codec: codecOf(settings),
  };
}

export interface Projecting {
  readonly projector: Projector;
  /** Finishes what is at hand, and closes what was opened for it. */
  stop(): Promise<void>;
}

/** Connections of the projector: its runs at once, and the sweep. */
const CONNECTIONS = 5;

/** Starts a projector with connections of its own, so that it holds up no action. */
export async function startProjecting(
  settings: Settings,
  wiring: Wiring,
  {
    logger,
    telemetry: { metrics },
    now,
    onEvent,
  }: {
    readonly logger: Logger;
    readonly telemetry: Pick<Telemetry, 'metrics'>;
    readonly now: () => number;
    readonly onEvent?: (event: ProjectorEvent) => void;
  },
): Promise<Projecting> {
  const signer = await openLogKey(settings);
  const codec = codecOf(settings);
  const outcomes = await connectOutcomes({
    address: wiring.temporalAddress,
    namespace: wiring.temporalNamespace,
    codec,
  });
  const database = openDatabase({
    url: wiring.databaseUrl,
    poolSize: CONNECTIONS,
    applicationName: 'backstep-projector',
    onIdleError: (error) => logger.log('store.connection_lost', { error }),
  });
  const counted: WithRecords = (_client, _tenant, records) => {
    for (const { entry } of records) countRecord(metrics, entry);
    return Promise.resolve();
  };
  const evidence = evidenceOf(settings, { database, outcomes }, [sayNotices(now), counted]);
  const projector = startProjector({
    ...evidence,
    primitives,
    heads: { primitives, signer },
    tenants: () => evidence.log.tenants(),
    now,
    onEvent: (event) => {
      onEvent?.(event);
      if (event.kind === 'stalled') {
        const { workflow, run, error } = event;
        logger.log('projector.stalled', { workflow, run, error });
      }
      if (event.kind === 'unsigned') {
        const { tenant, error } = event;
        metrics.count('backstep_heads_unsigned_total', { tenant });
        logger.log('projector.unsigned', { tenant, error });
      }
      if (event.kind === 'waiting') logger.log('projector.waiting', { error: event.error });
    },
  });
  const archive = archivePlaceOf(settings);
  const bringing =
    archive === undefined
      ? undefined
      : startBringing({
          ...{ archive, retention: evidence.retention, tenants: () => evidence.log.tenants() },
          onError: (error) => logger.log('archive.waiting', { error }),
        });
  metrics.onCollect(() => {
    const { lagMs, stalled, unknown } = projector.status();
    metrics.set('backstep_projector_lag_seconds', {}, lagMs / 1_000);
    metrics.set('backstep_histories_unplaced', { why: 'unreadable' }, stalled.length);
    metrics.set('backstep_histories_unplaced', { why: 'unknown' }, unknown);
  });
  return {
    projector,
    stop: async () => {
      await Promise.all([projector.stop(), bringing?.stop()]);
      await Promise.allSettled([outcomes.close(), database.close()]);
    },
  };
}
