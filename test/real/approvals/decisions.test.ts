/** Signed decisions on a real Temporal and a real Postgres: what counts, what is refused and on record, and what admission sees. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { PlanNode } from '../../../src/plan/plan';
import { pageOfTasks, type TaskFilter } from '../../../src/app/tasks';
import { resolveNode } from '../../../src/app/act-on-outcome';
import { claimTask, completeTask } from '../../../src/app/work-on-task';
import { openReviews, review } from '../../../src/app/approvals/delegate';
import { takeProposal } from '../../../src/app/control';
import { performControl } from '../../../src/temporal/controls';
import { followFeed } from '../../../src/app/feed';
import { cardOfTask, decideSigned } from '../../../src/app/approvals/decide';
import { overrideStep, type WantedOverride } from '../../../src/app/override-step';
import { deciding, openSignedRobots, type SignedRobots } from '../../kit/approvals';
import { listKeys, revokeKey, rotateKey } from '../../../src/app/approvals/keys';
import type { KeyWrapping, WrappingKey } from '../../../src/approvals/key-wrapping';
import { createSignatures } from '../../../src/approvals/signing';
import { put, toyContracts, toyPlan } from '../../kit/plans';
import { STAND_TIMEOUT_MS } from '../../kit/stand';

jest.setTimeout(60_000);

let robots: SignedRobots;
let tenant: string;
beforeAll(async () => {
  robots = await openSignedRobots();
  tenant = await robots.newTenant();
}, STAND_TIMEOUT_MS);
afterAll(() => robots.close(), 60_000);

const gate = (id: string, rest: object = {}): PlanNode => ({
  ...{ kind: 'gate', id, approval: 'approve', by: ['manager'], expiresAfterMs: 600_000 },
  ...{ onRejected: { do: 'backstep' }, onExpired: { do: 'backstep' } },
  ...rest,
});

/** A gate before one box; its name tells boxes of tests apart. */
function gated(rest: object = {}): { readonly plan: ReturnType<typeof toyPlan>; readonly box: string } {
  const box = `box-${randomUUID().slice(0, 8)}`;
  return { box, plan: toyPlan([gate('ok', rest), put(box, ['ok'])], { tenant }) };
}
const lines = async (id: string, about: RegExp): Promise<readonly string[]> =>
  (await robots.traceOf(id)).filter((line) => about.test(line));
const decide = (id: string, by: string, rest: Parameters<typeof deciding>[1] = {}, node = 'ok') =>
  decideSigned(robots.services, { outcome: id, node }, deciding(by, rest));
const handle = (id: string) => robots.outcomes.client.workflow.getHandle(id);

test('a signed approval of whoever may decide lets the outcome go on, and deciding twice is one decision', async () => {
  const { plan, box } = gated({ approval: 'chain', by: ['manager', 'director'] });
  const id = await robots.begin(plan);
  expect(await decide(id, 'person:lead')).toEqual({ ok: true, value: 'done' });
  expect(await decide(id, 'person:lead')).toEqual({ ok: true, value: 'late' });
  expect(robots.shelf.changesOf(box)).toEqual([]);
  expect(await decide(id, 'person:head')).toEqual({ ok: true, value: 'done' });
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
  expect(robots.shelf.changesOf(box)).toEqual([`+${box}`]);
  expect(await lines(id, /^gate=/)).toEqual([
    'gate=ok open approval=chain by=manager,director',
    'gate=ok endorsed by=person:lead left=1',
    'gate=ok approved by=person:head reason="it is right"',
  ]);
});

