/**
 * Death at every place of an onboarding over five vendors: robots killed with SIGKILL at each boundary of an action, the
 * Temporal server killed, Postgres stopped. Every outcome ends, and the sandbox has seen one effect of each action, or one
 * effect and one undo. In both lanes at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../../src/kernel/json';
import type { Lane } from '../../../src/plan/plan';
import { personIds } from '../../../src/sandbox';
import { BOUNDARIES, type Boundary, type KillPoint, type Operation } from '../../kit/kill-points';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import {
  BACKWARD,
  FORWARD,
  openVendorStand,
  REFUSAL,
  traceOf,
  type Begun,
  type VendorStand,
} from '../../kit/vendor-stand';

const LANES = ['local', 'remote'] as const;
/** How many times over: 1 fits CI, `npm run test:kill` takes more. From `BACKSTEP_KILL_ROUNDS`. */
const ROUNDS = Number(process.env['BACKSTEP_KILL_ROUNDS'] ?? 1);
/** Longest time for one test, in milliseconds: a loaded machine takes most of it. */
const TEST_MS = 240_000 * ROUNDS;

let stand: VendorStand;
/** The world of the tenant where all is taken back, as it was. */
let before: string;

beforeAll(async () => {
  stand = await openVendorStand({ name: 'kill', people: 180 * ROUNDS, robots: 2 });
  before = (await stand.admin.snapshot({ tenant: BACKWARD, view: 'standing' })).digest;
}, STAND_TIMEOUT_MS);
afterAll(() => stand.close(), 60_000);

const ACTIONS = [
  { node: 'end-date', awf: 'workday.set_end_date', comp: 'clear_end_date' },
  { node: 'identity', awf: 'okta.create_identity', comp: 'disable_identity' },
  { node: 'groups', awf: 'okta.assign_groups', comp: 'remove_groups' },
  { node: 'device/mac-profile', awf: 'intune.push_profile', comp: 'remove_profile' },
  { node: 'device/mac-order', awf: 'servicenow.order_dev', comp: 'cancel_order' },
  { node: 'channels', awf: 'slack.invite_channels', comp: 'remove_channels' },
] as const;
type Node = (typeof ACTIONS)[number]['node'];

/** Everybody gets their own person, so that no two outcomes share one. */
let people = 0;
const nextPerson = (): string => `load.${String(++people).padStart(4, '0')}`;

/**
 * The undo of an action that Slack refuses: it runs where a robot died between the refusal and its record, because then
 * nobody knows that there was no effect.
 */
const UNSEEN = 'comp=remove_channels ok of=slack.invite_channels';

const storyOf = ({ tenant }: Begun, person: string): readonly string[] => {
  const first = [`outcome=EMP-R-001 entity=person:${person}`, 'compile plan=onboard.contractor variant=v3.2'];
  const ok = ACTIONS.map(({ awf, comp }) => `awf=${awf} ok comp=${comp}`);
  if (tenant === FORWARD) return [...first, ...ok, 'outcome.complete duration=…'].sort();
  return [
    ...first,
    ...ok.slice(0, -1),
    `awf=slack.invite_channels failed code=${REFUSAL}`,
    `backstep from=channels code=${REFUSAL}`,
    ...ACTIONS.slice(0, -1).map(({ awf, comp }) => `comp=${comp} ok of=${awf}`),
    'outcome.backstepped duration=…',
  ].sort();
};

/** Nodes that changed something, or undid it, as the sandbox saw it: a second path beside our own. */
async function seenOf({ id, tenant }: Begun, operation: Operation): Promise<readonly string[]> {
  const { actions } = await stand.admin.effects({ tenant, key: `${id}/` });
  return actions
    .filter(({ key, writes }) => key.endsWith(`|${operation}`) && writes > 0)
    .map(({ key }) => key.slice(id.length + 1, key.lastIndexOf('|')))
    .sort();
}

