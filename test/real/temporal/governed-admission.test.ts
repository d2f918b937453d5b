/**
 * Admission by the rules in the real database, at instants that the test names: what holds an action by several causes goes on
 * when they are gone, what executes is in flight, and nothing is taken for good by who is gone.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AwfContract } from '../../../src/dsl/awf';
import type { Failure } from '../../../src/kernel/failure';
import type { Json } from '../../../src/kernel/json';
import { createAuthority, type Authority, type ControlScope } from '../../../src/store/authority';
import { createBarrier, type ActionKey, type Barrier } from '../../../src/store/barrier';
import type { Admitted } from '../../../src/temporal/admission';
import { createGovernedAdmit } from '../../../src/temporal/governed-admission';
import { lostFailure } from '../../../src/temporal/retry-budget';
import type { Rules } from '../../../src/temporal/rules';
import { OPEN_RULES, seasoned } from '../../kit/open-rules';
import { putBox } from '../../kit/plans';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';

let stand: TestStand;
let authority: Authority;
let barrier: Barrier;
beforeAll(async () => {
  stand = await openTestStand();
  authority = createAuthority(stand.database);
  barrier = createBarrier(stand.database);
}, STAND_TIMEOUT_MS);
afterAll(() => stand.close());

const [SECOND, HOUR] = [1_000, 3_600_000];
const NOW = Date.UTC(2031, 4, 5, 10, 20);
const AUTOMATION = 'tidy-up';
const WHERE = { runbook: 'toys.tidy', domain: 'toys', entity: 'person:ada' };
const alone = { ...WHERE, automation: AUTOMATION };
const byPerson = { ...WHERE, person: 'person:mary' };
const PUT = putBox as unknown as AwfContract;
const OTHER: AwfContract = { ...PUT, name: 'other.put', system: 'other' };
const DONE = { output: null, undo: null };
const TIMES = [10 * SECOND + 1, 61 * SECOND, HOUR + 1, 25 * HOUR, 72 * HOUR];

/** One tenant of its own, with trust that was earned, and a clock that the test sets. */
async function tenantWith(rules: Partial<Rules> = {}, from = NOW) {
  const tenant = `g-${randomUUID().slice(0, 8)}`;
  let inForce: Rules = { ...OPEN_RULES, ...rules };
  let now = from;
  const { ledger, memory } = seasoned(from, { awfs: ['toy.put', 'other.put'], runbook: 'toys.tidy' });
  const label = { by: 'person:ada', reason: 'earned elsewhere', at: from };
  await authority.importTrust(tenant, { ledger, memory }, label);
  const admit = createGovernedAdmit({
    ...{ authority, barrier },
    rulebook: () => Promise.resolve(inForce),
    now: () => now,
  });
  return {
    tenant,
    key: (): ActionKey => ({ tenant, outcome: `${tenant}/TOY/${randomUUID()}`, node: 'box' }),
    rules: (changed: Partial<Rules>) => void (inForce = { ...OPEN_RULES, ...changed }),
    ask(
      key: ActionKey,
      at: number,
      rest: { contract?: AwfContract; under?: typeof alone | typeof byPerson; leaseMs?: number } = {},
    ): Promise<Admitted> {
      const { contract = PUT, under = alone, leaseMs = 60_000 } = rest;
      now = at;
      const lost = lostFailure(true);
      return admit({
        asked: { key, firing: 1, leaseMs, isAlone: false, lost, at },
        ...{ contract, under, input: { box: 'b' } },
      });
    },
    control: (scope: ControlScope, name: string, kind: string, value: Json, at: number) =>
      authority.control({ tenant, scope, name, kind, value, by: 'person:ada', reason: 'a test', at }),
    /** How long after the start it is released, by time alone; undefined: never. */
    async releasedAfter(): Promise<number | undefined> {
      for (const ms of TIMES) {
        await authority.tick(from + ms, 5_000);
        const states = (await authority.queue(tenant, 10)).map(({ state }) => state);
        if (states.includes('granted')) return ms;
        if (states.includes('expired')) return undefined;
      }
      return undefined;
    },
    async fail(admitted: Admitted, failure: Partial<Failure>, at: number, isLast = true): Promise<void> {
      now = at;
      const { admission, firing } = admitted;
      if (admission.kind !== 'go') throw new Error(`it is ${admission.kind}`);
      const whole = {
        class: 'transient',
        code: 'TOY_BUSY',
        message: '',
        effect: 'none',
        ...failure,
      } as const;
      const attempt = { n: 1, startedAt: at, endedAt: at, failure: whole };
      await firing.recordFailure(attempt, { holder: admission.holder, isLast }, new Map());
    },
    async commit({ firing }: Admitted, at: number): Promise<void> {
      now = at;
      await firing.commit(DONE, new Map());
    },
    used: async (key: string): Promise<number> =>
      (await authority.counters(tenant, now)).find((row) => row.key === key)?.used ?? 0,
    states: async () => (await authority.queue(tenant, 10)).map(({ state }) => state),
    inFlight: () => authority.inFlight(tenant, AUTOMATION),
  };
}

