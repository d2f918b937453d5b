/** What every process of robots that can be killed has in common: it is told its settings, says when it is ready, ends with its parent. */
import { readFileSync } from 'node:fs';
import { openDatabase, type Database } from '../../src/store/database';
import type { Barrier } from '../../src/store/barrier';
import { createAuthorityRobot } from '../../src/temporal/authority-robot';
import { quietRuntime, type WorkflowBundle } from '../../src/temporal/worker';
import { OPEN_RULES } from './open-rules';
import type { RobotProcessSettings } from './robot-process-settings';

export const SILENT = { info: () => undefined, warn: () => undefined };

/** Runs `start` with the settings that stand on the command line as JSON; with the parent it ends as `start` says, or at once. */
export function robotMain<Settings>(
  start: (settings: Settings) => Promise<(() => Promise<void>) | undefined>,
): void {
  let stop: (() => Promise<void>) | undefined;
  process.stdin.resume();
  process.stdin.on('end', () => void Promise.resolve(stop?.()).then(() => process.exit(0)));
  quietRuntime();
  start(JSON.parse(process.argv[2] ?? '') as Settings)
    .then((stopper) => {
      stop = stopper;
      process.stdout.write('ready\n');
    })
    .catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    });
}

export const bundleOf = ({ bundle }: Pick<RobotProcessSettings, 'bundle'>): WorkflowBundle => ({
  code: readFileSync(bundle, 'utf8'),
});

/** The authority rules, open ones, on connections of their own. */
export const openAuthorityRobot = (
  database: Database,
  databaseUrl: string,
  barrier: Barrier,
): ReturnType<typeof createAuthorityRobot> =>
  createAuthorityRobot({
    ...{ database, databaseUrl, barrier, now: Date.now, log: SILENT },
    controls: openDatabase({ url: databaseUrl, poolSize: 2 }),
    rulebook: () => Promise.resolve(OPEN_RULES),
    figuresOf: () => Promise.resolve(OPEN_RULES.figures),
  });