interface Onboarding {
  readonly person: string;
  readonly outcome: Begun;
}

/** Waits for the end of all, and holds each against what the sandbox saw and the history tells. */
async function settle(begun: readonly Onboarding[]): Promise<void> {
  const ends = await Promise.all(begun.map(({ outcome }) => stand.outcomes.result(outcome.id)));
  for (const [i, { person, outcome }] of begun.entries()) {
    const isForward = outcome.tenant === FORWARD;
    const phase = isForward ? 'completed' : 'backstepped';
    expect([person, ends[i]]).toEqual([person, { phase }]);
    const all = ACTIONS.map(({ node }) => node as string).sort();
    const acted = isForward ? all : all.filter((node) => node !== 'channels');
    expect(await seenOf(outcome, 'execute')).toEqual(acted);
    expect(await seenOf(outcome, 'compensate')).toEqual(isForward ? [] : acted);
    const told = (await traceOf(stand.outcomes, outcome.id)).filter((line) => !line.startsWith(UNSEEN));
    expect(told).toEqual(storyOf(outcome, person));
  }
  for (const tenant of [FORWARD, BACKWARD])
    expect((await stand.admin.effects({ tenant })).doubled).toEqual([]);
  expect(await withoutProfile(begun)).toEqual([]);
  expect((await stand.admin.snapshot({ tenant: BACKWARD, view: 'standing' })).digest).toBe(before);
}

/** Whom a completed onboarding should have given a device's profile, and who has none: the vendor replaces whole sets. */
async function withoutProfile(begun: readonly Onboarding[]): Promise<readonly string[]> {
  const { world } = await stand.admin.snapshot({ tenant: FORWARD, view: 'standing' });
  const assignments = JSON.stringify((world[FORWARD] as JsonObject)['graph.assignments']);
  return begun
    .filter(({ outcome }) => outcome.tenant === FORWARD)
    .map(({ person }) => person)
    .filter((person) => !assignments.includes(personIds(FORWARD, person).deviceGroupId));
}

const begin = async (tenant: Begun['tenant'], lane: Lane) => {
  const person = nextPerson();
  return { person, outcome: await stand.begin(tenant, person, lane) };
};

/** Starts so many in each lane; every fourth is taken back. */
const beginMany = (perLane: number) =>
  Promise.all(
    LANES.flatMap((lane) =>
      Array.from({ length: perLane }, (_, i) => begin(i % 4 === 3 ? BACKWARD : FORWARD, lane)),
    ),
  );

/** Resolves when the sandbox has seen so many more changes than now. */
async function afterWrites(count: number): Promise<void> {
  const writes = async (): Promise<number> => (await stand.admin.effects()).writes;
  const goal = (await writes()) + count;
  while ((await writes()) < goal) await sleep(25);
}

/** Which action meets which boundary: every vendor has its turn. */
const DEATHS: Readonly<Record<Operation, Readonly<Record<Boundary, Node>>>> = {
  execute: {
    admitted: 'identity',
    answering: 'device/mac-order',
    uncommitted: 'end-date',
    committed: 'groups',
  },
  compensate: {
    admitted: 'device/mac-profile',
    answering: 'identity',
    uncommitted: 'device/mac-order',
    committed: 'end-date',
  },
};

/** The request of that action whose answer is slow, so that the robot can be killed while it reads it. */
const SLOW: Readonly<Record<Operation, string>> = {
  execute: 'servicenow.catalog.order_now',
  compensate: 'okta.users.lifecycle',
};

const rounds = Array.from({ length: ROUNDS }, (_, i) => i + 1);

