/**
 * A process of robots under the authority rules that can be killed: toy AWFs on the durable shelf, and the releaser.
 * `node -r ./bench/embedded-register.cjs governed-robot-process.ts <settings as JSON>`. It ends with its parent.
 */
import { readFileSync } from 'node:fs';
import { createBarrier } from '../../src/store/barrier';
import { openDatabase } from '../../src/store/database';
import { createActivities } from '../../src/temporal/activities';
import { createAuthorityRobot } from '../../src/temporal/authority-robot';
import { connectOutcomes } from '../../src/temporal/client';
import { createCodec } from '../../src/temporal/codec';
import { createDispatcher } from '../../src/temporal/dispatcher';
import { quietRuntime, startWorker } from '../../src/temporal/worker';
import { DurableShelf } from './durable-shelf';
import { OPEN_RULES } from './open-rules';
import { toyContracts } from './plans';
import { openOwner } from './owner';
import type { RobotProcessSettings } from './robot-process-settings';

async function main(): Promise<void> {
  const settings = JSON.parse(process.argv[2] ?? '') as RobotProcessSettings;
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
  quietRuntime();
  const database = openDatabase({ url: settings.databaseUrl, poolSize: 5 });
  const shelf = new DurableShelf(openOwner(settings.databaseUrl));
  const log = { info: () => undefined, warn: () => undefined };
  const barrier = createBarrier(database);
  const { address, namespace, databaseUrl } = settings;
  const robot = createAuthorityRobot({
    database,
    controls: openDatabase({ url: settings.databaseUrl, poolSize: 2 }),
    databaseUrl,
    barrier,
    rulebook: () => Promise.resolve(OPEN_RULES),
    now: Date.now,
    log,
  });
  const dispatcher = createDispatcher({
    barrier,
    admit: robot.admit,
    effects: shelf.effects,
    connections: () => ({ baseUrl: '', secrets: {} }),
    now: Date.now,
    log,
  });
  const codec = createCodec();
  await startWorker({
    address,
    namespace,
    robots: ['service', 'platform:toys'],
    activities: {
      ...createActivities({ dispatcher, awfs: toyContracts.keys(), log }),
      ...robot.activities,
    },
    codec,
    bundle: { code: readFileSync(settings.bundle, 'utf8') },
  });
  robot.release(await connectOutcomes({ address, namespace, codec }));
  process.stdout.write('ready\n');
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
