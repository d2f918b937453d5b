/** People in the way of real outcomes: overrides before commit, manual mode by action, attested work, and tasks with claims. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createApprovals } from '../../../src/app/approvals/parts';
import { standingOverrides, overrideStep, type WantedOverride } from '../../../src/app/override-step';
import type { Contracts } from '../../../src/app/override-checks';
import { oneTask, pageOfTasks } from '../../../src/app/tasks';
import { attestAction, claimTask, completeTask, fireByName } from '../../../src/app/work-on-task';
import { resolveNode } from '../../../src/app/act-on-outcome';
import type { Refusal } from '../../../src/app/refusal';
import type { Result } from '../../../src/kernel/result';
import { createCortex } from '../../../src/cortex/cortex';
import { createEntityStore } from '../../../src/store/entities';
import { createBarrier } from '../../../src/store/barrier';
import { createDispatcher } from '../../../src/temporal/dispatcher';
import type { Lane } from '../../../src/plan/plan';
import {
  AUTOMATION,
  byAutomation,
  byPerson,
  newTenant,
  OPEN_RULES,
  openGovernedRobots,
  type GovernedRobots,
} from '../../kit/governed';
import { put, toyContracts, toyPlan } from '../../kit/plans';
import { timeless } from '../../kit/robots';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import { costlyContracts } from '../../kit/writer';

let robots: GovernedRobots;
beforeAll(async () => {
  robots = await openGovernedRobots();
}, STAND_TIMEOUT_MS);
afterAll(() => robots.close(), 60_000);

const contracts: Contracts = new Map([
  ...toyContracts,
  ...costlyContracts.map((contract) => [contract.name, contract] as const),
]);
const services = () => {
  const { outcomes, authority, stand } = robots;
  const cortex = createCortex(createEntityStore(stand.database));
  const bundleOf = () => Promise.reject(new Error('nobody decides here'));
  const approvals = createApprovals({ database: stand.database, cortex, bundleOf, now: Date.now });
  return { outcomes, authority, approvals, now: Date.now };
};
const BY = { by: 'person:mary', reason: 'a test' };

const override = (outcome: string, node: string, wanted: Partial<WantedOverride>) =>
  overrideStep(
    services(),
    { outcome, node },
    { ...BY, scope: 'step', change: { do: 'skip' }, ...wanted },
    contracts,
  );

const accepted = <T>(result: Result<T, Refusal>): T => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
};

/** Three boxes of a tenant, one after the other, under an automation that may only propose: the first is held. */
async function proposal(lane: Lane = 'remote', count = 3) {
  const tenant = newTenant();
  robots.rules.set(tenant, { ...OPEN_RULES, automation: { dial: 'observe' } });
  const boxes = Array.from({ length: count }, (_, i) => `${tenant}-${i}`);
  const nodes = boxes.map((box, i) => put(box, i === 0 ? [] : [boxes[i - 1]!], { lane }));
  const id = await robots.run(toyPlan(nodes, { tenant }), byAutomation());
  await held(id, boxes[0]!);
  return { tenant, boxes, id } as const;
}

async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (tries > 600) throw new Error(`it never came to pass: ${JSON.stringify(seen)}`);
    await sleep(25);
  }
}

const held = (id: string, node: string) =>
  until(
    async () => (await robots.outcomes.tell(id)).state.nodes[node]?.status,
    (status) => status === 'held',
  );
const queued = async (tenant: string) => (await robots.authority.queue(tenant, 50)).map(({ node }) => node);
const traceOf = async (id: string) => timeless(await robots.traceOf(id));

