/**
 * Robots for the vendors' systems in the sandbox, as a process that can be killed:
 * `node -r ./bench/embedded-register.cjs vendor-robot-process.ts <settings as JSON>`. It ends with its parent.
 */
import { contracts, effectOf, warm } from '../../activities';
import type { AwfEffect } from '../../src/dsl/effect';
import { credentialsFor, sandboxConnections, type SandboxUrls } from '../../src/sandbox';
import { createExclusive } from '../../src/store/exclusive';
import { createBarrier } from '../../src/store/barrier';
import { openDatabase } from '../../src/store/database';
import { createActivities } from '../../src/temporal/activities';
import { connectOutcomes } from '../../src/temporal/client';
import { createCodec } from '../../src/temporal/codec';
import { createDispatcher } from '../../src/temporal/dispatcher';
import { startWorker } from '../../src/temporal/worker';
import { KillPoints } from './kill-points';
import { bundleOf, openAuthorityRobot, robotMain, SILENT } from './robot-main';
import type { RobotProcessSettings } from './robot-process-settings';

export interface VendorRobotSettings extends RobotProcessSettings {
  readonly sandbox: SandboxUrls;
  /** Folder of the points at which to die. */
  readonly kills: string;
  /** Whether the authority rules stand in the way of every firing. */
  readonly isGoverned?: boolean;
}

robotMain(async (settings: VendorRobotSettings) => {
  const { address, namespace, databaseUrl } = settings;
  const kills = new KillPoints(settings.kills);
  const database = openDatabase({ url: databaseUrl });
  warm(['workday', 'okta', 'intune', 'servicenow', 'slack']);
  const barrier = kills.deadlyBarrier(createBarrier(database));
  const robot = openAuthorityRobot(database, databaseUrl, barrier);
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
    log: SILENT,
  });
  const codec = createCodec();
  await startWorker({
    ...{ address, namespace, codec },
    robots: ['service', 'platform:people'],
    activities: {
      ...createActivities({ dispatcher, awfs: contracts.map(({ name }) => name), log: SILENT }),
      ...robot.activities,
    },
    bundle: bundleOf(settings),
    identity: `robots-${process.pid}`,
  });
  if (isGoverned) robot.release(await connectOutcomes({ address, namespace, codec }));
  return undefined;
});
