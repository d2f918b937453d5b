/** A process of robots that can be killed: `node -r ./bench/embedded-register.cjs robot-process.ts <settings as JSON>`. */
import { readFileSync } from 'node:fs';
import { createBarrier } from '../../src/store/barrier';
import { signerOf } from '../../src/app/log-key';
import type { Projector } from '../../src/projection/projector';
import { openDatabase, type Database } from '../../src/store/database';
import { createActivities } from '../../src/temporal/activities';
import { connectOutcomes } from '../../src/temporal/client';
import { createCodec } from '../../src/temporal/codec';
import { createDispatcher } from '../../src/temporal/dispatcher';
import { quietRuntime, startWorker } from '../../src/temporal/worker';
import { DurableShelf } from './durable-shelf';
import { openEvidence } from './evidence';
import { openOwner } from './owner';
import { toyContracts } from './plans';

export interface RobotProcessSettings {
  readonly address: string;
  readonly namespace: string;
  readonly databaseUrl: string;
  /** File that holds the bundle. */
  readonly bundle: string;
  /** PEM of the key that heads are signed with; with it a projector runs beside the robots. */
  readonly logKey?: string;
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
  const codec = createCodec();
  const projector = await projectorOf(settings, database);
  const worker = await startWorker({
    address: settings.address,
    namespace: settings.namespace,
    robots: ['service', 'platform:toys'],
    activities: createActivities({ dispatcher, awfs: toyContracts.keys(), log }),
    codec,
    onGrown: (run) => projector?.told(run),
    bundle: { code: readFileSync(settings.bundle, 'utf8') },
  });
  process.stdout.write('ready\n');
  process.stdin.resume();
  process.stdin.on('end', () => void worker.stop().then(() => process.exit(0)));
}

async function projectorOf(
  { logKey, address, namespace }: RobotProcessSettings,
  database: Database,
): Promise<Projector | undefined> {
  if (logKey === undefined) return undefined;
  const outcomes = await connectOutcomes({ address, namespace, codec: createCodec() });
  return openEvidence(database, outcomes, signerOf(logKey)).projector;
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