test('what is sent by hand counts for nothing: unsigned, forged, of another tenant, of another gate, too old', async () => {
  const { plan, box } = gated();
  const id = await robots.begin(plan);
  const other = await robots.begin(gated().plan);
  const token = await robots.signed(id, 'ok', deciding('person:lead'));
  const [head = '', payload = '', signature = ''] = token.split('.');
  const changed = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const forged = Buffer.from(JSON.stringify({ ...changed, by: 'person:head' })).toString('base64url');
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'backstep-decision+jws', tenant })).toString(
    'base64url',
  );
  const by = { gate: 'ok', verdict: 'approve', by: 'person:lead' };
  const elsewhere = await robots.approvals.signatures.sign('elsewhere', 'decision', changed);
  const asGrant = await robots.approvals.signatures.sign(tenant, 'grant', changed);
  const old = await robots.approvals.signatures.sign(tenant, 'decision', { ...changed, at: 1, expiresAt: 2 });
  const wrongCard = await robots.approvals.signatures.sign(tenant, 'decision', {
    ...changed,
    card: '0'.repeat(64),
  });
  const sent = [
    by,
    { ...by, token: `${head}.${forged}.${signature}` },
    { ...by, token: `${none}.${payload}.${signature}` },
    { ...by, token: elsewhere },
    { ...by, token: asGrant },
    { ...by, token: old },
    { ...by, token: wrongCard },
    { ...by, token: await robots.signed(other, 'ok', deciding('person:lead')) },
  ];
  for (const one of sent) await handle(id).signal('decide', one);
  for (const one of sent) {
    const answer = await robots.outcomes.decide(id, one as never);
    expect(answer).toMatchObject({ answer: 'refused' });
  }
  const refused = await lines(id, /refused/);
  expect(refused).toHaveLength(2 * sent.length);
  expect(new Set(refused.map((line) => /code=(\S+)/.exec(line)?.[1]))).toEqual(
    new Set(['GATE_SIGNATURE_INVALID', 'GATE_DECISION_EXPIRED', 'GATE_CARD_CHANGED']),
  );
  expect(robots.shelf.changesOf(box)).toEqual([]);
  // The same door takes the true one.
  await handle(id).signal('decide', { ...by, token });
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
});

test('a decision that comes before its gate is checked, kept and counts when the gate opens; an unsigned one is not kept', async () => {
  const box = `box-${randomUUID().slice(0, 8)}`;
  const plan = toyPlan([gate('first'), gate('ok', { after: ['first'] }), put(box, ['ok'])], { tenant });
  const id = await robots.begin(plan);
  const early = { gate: 'ok', verdict: 'approve', by: 'person:lead' } as const;
  expect(await robots.outcomes.decide(id, early)).toMatchObject({ answer: 'refused' });
  expect(await decide(id, 'person:lead')).toEqual({ ok: true, value: 'kept' });
  expect(await decide(id, 'person:head')).toEqual({ ok: true, value: 'kept' });
  // Whoever has become one who may not decide since then has decided nothing.
  const taken = { tenant, by: 'person:lead', reason: 'mine now', act: { do: 'take', outcome: id } } as const;
  await performControl(robots.outcomes.client, taken);
  expect(await decide(id, 'person:head', {}, 'first')).toEqual({ ok: true, value: 'done' });
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
  const told = await lines(id, /^(gate|decision)=ok/);
  expect([...told].sort()).toEqual([
    'decision=ok refused by=person:lead code=GATE_SELF_APPROVAL',
    'decision=ok refused by=person:lead code=GATE_SIGNATURE_INVALID',
    'gate=ok approved by=person:head reason="it is right"',
    'gate=ok open approval=approve by=manager',
  ]);
});

