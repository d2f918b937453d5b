/** A process of robots that can be killed: `node -r ./bench/embedded-register.cjs robot-process.ts <settings as JSON>`. */
import { createBarrier } from '../../src/store/barrier';
import { signerOf } from '../../src/app/log-key';
import type { Projector } from '../../src/projection/projector';
import { openDatabase, type Database } from '../../src/store/database';
import { createActivities } from '../../src/temporal/activities';
import { connectOutcomes } from '../../src/temporal/client';
import { createCodec } from '../../src/temporal/codec';
import { createDispatcher } from '../../src/temporal/dispatcher';
import { startWorker } from '../../src/temporal/worker';
import { DurableShelf } from './durable-shelf';
import { openEvidence } from './evidence';
import { openOwner } from './owner';
import { toyContracts } from './plans';
import { bundleOf, robotMain, SILENT } from './robot-main';
import type { RobotProcessSettings } from './robot-process-settings';

robotMain(async (settings: RobotProcessSettings) => {
  const database = openDatabase({ url: settings.databaseUrl, poolSize: 5 });
  const shelf = new DurableShelf(openOwner(settings.databaseUrl));
  const dispatcher = createDispatcher({
    barrier: shelf.deadlyBarrier(createBarrier(database)),
    effects: shelf.effects,
    connections: () => ({ baseUrl: '', secrets: {} }),
    now: Date.now,
    log: SILENT,
  });
  const projector = await projectorOf(settings, database);
  const worker = await startWorker({
    address: settings.address,
    namespace: settings.namespace,
    robots: ['service', 'platform:toys'],
    activities: createActivities({ dispatcher, awfs: toyContracts.keys(), log: SILENT }),
    codec: createCodec(),
    onGrown: (run) => projector?.told(run),
    bundle: bundleOf(settings),
  });
  return () => worker.stop();
});

async function projectorOf(
  { logKey, address, namespace }: RobotProcessSettings,
  database: Database,
): Promise<Projector | undefined> {
  if (logKey === undefined) return undefined;
  const outcomes = await connectOutcomes({ address, namespace, codec: createCodec() });
  return openEvidence(database, outcomes, signerOf(logKey)).projector;
}
