/**
 * Open gates outlive what dies: the worker, the Temporal server, and the build: a newer one of other code takes over what an older one
 * has opened. Approvals given meanwhile land, and none is needed twice.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { decideSigned } from '../../../src/app/approvals/decide';
import type { PlanNode } from '../../../src/plan/plan';
import { bundleWorkflows, type WorkflowBundle } from '../../../src/temporal/worker';
import { deciding, openSignedRobots, type SignedRobots } from '../../kit/approvals';
import { put, toyPlan } from '../../kit/plans';
import { STAND_TIMEOUT_MS } from '../../kit/stand';

jest.setTimeout(120_000);

let robots: SignedRobots;
let tenant: string;
beforeAll(async () => {
  robots = await openSignedRobots({ stand: `test-approvals-${process.pid}` });
  tenant = await robots.newTenant();
}, STAND_TIMEOUT_MS);
afterAll(() => robots.close(), 60_000);

const gate = (): PlanNode => ({
  ...{ kind: 'gate', id: 'ok', approval: 'chain', by: ['manager', 'director'], expiresAfterMs: 600_000 },
  ...{ onRejected: { do: 'backstep' }, onExpired: { do: 'backstep' } },
});

async function waiting(): Promise<{ readonly id: string; readonly box: string }> {
  const box = `box-${randomUUID().slice(0, 8)}`;
  const id = await robots.begin(toyPlan([gate(), put(box, ['ok'])], { tenant }));
  await until(async () => (await robots.outcomes.tell(id)).state.nodes['ok']?.status === 'asking');
  return { id, box };
}
async function until(look: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await look().catch(() => false)) return;
    await sleep(50);
  }
  throw new Error('it never came to pass');
}
const decide = (id: string, by: string) =>
  decideSigned(robots.services, { outcome: id, node: 'ok' }, deciding(by));

test('a decision that is sent while no worker is up lands when one comes back, of whatever build', async () => {
  const { id, box } = await waiting();
  const token = await robots.signed(id, 'ok', deciding('person:lead'));
  await robots.stopRobots();
  const signal = { gate: 'ok', verdict: 'approve', by: 'person:lead', token };
  await robots.outcomes.client.workflow.getHandle(id).signal('decide', signal);
  expect(robots.shelf.changesOf(box)).toEqual([]);
  // Bundled anew: nothing of the worker that opened the gate is left but its history.
  await robots.restartRobots();
  await until(async () => (await robots.traceOf(id)).includes('gate=ok endorsed by=person:lead left=1'));
  expect(await decide(id, 'person:lead')).toEqual({ ok: true, value: 'late' });
  expect(await decide(id, 'person:head')).toEqual({ ok: true, value: 'done' });
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
  expect(robots.shelf.changesOf(box)).toEqual([`+${box}`]);
});

/** What stands in the code of the workflows, on a way that gives no command; a newer build says it in other words. */
const WORDS = ' is none of ';
const NEWER_WORDS = ' is, says the newer build, none of ';

/** The workflows as a newer build has them: other bytes, another behaviour, and no other command. */
async function newerBuild(): Promise<WorkflowBundle> {
  const { code } = await bundleWorkflows();
  expect(code.split(WORDS).length).toBeGreaterThan(1);
  return { code: code.replaceAll(WORDS, NEWER_WORDS) };
}

/** Builds that have worked on an outcome, in the order of its history, as Temporal has noted them. */
async function buildsOf(id: string): Promise<readonly string[]> {
  const histories = await robots.outcomes.histories(id);
  const builds = histories
    .flatMap(({ events }) => events ?? [])
    .flatMap((event) => event.workflowTaskCompletedEventAttributes?.workerVersion?.buildId ?? []);
  return [...new Set(builds)];
}

test('a newer build takes over gates that an older one has opened, and all that was said of them', async () => {
  const [endorsed, untouched] = [await waiting(), await waiting()];
  expect(await decide(endorsed.id, 'person:lead')).toEqual({ ok: true, value: 'done' });
  const unreadable = (id: string): Promise<unknown> =>
    robots.outcomes.decide(id, { gate: 'ok', verdict: 'perhaps' as never, by: 'person:lead' }).then(
      () => 'taken',
      (error: unknown) => String(error),
    );
  expect(await unreadable(untouched.id)).toContain(WORDS);
  await robots.rollTo(await newerBuild());
  // It is the newer code that answers now.
  for (const { id } of [endorsed, untouched]) expect(await unreadable(id)).toContain(NEWER_WORDS);
  expect(await decide(endorsed.id, 'person:lead')).toEqual({ ok: true, value: 'late' });
  for (const by of ['person:head', 'person:lead'] as const) {
    expect(await decide(untouched.id, by)).toEqual({ ok: true, value: 'done' });
  }
  expect(await decide(endorsed.id, 'person:head')).toEqual({ ok: true, value: 'done' });
  for (const { id, box } of [endorsed, untouched]) {
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
    expect(robots.shelf.changesOf(box)).toEqual([`+${box}`]);
    expect(await buildsOf(id)).toHaveLength(2);
  }
  // What the newer build has opened the older one takes over, too: a deployment can be taken back.
  const { id, box } = await waiting();
  await robots.rollTo(robots.bundle);
  expect(await unreadable(id)).toContain(WORDS);
  expect(await decide(id, 'person:head')).toEqual({ ok: true, value: 'done' });
  expect(await decide(id, 'person:lead')).toEqual({ ok: true, value: 'done' });
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
  expect(robots.shelf.changesOf(box)).toEqual([`+${box}`]);
});

test('an open gate, and the first half of its chain, outlive the death of the Temporal server', async () => {
  const { id, box } = await waiting();
  expect(await decide(id, 'person:head')).toEqual({ ok: true, value: 'done' });
  await robots.stand.stand.temporal.kill('SIGKILL');
  await robots.stand.stand.temporal.restart();
  await until(async () => (await decide(id, 'person:lead')).ok);
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
  expect(robots.shelf.changesOf(box)).toEqual([`+${box}`]);
  const gates = (await robots.traceOf(id)).filter((line) => line.startsWith('gate='));
  expect(gates).toHaveLength(3);
});
