/** What happened is on record: once, in order, in a log that nothing can be taken out of. */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defineSearchAttributeKey } from '@temporalio/common';
import { primitives } from '../../../src/app/primitives';
import type { PlanNode } from '../../../src/plan/plan';
import { bundleIn } from '../../../src/projection/bundle';
import { bundleSource } from '../../../src/projection/bundle-source';
import { signWhenDue } from '../../../src/projection/heads';
import { rebuild } from '../../../src/projection/rebuild';
import { verifyBundle } from '../../../src/projection/verify-bundle';
import { writeBundle } from '../../../src/projection/write-bundle';
import { createEvidenceControls } from '../../../src/store/evidence-controls';
import type { KeySnapshot } from '../../../src/store/subject-keys';
import { startProjector, type ProjectorEvent } from '../../../src/projection/projector';
import { StoreError } from '../../../src/store/store-error';
import { ATTRIBUTES } from '../../../workflows/protocol';
import { put, toyPlan } from '../../kit/plans';
import { codec, openRobots, type Robots } from '../../kit/robots';
import { refusal } from '../../kit/shelf';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import { openEvidence, type Evidence } from '../../kit/evidence';
import { until } from '../../kit/until';

let robots: Robots;
let evidence: Evidence;
const tenant = 'acme';
jest.setTimeout(60_000);

beforeAll(async () => {
  robots = await openRobots({ stand: 'evidence', onGrown: (run) => evidence.projector.told(run) });
  evidence = openEvidence(robots.stand.database, robots.outcomes);
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  await evidence.projector.stop();
  await robots.close();
});

const kindsOf = async (outcome: string): Promise<readonly string[]> =>
  (await evidence.log.list(tenant, { outcome, limit: 1_000 })).map(
    ({ text }) => (JSON.parse(text) as { readonly kind: string }).kind,
  );

const plan = (nodes: readonly PlanNode[]) => toyPlan(nodes, { tenant });

const gate: PlanNode = {
  kind: 'gate',
  id: 'ok',
  approval: 'approve',
  by: ['manager'],
  expiresAfterMs: 3_600_000,
  onRejected: { do: 'backstep' },
  onExpired: { do: 'backstep' },
};

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

test('a raw termination is found, recorded and put before a person, who can take the outcome back', async () => {
  const id = await robots.run(plan([put('t'), gate]));
  while (!(await kindsOf(id)).includes('gate.opened')) await new Promise((done) => setTimeout(done, 20));
  expect((await evidence.store.rows(tenant, id)).projected_inbox).toMatchObject([
    { node: 'ok', kind: 'gate', asked_of: ['manager'], closed_at: null },
  ]);
  await robots.outcomes.client.workflow.getHandle(id).terminate('pulled the plug');
  await evidence.projector.catchUp();
  expect((await kindsOf(id)).slice(-2)).toEqual(['outcome.terminated', 'log.archived']);
  const rows = await evidence.store.rows(tenant, id);
  expect(rows.projected_outcomes).toMatchObject([{ phase: 'terminated' }]);
  const open = async () =>
    (await evidence.store.rows(tenant, id)).projected_inbox.filter((row) => row['closed_at'] === null);
  expect(await open()).toMatchObject([{ node: '', kind: 'terminated', asks: 'terminated' }]);

  await robots.outcomes.backstep(id, { by: 'person:mary' }, Date.now());
  await robots.outcomes.result(`${id}/backstep`);
  await evidence.projector.catchUp();
  expect((await kindsOf(id)).slice(-5)).toEqual([
    'backstep.begun',
    'gate.closed',
    'action.undone',
    'outcome.backstepped',
    'log.archived',
  ]);
  expect(await open()).toEqual([]);
});