test('a held action is edited, fired under a name, and the next one is held all the same', async () => {
  const { id, boxes, tenant } = await proposal();
  const [first, second] = boxes as [string, string, string];
  const edited = `${first}-edited`;
  const wanted = { change: { do: 'edit', input: { box: edited } } } as const;
  expect(accepted(await override(id, first, wanted))).toMatchObject({
    answer: 'done',
    diff: [{ path: '/box', was: first, is: edited }],
  });
  await held(id, first);
  accepted(await fireByName(services(), { outcome: id, node: first }, BY));
  await held(id, second);
  expect(robots.shelf.changesOf(edited)).toEqual([`+${edited}`]);
  expect(robots.shelf.changesOf(first)).toEqual([]);
  const { trace } = await robots.outcomes.tell(id);
  expect(trace.find(({ kind }) => kind === 'awf.ok')).toMatchObject({
    node: first,
    decision: { mode: 'manual', facts: { startedByPerson: 'person:mary' } },
  });
  expect(await queued(tenant)).toEqual([second]);
  const refused = await override(id, first, {});
  expect(refused).toMatchObject({ ok: false, error: { code: 'OVERRIDE_TOO_LATE' } });
  await robots.outcomes.backstep(id, BY, Date.now());
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'backstepped' });
  expect(robots.shelf.changesOf(edited)).toEqual([`+${edited}`, `-${edited}`]);
});

test('skipped and attested steps are not fired, wait for nothing, and go back by whoever was named', async () => {
  const { id, boxes, tenant } = await proposal('local');
  const [first, second, third] = boxes as [string, string, string];
  const byHand = { ...BY, evidence: 'ticket 7' };
  const address = (node: string) => ({ outcome: id, node });
  // One that is yet to come: it stands until its turn.
  const output = (box: string) => ({ box, colour: 'blue' });
  robots.shelf.boxes.set(third, 'a person');
  const later = { ...byHand, output: output(third), undo: 'compensation' } as const;
  expect(accepted(await attestAction(services(), address(third), later, contracts)).answer).toBe('kept');
  const wrong = await attestAction(services(), address(third), { ...later, output: { box: 7 } }, contracts);
  expect(wrong).toMatchObject({ ok: false, error: { code: 'OVERRIDE_INPUT_INVALID' } });
  accepted(await override(id, first, { change: { do: 'skip' } }));
  await held(id, second);
  expect(await queued(tenant)).toEqual([second]);
  const now = { ...byHand, output: output(second), undo: 'person' } as const;
  accepted(await attestAction(services(), address(second), now, contracts));
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
  expect(await queued(tenant)).toEqual([]);
  for (const box of boxes) expect(robots.shelf.changesOf(box)).toEqual([]);

  // Afterwards: the compensation takes the third, and a person is asked for the second.
  await robots.outcomes.backstep(id, BY, Date.now());
  const task = await until(
    () => oneTask(services(), address(second)),
    (seen) => seen.ok,
  );
  expect(task).toMatchObject({ value: { kind: 'incident', because: 'UNDO_BY_HAND', evidence: 'ticket 7' } });
  const resolution = { as: 'supply', evidence: 'ticket 8' } as const;
  accepted(await resolveNode(services(), address(second), { resolution, by: 'person:mary' }));
  expect(await robots.outcomes.result(`${id}/backstep`)).toEqual({ phase: 'backstepped' });
  expect(robots.shelf.changesOf(third)).toEqual([`-${third}`]);
  expect(await traceOf(id)).toEqual([
    'outcome=TOY-R-001 entity=person:ada',
    'compile plan=toys.tidy variant=v1.0',
    expect.stringMatching(/^awf=toy.put held because=/),
    `override=${third} attest by=person:mary reason="a test"`,
    `override=${first} skip by=person:mary reason="a test"`,
    'awf=toy.put released',
    `skip=${first} code=OVERRIDDEN`,
    expect.stringMatching(/^awf=toy.put held because=/),
    `override=${second} attest by=person:mary reason="a test"`,
    'awf=toy.put released',
    'awf=toy.put attested by=person:mary evidence="ticket 7"  comp=take',
    'awf=toy.put attested by=person:mary evidence="ticket 7"  comp=take',
    'outcome.complete  duration=…',
    'backstep from=request code=REQUESTED by=person:mary reason="a test"',
    'comp=take ok of=toy.put',
    `incident=${second} open code=UNDO_BY_HAND`,
    `incident=${second} resolved as=supply by=person:mary`,
    'outcome.backstepped  duration=…',
  ]);
});

