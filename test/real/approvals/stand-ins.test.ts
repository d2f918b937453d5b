/** Deciding in another's place, on a real Temporal and a real Postgres: by signed grants alone, as they were said last. */
import { randomUUID } from 'node:crypto';
import { decideSigned } from '../../../src/app/approvals/decide';
import { delegate, sayAbsent, withdraw } from '../../../src/app/approvals/delegate';
import { delegateTask, withdrawTask } from '../../../src/app/approvals/delegate-task';
import { oneTask } from '../../../src/app/tasks';
import type { JsonObject } from '../../../src/kernel/json';
import type { PlanNode } from '../../../src/plan/plan';
import { performControl } from '../../../src/temporal/controls';
import { deciding, openSignedRobots, type SignedRobots } from '../../kit/approvals';
import { put, toyPlan } from '../../kit/plans';
import { STAND_TIMEOUT_MS } from '../../kit/stand';

jest.setTimeout(60_000);

let robots: SignedRobots;
let tenant: string;
beforeAll(async () => {
  robots = await openSignedRobots();
  tenant = await robots.newTenant();
}, STAND_TIMEOUT_MS);
afterAll(() => robots.close(), 60_000);

/** A gate before one box. */
function gated(rest: object = {}): { readonly plan: ReturnType<typeof toyPlan> } {
  const box = `box-${randomUUID().slice(0, 8)}`;
  const gate = {
    ...{ kind: 'gate', id: 'ok', approval: 'approve', by: ['manager'], expiresAfterMs: 600_000 },
    ...{ onRejected: { do: 'backstep' }, onExpired: { do: 'backstep' } },
    ...rest,
  } as PlanNode;
  return { plan: toyPlan([gate, put(box, ['ok'])], { tenant }) };
}
const lines = async (id: string, about: RegExp): Promise<readonly string[]> =>
  (await robots.traceOf(id)).filter((line) => about.test(line));
const decide = (id: string, by: string) =>
  decideSigned(robots.services, { outcome: id, node: 'ok' }, deciding(by));
const handle = (id: string) => robots.outcomes.client.workflow.getHandle(id);

