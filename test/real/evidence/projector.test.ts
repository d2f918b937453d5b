/** What happened is on record: once, in order, in a log that nothing can be taken out of. */
import type { PlanNode } from '../../../src/plan/plan';
import { put, toyPlan } from '../../kit/plans';
import { openRobots, type Robots } from '../../kit/robots';
import { refusal } from '../../kit/shelf';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import { openEvidence, type Evidence } from '../../kit/evidence';

let robots: Robots;
let evidence: Evidence;
const tenant = 'acme';
jest.setTimeout(60_000);

beforeAll(async () => {
  robots = await openRobots({ stand: 'evidence', onGrown: (run) => evidence.projector.told(run) });
  evidence = openEvidence(robots.stand.database, robots.outcomes);
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  await evidence?.projector.stop();
  await robots?.close();
});

const kindsOf = async (outcome: string): Promise<readonly string[]> =>
  (await evidence.log.list(tenant, { outcome, limit: 1_000 })).map(
    ({ text }) => (JSON.parse(text) as { readonly kind: string }).kind,
  );

const plan = (nodes: readonly PlanNode[]) => toyPlan(nodes, { tenant });

test('an outcome is on record as it happens, without being asked about', async () => {
  const id = await robots.run(plan([put('a'), put('b', ['a'])]));
  await robots.outcomes.result(id);
  while (!(await kindsOf(id)).includes('log.archived')) await new Promise((done) => setTimeout(done, 20));
  expect(await kindsOf(id)).toEqual([
    'outcome.started',
    'action.committed',
    'action.committed',
    'outcome.completed',
    'log.archived',
  ]);
  const rows = await evidence.store.rows(tenant, id);
  expect(rows.projected_outcomes).toMatchObject([{ id, phase: 'completed', entity: 'person:ada' }]);
  expect(rows.projected_actions).toMatchObject([
    { node: 'a', state: 'completed', attempts: 1 },
    { node: 'b', state: 'completed', attempts: 1 },
  ]);
});

test('a raw termination is found, recorded and put before a person', async () => {
  const gate: PlanNode = {
    kind: 'gate',
    id: 'ok',
    after: ['a'],
    approval: 'approve',
    by: ['manager'],
    expiresAfterMs: 3_600_000,
    onRejected: { do: 'backstep' },
    onExpired: { do: 'backstep' },
  };
  const id = await robots.run(plan([put('a'), gate]));
  while (!(await kindsOf(id)).includes('gate.opened')) await new Promise((done) => setTimeout(done, 20));
  expect((await evidence.store.rows(tenant, id)).projected_inbox).toMatchObject([
    { node: 'ok', kind: 'gate', asked_of: ['manager'], closed_at: null },
  ]);
  await robots.outcomes.client.workflow.getHandle(id).terminate('pulled the plug');
  await evidence.projector.catchUp();
  expect((await kindsOf(id)).slice(-2)).toEqual(['outcome.terminated', 'log.archived']);
  const rows = await evidence.store.rows(tenant, id);
  expect(rows.projected_outcomes).toMatchObject([{ phase: 'terminated' }]);
  expect(rows.projected_inbox.filter((row) => row['closed_at'] === null)).toMatchObject(
    [{ node: 'ok' }, { node: '', kind: 'terminated' }].reverse(),
  );
});

test('two projectors write no record twice, and each outcome in its order', async () => {
  const second = openEvidence(robots.stand.database, robots.outcomes);
  try {
    robots.shelf.fail('toy.put', 'b', { refuse: refusal('full') });
    const ids = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        robots.run(plan([put(`x${i}`), put(i === 0 ? 'b' : 'c', [`x${i}`])])),
      ),
    );
    await Promise.all(ids.map((id) => robots.outcomes.result(id)));
    await Promise.all([evidence.projector.catchUp(), second.projector.catchUp()]);
    const records = (await evidence.log.list(tenant, { limit: 10_000 })).map(
      ({ text }) => JSON.parse(text) as { readonly seq: number; readonly origin: object },
    );
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, i) => i));
    expect(new Set(records.map(({ origin }) => JSON.stringify(origin))).size).toBe(records.length);
    expect(await kindsOf(ids[0]!)).toEqual([
      'outcome.started',
      'action.committed',
      'action.failed',
      'backstep.begun',
      'action.undone',
      'outcome.backstepped',
      'log.archived',
    ]);
    expect(second.projector.status().stalled).toEqual([]);
  } finally {
    await second.projector.stop();
  }
});

test.each([
  ['changed', "UPDATE policy_log SET text = 'x' WHERE tenant = $1"],
  ['removed', 'DELETE FROM policy_log WHERE tenant = $1'],
  ['taken from the tree', 'DELETE FROM policy_log_tiles WHERE tenant = $1'],
  ['taken from the archive', 'DELETE FROM archived_histories WHERE tenant = $1'],
])('no record can be %s by the program that writes them', async (_what, text) => {
  const before = await evidence.log.end(tenant);
  const tried = robots.stand.database.of(tenant).query({ text, values: [tenant] });
  await tried
    .then((rows) => expect(rows).toEqual([]))
    .catch((error: unknown) => expect(error).toMatchObject({ code: 'STORE_REFUSED' }));
  expect(await evidence.log.end(tenant)).toEqual(before);
  expect((await evidence.log.list(tenant, { limit: 10_000 })).length).toBe(before.size);
});