test('nobody decides for themselves, nor about themselves, nor without a reason where one is needed', async () => {
  const id = await robots.begin(gated().plan, { by: 'person:lead' });
  const codes: (string | undefined)[] = [];
  for (const [by, rest] of [
    ['person:lead', {}],
    ['person:worker', {}],
    ['person:other', {}],
    ['person:head', { reason: '' }],
    ['person:head', { roles: ['operator'] }],
    ['person:head', { verdict: 'reject', reason: '' }],
  ] as const) {
    const answer = await decide(id, by, rest);
    codes.push(answer.ok ? answer.value : answer.error.code);
  }
  expect(codes).toEqual([
    'GATE_SELF_APPROVAL',
    'GATE_SELF_APPROVAL',
    'GATE_APPROVER_NOT_ALLOWED',
    'GATE_REASON_MISSING',
    'GATE_APPROVER_NOT_ALLOWED',
    'GATE_REASON_MISSING',
  ]);
  expect(await lines(id, /^decision=ok refused/)).toHaveLength(codes.length);
  // Who takes it over answers for it, and so does not decide on it any more.
  const taken = { tenant, by: 'person:head', reason: 'mine now', act: { do: 'take', outcome: id } } as const;
  await performControl(robots.outcomes.client, taken);
  expect(await decide(id, 'person:head')).toMatchObject({ error: { code: 'GATE_SELF_APPROVAL' } });
  // That another does so after them takes nothing back.
  await performControl(robots.outcomes.client, { ...taken, by: 'person:other' });
  expect(await decide(id, 'person:head')).toMatchObject({ error: { code: 'GATE_SELF_APPROVAL' } });
  expect(await decide(id, 'person:chief', { verdict: 'reject', reason: 'no budget' })).toEqual({
    ok: true,
    value: 'done',
  });
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'backstepped' });
});

test('a gate that was rejected is passed by nobody who completes or resolves its escalation', async () => {
  const { plan, box } = gated({ onRejected: { do: 'escalate', expiresAfterMs: 600_000 } });
  const id = await robots.begin(plan);
  const at = { outcome: id, node: 'ok' };
  await decide(id, 'person:lead', { verdict: 'reject', reason: 'no budget' });
  const refused = { ok: false, error: { code: 'OVERRIDE_NOT_POSSIBLE' } };
  const by = 'person:starter';
  const done = { by, evidence: 'ticket 7', output: null, undo: 'person' } as const;
  expect(await completeTask(robots.services, at, done)).toMatchObject(refused);
  for (const resolution of [
    { as: 'accept', reason: 'go' },
    { as: 'supply', evidence: 'ticket 7', output: {} },
  ] as const)
    expect(await resolveNode(robots.services, at, { resolution, by })).toMatchObject(refused);
  // Its people are asked again, and it is theirs.
  await resolveNode(robots.services, at, { resolution: { as: 'retry' }, by });
  expect(robots.shelf.changesOf(box)).toEqual([]);
  expect(await decide(id, 'person:lead')).toEqual({ ok: true, value: 'done' });
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
});

test('admission itself refuses an action whose gate was passed with nothing that holds', async () => {
  const key = { tenant, outcome: `${tenant}/TOY/1`, node: 'box' };
  const good = await robots.begin(gated().plan);
  const token = await robots.signed(good, 'ok', deciding('person:lead'));
  const gates = (outcome: string, tokens: readonly string[], need = 1) =>
    robots.approvals.proofs.gates({ ...key, outcome }, [{ gate: 'ok', need, tokens }]);
  expect(await gates(good, [token])).toBeUndefined();
  expect(await gates(good, [])).toMatch(/0 of 1/);
  expect(await gates(good, [token, token], 2)).toMatch(/1 of 2/);
  expect(await gates(key.outcome, [token])).toMatch(/0 of 1/);
  await decide(good, 'person:lead', { verdict: 'reject', reason: 'enough seen' });
});

