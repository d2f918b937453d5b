/** Robots under the authority rules, for the toy AWFs, with rules that a test may change; controls and a second look at rows. */
import { randomUUID } from 'node:crypto';
import type { ControlAct } from '../../workflows/control-protocol';
import type { Under } from '../../workflows/protocol';
import { createBarrier } from '../../src/store/barrier';
import { createSubjectKeys } from '../../src/store/subject-keys';
import { createActivities } from '../../src/temporal/activities';
import { barrierAdmit, type Admit } from '../../src/temporal/admission';
import { createAuthorityRobot } from '../../src/temporal/authority-robot';
import type { Outcomes } from '../../src/temporal/client';
import { performControl, type ControlDone } from '../../src/temporal/controls';
import { createDispatcher } from '../../src/temporal/dispatcher';
import { countedNames } from '../../src/temporal/entity-names';
import type { Rules } from '../../src/temporal/rules';
import { startWorker } from '../../src/temporal/worker';
import { OPEN_RULES, seasoned as history } from './open-rules';
import { toyContracts } from './plans';
import type { TestStand } from './stand';
import { codec, openRobots, type Robots } from './robots';
import { costlyContracts, withCostly } from './writer';

export const AUTOMATION = 'tidy-up';

export { OPEN_RULES } from './open-rules';

/** A history that opens autopilot for the toys. */
export const seasoned = (now: number) =>
  history(now, {
    awfs: [...toyContracts.keys(), ...costlyContracts.map(({ name }) => name)],
    runbook: 'toys.tidy',
  });

export interface GovernedRobots extends Robots {
  /** By tenant; one that is not there has the open rules. */
  readonly rules: Map<string, Rules>;
  readonly authority: ReturnType<typeof createAuthorityRobot>['authority'];
  control(tenant: string, act: ControlAct): Promise<ControlDone>;
  close(): Promise<void>;
}

export const byAutomation = (rest: Partial<Under> = {}): { readonly under: Under } => ({
  under: { runbook: 'toys.tidy', domain: 'toys', entity: 'person:ada', automation: AUTOMATION, ...rest },
});
export const byPerson = (person = 'person:mary'): { readonly under: Under } => ({
  under: { runbook: 'toys.tidy', domain: 'toys', entity: 'person:ada', person },
});

export async function openGovernedRobots(): Promise<GovernedRobots> {
  const robots = await openRobots({ workers: false });
  const { stand, outcomes, shelf, bundle } = robots;
  const log = { info: () => undefined, warn: () => undefined };
  const barrier = createBarrier(stand.database);
  const rules = new Map<string, Rules>();
  const robot = createAuthorityRobot({
    database: stand.database,
    controls: stand.database,
    databaseUrl: stand.stand.postgres.url,
    barrier,
    rulebook: (tenant) => Promise.resolve(rules.get(tenant) ?? OPEN_RULES),
    figuresOf: (tenant) => Promise.resolve((rules.get(tenant) ?? OPEN_RULES).figures),
    now: Date.now,
    log,
  });
  const dispatcher = createDispatcher({
    barrier,
    admit: robot.admit,
    undoFailed: robot.undoFailed,
    effects: withCostly(shelf),
    connections: () => ({ baseUrl: '', secrets: {} }),
    now: Date.now,
    log,
  });
  const { address, namespace } = stand.stand.temporal;
  const worker = await startWorker({
    address,
    namespace,
    robots: ['service', 'platform:toys'],
    activities: {
      ...createActivities({
        dispatcher,
        awfs: [...toyContracts.keys(), ...costlyContracts.map(({ name }) => name)],
        log,
      }),
      ...robot.activities,
    },
    codec,
    bundle,
  });
  const releaser = robot.release(outcomes);
  return {
    ...robots,
    rules,
    authority: robot.authority,
    control: (tenant, act) => control(outcomes, tenant, act),
    close: async () => {
      await releaser.stop();
      await worker.stop();
      await robots.close();
    },
  };
}

export const control = (outcomes: Outcomes, tenant: string, act: ControlAct): Promise<ControlDone> =>
  performControl(outcomes.client, { tenant, act, by: 'person:ada', reason: 'test' });

export const newTenant = (): string => `t${randomUUID().slice(0, 8)}`;

/** Governed for what an automation does, with one outcome of each entity a day; the barrier alone for all else. */
export function oncePerEntity({ database, stand }: TestStand): Admit {
  const barrier = createBarrier(database);
  const countedAs = countedNames(createSubjectKeys(database), Date.now);
  const { admit } = createAuthorityRobot({
    ...{ database, controls: database, databaseUrl: stand.postgres.url, barrier, now: Date.now },
    rulebook: async (tenant, { entity }) => ({
      ...OPEN_RULES,
      automation: {
        ...{ dial: 'autopilot', outcomesPerEntityPerDay: 1, countedAs: await countedAs(tenant, entity) },
      },
    }),
    figuresOf: () => Promise.resolve(OPEN_RULES.figures),
    log: { info: () => undefined, warn: () => undefined },
  });
  const alone = barrierAdmit(barrier);
  return (request) => (request.under?.automation === undefined ? alone(request) : admit(request));
}
