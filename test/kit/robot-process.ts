/** A process of robots that can be killed: `node -r ./bench/embedded-register.cjs robot-process.ts <settings as JSON>`. */
import { readFileSync } from 'node:fs';
import { createBarrier } from '../../src/store/barrier';
import { openDatabase } from '../../src/store/database';
import { createActivities } from '../../src/temporal/activities';
import { createCodec } from '../../src/temporal/codec';
import { createDispatcher } from '../../src/temporal/dispatcher';
import { quietRuntime, startWorker } from '../../src/temporal/worker';
import { DurableShelf } from './durable-shelf';
import { openOwner } from './owner';
import { toyContracts } from './plans';

export interface RobotProcessSettings {
  readonly address: string;
  readonly namespace: string;
  readonly databaseUrl: string;
  /** File that holds the bundle. */
  readonly bundle: string;
}

async function main(): Promise<void> {
  const settings = JSON.parse(process.argv[2] ?? '') as RobotProcessSettings;
  quietRuntime();
  const database = openDatabase({ url: settings.databaseUrl, poolSize: 5 });
  const shelf = new DurableShelf(openOwner(settings.databaseUrl));
  const log = { info: () => undefined, warn: () => undefined };
  const dispatcher = createDispatcher({
    barrier: shelf.deadlyBarrier(createBarrier(database)),
    effects: shelf.effects,
    connections: () => ({ baseUrl: '', secrets: {} }),
    now: Date.now,
    log,
  });
  const worker = await startWorker({
    address: settings.address,
    namespace: settings.namespace,
    robots: ['service', 'platform:toys'],
    activities: createActivities({ dispatcher, awfs: toyContracts.keys(), log }),
    codec: createCodec(),
    bundle: { code: readFileSync(settings.bundle, 'utf8') },
  });
  process.stdout.write('ready\n');
  process.stdin.resume();
  process.stdin.on('end', () => void worker.stop().then(() => process.exit(0)));
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