test('an AWF that the plan does not know fires in the place of another, and is undone by its own compensation', async () => {
  const { id, boxes } = await proposal('local', 1);
  const [box] = boxes as [string];
  const unfit = await override(id, box, { change: { do: 'replace', awf: 'toy.look' } });
  expect(unfit).toMatchObject({
    ok: false,
    error: { code: 'OVERRIDE_AWF_UNFIT' },
  });
  accepted(await override(id, box, { change: { do: 'replace', awf: 'toy.scan' } }));
  await held(id, box);
  await robots.control(id.split('/')[0]!, { do: 'take', outcome: id });
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
  await robots.outcomes.backstep(id, BY, Date.now());
  expect(await robots.outcomes.result(`${id}/backstep`)).toEqual({ phase: 'backstepped' });
  expect(robots.shelf.changesOf(box)).toEqual([`+${box}`, `-${box}`]);
  const lines = await traceOf(id);
  expect(lines).toContain(`override=${box} replace=toy.scan by=person:mary reason="a test"`);
  expect(lines).toContain('awf=toy.scan ok  comp=take');
  expect(lines).toContain('comp=take ok of=toy.scan');
});

test('a declined step ends the outcome there', async () => {
  const { id, boxes } = await proposal('remote', 2);
  accepted(await override(id, boxes[1]!, { change: { do: 'decline', then: 'backstep' } }));
  accepted(await fireByName(services(), { outcome: id, node: boxes[0]! }, BY));
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'backstepped' });
  expect(robots.shelf.changesOf(boxes[0]!)).toEqual([`+${boxes[0]}`, `-${boxes[0]}`]);
  expect(robots.shelf.changesOf(boxes[1]!)).toEqual([]);
});

test('what an automation is told stands in a row and in the start of its next outcomes, until its time is over', async () => {
  const { id, boxes, tenant } = await proposal('remote', 2);
  const until = Date.now() + 60_000;
  const wanted = { scope: 'automation', until } as const;
  const late = await override(id, boxes[0]!, { ...wanted, until: 1 });
  expect(late).toMatchObject({ ok: false, error: { code: 'OVERRIDE_NOT_POSSIBLE' } });
  const done = accepted(await override(id, boxes[0]!, wanted));
  expect(done.control).toMatch(/^control:/);
  await held(id, boxes[0]!);

  const standing = await standingOverrides(services(), tenant, AUTOMATION);
  expect(standing.overrides).toHaveLength(1);
  expect(await standingOverrides({ ...services(), now: () => until }, tenant, AUTOMATION)).toEqual({});
  expect(await standingOverrides(services(), newTenant(), AUTOMATION)).toEqual({});
  const nodes = [put(boxes[0]!), put(boxes[1]!, [boxes[0]!])];
  const next = await robots.run(toyPlan(nodes, { tenant }), { ...byPerson(), ...standing });
  expect(await robots.outcomes.result(next)).toEqual({ phase: 'completed' });
  expect((await traceOf(next)).slice(2, 4)).toEqual([
    `override=${boxes[0]} skip scope=automation until=${new Date(until).toISOString()} by=person:mary reason="a test"`,
    `skip=${boxes[0]} code=OVERRIDDEN`,
  ]);
  expect(robots.shelf.changesOf(boxes[0]!)).toEqual([]);
  expect(robots.shelf.changesOf(boxes[1]!)).toEqual([`+${boxes[1]}`]);
  // Withdrawn it is in no outcome that begins afterwards; what was never said cannot be.
  const back = (what: 'skip' | 'edit') =>
    override(id, boxes[0]!, { scope: 'automation', change: { do: 'withdraw', what } });
  expect(await back('edit')).toMatchObject({ error: { code: 'OVERRIDE_NOT_POSSIBLE' } });
  expect(accepted(await back('skip')).control).toMatch(/^control:/);
  expect(await standingOverrides(services(), tenant, AUTOMATION)).toEqual({});
});

