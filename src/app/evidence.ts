/**
 * Evidence, put together: the stores of the PolicyLog, and the projector beside the robots that run outcomes.
 * Entry ring; a composition root.
 */
import type { PayloadCodec } from '@temporalio/common';
import { sayNotices } from '../notices/say';
import { startProjector, type Projector, type ProjectorEvent } from '../projection/projector';
import { openDatabase, type Database } from '../store/database';
import { createEvidenceStore, type EvidenceStore, type WithRecords } from '../store/evidence';
import { createPolicyLogStore, type PolicyLogStore } from '../store/policy-log';
import { createSubjectKeys, type SubjectKeys } from '../store/subject-keys';
import { countRecord } from '../telemetry/count-records';
import type { Logger } from '../telemetry/logger';
import type { Telemetry } from '../telemetry/telemetry';
import { connectOutcomes, type Outcomes } from '../temporal/client';
import { createHistories, type Histories } from '../temporal/histories';
import { openLogKey } from './log-key';
import { codecOf } from './payload-keys';
import { primitives } from './primitives';
import type { Settings } from './settings';
import type { Wiring } from './wiring';

/** What use cases about the PolicyLog work with. */
export interface Evidence {
  readonly log: PolicyLogStore;
  readonly store: EvidenceStore;
  readonly keys: SubjectKeys;
  readonly histories: Histories;
  readonly codec: PayloadCodec;
}

export const openEvidence = (database: Database, outcomes: Outcomes, codec: PayloadCodec): Evidence => ({
  log: createPolicyLogStore(database),
  store: createEvidenceStore(database),
  keys: createSubjectKeys(database),
  histories: createHistories(outcomes.client),
  codec,
});

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
  const evidence = openEvidence(database, outcomes, codec);
  const counted: WithRecords = (_client, _tenant, records) => {
    for (const { entry } of records) countRecord(metrics, entry);
    return Promise.resolve();
  };
  const projector = startProjector({
    ...evidence,
    store: createEvidenceStore(database, [sayNotices(now), counted]),
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
      if (event.kind === 'waiting') logger.log('projector.waiting', { error: event.error });
    },
  });
  metrics.onCollect(() =>
    metrics.set('backstep_projector_lag_seconds', {}, projector.status().lagMs / 1_000),
  );
  return {
    projector,
    stop: async () => {
      await projector.stop();
      await Promise.allSettled([outcomes.close(), database.close()]);
    },
  };
}