const oneAtOnce: Partial<Rules> = { limits: { concurrent_executions: 1 } };

describe('what is held by a slot and by something else', () => {
  test('that asked to be left alone for a while goes on after it', async () => {
    const t = await tenantWith(oneAtOnce);
    await t.fail(await t.ask(t.key(), NOW), { retryAfterMs: 10 * SECOND }, NOW);
    const slot = await t.ask(t.key(), NOW + 1, { contract: OTHER, under: byPerson });
    expect((await t.ask(t.key(), NOW + 2, { under: byPerson })).admission.kind).toBe('held');
    await t.commit(slot, NOW + 3);
    expect(await t.releasedAfter()).toBe(10 * SECOND + 1);
  });

  test('that is a calendar goes on when its window is over', async () => {
    const t = await tenantWith(oneAtOnce);
    const slot = await t.ask(t.key(), NOW - 1);
    const windows = [{ from: NOW, to: NOW + HOUR }];
    await t.control('tenant', t.tenant, 'calendar:freeze', { kind: 'freeze', windows }, NOW - 1);
    expect((await t.ask(t.key(), NOW + 1)).admission.kind).toBe('held');
    await t.commit(slot, NOW + 2);
    expect(await t.releasedAfter()).toBe(HOUR + 1);
  });

  test('and was approved while its system wants no calls goes on when it does', async () => {
    const t = await tenantWith({ automation: { dial: 'copilot', actionsPerHour: 1_000 } });
    const key = t.key();
    expect((await t.ask(key, NOW)).admission.kind).toBe('held');
    const other = await t.ask(t.key(), NOW + 1, { under: byPerson });
    await t.fail(other, { retryAfterMs: 60 * SECOND }, NOW + 1);
    const given = { as: 'user', decision: 'approved' };
    await t.control('action', `${key.outcome}#box`, 'approval:person:bob', given, NOW + 2);
    expect(await t.releasedAfter()).toBe(61 * SECOND);
  });
});

describe('what executes', () => {
  test('is in flight until it ends, also where a second asking of it is held meanwhile, and is settled then', async () => {
    const at = Date.now();
    const t = await tenantWith({}, at);
    const key = t.key();
    const first = await t.ask(key, at);
    await t.control('automation', AUTOMATION, 'kill', true, at);
    expect((await t.ask(key, at + 1)).admission.kind).toBe('held');
    expect(await t.inFlight()).toBe(1);
    await t.commit(first, at + 2);
    expect(await t.inFlight()).toBe(0);
    expect(await t.used(`finished:${AUTOMATION}`)).toBe(1);
    expect(await t.states()).toEqual([]);
  });

  test('and left no word holds its slot no longer than it may execute, whatever became of its outcome', async () => {
    const at = Date.now();
    const t = await tenantWith(oneAtOnce, at);
    await t.ask(t.key(), at, { leaseMs: 1_000 });
    const waiting = t.key();
    expect((await t.ask(waiting, at + 1)).admission.kind).toBe('held');
    const due = await authority.tick(at + 2, 5_000);
    expect(due).toBeLessThanOrEqual(at + 5_000);
    await sleep(1_100);
    await authority.tick(at + 1_100, 5_000);
    expect(await t.states()).toEqual(['granted']);
    expect((await t.ask(waiting, at + 1_101)).admission.kind).toBe('go');
    expect(await t.inFlight()).toBe(1);
  });

  test('and comes to its end late is counted once', async () => {
    const at = Date.now();
    const t = await tenantWith({}, at);
    const late = await t.ask(t.key(), at, { leaseMs: 1 });
    await sleep(20);
    await authority.tick(at + 20, 5_000);
    expect(await t.inFlight()).toBe(0);
    await t.commit(late, at + 30);
    expect([await t.inFlight(), await t.used(`finished:${AUTOMATION}`)]).toEqual([0, 1]);
  });
});

