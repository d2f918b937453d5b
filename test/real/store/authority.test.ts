/** Admission in the real database: never over a limit, nothing counted twice, nothing forgotten in the queue. */
import fc from 'fast-check';
import { SPEC_FIGURES } from '../../../src/governance/figures';
import { reserve, windowAt } from '../../../src/governance/reserve';
import { applyTrustEvent, freshTrust, type TrustEvent } from '../../../src/governance/trust';
import {
  createAuthority,
  type Ask,
  type AttemptEnd,
  type Authority,
  type Control,
} from '../../../src/store/authority';
import { createBarrier, type ActionKey, type ExecuteRequest } from '../../../src/store/barrier';
import {
  atOnce,
  end,
  flight,
  hold,
  HOUR,
  keyOf,
  lost,
  newTenant,
  NOW,
  perDay,
  request,
  scope,
} from '../../kit/asks';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';

let stand: TestStand;
let authority: Authority;
beforeAll(async () => {
  stand = await openTestStand();
  authority = createAuthority(stand.database);
}, STAND_TIMEOUT_MS);
afterAll(() => stand.close());

/** Asks as the product does: in, or among those that wait. */
async function ask(
  key: ActionKey,
  asks: readonly Ask[],
  rest: Partial<ExecuteRequest> = {},
): Promise<string> {
  const asked = request(key, rest);
  const { holder, admission } = await authority.admit(asked, scope, asks);
  if (admission.kind === 'let') return 'in';
  if (admission.kind !== 'blocked') return admission.kind;
  await authority.hold({ request: asked, holder, scope }, asks, hold(admission.said));
  return 'waits';
}
const commit = (key: ActionKey, rest: Partial<AttemptEnd> = {}, at = NOW) =>
  authority.commit(key, { output: null, undo: null }, { at, end: end(rest) });
const used = async (tenant: string, key: string, at = NOW): Promise<number> =>
  (await authority.counters(tenant, at))
    .filter((row) => row.key === key)
    .reduce((sum, row) => sum + row.used, 0);
const woken = async (tenant: string, at = NOW): Promise<readonly string[]> =>
  (await authority.claim(at, 60_000, 1_000))
    .filter((one) => one.tenant === tenant)
    .map(({ outcome }) => outcome);