describe('standing in for somebody', () => {
  const DAY = 86_400_000;
  const speaks = (by: string) => ({ by, roles: ['approver'], reason: 'holidays' });
  const hand = (from: string, to: string, rest: object = {}) => {
    const given = { from, to, until: Date.now() + DAY, ...speaks(from), ...rest };
    return delegate(robots.services, tenant, given);
  };
  const answerOf = async (by: string): Promise<string> => {
    const id = await robots.begin(gated().plan);
    const answer = await decide(id, by);
    if (!answer.ok || answer.value !== 'done') await handle(id).terminate();
    return answer.ok ? (answer.value ?? '') : answer.error.code;
  };

  test('takes an explicit grant, within the tier, and stops with it', async () => {
    expect(await answerOf('person:peer')).toBe('GATE_APPROVER_NOT_ALLOWED');
    expect(await hand('person:lead', 'person:other')).toMatchObject({
      error: { code: 'DELEGATION_REFUSED' },
    });
    expect(await hand('person:lead', 'person:peer', { by: 'person:peer' })).toMatchObject({ ok: false });
    // An admin hands on what is another's, and takes nothing of it.
    const admin = { by: 'person:peer', roles: ['approver', 'admin'] };
    expect(await hand('person:lead', 'person:peer', admin)).toMatchObject({
      error: { code: 'DELEGATION_REFUSED' },
    });
    expect(await hand('person:lead', 'person:peer', { until: Date.now() + 91 * DAY })).toMatchObject({
      ok: false,
    });
    expect(await hand('person:lead', 'person:peer')).toMatchObject({ ok: true });
    const { plan } = gated();
    const id = await robots.begin(plan);
    expect(await decide(id, 'person:peer')).toEqual({ ok: true, value: 'done' });
    expect(await lines(id, /approved by/)).toEqual([
      'gate=ok approved by=person:peer for=person:lead reason="it is right"',
    ]);
    await withdraw(robots.services, tenant, {
      from: 'person:lead',
      to: 'person:peer',
      ...speaks('person:lead'),
    });
    expect(await answerOf('person:peer')).toBe('GATE_APPROVER_NOT_ALLOWED');
  });

  test('of a level below their own leaves what they are asked by name to them', async () => {
    const given = { from: 'person:lead', to: 'person:other', ...speaks('person:lead') };
    expect(await hand('person:lead', 'person:other', { level: 'user' })).toMatchObject({ ok: true });
    const id = await robots.begin(gated({ by: ['person:lead'] }).plan);
    expect(await decide(id, 'person:other')).toMatchObject({ error: { code: 'GATE_APPROVER_NOT_ALLOWED' } });
    await withdraw(robots.services, tenant, given);
    // All of it, or a level that is their own, takes somebody of the tier, and then it is handed on.
    expect(await hand('person:lead', 'person:peer', { level: 'manager' })).toMatchObject({ ok: true });
    expect(await decide(id, 'person:peer')).toEqual({ ok: true, value: 'done' });
    await withdraw(robots.services, tenant, { ...given, to: 'person:peer' });
  });

  test('in an absence counts only where it was granted before', async () => {
    const absent = () =>
      sayAbsent(robots.services, tenant, {
        ...{ person: 'person:lead', from: Date.now() - 1, until: Date.now() + DAY },
        ...speaks('person:lead'),
      });
    await absent();
    await hand('person:lead', 'person:peer', { onlyWhenAbsent: true });
    expect(await answerOf('person:peer')).toBe('GATE_APPROVER_NOT_ALLOWED');
    await absent();
    expect(await answerOf('person:peer')).toBe('done');
    await withdraw(robots.services, tenant, {
      from: 'person:lead',
      to: 'person:peer',
      ...speaks('person:lead'),
    });
  });

  test('on one task is for that alone, by whoever is asked there, within the tier, and can be taken back', async () => {
    const [id, other] = [await robots.begin(gated().plan), await robots.begin(gated().plan)];
    const on = (from: string, to: string, rest: object = {}) =>
      delegateTask(robots.services, { outcome: id, node: 'ok' }, { from, to, ...speaks(from), ...rest });
    const codeOf = async (given: ReturnType<typeof on>): Promise<string> => {
      const answer = await given;
      return answer.ok ? 'ok' : answer.error.code;
    };
    // Who is not asked there, a lower tier, somebody else's, who started it, for too long, and a task that waits for nobody.
    expect(await codeOf(on('person:other', 'person:peer'))).toBe('DELEGATION_REFUSED');
    expect(await codeOf(on('person:lead', 'person:other'))).toBe('DELEGATION_REFUSED');
    expect(await codeOf(on('person:lead', 'person:peer', { by: 'person:peer' }))).toBe('DELEGATION_REFUSED');
    expect(await codeOf(on('person:lead', 'person:starter'))).toBe('DELEGATION_REFUSED');
    const late = { until: Date.now() + 91 * DAY };
    expect(await codeOf(on('person:lead', 'person:peer', late))).toBe('DELEGATION_REFUSED');
    const nowhere = delegateTask(
      robots.services,
      { outcome: id, node: 'nothing' },
      { from: 'person:lead', to: 'person:peer', ...speaks('person:lead') },
    );
    expect(await codeOf(nowhere)).toBe('TASK_UNKNOWN');
    expect(await codeOf(on('person:lead', 'person:peer'))).toBe('ok');
    const task = await oneTask(robots.services, { outcome: id, node: 'ok' });
    expect(task).toMatchObject({ value: { delegatedTo: ['person:peer'] } });
    // Who stands in for another has nothing of their own to hand on.
    expect(await codeOf(on('person:peer', 'person:head'))).toBe('DELEGATION_REFUSED');
    const elsewhere = await decide(other, 'person:peer');
    expect(elsewhere).toMatchObject({ error: { code: 'GATE_APPROVER_NOT_ALLOWED' } });
    const both = { from: 'person:lead', to: 'person:peer', ...speaks('person:lead') };
    await withdrawTask(robots.services, { outcome: id, node: 'ok' }, both);
    expect(await decide(id, 'person:peer')).toMatchObject({ error: { code: 'GATE_APPROVER_NOT_ALLOWED' } });
    expect(await codeOf(on('person:lead', 'person:peer'))).toBe('ok');
    expect(await decide(id, 'person:peer')).toEqual({ ok: true, value: 'done' });
    expect(await lines(id, /approved by/)).toEqual([
      'gate=ok approved by=person:peer for=person:lead reason="it is right"',
    ]);
    expect(await codeOf(on('person:lead', 'person:peer'))).toBe('TASK_UNKNOWN');
    await handle(other).terminate();
  });

  test('is nothing that an act of control begun by hand can give', async () => {
    const payload = {
      v: 1,
      id: 'x',
      from: 'person:lead',
      to: 'person:peer',
      level: null,
      at: 1,
      until: 9e15,
    };
    const value = { ...payload, when: 'always', by: 'person:lead', token: 'a.b.c' };
    const act = { do: 'people', row: 'grant:person:lead:person:peer', value } as const;
    await expect(byHand(act.row, act.value)).rejects.toMatchObject({ cause: { type: 'ACT_UNSIGNED' } });
    expect(await answerOf('person:peer')).toBe('GATE_APPROVER_NOT_ALLOWED');
  });

  /** An act of control that somebody begins by themselves. */
  const byHand = (row: string, value: JsonObject | null) =>
    performControl(robots.outcomes.client, {
      ...{ tenant, act: { do: 'people', row, value }, by: 'person:peer', reason: 'by hand' },
    });
  const valueOf = async (row: string): Promise<JsonObject> => {
    const rows = await robots.approvals.store.people(tenant);
    return rows.find(({ kind }) => kind === row)!.value as JsonObject;
  };

  test('a grant that was withdrawn, replaced or is another’s is not put back by hand, and neither is its withdrawal taken away', async () => {
    const pair = { from: 'person:lead', to: 'person:peer' };
    const row = 'grant:person:lead:person:peer';
    const refused = async (to: string, value: JsonObject | null, code: string): Promise<void> => {
      await expect(byHand(to, value)).rejects.toMatchObject({ cause: { type: code } });
      expect(await answerOf('person:peer')).toBe('GATE_APPROVER_NOT_ALLOWED');
    };
    await hand('person:lead', 'person:peer');
    const whole = await valueOf(row);
    // A narrower one takes its place: it stays so.
    await hand('person:lead', 'person:peer', { onlyWhenAbsent: true, until: Date.now() + 2 * DAY });
    const narrow = await valueOf(row);
    await refused(row, whole, 'ACT_REPEATED');
    await withdraw(robots.services, tenant, { ...pair, ...speaks('person:lead') });
    const withdrawn = await valueOf(row);
    await refused(row, whole, 'ACT_REPEATED');
    await refused(row, narrow, 'ACT_REPEATED');
    await refused(row, null, 'ACT_UNSIGNED');
    await refused(row, { ...withdrawn, token: 'a.b.c' }, 'ACT_UNSIGNED');
    // Beside it, where the withdrawal does not stand, and in another's place.
    await refused('grant:by-hand:person:lead:person:peer', whole, 'ACT_UNSIGNED');
    expect(await valueOf(row)).toEqual(withdrawn);
    // Sent again it is there already; a newer grant counts, and the withdrawal before it does not.
    await byHand(row, withdrawn);
    expect(await hand('person:lead', 'person:peer')).toMatchObject({ ok: true });
    await expect(byHand(row, withdrawn)).rejects.toMatchObject({ cause: { type: 'ACT_REPEATED' } });
    expect(await answerOf('person:peer')).toBe('done');
    await withdraw(robots.services, tenant, { ...pair, ...speaks('person:lead') });
  });

  test('an absence that was said otherwise since is not put back by hand', async () => {
    const away = (until: number) =>
      sayAbsent(robots.services, tenant, {
        ...{ person: 'person:lead', from: Date.now() - 2, until },
        ...speaks('person:lead'),
      });
    await hand('person:lead', 'person:peer', { onlyWhenAbsent: true });
    await away(Date.now() + DAY);
    const long = await valueOf('absence:person:lead');
    expect(await answerOf('person:peer')).toBe('done');
    await away(Date.now() - 1);
    for (const value of [long, null]) await expect(byHand('absence:person:lead', value)).rejects.toThrow();
    expect(await answerOf('person:peer')).toBe('GATE_APPROVER_NOT_ALLOWED');
    const pair = { from: 'person:lead', to: 'person:peer' };
    await withdraw(robots.services, tenant, { ...pair, ...speaks('person:lead') });
  });
});