describe('the queue', () => {
  test('goes on when what was let in is denied', async () => {
    const t = await tenantWith(oneAtOnce);
    const [denied, waiting] = [t.key(), t.key()];
    const no = { as: 'user', decision: 'rejected' };
    await t.control('action', `${denied.outcome}#box`, 'approval:person:bob', no, NOW);
    const giveBack: Authority['giveBack'] = async (...given) => {
      expect((await t.ask(waiting, NOW + 1)).admission.kind).toBe('held');
      return authority.giveBack(...given);
    };
    const slow = createGovernedAdmit({
      ...{ barrier, authority: { ...authority, giveBack }, now: () => NOW },
      rulebook: () => Promise.resolve({ ...OPEN_RULES, ...oneAtOnce }),
    });
    const asked = {
      key: denied,
      firing: 1,
      leaseMs: 8_000,
      isAlone: false,
      lost: lostFailure(true),
      at: NOW,
    };
    const { admission } = await slow({ asked, contract: PUT, input: {}, under: alone });
    expect(admission).toMatchObject({ kind: 'denied', failure: { code: 'ACTION_DENIED' } });
    expect(await t.states()).toEqual(['granted']);
  });

  test('lets who has its share of the day try again past those who wait for the next day', async () => {
    const t = await tenantWith({ limits: { concurrent_executions: 10, actions_per_day: 1 } });
    const key = t.key();
    const first = await t.ask(key, NOW);
    expect((await t.ask(t.key(), NOW + 1, { contract: OTHER })).admission.kind).toBe('held');
    await t.fail(first, { retryAfterMs: 60 * SECOND }, NOW + 2, false);
    expect((await t.ask(key, NOW + 3)).admission.kind).toBe('held');
    expect(await t.releasedAfter()).toBe(61 * SECOND);
  });

  test('stands still while it is paused: nobody expires, and each has its whole patience from then on', async () => {
    const t = await tenantWith({ limits: { concurrent_executions: 10, actions_per_day: 1 } });
    await t.commit(await t.ask(t.key(), NOW), NOW);
    const waiting = t.key();
    expect((await t.ask(waiting, NOW + 1)).admission.kind).toBe('held');
    await t.control('automation', AUTOMATION, 'pause', true, NOW + 2);
    const later = NOW + 60 * HOUR;
    await authority.tick(later, 5_000);
    expect(await t.states()).toEqual(['queued']);
    // Of the day on which it is resumed another has taken the last unit, so it waits for the next, as long as anybody may.
    expect((await t.ask(t.key(), later, { under: byPerson })).admission.kind).toBe('held');
    expect(await t.states()).toEqual(['queued', 'granted']);
    await t.control('automation', AUTOMATION, 'pause', null, later);
    await authority.tick(later + HOUR, 5_000);
    expect(await t.states()).toEqual(['queued', 'granted']);
    await authority.tick(later + 2 * HOUR, 5_000);
    expect(await t.states()).toEqual(['granted', 'granted']);
    expect((await t.ask(waiting, later + 2 * HOUR)).admission.kind).toBe('go');
  });

  test('asks anew by another configuration, whose limits may be others', async () => {
    const once: Rules['automation'] = { dial: 'autopilot', actionsPerHour: 1_000, outcomesPerDay: 1 };
    const t = await tenantWith({ automation: once });
    await t.commit(await t.ask(t.key(), NOW), NOW);
    const waiting = t.key();
    expect((await t.ask(waiting, NOW + 1)).admission.kind).toBe('held');
    t.rules({ automation: { ...once, outcomesPerDay: 100 } });
    await t.control('system', 'configuration', 'policy', 'another', NOW + 2);
    expect(await t.states()).toEqual(['granted']);
    expect((await t.ask(waiting, NOW + 3)).admission.kind).toBe('go');
  });
});

test('an automation that failed too often stops until a person resumes it, past the hour that it failed in', async () => {
  const t = await tenantWith();
  for (let n = 0; n < 3; n++) await t.fail(await t.ask(t.key(), NOW + n), { class: 'permanent' }, NOW + n);
  expect((await t.ask(t.key(), NOW + 10)).admission.kind).toBe('held');
  const later = NOW + 2 * HOUR;
  const newcomer = t.key();
  const { admission } = await t.ask(newcomer, later);
  expect(admission.kind === 'held' && admission.because).toContain('3 of 3 failed');
  expect((await t.ask(t.key(), later, { under: byPerson })).admission.kind).toBe('go');
  await t.control('automation', AUTOMATION, 'pause', null, later + 1);
  expect((await t.ask(newcomer, later + 2)).admission.kind).toBe('go');
});