describe('limits', () => {
  test('200 at once against a limit of 50: exactly 50 are let in, 150 wait, and the rest go on in the order of the queue', async () => {
    const tenant = newTenant();
    const keys = Array.from({ length: 200 }, () => keyOf(tenant));
    const answers = await Promise.all(keys.map((key) => ask(key, [perDay(50), atOnce(1_000)])));
    expect(answers.filter((answer) => answer === 'in')).toHaveLength(50);
    expect(await used(tenant, 'actions_per_day')).toBe(50);
    const queue = (await authority.queue(tenant, 500)).map(({ outcome }) => outcome);
    expect(queue).toHaveLength(150);
    expect(await woken(tenant)).toEqual([]);
    // Raised by 30: the first 30 of the queue, in its order.
    await authority.control({
      ...{ tenant, scope: 'tenant', name: tenant, kind: 'limit:actions_per_day', value: 80 },
      ...{ by: 'person:ada', reason: 'a busy day', at: NOW },
    });
    expect(await woken(tenant)).toEqual(queue.slice(0, 30));
    expect(await used(tenant, 'actions_per_day')).toBe(80);
    // The next day the window is a new one.
    const tomorrow = NOW + 24 * HOUR - 1;
    await authority.tick(tomorrow, 60_000);
    expect(await used(tenant, 'actions_per_day', tomorrow)).toBe(0);
  }, 60_000);

  test('a newcomer never passes one who waits for the same key', async () => {
    const tenant = newTenant();
    const [first, second, third] = [keyOf(tenant), keyOf(tenant), keyOf(tenant)];
    expect(await ask(first, [atOnce(1)])).toBe('in');
    expect(await ask(second, [atOnce(1)])).toBe('waits');
    await commit(first);
    expect(await ask(third, [atOnce(1)])).toBe('waits');
    expect(await woken(tenant)).toEqual([second.outcome]);
    expect(await ask(second, [atOnce(1)], { firing: 2 })).toBe('in');
    expect(await used(tenant, 'concurrent_executions')).toBe(1);
    await commit(second);
    expect(await woken(tenant)).toEqual([third.outcome]);
  });

  test('a newcomer for whom there is room waits all the same behind one for whom there is not enough', async () => {
    const tenant = newTenant();
    const spend = (u: number): Ask => ({ k: 'llm_spend_per_month', w: 'month', u, l: 4, p: null });
    const [first, second, third, other] = [keyOf(tenant), keyOf(tenant), keyOf(tenant), keyOf(tenant)];
    expect(await ask(first, [spend(2)])).toBe('in');
    expect(await ask(second, [spend(3)])).toBe('waits');
    expect(await ask(third, [spend(1)])).toBe('waits');
    // Who asks for something else has nobody before it.
    expect(await ask(other, [perDay(4)])).toBe('in');
    await authority.control({
      ...{ tenant, scope: 'tenant', name: tenant, kind: 'limit:llm_spend_per_month', value: 6 },
      ...{ by: 'person:ada', reason: 'more of it', at: NOW },
    });
    expect(await woken(tenant)).toEqual([second.outcome, third.outcome]);
    expect(await used(tenant, 'llm_spend_per_month')).toBe(6);
  });

  test('asked again under one key, whatever happened to the first answer, an action counts once', async () => {
    const tenant = newTenant();
    const key = keyOf(tenant);
    for (let n = 0; n < 3; n++) expect(await ask(key, [perDay(10), atOnce(2), flight])).toBe('in');
    expect(await used(tenant, 'actions_per_day')).toBe(1);
    await commit(key);
    expect(await ask(key, [perDay(10), atOnce(2), flight])).toBe('skip');
    expect(await commit(key)).toBeUndefined();
    expect(await used(tenant, 'actions_per_day')).toBe(1);
    expect(await used(tenant, 'concurrent_executions')).toBe(0);
    expect(await authority.inFlight(tenant, 'hire')).toBe(0);
  });

  test('one round trip commits an action and lets in the next by the same rules, and nobody after a commit that came too late', async () => {
    const [tenant, asks] = [newTenant(), [perDay(2), atOnce(1)]];
    const [first, second, third] = [keyOf(tenant), keyOf(tenant), keyOf(tenant)];
    const after = (key: ActionKey, next: ActionKey) => {
      const [result, ended] = [
        { output: { id: 1 }, undo: null },
        { at: NOW, end: end({}) },
      ];
      return authority.commitAndAdmit(key, result, ended, { asked: request(next), scope, asks });
    };
    const counts = () =>
      Promise.all(['concurrent_executions', 'actions_per_day'].map((key) => used(tenant, key)));
    expect(await ask(first, asks)).toBe('in');
    expect((await after(first, second))?.admission).toMatchObject({ kind: 'let', admission: { attempt: 1 } });
    expect(await counts()).toEqual([1, 2]);
    // It was committed: a second word of it says nothing.
    expect(await after(first, third)).toBeUndefined();
    expect(await counts()).toEqual([1, 2]);
    const held = { kind: 'blocked', said: { short: ['actions_per_day'] } };
    expect((await after(second, third))?.admission).toMatchObject(held);
    expect(await counts()).toEqual([0, 2]);
    expect([await ask(first, asks), await ask(second, asks)]).toEqual(['skip', 'skip']);
  });

  test('between two attempts the slot is free, and the count of the day stays', async () => {
    const tenant = newTenant();
    const key = keyOf(tenant);
    const asked = request(key);
    const { holder } = await authority.admit(asked, scope, [perDay(10), atOnce(1)]);
    const attempt = { n: 1, startedAt: NOW, endedAt: NOW, failure: { ...lost, effect: 'none' } } as const;
    await authority.recordFailure(key, attempt, {
      holder,
      isLast: false,
      at: NOW,
      end: end({ how: 'again' }),
    });
    expect([await used(tenant, 'actions_per_day'), await used(tenant, 'concurrent_executions')]).toEqual([
      1, 0,
    ]);
    expect(await ask(key, [perDay(10), atOnce(1)])).toBe('in');
    expect([await used(tenant, 'actions_per_day'), await used(tenant, 'concurrent_executions')]).toEqual([
      1, 1,
    ]);
  });

  test('what came first by its compensation takes nothing', async () => {
    const tenant = newTenant();
    const key = keyOf(tenant);
    await createBarrier(stand.database).admitCompensate({
      key,
      firing: 1,
      isCommitted: false,
      lost,
      at: NOW,
    });
    expect(await ask(key, [perDay(10), atOnce(1)])).toBe('skip');
    expect(await used(tenant, 'actions_per_day')).toBe(0);
  });

  test('an attempt that left no record and is undone gives its slot to the next', async () => {
    const tenant = newTenant();
    const [first, second] = [keyOf(tenant), keyOf(tenant)];
    expect(await ask(first, [atOnce(1)], { leaseMs: 0 })).toBe('in');
    expect(await ask(second, [atOnce(1)], { at: Date.now() })).toBe('waits');
    const barrier = createBarrier(stand.database);
    await barrier.admitCompensate({ key: first, firing: 1, isCommitted: false, lost, at: NOW });
    expect(await woken(tenant)).toEqual([second.outcome]);
    expect(await used(tenant, 'concurrent_executions')).toBe(1);
  });

  test('what fits a limit here is what the pure arithmetic says, in every window', async () => {
    const window = fc.constantFrom('hour', 'day', 'month', 'at_once' as const);
    await fc.assert(
      fc.asyncProperty(
        window,
        fc.nat(6),
        fc.array(fc.nat(3), { maxLength: 5 }),
        fc.nat(400 * 24 * HOUR),
        async (w, l, units, ms) => {
          const tenant = newTenant();
          const at = NOW + ms;
          let sum = 0;
          for (const u of units) {
            const { admission } = await authority.admit(request(keyOf(tenant), { at }), scope, [
              { k: 'llm_calls_per_hour', w, u, l, p: l },
            ]);
            const { fits, usedAfter } = reserve(l, sum, u, SPEC_FIGURES);
            expect(admission.kind).toBe(fits ? 'let' : 'blocked');
            sum = usedAfter;
          }
          const bucket = windowAt(w, at)?.from ?? 0;
          const rows = await authority.counters(tenant, at);
          expect(rows.filter((row) => row.used > 0)).toEqual(
            sum === 0 ? [] : [{ key: 'llm_calls_per_hour', bucket, used: sum }],
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  test('what really was spent beyond the estimate counts, and the next asks find the limit passed', async () => {
    const tenant = newTenant();
    const spend = (u: number): Ask => ({ k: 'llm_spend_per_month', w: 'month', u, l: 100, p: 100 });
    const key = keyOf(tenant);
    expect(await ask(key, [spend(60)])).toBe('in');
    await commit(key, { costs: [{ k: 'llm_spend_per_month', w: 'month', u: 70, l: 100, p: 100 }] });
    expect(await used(tenant, 'llm_spend_per_month')).toBe(130);
    expect(await ask(keyOf(tenant), [spend(1)])).toBe('waits');
  });

  test('a real cost that goes past a limit is a breach, marked once and folded once', async () => {
    const tenant = newTenant();
    const spend = (u: number): Ask => ({ k: 'llm_spend_per_month', w: 'month', u, l: 100, p: 100 });
    const settled = async (estimate: number, more: number): Promise<number> => {
      const key = keyOf(tenant);
      await ask(key, [spend(estimate)]);
      await commit(key, { costs: [{ ...spend(more), p: 100 }] });
      let count = 0;
      const fold = (_: unknown, breaches: number) => ((count = breaches), freshTrust(SPEC_FIGURES));
      await authority.foldBreaches(tenant, fold);
      return count;
    };
    expect(await settled(40, 20)).toBe(0);
    expect(await settled(20, 20)).toBe(0);
    expect(await used(tenant, 'llm_spend_per_month')).toBe(100);
    // Nothing was asked, and yet it cost: the counter goes past, and what comes on top is the same breach.
    expect(await settled(0, 1)).toBe(1);
    expect(await settled(0, 5)).toBe(0);
  });

  test('what is counted once an outcome is not counted for one that is held before anything of it has fired', async () => {
    const tenant = newTenant();
    const outcomes: Ask = { k: 'outcomes:hire', w: 'day', u: 1, l: 1, o: true };
    const [first, second] = [keyOf(tenant, 'a'), keyOf(tenant, 'a')];
    const held = request(first);
    const { holder, admission } = await authority.admit(held, scope, [outcomes]);
    if (admission.kind !== 'let') throw new Error(`it is ${admission.kind}`);
    expect(await used(tenant, 'outcomes:hire')).toBe(1);
    const causes = ['approval'];
    await authority.hold({ request: held, holder, scope }, [outcomes], hold(admission.said, { causes }));
    expect(await used(tenant, 'outcomes:hire')).toBe(0);

    // Another takes its place in the day, and keeps it while one more action of it is held.
    expect(await ask(second, [outcomes])).toBe('in');
    const beside = request({ ...second, node: 'b' });
    const next = await authority.admit(beside, scope, [outcomes]);
    if (next.admission.kind !== 'let') throw new Error(`it is ${next.admission.kind}`);
    await authority.giveBack(beside.key, next.holder, NOW);
    expect(await used(tenant, 'outcomes:hire')).toBe(1);
    expect(await ask(first, [outcomes], { firing: 2 })).toBe('waits');
  });
});

describe('the queue', () => {
  test('a slot that came free between the refusal and the wait is not missed', async () => {
    const tenant = newTenant();
    const [first, second] = [keyOf(tenant), keyOf(tenant)];
    await ask(first, [atOnce(1)]);
    const asked = request(second);
    const { holder, admission } = await authority.admit(asked, scope, [atOnce(1)]);
    await commit(first);
    if (admission.kind !== 'blocked') throw new Error('it was to be blocked');
    await authority.hold({ request: asked, holder, scope }, [atOnce(1)], hold(admission.said));
    expect(await woken(tenant)).toEqual([second.outcome]);
  });

  test('an act of control between the refusal and the wait is not missed', async () => {
    const tenant = newTenant();
    const asked = request(keyOf(tenant));
    const { holder, admission } = await authority.admit(asked, scope, [atOnce(1)]);
    if (admission.kind !== 'let') throw new Error('it was to be let in');
    const dial = { tenant, scope: 'automation', name: 'hire', kind: 'dial', value: 'copilot' } as const;
    await authority.control({ ...dial, by: 'person:ada', reason: 'it has earned it', at: NOW });
    await authority.hold({ request: asked, holder, scope }, [atOnce(1)], {
      ...hold(admission.said),
      causes: ['dial:hire'],
    });
    expect(await woken(tenant)).toEqual([asked.key.outcome]);
  });

  test('a hold after an admission gives everything back, and leaves no trace in the barrier', async () => {
    const tenant = newTenant();
    const asked = request(keyOf(tenant));
    const { holder, admission } = await authority.admit(asked, scope, [perDay(5), atOnce(1), flight]);
    if (admission.kind !== 'let') throw new Error('it was to be let in');
    await authority.hold({ request: asked, holder, scope }, [perDay(5)], {
      ...hold(admission.said),
      causes: ['approval'],
    });
    expect((await authority.counters(tenant, NOW)).filter((row) => row.used > 0)).toEqual([]);
    expect(await createBarrier(stand.database).strays(asked.key, { asked: {}, fence: [] })).toEqual([]);
    expect(await woken(tenant)).toEqual([]);
  });

  test('tenants take turns: one with a long queue is told no more than one at a time while others wait', async () => {
    const [many, few] = [newTenant(), newTenant()];
    const at = NOW + 90 * 24 * HOUR;
    const pause = (tenant: string, value: true | null) =>
      authority.control({
        ...{ tenant, scope: 'automation', name: 'hire', kind: 'pause', value },
        ...{ by: 'person:ada', reason: 'test', at },
      });
    for (const tenant of [many, few]) await pause(tenant, true);
    for (let n = 0; n < 6; n++) await ask(keyOf(many), [], { at: NOW });
    for (let n = 0; n < 2; n++) await ask(keyOf(few), [], { at: NOW });
    await pause(many, null);
    await pause(few, null);
    const ours = (await authority.claim(at, 60_000, 1_000)).filter(({ tenant }) =>
      [many, few].includes(tenant),
    );
    expect(
      ours
        .slice(0, 4)
        .map(({ tenant }) => tenant)
        .sort(),
    ).toEqual([many, many, few, few].sort());
    expect(ours.slice(4).map(({ tenant }) => tenant)).toEqual([many, many, many, many]);
  });

  test('who was claimed and never told is claimed again; who was told is not', async () => {
    const tenant = newTenant();
    const [first, second] = [keyOf(tenant), keyOf(tenant)];
    await ask(first, [atOnce(1)]);
    await ask(second, [atOnce(1)]);
    await commit(first);
    const mine = async (at: number) =>
      (await authority.claim(at, 5_000, 100)).filter((one) => one.tenant === tenant);
    const [claimed] = await mine(NOW);
    expect(await mine(NOW + 4_999)).toEqual([]);
    expect(await mine(NOW + 5_000)).toEqual([claimed]);
    await authority.told(claimed!);
    expect(await mine(NOW + 60_000)).toEqual([]);
  });

  test('a late word of an earlier release says nothing of a later hold, which keeps its place in the queue', async () => {
    const tenant = newTenant();
    const [first, second] = [keyOf(tenant), keyOf(tenant)];
    const dial: Control = {
      ...{ tenant, scope: 'automation' as const, name: 'hire', kind: 'dial', value: 'copilot' },
      ...{ by: 'person:ada', reason: 'test', at: NOW },
    };
    const holdFor = async (key: ActionKey, firing: number): Promise<void> => {
      const asked = request(key, { firing });
      const { holder, admission } = await authority.admit(asked, scope, []);
      if (admission.kind !== 'let') throw new Error('it was to be let in');
      await authority.hold(
        { request: asked, holder, scope },
        [],
        hold(admission.said, { causes: ['dial:hire'] }),
      );
    };
    await holdFor(first, 1);
    await holdFor(second, 1);
    await authority.control(dial);
    const [early] = (await authority.claim(NOW, 60_000, 100)).filter((one) => one.tenant === tenant);
    await holdFor(first, 2);
    await authority.control(dial);
    await authority.told(early!);
    const again = await authority.queue(tenant, 10);
    expect(again.map(({ outcome, state }) => [outcome, state])).toEqual([
      [first.outcome, 'granted'],
      [second.outcome, 'granted'],
    ]);
  });

  test('a place that nobody waits at any more is given to the next', async () => {
    const tenant = newTenant();
    const [first, second, third] = [keyOf(tenant), keyOf(tenant), keyOf(tenant)];
    await ask(first, [atOnce(1)]);
    await ask(second, [atOnce(1)]);
    await ask(third, [atOnce(1)]);
    await commit(first);
    const [claimed] = (await authority.claim(NOW, 60_000, 100)).filter((one) => one.tenant === tenant);
    await authority.abandon(claimed!, NOW);
    expect(await woken(tenant)).toEqual([third.outcome]);
    expect(await used(tenant, 'concurrent_executions')).toBe(1);
  });

  test('who was told and does not ask, because its outcome is paused, leaves its slot to the next and keeps its place', async () => {
    const tenant = newTenant();
    const [first, paused, third, fourth] = [keyOf(tenant), keyOf(tenant), keyOf(tenant), keyOf(tenant)];
    for (const key of [first, paused, third]) await ask(key, [atOnce(1)]);
    await commit(first);
    const [claimed] = (await authority.claim(NOW, 60_000, 100)).filter((one) => one.tenant === tenant);
    expect(claimed?.outcome).toBe(paused.outcome);
    await authority.told(claimed!);
    expect(await authority.tick(NOW + 59_999, 600_000)).toBeLessThanOrEqual(NOW + 60_000);
    expect(await woken(tenant, NOW + 59_999)).toEqual([]);
    await authority.tick(NOW + 60_000, 60_000);
    expect(await woken(tenant, NOW + 60_000)).toEqual([third.outcome]);
    expect(await used(tenant, 'concurrent_executions')).toBe(1);
    expect(await ask(fourth, [atOnce(1)])).toBe('waits');
    // Resumed, it asks at last: there is no room now, and when there is it goes before who came later.
    expect(await ask(paused, [atOnce(1)], { firing: 2 })).toBe('waits');
    expect(await ask(third, [atOnce(1)], { firing: 2 })).toBe('in');
    await commit(third);
    expect(await woken(tenant, NOW + 150_000)).toEqual([paused.outcome]);
  });

  test('what is held anew by a control does not expire as a queue does', async () => {
    const tenant = newTenant();
    const [first, second] = [keyOf(tenant), keyOf(tenant)];
    for (const key of [first, second]) await ask(key, [atOnce(1)]);
    const asked = request(second, { firing: 2 });
    const { holder, admission } = await authority.admit(asked, scope, [atOnce(1)]);
    if (admission.kind !== 'blocked') throw new Error(admission.kind);
    const kill = hold(admission.said, { causes: ['kill'], expiresAt: NOW + 400 * 24 * HOUR });
    await authority.hold({ request: asked, holder, scope }, [atOnce(1)], kill);
    await authority.tick(NOW + 25 * HOUR, 60_000);
    expect(await authority.queue(tenant, 9)).toMatchObject([{ state: 'queued' }]);
  });

  test('after a day in the queue an action has expired, and asks in vain', async () => {
    const tenant = newTenant();
    const [first, second] = [keyOf(tenant), keyOf(tenant)];
    await ask(first, [atOnce(1)]);
    await ask(second, [atOnce(1)]);
    const later = NOW + 24 * HOUR;
    await authority.tick(later, 60_000);
    expect(await woken(tenant, later)).toEqual([second.outcome]);
    expect(await ask(second, [atOnce(1)], { firing: 2, at: later })).toBe('expired');
  });
});

describe('controls', () => {
  const set = (tenant: string, kind: string, value: unknown) =>
    authority.control({
      ...{ tenant, scope: 'automation', name: 'hire', kind, value: value as null },
      ...{ by: 'person:ada', reason: 'test', at: NOW },
    });

  test.each(['kill', 'pause'])(
    'after %s nothing of the automation is let in, and once it is lifted all go on in order',
    async (kind) => {
      const tenant = newTenant();
      await set(tenant, kind, true);
      const keys = Array.from({ length: 5 }, () => keyOf(tenant));
      for (const key of keys) expect(await ask(key, [perDay(3), atOnce(10)])).toBe('waits');
      expect(await woken(tenant)).toEqual([]);
      await set(tenant, kind, null);
      expect(await woken(tenant)).toEqual(keys.slice(0, 3).map(({ outcome }) => outcome));
    },
  );
});

test('what is in flight is what executes: a grant that nobody has taken up is not, and a kill takes it back in its place', async () => {
  const tenant = newTenant();
  const [first, second, third] = [keyOf(tenant), keyOf(tenant), keyOf(tenant)];
  const set = (kind: string, value: boolean | null) =>
    authority.control({
      ...{ tenant, scope: 'automation', name: 'hire', kind, value },
      ...{ by: 'person:ada', reason: 'test', at: NOW },
    });
  for (const key of [first, second, third]) await ask(key, [atOnce(2), flight]);
  await commit(first);
  expect(await authority.inFlight(tenant, 'hire')).toBe(1);
  expect(await used(tenant, flight.k)).toBe(2);
  await set('kill', true);
  expect(await used(tenant, flight.k)).toBe(1);
  expect(await woken(tenant)).toEqual([]);
  await commit(second);
  expect(await authority.inFlight(tenant, 'hire')).toBe(0);
  await set('kill', null);
  expect(await woken(tenant)).toEqual([third.outcome]);
  expect(await ask(third, [atOnce(2), flight], { firing: 2 })).toBe('in');
  expect(await authority.inFlight(tenant, 'hire')).toBe(1);
});

describe('a breaker', () => {
  const SPEC = SPEC_FIGURES.automation.breaker;
  const figures: AttemptEnd['breaker'] = {
    share: SPEC.opensAboveErrorShare,
    windowMs: SPEC.windowMs,
    fewest: SPEC.fewestCalls,
    probeMs: SPEC.probeAfterMs,
  };
  /** One call after the other, `failing` of each hundred as evenly as can be; the state after each. */
  async function calls(tenant: string, count: number, failing: number): Promise<readonly string[]> {
    const states: string[] = [];
    for (let n = 1; n <= count; n++) {
      const asked = request(keyOf(tenant));
      const { holder, admission } = await authority.admit(asked, scope, []);
      states.push(admission.kind === 'let' ? admission.said.breaker : 'open');
      if (admission.kind !== 'let') continue;
      const attempt = { n: 1, startedAt: NOW, endedAt: NOW, failure: { ...lost, effect: 'none' } } as const;
      const isBad = Math.floor((n * failing) / 100) > Math.floor(((n - 1) * failing) / 100);
      const how = { holder, isLast: false, at: NOW };
      if (!isBad) await commit(asked.key, { breaker: figures });
      else {
        const heard = end({ how: 'again', call: 'error', breaker: figures });
        await authority.recordFailure(asked.key, attempt, { ...how, end: heard });
      }
    }
    return states;
  }
  /** An action of a system whose breaker is open, among those that wait. */
  async function holdBehind(tenant: string): Promise<ActionKey> {
    const one = request(keyOf(tenant));
    const { holder, admission } = await authority.admit(one, { ...scope, probeMs: SPEC.probeAfterMs }, []);
    if (admission.kind !== 'blocked') throw new Error(`it is ${admission.kind}`);
    expect(admission.said.breaker).toBe('open');
    const causes = { causes: ['system:toy'], releasesAt: admission.said.probeAt };
    await authority.hold({ request: one, holder, scope }, [], hold(admission.said, causes));
    return one.key;
  }

  test('opens by the figures of the spec at one failure in five, and never at one in ten', async () => {
    expect(figures.share).toBe(0.1);
    const states = await calls(newTenant(), 30, 20);
    expect(states.indexOf('open')).toBe(SPEC.fewestCalls);
    expect(states.slice(SPEC.fewestCalls)).toEqual(Array(30 - SPEC.fewestCalls).fill('open'));
    expect(new Set(await calls(newTenant(), 60, 10))).toEqual(new Set(['closed']));
  });

  test('lets one probe through, opens again when it fails, and closes and lets the queue go when it comes through', async () => {
    const tenant = newTenant();
    await calls(tenant, SPEC.fewestCalls, 20);
    const keys = [await holdBehind(tenant), await holdBehind(tenant), await holdBehind(tenant)];
    const [probe, second, third] = keys as [ActionKey, ActionKey, ActionKey];
    // Another system of the same tenant is not held.
    const other = await authority.admit(request(keyOf(tenant)), { ...scope, system: 'other' }, []);
    expect(other.admission.kind).toBe('let');

    const firstAt = NOW + SPEC.probeAfterMs;
    await authority.tick(firstAt - 1, 600_000);
    expect(await woken(tenant, firstAt - 1)).toEqual([]);
    await authority.tick(firstAt, 600_000);
    expect(await woken(tenant, firstAt)).toEqual([probe.outcome]);
    const asked = request(probe, { firing: 2, at: firstAt });
    const { holder, admission } = await authority.admit(asked, { ...scope, probeMs: SPEC.probeAfterMs }, []);
    if (admission.kind !== 'let') throw new Error(`it is ${admission.kind}`);
    expect(admission.said.breaker).toBe('half_open');
    // While it is under way nobody else may try.
    expect(await ask(keyOf(tenant), [], { at: firstAt })).toBe('waits');
    const attempt = { n: 1, startedAt: NOW, endedAt: NOW, failure: { ...lost, effect: 'none' } } as const;
    const heard = end({ how: 'failed', call: 'error', breaker: figures });
    await authority.recordFailure(probe, attempt, { holder, isLast: true, at: firstAt, end: heard });

    const secondAt = firstAt + SPEC.probeAfterMs;
    await authority.tick(secondAt - 1, 600_000);
    expect(await woken(tenant, secondAt - 1)).toEqual([]);
    await authority.tick(secondAt, 600_000);
    expect(await woken(tenant, secondAt)).toEqual([second.outcome]);
    expect(await ask(second, [], { firing: 2, at: secondAt })).toBe('in');
    await commit(second, { breaker: figures }, secondAt);
    expect((await woken(tenant, secondAt))[0]).toBe(third.outcome);
    expect(await ask(keyOf(tenant), [], { at: secondAt })).toBe('in');
  });

  test('a system that asked to wait is not called before', async () => {
    const tenant = newTenant();
    const key = keyOf(tenant);
    const { holder } = await authority.admit(request(key), scope, []);
    const attempt = { n: 1, startedAt: NOW, endedAt: NOW, failure: { ...lost, effect: 'none' } } as const;
    await authority.recordFailure(key, attempt, {
      ...{ holder, isLast: false, at: NOW },
      end: end({ how: 'again', call: 'none', retryAt: NOW + 30_000 }),
    });
    expect(
      (await authority.admit(request(keyOf(tenant), { at: NOW + 29_999 }), scope, [])).admission.kind,
    ).toBe('blocked');
    expect(
      (await authority.admit(request(keyOf(tenant), { at: NOW + 30_000 }), scope, [])).admission.kind,
    ).toBe('let');
  });
});

test('the trust ledger of the database is the one that the pure fold gives', async () => {
  const figures = SPEC_FIGURES;
  const { idleDays, idleFactor, moderateFactor } = figures.trust.decay;
  const { streak, gain, cap } = figures.trust.score;
  const trust = { fresh: freshTrust(figures), idleDays, idleFactor, moderateFactor, streak, gain, cap };
  const event = fc.record({
    after: fc.nat(200 * 24 * HOUR),
    isBad: fc.boolean(),
    times: fc.integer({ min: 1, max: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 4 }), async (events) => {
      const tenant = newTenant();
      let ledger = freshTrust(figures);
      let at = NOW;
      for (const { after, isBad, times } of events) {
        at += after;
        for (let n = 0; n < times; n++) {
          const kind: TrustEvent['kind'] = isBad ? 'moderate_failure' : 'success';
          ledger = applyTrustEvent(ledger, { at, kind }, figures);
          await stand.database.of(tenant).query({
            text: 'SELECT authority_trust($1, $2::bigint, $3, $4::jsonb)',
            values: [tenant, at, isBad, JSON.stringify(trust)],
          });
        }
      }
      expect((await authority.standing(tenant)).trust ?? freshTrust(figures)).toEqual(ledger);
    }),
    { numRuns: 15 },
  );
});