test.each(rounds)(
  'robots killed at every boundary of an action double no effect and lose none, and the trace is the same (%i)',
  async () => {
    const died = stand.crew.died;
    const deaths = LANES.flatMap((lane) =>
      (['execute', 'compensate'] as const).flatMap((operation) =>
        BOUNDARIES.map((boundary) => ({ lane, operation, boundary })),
      ),
    );
    const met = new Set<string>();
    const isMet = ({ operation, boundary }: Pick<KillPoint, 'operation' | 'boundary'>): boolean =>
      met.has(`${operation} ${boundary}`);
    // A robot that dies for one may overtake the death of another at the last moment: one lane of the two is enough, and what
    // neither met is tried by others.
    for (let attempt = 0; attempt < 3 && met.size < 2 * BOUNDARIES.length; attempt++) {
      const wanted = deaths.filter((death) => !isMet(death));
      const begun = await Promise.all(wanted.map(beginToDie));
      await settle(begun);
      for (const { point } of begun)
        if (stand.kills.passedBy(point).length > 0) met.add(`${point.operation} ${point.boundary}`);
    }
    expect(met.size).toBe(2 * BOUNDARIES.length);
    // One process may die for two that wait in it, so there may be fewer deaths than points.
    expect(stand.crew.died - died).toBeGreaterThanOrEqual(BOUNDARIES.length);
  },
  TEST_MS,
);

/** Begins an outcome of which an action meets the death of its robot. */
async function beginToDie({
  lane,
  operation,
  boundary,
}: Pick<KillPoint, 'operation' | 'boundary'> & { readonly lane: Lane }) {
  const person = nextPerson();
  const tenant = operation === 'execute' ? FORWARD : BACKWARD;
  const node = DEATHS[operation][boundary];
  const point: KillPoint = { key: `${stand.idOf(tenant, person, lane)}/${node}`, operation, boundary };
  stand.kills.arm(point);
  if (boundary === 'answering') void killWhileAnswering(point, tenant);
  return { point, person, outcome: await stand.begin(tenant, person, lane) };
}

/** Kills whoever waits for the rest of an answer, after the sandbox has done what it was asked for. */
async function killWhileAnswering(point: KillPoint, tenant: Begun['tenant']): Promise<void> {
  const action = `${point.key}|${point.operation}|`;
  const match = { tenant, action, op: SLOW[point.operation] };
  const fault = await stand.admin.addFault({ match, effect: { kind: 'slow_body', ms: 60_000 }, times: 1 });
  for (;;) {
    const { requests } = await stand.admin.requests({ tenant, key: point.key, faulted: true });
    if (requests.some(({ faults }) => faults?.includes(fault.id))) break;
    await sleep(50);
  }
  stand.kills.disarm(point);
  for (const pid of stand.kills.passedBy(point)) stand.crew.kill(pid);
}

const deaths = rounds.flatMap((round) => [
  { round, also: 'robots live on' },
  { round, also: 'robots die with it' },
]);

test.each(deaths)(
  'the Temporal server is killed in the middle of outcomes, $also: each goes on where it was ($round)',
  async ({ also }) => {
    const begun = await beginMany(12);
    await afterWrites(10);
    await stand.servers.stand.temporal.kill('SIGKILL');
    if (also === 'robots die with it') stand.crew.killAll();
    await stand.servers.stand.temporal.restart();
    await settle(begun);
  },
  TEST_MS,
);

test.each(rounds)(
  'Postgres is gone for 20 s in the middle of 100 outcomes: nothing is lost, doubled or left hanging (%i)',
  async () => {
    const begun = await beginMany(50);
    await afterWrites(20);
    await stand.servers.stand.postgres.stop();
    const { writes } = await stand.admin.effects();
    await sleep(20_000);
    const running = await Promise.all(begun.map(({ outcome }) => stand.outcomes.describe(outcome.id)));
    expect(running.some(({ isRunning }) => isRunning)).toBe(true);
    // What was admitted before may still have ended; without the database nothing new fires.
    expect((await stand.admin.effects()).writes - writes).toBeLessThan(100);
    await stand.servers.stand.postgres.start();
    await settle(begun);
  },
  TEST_MS,
);
