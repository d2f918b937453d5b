/** The authority rules in the way of real outcomes: what they hold waits without polling, and goes on when the cause is gone. */
import { decideAgain, recordOf } from '../../../src/governance/decide';
import type { Json } from '../../../src/kernel/json';
import type { Lane } from '../../../src/plan/plan';
import {
  AUTOMATION,
  byAutomation,
  byPerson,
  newTenant,
  OPEN_RULES,
  openGovernedRobots,
  seasoned,
  type GovernedRobots,
} from '../../kit/governed';
import { put, toyPlan } from '../../kit/plans';
import { refusal } from '../../kit/shelf';
import { timeless } from '../../kit/robots';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import { until as lookUntil } from '../../kit/until';

let robots: GovernedRobots;
beforeAll(async () => {
  robots = await openGovernedRobots();
}, STAND_TIMEOUT_MS);
afterAll(() => robots.close(), 60_000);

const LANES = ['local', 'remote'] as const;
const boxesOf = (tenant: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${tenant}-${i}`);
const planOf = (tenant: string, boxes: readonly string[], lane: Lane) =>
  toyPlan(
    boxes.map((box, i) => put(box, i === 0 ? [] : [boxes[i - 1]!], { lane })),
    { tenant },
  );
const changes = (boxes: readonly string[]): readonly string[] =>
  robots.shelf.changes.filter((change) => boxes.includes(change.slice(1)));

const until = <T>(look: () => Promise<T>, holds: (seen: T) => boolean, withinMs = 15_000): Promise<T> =>
  lookUntil(look, holds, { withinMs, everyMs: 25 });
const waiting = (tenant: string, count: number) =>
  until(
    () => robots.authority.queue(tenant, 500),
    (queue) => queue.filter(({ state }) => state === 'queued').length === count,
  );

describe.each(LANES)('in the %s lane', (lane) => {
  test('what a person starts runs under their name, and each decision can be made again to the byte', async () => {
    const tenant = newTenant();
    const boxes = boxesOf(tenant, 2);
    const id = await robots.run(planOf(tenant, boxes, lane), byPerson());
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
    const { trace } = await robots.outcomes.tell(id);
    const decisions = trace.flatMap((event) =>
      event.kind === 'awf.ok' ? [event.decision as { facts: Json; figures: Json }] : [],
    );
    expect(decisions).toHaveLength(2);
    for (const decision of decisions) {
      expect(decision).toMatchObject({
        mode: 'manual',
        fire: 'allow',
        facts: { startedByPerson: 'person:mary' },
      });
      const again = decideAgain(decision);
      expect(again.ok && JSON.stringify(recordOf(again.value))).toBe(JSON.stringify(decision));
    }
  });

  test('an automation that observes proposes and fires nothing; taken over by a person it runs under their name', async () => {
    const tenant = newTenant();
    robots.rules.set(tenant, { ...OPEN_RULES, automation: { dial: 'observe' } });
    const boxes = boxesOf(tenant, 2);
    const id = await robots.run(planOf(tenant, boxes, lane), byAutomation());
    await waiting(tenant, 1);
    expect(changes(boxes)).toEqual([]);
    await robots.control(tenant, { do: 'take', outcome: id });
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
    const { trace } = await robots.outcomes.tell(id);
    expect(trace.map(({ kind }) => kind)).toEqual([
      ...['outcome', 'compile', 'awf.held', 'awf.released', 'awf.ok', 'awf.ok', 'outcome.complete'],
    ]);
    expect(trace[4]).toMatchObject({ decision: { facts: { startedByPerson: 'person:ada' } } });
  });

  test('trust and a raised dial open autopilot, and the held action goes on by itself', async () => {
    const tenant = newTenant();
    robots.rules.set(tenant, { ...OPEN_RULES, automation: { dial: 'observe', actionsPerHour: 100 } });
    const boxes = boxesOf(tenant, 2);
    const id = await robots.run(planOf(tenant, boxes, lane), byAutomation());
    await waiting(tenant, 1);
    await robots.control(tenant, seasoned(Date.now()));
    await robots.control(tenant, { do: 'dial', automation: AUTOMATION, mode: 'autopilot' });
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
    const { trace } = await robots.outcomes.tell(id);
    expect(trace.at(-2)).toMatchObject({ kind: 'awf.ok', decision: { mode: 'autopilot' } });
  });

  test('on copilot each action waits for a confirmation, by name, and a rejected one is never fired', async () => {
    const tenant = newTenant();
    robots.rules.set(tenant, { ...OPEN_RULES, automation: { dial: 'copilot', actionsPerHour: 100 } });
    await robots.control(tenant, seasoned(Date.now()));
    const boxes = boxesOf(tenant, 2);
    const id = await robots.run(planOf(tenant, boxes, lane), byAutomation());
    await waiting(tenant, 1);
    const approve = { do: 'approve', outcome: id, as: 'user' } as const;
    await robots.control(tenant, { ...approve, node: boxes[0]!, decision: 'approved' });
    await until(
      () => robots.authority.queue(tenant, 10),
      ([first]) => first?.node === boxes[1] && first?.state === 'queued',
    );
    await robots.control(tenant, { ...approve, node: boxes[1]!, decision: 'rejected' });
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'backstepped' });
    expect(changes(boxes)).toEqual([`+${boxes[0]}`, `-${boxes[0]}`]);
    expect(timeless(await robots.traceOf(id)).filter((line) => /failed|rejected/.test(line))).toEqual([
      'awf=toy.put failed code=ACTION_DENIED',
    ]);
  });

  test('an effect that cannot be undone drops trust by a level at once', async () => {
    const tenant = newTenant();
    await robots.control(tenant, seasoned(Date.now()));
    const [box = ''] = boxesOf(tenant, 1);
    robots.shelf.fail('toy.take', box, { refuse: refusal('ACTION_DIVERGED') });
    const plan = toyPlan(
      [put(box, [], { lane }), { kind: 'end', id: 'back', after: [box], how: 'backstep' }],
      {
        tenant,
      },
    );
    const id = await robots.run(plan, byPerson());
    const { trust } = await until(
      () => robots.authority.standing(tenant),
      (standing) => standing.trust?.base !== 'new',
    );
    expect(trust).toMatchObject({ base: 'proven', successes: 0 });
    // The limits' row tells of the effect before the outcome's history does: whoever resolves waits for the incident.
    await until(
      () => robots.traceOf(id),
      (trace) => timeless(trace).some((line) => line.startsWith('incident=')),
    );
    const byHand = { as: 'accept', reason: 'taken away by hand' } as const;
    expect(await robots.outcomes.resolve(id, box, byHand, 'person:ada')).toBe('done');
    expect(await robots.outcomes.result(id)).toMatchObject({ phase: 'backstepped' });
  });

  test('one slot for a tenant: outcomes go one after the other, and all of them go', async () => {
    const tenant = newTenant();
    robots.rules.set(tenant, { ...OPEN_RULES, limits: { concurrent_executions: 1 } });
    const boxes = boxesOf(tenant, 8);
    for (const box of boxes) robots.shelf.fail('toy.put', box, { delayMs: 20 });
    const ids = await Promise.all(boxes.map((box) => robots.run(planOf(tenant, [box], lane), byPerson())));
    for (const id of ids) expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
    expect(await robots.authority.queue(tenant, 10)).toEqual([]);
    const rows = await robots.authority.counters(tenant, Date.now());
    expect(rows.find(({ key }) => key === 'concurrent_executions')?.used).toBe(0);
  });

  test('an outcome that goes back while an action of it is held leaves nothing taken, and its undo is not held', async () => {
    const tenant = newTenant();
    await robots.control(tenant, seasoned(Date.now()));
    const boxes = boxesOf(tenant, 2);
    robots.shelf.fail('toy.put', boxes[0]!, {
      at: 'after',
      run: async () => {
        await robots.control(tenant, { do: 'pause', scope: 'tenant', name: tenant });
      },
    });
    const id = await robots.run(planOf(tenant, boxes, lane), byAutomation());
    await waiting(tenant, 1);
    await robots.outcomes.cancel(id, { by: 'person:ada' });
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'backstepped' });
    expect(changes(boxes)).toEqual([`+${boxes[0]}`, `-${boxes[0]}`]);
    await robots.control(tenant, { do: 'resume', scope: 'tenant', name: tenant });
    await until(
      () => robots.authority.queue(tenant, 10),
      (queue) => queue.length === 0,
    );
    const rows = await robots.authority.counters(tenant, Date.now());
    expect(rows.filter(({ bucket, used }) => bucket === 0 && used > 0)).toEqual([]);
  });
});

describe('13.2 No action executes without audit trail', () => {
  test.each(LANES)(
    '%s: every call that reached the system stands in the history with the decision it was made by',
    async (lane) => {
      const tenant = newTenant();
      const boxes = boxesOf(tenant, 4);
      const last = boxes.at(-1)!;
      robots.shelf.fail('toy.put', boxes[1]!, { refuse: refusal('busy', 'transient') });
      robots.shelf.fail('toy.put', last, { refuse: refusal('broken') });
      const id = await robots.run(planOf(tenant, boxes, lane), byPerson());
      expect(await robots.outcomes.result(id)).toEqual({ phase: 'backstepped' });
      const calls = robots.shelf.calls.filter(
        ({ box, operation }) => boxes.includes(box) && operation === 'execute',
      );
      expect(calls.map(({ box, attempt }) => [box, attempt])).toEqual([
        [boxes[0], 1],
        [boxes[1], 1],
        [boxes[1], 2],
        [boxes[2], 1],
        [last, 1],
      ]);
      const { trace } = await robots.outcomes.tell(id);
      const told = new Map(
        trace.flatMap((event) =>
          event.kind === 'awf.ok' || event.kind === 'awf.failed' ? [[event.node, event]] : [],
        ),
      );
      for (const { box } of calls) {
        const decision = told.get(box)?.decision as { facts: Json; figures: Json } | undefined;
        const again = decideAgain(decision!);
        expect(again.ok && again.value).toMatchObject({
          mode: 'manual',
          fire: 'allow',
          facts: { startedByPerson: 'person:mary', action: { type: 'toy.put' } },
          risk: { class: 'low' },
        });
        expect(again.ok && again.value.confidence.effective).toBeGreaterThan(0);
      }
    },
  );
});

describe('13.2 SAGE feedback loop is operational', () => {
  test('how actions really ended is the confidence in the next of their kind, up and down', async () => {
    const tenant = newTenant();
    const confidence = async (isGood: boolean): Promise<number> => {
      const box = `${tenant}-${robots.shelf.calls.length}`;
      if (!isGood) robots.shelf.fail('toy.put', box, { refuse: refusal('broken') });
      const id = await robots.run(planOf(tenant, [box], 'remote'), byPerson());
      await robots.outcomes.result(id);
      const { trace } = await robots.outcomes.tell(id);
      const [found] = trace.flatMap((event) =>
        event.kind === 'awf.ok' || event.kind === 'awf.failed' ? [event] : [],
      );
      const again = decideAgain(found?.decision as { facts: Json; figures: Json });
      return again.ok ? again.value.confidence.initial : 0;
    };
    const [fresh, afterOne, afterTwo] = [
      await confidence(true),
      await confidence(true),
      await confidence(false),
    ];
    const afterFailure = await confidence(true);
    expect(afterOne).toBeGreaterThan(fresh);
    expect(afterTwo).toBeGreaterThan(afterOne);
    expect(afterFailure).toBeLessThan(afterTwo);
  });
});
