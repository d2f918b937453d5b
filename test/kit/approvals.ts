/**
 * Robots under the authority rules that take signed decisions alone, an organisation of three levels in the graph, and every
 * door to one outcome: the use case, REST, the update and the raw signal.
 */
import { randomUUID } from 'node:crypto';
import { buildApi, type Api } from '../../src/api/app';
import type { ApiDeps } from '../../src/api/route';
import { createApprovals, type Approvals } from '../../src/app/approvals/parts';
import { decideSigned, type Deciding } from '../../src/app/approvals/decide';
import { loadConfig } from '../../src/app/configuration';
import type { Services } from '../../src/app/services';
import { readSettings } from '../../src/app/settings';
import { wrappingKeysOf } from '../../src/app/wrapping-keys';
import type { Bundle } from '../../src/config/bundle';
import { createCortex, type Cortex } from '../../src/cortex/cortex';
import type { ApprovalTerms } from '../../src/engine/effects';
import type { Plan } from '../../src/plan/plan';
import { createBarrier } from '../../src/store/barrier';
import { openDatabase } from '../../src/store/database';
import { createEntityStore } from '../../src/store/entities';
import { createActivities } from '../../src/temporal/activities';
import { createAuthorityRobot } from '../../src/temporal/authority-robot';
import { createDispatcher } from '../../src/temporal/dispatcher';
import type { Rules } from '../../src/temporal/rules';
import {
  bundleWorkflows,
  startWorker,
  type RunningWorker,
  type WorkflowBundle,
} from '../../src/temporal/worker';
import { OPEN_RULES } from './open-rules';
import { toyContracts } from './plans';
import { codec, openRobots, type Robots } from './robots';

/** Who leads whom: worker → lead → head → chief. `peer` and `stand` lead others. */
export const ORG: Readonly<Record<string, string | null>> = {
  'person:chief': null,
  'person:head': 'person:chief',
  'person:lead': 'person:head',
  'person:peer': 'person:head',
  'person:worker': 'person:lead',
  'person:other': 'person:peer',
};
export const WORKER = 'person:worker';
/** Starts outcomes, and leads nobody. */
const STARTER = 'person:starter';

export const TERMS: ApprovalTerms = {
  v: 1,
  acts: 'signed',
  early: 'again',
  depth: 3,
  plan: 'f'.repeat(64),
  figures: {},
};

export interface SignedRobots extends Robots {
  readonly approvals: Approvals;
  readonly cortex: Cortex;
  readonly services: Services;
  readonly rules: Map<string, Rules>;
  readonly authority: ReturnType<typeof createAuthorityRobot>['authority'];
  /** A tenant of its own, with the organisation in its graph. */
  newTenant(name?: string): Promise<string>;
  /** Starts a plan about `person:worker` whose decisions must be signed. */
  begin(
    plan: Plan,
    rest?: {
      readonly by?: string;
      readonly automation?: string;
      readonly terms?: ApprovalTerms;
      readonly authors?: readonly string[];
    },
  ): Promise<string>;
  /** Signs as a door would, without sending. */
  signed(outcome: string, gate: string, deciding: Deciding): Promise<string>;
  stopRobots(): Promise<void>;
  /** Starts them from workflows that are bundled anew. */
  restartRobots(): Promise<void>;
  /** Starts robots of another build beside those that are up, and stops these then, as a rolling deployment does. */
  rollTo(bundle: WorkflowBundle): Promise<void>;
  close(): Promise<void>;
}

export const deciding = (by: string, rest: Partial<Deciding> = {}): Deciding => ({
  by,
  roles: ['approver'],
  verdict: 'approve',
  reason: 'it is right',
  ...rest,
});