describe('acts of people that are no decisions', () => {
  const by = { by: 'person:lead', reason: 'by hand' };
  const override = { node: 'box', change: { do: 'skip' }, scope: 'step', ...by };

  test('count when a door has signed them, and never when they were sent by hand, repeated, or signed for something else', async () => {
    const { plan, box } = gated();
    const id = await robots.begin(plan);
    const other = await robots.begin(gated().plan);
    const word = (outcome: string, act: Parameters<typeof robots.approvals.signAct>[1]) =>
      robots.approvals.signAct({ tenant, outcome }, act);
    const pause = await word(id, { kind: 'pause', ...by });
    const sent: readonly (readonly [string, object])[] = [
      ['pause', by],
      ['cancel', by],
      ['backstep', by],
      ['override', { ...override, node: box }],
      ['resolve', { node: box, resolution: { as: 'accept', reason: 'so' }, by: 'person:lead' }],
      ['claim', { node: 'ok', ...by }],
      ['pause', { ...by, token: await word(other, { kind: 'pause', ...by }) }],
      ['cancel', { ...by, token: pause }],
      ['pause', { ...by, by: 'person:head', token: pause }],
      ['pause', { ...by, token: await robots.signed(id, 'ok', deciding('person:lead')) }],
      ['override', { node: box, change: { do: 'nothing' } }],
    ];
    for (const [name, data] of sent) await handle(id).signal(name, data);
    const answer = await handle(id).executeUpdate('cancel', { args: [by] });
    expect(answer).toMatchObject({ answer: 'refused', code: 'ACT_UNSIGNED' });
    const refused = await lines(id, /^act=/);
    expect(refused).toHaveLength(sent.length + 1);
    expect(refused.filter((line) => !line.includes('ACT_UNSIGNED'))).toEqual([
      'act=override refused by=unknown code=ACT_MALFORMED',
    ]);
    // By the door it is paused and goes on; the word of the door, sent again, is spent.
    await handle(id).signal('pause', { ...by, token: pause });
    expect(await robots.outcomes.resume(id, by)).toBe('done');
    await handle(id).signal('pause', { ...by, token: pause });
    expect(await robots.outcomes.claim(id, 'ok', by)).toBe('done');
    expect((await lines(id, /^(act|paused|resumed|task)/)).slice(-4)).toEqual([
      'paused by=person:lead reason="by hand"',
      'resumed by=person:lead reason="by hand"',
      'act=pause refused by=person:lead code=ACT_REPEATED',
      'task=ok claimed by=person:lead',
    ]);
    await decide(id, 'person:lead');
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
    // Taken back afterwards by the door: a workflow of its own, whose first word is signed, too.
    expect(await robots.outcomes.backstep(id, by, Date.now())).toMatchObject({ by: 'workflow', isNew: true });
    expect(await robots.outcomes.result(`${id}/backstep`)).toEqual({ phase: 'backstepped' });
    expect(robots.shelf.changesOf(box)).toEqual([`+${box}`, `-${box}`]);
    await handle(other).terminate();
  });

  test('an override behind an open gate is on its card: who decides on the old one is refused, and withdrawn it is gone', async () => {
    const { plan, box } = gated();
    const id = await robots.begin(plan);
    const cardNow = async () => cardOfTask(id, 'ok', await robots.outcomes.runs(id))!;
    const change = (wanted: WantedOverride['change'], by = 'person:other') =>
      overrideStep(
        robots.services,
        { outcome: id, node: box },
        { change: wanted, scope: 'step', by, reason: 'a typo' },
        toyContracts,
      );
    const first = await cardNow();
    expect(await change({ do: 'edit', input: { box: `${box}-b` } })).toMatchObject({ ok: true });
    const second = await cardNow();
    expect(second.card.changes).toMatchObject([{ node: box, by: 'person:other', change: { do: 'edit' } }]);
    expect(await decide(id, 'person:lead', { card: first.hash })).toMatchObject({
      error: { code: 'GATE_CARD_CHANGED' },
    });
    expect(await change({ do: 'withdraw', what: 'edit' })).toMatchObject({
      value: { answer: 'kept', diff: [{ path: '/box', was: `${box}-b`, is: box }] },
    });
    expect(await change({ do: 'withdraw' })).toMatchObject({ error: { code: 'OVERRIDE_NOT_POSSIBLE' } });
    expect(await decide(id, 'person:lead', { card: second.hash })).toMatchObject({
      error: { code: 'GATE_CARD_CHANGED' },
    });
    expect((await cardNow()).hash).toBe(first.hash);
    // Who has changed it does not approve it, until their change is gone.
    await change({ do: 'edit', input: { box: `${box}-d` } }, 'person:lead');
    expect(await decide(id, 'person:lead')).toMatchObject({ error: { code: 'GATE_SELF_APPROVAL' } });
    await change({ do: 'withdraw' }, 'person:lead');
    await change({ do: 'edit', input: { box: `${box}-c` } });
    expect(await decide(id, 'person:lead', { card: (await cardNow()).hash })).toMatchObject({
      value: 'done',
    });
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
    expect(robots.shelf.changesOf(`${box}-c`)).toEqual([`+${box}-c`]);
  });
});

