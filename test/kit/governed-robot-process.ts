/**
 * A process of robots under the authority rules that can be killed: toy AWFs on the durable shelf, and the releaser.
 * `node -r ./bench/embedded-register.cjs governed-robot-process.ts <settings as JSON>`. It ends with its parent.
 */
import { createBarrier } from '../../src/store/barrier';
import { openDatabase } from '../../src/store/database';
import { createActivities } from '../../src/temporal/activities';
import { connectOutcomes } from '../../src/temporal/client';
import { createCodec } from '../../src/temporal/codec';
import { createDispatcher } from '../../src/temporal/dispatcher';
import { startWorker } from '../../src/temporal/worker';
import { DurableShelf } from './durable-shelf';
import { toyContracts } from './plans';
import { openOwner } from './owner';
import { bundleOf, openAuthorityRobot, robotMain, SILENT } from './robot-main';
import type { RobotProcessSettings } from './robot-process-settings';

robotMain(async (settings: RobotProcessSettings) => {
  const { address, namespace, databaseUrl } = settings;
  const database = openDatabase({ url: databaseUrl, poolSize: 5 });
  const barrier = createBarrier(database);
  const robot = openAuthorityRobot(database, databaseUrl, barrier);
  const dispatcher = createDispatcher({
    barrier,
    admit: robot.admit,
    effects: new DurableShelf(openOwner(databaseUrl)).effects,
    connections: () => ({ baseUrl: '', secrets: {} }),
    now: Date.now,
    log: SILENT,
  });
  const codec = createCodec();
  await startWorker({
    ...{ address, namespace, codec },
    robots: ['service', 'platform:toys'],
    activities: {
      ...createActivities({ dispatcher, awfs: toyContracts.keys(), log: SILENT }),
      ...robot.activities,
    },
    bundle: bundleOf(settings),
  });
  robot.release(await connectOutcomes({ address, namespace, codec }));
  return undefined;
});