test('every kind of act on an outcome is on record, with who did it', async () => {
  const { outcomes, shelf } = robots;
  const [mary, ada] = ['person:mary', 'person:ada'];
  const told = async (id: string, kind: string): Promise<void> => {
    while (!(await kindsOf(id)).includes(kind)) await new Promise((done) => setTimeout(done, 20));
  };
  const course = (id: string, does: object): PlanNode =>
    put(id, [], { exits: [{ codes: ['full'], course: does }] });
  const undone = await robots.run(plan([put('u'), gate]));
  const acted = await robots.run(
    plan([
      put('p'),
      { ...gate, after: ['p'] },
      ...[put('skipped', ['ok']), put('attested', ['skipped']), put('last', ['attested'])],
    ]),
  );
  shelf.fail('toy.put', 'asked', { refuse: refusal('full') });
  shelf.fail('toy.put', 'again', { refuse: refusal('full') });
  const retry = { do: 'retry', afterMs: 10, max: 1, then: { do: 'skip' } };
  const [asked, again, waited] = await Promise.all([
    robots.run(plan([course('asked', { do: 'escalate', to: ['manager'], expiresAfterMs: 60_000 })])),
    robots.run(plan([course('again', retry)])),
    robots.run(
      plan([
        { kind: 'checkpoint', id: 'here' },
        { kind: 'wait', id: 'w', after: ['here'], for: { signal: 'go' } },
        { ...gate, after: ['w'] },
      ]),
    ),
  ]);
  expect(await outcomes.decide(waited, { gate: 'ok', verdict: 'approve', by: ada })).toBe('kept');
  await outcomes.signal(waited, 'go', null);

  await told(acted, 'gate.opened');
  await outcomes.pause(acted, { by: mary, reason: 'a look' });
  expect(await outcomes.pause(acted, { by: ada })).toBe('late');
  await outcomes.resume(acted, { by: mary });
  await outcomes.claim(acted, 'ok', { by: ada });
  const why = { by: ada, reason: 'by hand', scope: 'step' } as const;
  await outcomes.override(acted, { ...why, node: 'skipped', change: { do: 'skip' } });
  const done = { do: 'attest', output: {}, evidence: 'ticket 7', undo: 'person' } as const;
  await outcomes.override(acted, { ...why, node: 'attested', change: done });
  await outcomes.decide(acted, { gate: 'ok', verdict: 'approve', by: ada });

  shelf.fail('toy.take', 'u', { refuse: refusal('ACTION_DIVERGED') });
  await told(undone, 'gate.opened');
  await outcomes.decide(undone, { gate: 'ok', verdict: 'reject', by: ada, reason: 'no' });
  await told(undone, 'incident.opened');
  await outcomes.resolve(undone, 'u', { as: 'retry' }, mary);
  await told(asked, 'escalation.opened');
  await outcomes.resolve(asked, 'asked', { as: 'accept', reason: 'it is there' }, mary);

  const ids = [undone, acted, asked, again, waited];
  await Promise.all(ids.map((id) => outcomes.result(id)));
  await evidence.projector.catchUp();
  const records = (await Promise.all(ids.map((id) => evidence.log.list(tenant, { outcome: id, limit: 100 }))))
    .flat()
    .map(
      ({ text }) => JSON.parse(text) as { readonly kind: string; readonly actor: { readonly id: string } },
    );
  const seen = [...new Set(records.map(({ kind, actor }) => `${kind} ${actor.id}`))];
  expect(seen).toEqual(
    expect.arrayContaining([
      ...['action.overridden', 'action.attested', 'gate.claimed', 'gate.approved', 'gate.kept']
        .concat('gate.rejected', 'outcome.refused', 'backstep.begun')
        .map((kind) => `${kind} ${ada}`),
      ...['outcome.paused', 'outcome.resumed', 'incident.resolved', 'escalation.resolved'].map(
        (kind) => `${kind} ${mary}`,
      ),
      ...['incident.opened', 'escalation.opened', 'action.retried', 'action.undo_failed', 'action.undone']
        .concat('path.taken', 'wait.begun', 'wait.ended', 'outcome.backstepped', 'outcome.completed')
        .map((kind) => expect.stringMatching(new RegExp(`^${kind} `)) as unknown as string),
    ]),
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

test('a workflow that is not known here, and a tenant whose head cannot be signed, are told and keep nobody else waiting', async () => {
  const { client } = robots.outcomes;
  const workflowId = `${tenant}/SOMEBODY-ELSES/1`;
  const attributes = [{ key: defineSearchAttributeKey(ATTRIBUTES.tenant, 'KEYWORD'), value: tenant }];
  const options = { workflowId, taskQueue: 'nobody', args: [], typedSearchAttributes: attributes };
  const foreign = await client.workflow.start('somebodyElses', options);
  const events: ProjectorEvent[] = [];
  const bound = { withinMs: 30_000, everyMs: 50 };
  // No row can have such a name.
  const broken = 'no\u0000tenant';
  const own = startProjector({
    ...{ ...evidence, primitives },
    heads: { primitives, signer: evidence.signer, times: { growing: 20, idle: 20 } },
    tenants: () => Promise.resolve([broken, tenant]),
    now: Date.now,
    onEvent: (event) => events.push(event),
  });
  try {
    const newest = async () => (await evidence.log.checkpoints(tenant, { newest: 1 }))[0]?.at ?? 0;
    const before = await newest();
    await until(newest, (at) => at > before, bound);
    expect(events).toContainEqual({
      kind: 'unsigned',
      tenant: broken,
      error: expect.any(StoreError) as StoreError,
    });
    expect(events.filter((event) => event.kind === 'unsigned' && event.tenant === tenant)).toEqual([]);
    await until(
      async () => {
        await own.catchUp();
        return own.status();
      },
      ({ unknown }) => unknown > 0,
      bound,
    );
    expect(own.status().stalled).toEqual([]);
  } finally {
    await own.stop();
    await foreign.terminate();
  }
});

/** What everything that this stand did comes to: proven in a folder of its own, by who has no server. */
async function exported(keys?: KeySnapshot): Promise<string> {
  await evidence.projector.catchUp();
  await signWhenDue(
    { store: evidence.store, primitives, signer: evidence.signer, now: Date.now },
    tenant,
    true,
  );
  const folder = mkdtempSync(path.join(tmpdir(), 'bundle-'));
  mkdirSync(path.join(folder, 'histories'));
  const source = await bundleSource(evidence, {
    ...{ tenant, at: Date.now(), by: 'person:audrey' },
    ...(keys === undefined ? {} : { keys }),
  });
  const write = (name: string, bytes: Uint8Array): void => appendFileSync(path.join(folder, name), bytes);
  await writeBundle(source, { write }, evidence.signer);
  return folder;
}

const proven = async (folder: string) => verifyBundle(bundleIn(folder), { primitives, codec });

test('a bundle proves all that was recorded, with what still runs, and one flipped byte of it is named', async () => {
  const running = await robots.run(plan([put('z'), gate]));
  while (!(await kindsOf(running)).includes('gate.opened')) await new Promise((done) => setTimeout(done, 20));
  const folder = await exported();
  try {
    const verified = await proven(folder);
    expect(verified.flaws).toEqual([]);
    expect(verified.records).toBe((await evidence.log.end(tenant)).size);
    expect(verified.notDerived).toBe(0);
    const file = path.join(folder, 'records.jsonl');
    const bytes = readFileSync(file);
    const at = bytes.indexOf('action.committed');
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(file, bytes);
    const { flaws } = await proven(folder);
    expect(flaws.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['FILE_CHANGED', 'CHAIN_BROKEN', 'HEAD_ROOT_DIFFERS', 'RECORD_DIFFERS']),
    );
    const line = bytes.subarray(0, at).toString().split('\n').length - 1;
    expect(flaws).toContainEqual(expect.objectContaining({ code: 'RECORD_DIFFERS', at: `record ${line}` }));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('rows that were dropped come back the same, from histories and archive', async () => {
  await evidence.projector.catchUp();
  const outcomes = await evidence.store.outcomes(tenant);
  const before = await Promise.all(outcomes.map((id) => evidence.store.rows(tenant, id)));
  await evidence.store.write(tenant, async (writer) => {
    for (const id of outcomes) await writer.dropRows(tenant, id);
  });
  const parts = { ...evidence, codec, primitives };
  expect(await rebuild(parts, tenant)).toMatchObject({
    outcomes: outcomes.length,
    changed: outcomes,
    kept: [],
  });
  expect(await Promise.all(outcomes.map((id) => evidence.store.rows(tenant, id)))).toEqual(before);
  expect(await rebuild(parts, tenant)).toMatchObject({ changed: [] });
});

test('a destroyed key ends what was said of a subject, breaks nothing, and is missed where no record tells of it', async () => {
  const id = await robots.run(toyPlan([put('q')], { tenant, entity: { id: 'person:erin', fields: {} } }));
  await robots.outcomes.result(id);
  await evidence.projector.catchUp();
  const key = await evidence.keys.find(tenant, 'person:erin');
  const before = await evidence.keys.snapshot(tenant);
  await createEvidenceControls(robots.stand.database).erase(tenant, key!);
  expect((await evidence.store.rows(tenant, id)).projected_outcomes).toMatchObject([{ entity: 'erased' }]);
  expect(await evidence.keys.byId(tenant, key!)).toBeUndefined();
  const provenWith = async (keys?: KeySnapshot) => {
    const folder = await exported(keys);
    try {
      return await proven(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  // It was destroyed behind the back of the log; an export that had begun by then has it still.
  expect((await evidence.keys.snapshot(tenant)).destroyedLately).toEqual([key]);
  const verified = await provenWith();
  expect(verified.flaws).toMatchObject([{ code: 'KEY_MISSING' }]);
  expect(verified.notDerived).toBeGreaterThan(0);
  expect(await provenWith(before)).toMatchObject({ flaws: [], notDerived: 0 });
  const others = (await evidence.store.outcomes(tenant)).length - 1;
  expect(await rebuild({ ...evidence, codec, primitives }, tenant)).toMatchObject({
    ...{ outcomes: others, changed: [], kept: [id] },
  });
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
