/**
 * Robots for the vendors' systems in the sandbox, as a process that can be killed:
 * `node -r ./bench/embedded-register.cjs vendor-robot-process.ts <settings as JSON>`. It ends with its parent.
 */
import { readFileSync } from 'node:fs';
import { contracts, effectOf, warm } from '../../activities';
import type { AwfEffect } from '../../src/dsl/effect';
import { credentialsFor, sandboxConnections, type SandboxUrls } from '../../src/sandbox';
import { createExclusive } from '../../src/store/exclusive';
import { createBarrier } from '../../src/store/barrier';
import { openDatabase } from '../../src/store/database';
import { createActivities } from '../../src/temporal/activities';
import { createAuthorityRobot } from '../../src/temporal/authority-robot';
import { connectOutcomes } from '../../src/temporal/client';
import { createCodec } from '../../src/temporal/codec';
import { createDispatcher } from '../../src/temporal/dispatcher';
import { quietRuntime, startWorker } from '../../src/temporal/worker';
import { KillPoints } from './kill-points';
import { OPEN_RULES } from './open-rules';

export interface VendorRobotSettings {
  readonly address: string;
  readonly namespace: string;
  readonly databaseUrl: string;
  /** File that holds the bundle. */
  readonly bundle: string;
  readonly sandbox: SandboxUrls;
  /** Folder of the points at which to die. */
  readonly kills: string;
  /** Whether the authority rules stand in the way of every firing. */
  readonly isGoverned?: boolean;
}

async function main(): Promise<void> {
  const settings = JSON.parse(process.argv[2] ?? '') as VendorRobotSettings;
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
  quietRuntime();
  const kills = new KillPoints(settings.kills);
  const database = openDatabase({ url: settings.databaseUrl });
  const log = { info: () => undefined, warn: () => undefined };
  warm(['workday', 'okta', 'intune', 'servicenow', 'slack']);
  const barrier = kills.deadlyBarrier(createBarrier(database));
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
  const isGoverned = settings.isGoverned === true;
  const dispatcher = createDispatcher({
    barrier,
    ...(isGoverned ? { admit: robot.admit } : {}),
    exclusive: createExclusive(database),
    effects: async (awf) => {
      const effect = (await effectOf(awf)) as AwfEffect<unknown, unknown> | undefined;
      return effect && kills.deadlyEffect(effect);
    },
    connections: (tenant, system) => {
      const connections = sandboxConnections(settings.sandbox, credentialsFor(tenant));
      return connections[system as keyof typeof connections];
    },
    now: Date.now,
    log,
  });
  const codec = createCodec();
  await startWorker({
    address,
    namespace,
    robots: ['service', 'platform:people'],
    activities: {
      ...createActivities({ dispatcher, awfs: contracts.map(({ name }) => name), log }),
      ...robot.activities,
    },
    codec,
    bundle: { code: readFileSync(settings.bundle, 'utf8') },
    identity: `robots-${process.pid}`,
  });
  if (isGoverned) robot.release(await connectOutcomes({ address, namespace, codec }));
  process.stdout.write('ready\n');
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