test('a gate that names no people is approved by rule where the risk asks nobody, rejected where it asks people, and nobody is let in', async () => {
  const auto = gated({ approval: 'confirm', by: ['auto'] });
  const low = await robots.begin(auto.plan);
  expect(await robots.outcomes.result(low)).toEqual({ phase: 'completed' });
  expect(robots.shelf.changesOf(auto.box)).toEqual([`+${auto.box}`]);
  expect(await lines(low, /^gate=/)).toEqual([
    'gate=ok open approval=confirm by=auto',
    'gate=ok approved by=auto reason="rule approval (9.1): low risk asks nobody"',
  ]);
  const { plan, box } = gated({ approval: 'review', by: ['auto'] });
  const risky = { ...plan.awfs['toy.put']!, riskClass: 'high' as const };
  const high = await robots.begin({ ...plan, awfs: { ...plan.awfs, 'toy.put': risky } });
  expect(await robots.outcomes.result(high)).toEqual({ phase: 'backstepped' });
  expect(robots.shelf.changesOf(box)).toEqual([]);
  expect((await lines(high, /^gate=/)).at(-1)).toBe(
    'gate=ok rejected by=auto reason="rule approval (9.1): high risk asks people for their approve"',
  );
  // At a gate of people the rules have no say, whoever asks them.
  const people = gated();
  const id = await robots.begin(people.plan);
  const asked = { gate: 'ok', verdict: 'approve', by: 'auto' } as const;
  expect(await robots.outcomes.decide(id, asked)).toMatchObject({ code: 'GATE_SIGNATURE_INVALID' });
  expect(await decide(id, 'person:lead')).toEqual({ ok: true, value: 'done' });
});