export async function openSignedRobots(options: { readonly stand?: string } = {}): Promise<SignedRobots> {
  const robots = await openRobots({
    ...{ workers: false, ...options },
    sign: (of, act) => approvals.signAct(of, act),
  });
  const { stand, outcomes, shelf, bundle } = robots;
  const { database } = stand;
  const log = { info: () => undefined, warn: () => undefined };
  const config = await loadConfig(readSettings(process.env), 'acme');
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  const bundleOf = (tenant: string): Promise<Bundle> => Promise.resolve({ ...config.value.bundle, tenant });
  const cortex = createCortex(createEntityStore(database));
  // As the doors that read these settings have it: who sealed a key can open it.
  const wrapping = wrappingKeysOf(readSettings(process.env));
  const approvals = createApprovals({ database, cortex, bundleOf, now: Date.now, wrapping });
  const controls = openDatabase({ url: stand.stand.postgres.url, poolSize: 2 });
  const rules = new Map<string, Rules>();
  const robot = createAuthorityRobot({
    ...{ database, controls, barrier: createBarrier(database), now: Date.now, log },
    databaseUrl: stand.stand.postgres.url,
    rulebook: (tenant) => Promise.resolve(rules.get(tenant) ?? OPEN_RULES),
    figuresOf: (tenant) => Promise.resolve((rules.get(tenant) ?? OPEN_RULES).figures),
    proofs: approvals.proofs,
  });
  const dispatcher = createDispatcher({
    barrier: createBarrier(database),
    admit: robot.admit,
    proven: (key, gates) => approvals.proofs.gates(key, gates),
    undoFailed: robot.undoFailed,
    effects: shelf.effects,
    connections: () => ({ baseUrl: '', secrets: {} }),
    ...{ now: Date.now, log },
  });
  const { address, namespace } = stand.stand.temporal;
  const startRobots = (of: WorkflowBundle): Promise<RunningWorker> =>
    startWorker({
      ...{ address, namespace, codec, bundle: of },
      robots: ['service', 'platform:toys'],
      activities: {
        ...createActivities({ dispatcher, awfs: toyContracts.keys(), log, check: approvals.check }),
        ...robot.activities,
      },
    });
  let worker = await startRobots(bundle);
  const releaser = robot.release(outcomes);
  const services = {
    outcomes,
    approvals,
    cortex,
    authority: robot.authority,
    now: Date.now,
  } as unknown as Services;
  return {
    ...robots,
    ...{ approvals, cortex, services, rules },
    stopRobots: () => worker.stop(),
    restartRobots: async () => {
      worker = await startRobots(await bundleWorkflows());
    },
    rollTo: async (newer) => {
      const older = worker;
      worker = await startRobots(newer);
      await older.stop();
    },
    authority: robot.authority,
    newTenant: async (tenant = `t${randomUUID().slice(0, 8)}`) => {
      for (const [id, manager] of Object.entries(ORG)) {
        const name = id.slice('person:'.length);
        const fields = { name, email: `${name}@example.test` };
        const relations = manager === null ? {} : { manager: [manager] };
        const told = await cortex.upsert(
          await bundleOf(tenant),
          { id, fields, relations },
          { at: 1, by: 'seed' },
        );
        if (!told.ok) throw new Error(JSON.stringify(told.error));
      }
      return tenant;
    },
    begin: (
      plan,
      { automation, authors, by = automation === undefined ? STARTER : undefined, terms = TERMS } = {},
    ) =>
      robots.run(
        { ...plan, entity: { ...plan.entity, id: WORKER } },
        {
          startedBy: by ?? `automation:${automation ?? 'none'}`,
          under: {
            ...{ runbook: 'toys.tidy', domain: 'toys', entity: WORKER },
            ...(by === undefined ? {} : { person: by }),
            ...(automation === undefined ? {} : { automation }),
          },
          terms: { ...terms, ...(authors === undefined ? {} : { authors }) },
        },
      ),
    async signed(outcome, gate, said) {
      let token: string | undefined;
      const spy = { ...outcomes, runs: (id: string) => outcomes.runs(id) };
      const decide = (_id: string, decision: { readonly token?: string }): Promise<'done'> => {
        token = decision.token;
        return Promise.resolve('done');
      };
      await decideSigned({ ...services, outcomes: { ...spy, decide } }, { outcome, node: gate }, said);
      if (token === undefined) throw new Error('nothing was signed');
      return token;
    },
    close: async () => {
      await releaser.stop();
      await worker.stop();
      await controls.close();
      await robots.close();
    },
  };
}

/** The API over these robots, for requests without a socket. */
export const openDoor = (robots: SignedRobots, identify: ApiDeps['identify']): Promise<Api> =>
  buildApi({
    services: { ...robots.services, logger: { log: () => undefined } },
    identify,
    configOf: () => Promise.reject(new Error('no configuration is needed here')),
    answers: {
      claim: () => Promise.resolve({ kind: 'mine' }),
      keep: () => Promise.resolve(),
      release: () => Promise.resolve(),
      probe: () => Promise.resolve(),
    },
    ...{ probes: {}, origins: [], version: '0' },
  } as unknown as ApiDeps);
