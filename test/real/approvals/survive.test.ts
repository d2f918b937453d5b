/**
 * Open gates outlive what dies: the worker, the Temporal server, and the build. Approvals given meanwhile land, and none is
 * needed twice.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { decideSigned } from '../../../src/app/approvals/decide';
import type { PlanNode } from '../../../src/plan/plan';
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