test('a task is claimed by one person at a time, in the history and in the inbox, and completed by hand', async () => {
  const { id, boxes, tenant } = await proposal('remote', 1);
  const address = { outcome: id, node: boxes[0]! };
  const ada = { by: 'person:ada' };
  accepted(await claimTask(services(), address, { what: 'claim', by: 'person:mary' }));
  const taken = await claimTask(services(), address, { what: 'claim', ...ada });
  expect(taken).toMatchObject({ ok: false, error: { code: 'TASK_CLAIMED' } });
  const inbox = async (claimed: string) =>
    accepted(await pageOfTasks(services(), tenant, { limit: 10 }, { claimed, kind: 'hold' })).rows;
  const [mine] = await until(
    () => inbox('person:mary'),
    (rows) => rows.length > 0,
  );
  expect(mine).toMatchObject({ node: boxes[0], awf: 'toy.put', claimedBy: 'person:mary', kind: 'hold' });
  expect(await inbox('nobody')).toEqual([]);
  const silent = await claimTask(services(), address, { what: 'unclaim', ...ada });
  expect(silent).toMatchObject({ ok: false, error: { code: 'TASK_CLAIMED' } });
  accepted(await claimTask(services(), address, { what: 'unclaim', ...ada, reason: 'on leave' }));
  accepted(await claimTask(services(), address, { what: 'claim', ...ada }));
  const unknown = await claimTask(services(), { ...address, node: 'nowhere' }, { what: 'claim', ...ada });
  expect(unknown).toMatchObject({ ok: false, error: { code: 'TASK_UNKNOWN' } });
  expect((await traceOf(id)).slice(-3)).toEqual([
    `task=${boxes[0]} claimed by=person:mary`,
    `task=${boxes[0]} unclaimed by=person:ada reason="on leave"`,
    `task=${boxes[0]} claimed by=person:ada`,
  ]);
  const output = { box: boxes[0]!, colour: 'blue' };
  const done = await completeTask(services(), address, {
    ...ada,
    evidence: 'ticket 9',
    output,
    undo: 'person',
  });
  // The catalog that ships knows no toys: what it does not know it cannot check.
  expect(accepted(done).answer).toBe('done');
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
  expect(robots.shelf.changesOf(boxes[0]!)).toEqual([]);
});

test('what a lost task had fired is no answer to a step that was changed since, and is undone', async () => {
  const tenant = newTenant();
  const key = { tenant, outcome: `${tenant}/TOY-R-001/1`, node: 'a' };
  const dispatcher = createDispatcher({
    barrier: createBarrier(robots.stand.database),
    effects: robots.shelf.effects,
    connections: () => ({ baseUrl: '', secrets: {} }),
    now: Date.now,
    log: { info: () => undefined, warn: () => undefined },
  });
  const host = { signal: new AbortController().signal, heartbeat: () => undefined };
  const retry = toyPlan([]).retry;
  const asked = { key, firing: 1, retry, timeoutMs: 5_000 };
  const fire = (box: string, rest: object) =>
    dispatcher.execute({ ...asked, awf: 'toy.put', input: { box }, isUnrecorded: true, ...rest }, host);
  const [before, after] = [`${tenant}-before`, `${tenant}-after`];
  expect(await fire(before, {})).toMatchObject({ kind: 'committed' });
  expect(await fire(before, { isChanged: true })).toMatchObject({ kind: 'committed' });
  expect(await fire(after, { isChanged: true })).toMatchObject({
    kind: 'failed',
    failure: { code: 'ACTION_OVERTAKEN', effect: 'unknown' },
  });
  const undo = { ...asked, awf: 'toy.take', of: 'toy.put', ofInput: { box: after } };
  expect(await dispatcher.compensate(undo, host)).toEqual({ kind: 'undone', changed: true });
  expect(robots.shelf.changesOf(before)).toEqual([`+${before}`, `-${before}`]);
  expect(robots.shelf.changesOf(after)).toEqual([]);
});