describe('a signing key', () => {
  const why = { by: 'person:ada', reason: 'each quarter' };
  const kidOf = (token: string): string =>
    (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;

  test('that was retired still verifies; of one that was revoked what it signed before counts, and nothing that comes later', async () => {
    const own = await robots.newTenant();
    const { signatures } = robots.approvals;
    const [before, after] = [
      { v: 1, at: 1_000 },
      { v: 1, at: 3_000 },
    ];
    const token = await signatures.sign(own, 'decision', before);
    const later = await signatures.sign(own, 'decision', after);
    const timeless = await signatures.sign(own, 'decision', { v: 1 });
    const rotated = await rotateKey(robots.services, own, why);
    const verdict = async (one: string, how = {}) => {
      const read = await signatures.verify(own, 'decision', one, how);
      return read.ok ? read.value : read.error;
    };
    expect(await verdict(later)).toEqual(after);
    const kid = kidOf(token);
    expect(kid).not.toBe(rotated.kid);
    expect(await revokeKey(robots.services, own, { kid, since: 2_000, ...why })).toMatchObject({ ok: true });
    expect(await revokeKey(robots.services, own, { kid: 'x', ...why })).toMatchObject({
      error: { code: 'KEY_UNKNOWN' },
    });
    expect(await verdict(token)).toEqual(before);
    expect(await verdict(token, { arrivedAt: 1_500 })).toEqual(before);
    // Dated back by whoever has the key now.
    expect(await verdict(token, { arrivedAt: 2_500 })).toBe('GATE_KEY_REVOKED');
    expect(await verdict(later)).toBe('GATE_KEY_REVOKED');
    expect(await verdict(timeless)).toBe('GATE_KEY_REVOKED');
    expect(await listKeys(robots.services, own)).toMatchObject([
      { kid: rotated.kid, state: 'signs' },
      { kid, state: 'revoked', revokedAt: 2_000 },
    ]);
    const rows = await robots.approvals.store.people(own);
    expect(rows.map(({ kind, value, by }) => [kind, value, by])).toEqual([
      [`key:${rotated.kid}`, { state: 'signs' }, why.by],
      [`key:${kid}`, { state: 'revoked', since: 2_000 }, why.by],
    ]);
  });

  test('lies sealed in the database, is sealed again under a newer wrapping key, and without it nothing is signed', async () => {
    const own = await robots.newTenant();
    const { store } = robots.approvals;
    const made = (id: string): WrappingKey => ({ id, key: randomBytes(32) });
    const [old, young] = [made('w1'), made('w2')];
    const wrapping = (...keys: readonly [WrappingKey, ...WrappingKey[]]): KeyWrapping => ({
      current: keys[0],
      byId: (id) => keys.find((key) => key.id === id),
    });
    const with_ = (keys?: KeyWrapping) => createSignatures(store, Date.now, keys && (() => keys));
    const stored = async () => (await store.keys(own))[0]!.privateKey as { sealedWith?: string; d?: string };
    // From before keys were sealed: it lies in the clear until somebody signs with a wrapping key at hand.
    await with_().sign(own, 'decision', { v: 1 });
    expect(await stored()).toHaveProperty('d');
    const token = await with_(wrapping(old)).sign(own, 'decision', { v: 2 });
    expect(Object.keys(await stored()).sort()).toEqual(['key', 'nonce', 'sealedWith', 'tag']);
    await with_(wrapping(young, old)).sign(own, 'decision', { v: 3 });
    expect((await stored()).sealedWith).toBe('w2');
    await expect(with_(wrapping(old)).sign(own, 'decision', { v: 4 })).rejects.toMatchObject({
      code: 'STORE_KEY_MISSING',
    });
    // Who only verifies needs no wrapping key.
    expect(await with_().verify(own, 'decision', token)).toEqual({ ok: true, value: { v: 2 } });
    expect(await store.keys(own)).toHaveLength(1);
  });
});

test('what somebody has approved counts no more once they take the outcome over, whenever they do', async () => {
  const why = { by: 'person:lead', reason: 'mine' };
  // In an open chain their word falls as soon as the next one is heard, and somebody else covers their step.
  const chain = gated({ approval: 'chain', by: ['manager', 'director'] });
  const open = await robots.begin(chain.plan);
  expect(await decide(open, 'person:lead')).toEqual({ ok: true, value: 'done' });
  expect(await takeProposal(robots.services, open, why)).toMatchObject({ ok: true });
  expect(await decide(open, 'person:head')).toEqual({ ok: true, value: 'done' });
  expect(robots.shelf.changesOf(chain.box)).toEqual([]);
  expect(await decide(open, 'person:chief')).toEqual({ ok: true, value: 'done' });
  expect(await robots.outcomes.result(open)).toEqual({ phase: 'completed' });
  expect(await lines(open, /^gate=/)).toEqual([
    'gate=ok open approval=chain by=manager,director',
    'gate=ok endorsed by=person:lead left=1',
    'gate=ok renewed because="`person:lead` took it over"',
    'gate=ok endorsed by=person:head left=1',
    'gate=ok approved by=person:chief reason="it is right"',
  ]);
  // Whoever has passed a gate is told so where they would take it over; and by hand it lets nothing fire any more.
  const box = `box-${randomUUID().slice(0, 8)}`;
  const nodes = [gate('ok'), { kind: 'wait', id: 'w', after: ['ok'], for: { signal: 'go' } } as const];
  const done = await robots.begin(toyPlan([...nodes, put(box, ['w'])], { tenant }));
  expect(await decide(done, 'person:lead')).toEqual({ ok: true, value: 'done' });
  expect(await takeProposal(robots.services, done, why)).toMatchObject({
    error: { code: 'GATE_SELF_APPROVAL' },
  });
  await performControl(robots.outcomes.client, { tenant, act: { do: 'take', outcome: done }, ...why });
  await handle(done).signal('go', null);
  expect(await robots.outcomes.result(done)).toEqual({ phase: 'backstepped' });
  expect(robots.shelf.changesOf(box)).toEqual([]);
});

test('an emergency passes the chain with a reason, by a role, and waits for the look of somebody else', async () => {
  const { plan, box } = gated({ approval: 'chain', by: ['manager', 'director'] });
  const id = await robots.begin(plan);
  const glass = { glass: true, reason: 'the building is on fire' };
  const code = async (rest: object): Promise<unknown> => {
    const answer = await decide(id, 'person:other', { ...glass, ...rest });
    return answer.ok ? answer.value : answer.error.code;
  };
  expect(await code({})).toBe('GATE_GLASS_NOT_ALLOWED');
  expect(await code({ roles: ['approver', 'admin'], reason: 'fire' })).toBe('GATE_REASON_MISSING');
  expect(await code({ roles: ['approver', 'admin'] })).toBe('done');
  expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
  expect(robots.shelf.changesOf(box)).toEqual([`+${box}`]);
  expect(await lines(id, /approved/)).toEqual([
    'gate=ok approved by=person:other glass=broken reason="the building is on fire"',
  ]);
  const reviewed = (by: string) =>
    review(robots.services, tenant, {
      ...{ id: `${id}#ok`, verdict: 'sound' },
      by,
      roles: ['auditor'],
      reason: 'it was',
    });
  const opened = await openReviews(robots.services, tenant);
  expect(opened).toMatchObject([{ outcome: id, node: 'ok', by: 'person:other' }]);
  const whole = opened[0]!.id;
  expect(await reviewed('person:other')).toMatchObject({ error: { code: 'REVIEW_REFUSED' } });
  // Nor does a row by hand close it, take it away, or put it in another's name.
  for (const [row, value] of [
    [`reviewed:${whole}`, { token: 'a.b.c' }],
    [`review:${whole}`, { token: 'a.b.c' }],
    [`review:${whole}`, null],
  ] as const) {
    const act = { do: 'people', row, value } as const;
    const done = performControl(robots.outcomes.client, {
      tenant,
      act,
      by: 'person:chief',
      reason: 'by hand',
    });
    await expect(done).rejects.toMatchObject({ cause: { type: 'ACT_UNSIGNED' } });
  }
  expect(await openReviews(robots.services, tenant)).toMatchObject([{ by: 'person:other' }]);
  // It is a task of the inbox, for as long as nobody has looked.
  const inbox = async (wanted: TaskFilter = {}) => {
    const page = await pageOfTasks(robots.services, tenant, { limit: 50 }, wanted);
    return page.ok ? page.value.rows.filter(({ kind }) => kind === 'review') : [];
  };
  const address = { outcome: id, node: 'review:ok' };
  const task = {
    id: `${id}#review:${whole.slice(id.length + 1)}`,
    kind: 'review',
    entity: 'person:worker',
    passedBy: 'person:other',
  };
  expect(await inbox()).toMatchObject([{ ...task, because: 'the building is on fire' }]);
  expect(await inbox({ kind: 'gate' })).toEqual([]);
  expect(await inbox({ by: 'role:auditor', claimed: 'nobody', outcome: id })).toHaveLength(1);
  const working = { ...robots.services };
  const claims = (what: 'claim' | 'unclaim', by: string) => claimTask(working, address, { what, by });
  expect(await claims('claim', 'person:other')).toMatchObject({ error: { code: 'REVIEW_REFUSED' } });
  expect(await claims('claim', 'person:chief')).toMatchObject({ value: { answer: 'done' } });
  expect(await claims('claim', 'person:chief')).toMatchObject({ value: { answer: 'late' } });
  expect(await claims('claim', 'person:peer')).toMatchObject({ error: { code: 'TASK_CLAIMED' } });
  expect(await claims('unclaim', 'person:peer')).toMatchObject({ error: { code: 'TASK_CLAIMED' } });
  expect(await inbox({ claimed: 'person:chief' })).toHaveLength(1);
  const closes = (by: string) =>
    completeTask(working, address, { verdict: 'sound', by, roles: ['auditor'], reason: 'there was a fire' });
  expect(await closes('person:other')).toMatchObject({ error: { code: 'REVIEW_REFUSED' } });
  const byHand = { evidence: 'x', output: null, undo: 'person', by: 'person:chief' } as const;
  expect(await completeTask(working, address, byHand)).toMatchObject({ error: { code: 'REVIEW_REFUSED' } });
  expect(await closes('person:chief')).toMatchObject({ value: { answer: 'done' } });
  expect(await openReviews(robots.services, tenant)).toEqual([]);
  expect(await inbox()).toEqual([]);
  expect(await closes('person:chief')).toMatchObject({ error: { code: 'TASK_UNKNOWN' } });
});

test('each emergency is reviewed on its own: by whoever passes the chain too, and again after it was reviewed', async () => {
  const box = `box-${randomUUID().slice(0, 8)}`;
  const plan = toyPlan([gate('first'), gate('ok', { after: ['first'] }), put(box, ['ok'])], { tenant });
  const id = await robots.begin(plan);
  const breaks = async (by: string): Promise<void> => {
    const glass = { glass: true, roles: ['approver', 'admin'], reason: 'the building is on fire' };
    expect(await decide(id, by, glass)).toMatchObject({ ok: true });
  };
  const open = async (): Promise<readonly (readonly [id: string, by: string])[]> => {
    const all = await openReviews(robots.services, tenant);
    return all.filter(({ outcome }) => outcome === id).map((one) => [one.id, one.by]);
  };
  const closes = async (by: string, of: string): Promise<boolean> => {
    const said = { verdict: 'sound', by, roles: ['auditor', 'admin'], reason: 'there was a fire' } as const;
    return (await review(robots.services, tenant, { id: of, ...said })).ok;
  };
  await breaks('person:peer');
  await breaks('person:head');
  const [peers = '', heads = ''] = (await open()).map(([one]) => one);
  expect((await open()).map(([, by]) => by)).toEqual(['person:peer', 'person:head']);
  // Which of the two is meant has to be said, and nobody closes their own.
  expect(await closes('person:chief', `${id}#ok`)).toBe(false);
  expect(await closes('person:peer', peers)).toBe(false);
  // Nor do two who both broke the glass clear each other: only who has been reviewed reviews.
  expect(await closes('person:head', peers)).toBe(false);
  expect(await closes('person:peer', heads)).toBe(false);
  const task = { outcome: id, node: `review:${heads.slice(id.length + 1)}` };
  const claims = () => claimTask(robots.services, task, { what: 'claim', by: 'person:peer' });
  expect(await claims()).toMatchObject({ error: { code: 'REVIEW_REFUSED' } });
  expect(await closes('person:chief', peers)).toBe(true);
  expect(await open()).toEqual([[heads, 'person:head']]);
  expect(await claims()).toMatchObject({ ok: true });
  expect(await closes('person:peer', `${id}#ok`)).toBe(true);
  expect(await open()).toEqual([]);
  const changed: WantedOverride = {
    ...{ change: { do: 'edit', input: { box: `${box}-2` } }, scope: 'step' },
    ...{ by: 'person:other', reason: 'another box' },
  };
  expect(
    await overrideStep(robots.services, { outcome: id, node: box }, changed, toyContracts),
  ).toMatchObject({
    ok: true,
  });
  await breaks('person:peer');
  expect((await open()).map(([, by]) => by)).toEqual(['person:peer']);
  await handle(id).terminate();
});

test('a feed tells of every outcome that changes, also of one that stands behind a page on which nothing did', async () => {
  const own = await robots.newTenant();
  const ids: string[] = [];
  while (ids.length < 5) ids.push(await robots.begin({ ...gated().plan, tenant: own }));
  const [stop, seen] = [new AbortController(), new Map<string, boolean>()];
  let isAsked = false;
  for await (const rows of followFeed(robots.services, own, { signal: stop.signal, page: 2 })) {
    for (const { id, isRunning } of rows) seen.set(id, isRunning);
    if (!isAsked && ids.every((id) => seen.has(id))) {
      isAsked = true;
      expect(await decide(ids[0]!, 'person:lead')).toEqual({ ok: true, value: 'done' });
    }
    if (seen.get(ids[0]!) === false) stop.abort();
  }
  expect(ids.map((id) => seen.get(id))).toEqual([false, true, true, true, true]);
  await Promise.all(ids.slice(1).map((id) => handle(id).terminate()));
});
