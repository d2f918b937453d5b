/** Outcomes on a real Temporal: forward, back, people's acts, and the trace read from the history alone. */
import { WithStartWorkflowOperation } from '@temporalio/client';
import { outcomeIdOf } from '../../../src/kernel/ids';
import { packPlan } from '../../../src/plan/wire';
import { SERVICE_QUEUE } from '../../../workflows/protocol';
import { put, toyPlan } from '../../kit/plans';
import { refusal } from '../../kit/shelf';
import { openRobots, timeless, type Robots } from '../../kit/robots';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import type { PlanNode } from '../../../src/plan/plan';

let robots: Robots;
beforeAll(async () => {
  robots = await openRobots();
}, STAND_TIMEOUT_MS);
afterAll(() => robots.close(), 30_000);

const gate = (id: string, after: readonly string[]): PlanNode => ({
  kind: 'gate',
  id,
  after,
  approval: 'approve',
  by: ['manager'],
  expiresAfterMs: 60_000,
  onRejected: { do: 'backstep' },
  onExpired: { do: 'backstep' },
});
const until = async (id: string, wanted: (lines: readonly string[]) => boolean): Promise<void> => {
  for (let i = 0; i < 200; i++) {
    if (wanted(await robots.traceOf(id))) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`never: ${(await robots.traceOf(id)).join('\n')}`);
};

describe.each(['local', 'remote'] as const)('an outcome in the %s lane', (lane) => {
  const at = { lane };
  const unique = (name: string): string => `${lane}-${name}`;

  test('runs to its end, and its history tells the story', async () => {
    const [a, b] = [unique('a'), unique('b')];
    const id = await robots.run(toyPlan([put(a, [], at), put(b, [a], at)]));
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
    expect(timeless(await robots.traceOf(id))).toEqual([
      'outcome=TOY-R-001 entity=person:ada',
      'compile plan=toys.tidy variant=v1.0',
      'awf=toy.put ok  comp=take',
      'awf=toy.put ok  comp=take',
      'outcome.complete  duration=…',
    ]);
    expect(await robots.outcomes.describe(id)).toMatchObject({ phase: 'completed', isRunning: false });
  });

  test('goes back when an action is refused for good, and leaves the world as it was', async () => {
    const [a, b] = [unique('c'), unique('d')];
    robots.shelf.fail('toy.put', b, { refuse: refusal('full') });
    const id = await robots.run(toyPlan([put(a, [], at), put(b, [a], at)]));
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'backstepped' });
    expect(timeless(await robots.traceOf(id))).toEqual([
      'outcome=TOY-R-001 entity=person:ada',
      'compile plan=toys.tidy variant=v1.0',
      'awf=toy.put ok  comp=take',
      'awf=toy.put failed code=full',
      `backstep from=${b} code=full`,
      'comp=take ok of=toy.put',
      'outcome.backstepped  duration=…',
    ]);
    expect(robots.shelf.changesOf(a)).toEqual([`+${a}`, `-${a}`]);
    expect(await robots.outcomes.describe(id)).toMatchObject({ phase: 'backstepped' });
  });

  test('tries a passing failure again after the time of the table', async () => {
    const a = unique('e');
    robots.shelf.fail('toy.put', a, { refuse: refusal('SYSTEM_UNAVAILABLE', 'transient') });
    const begun = Date.now();
    const id = await robots.run(toyPlan([put(a, [], at)]));
    await robots.outcomes.result(id);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1_000);
    const [run] = await robots.outcomes.runs(id);
    const event = run?.happenings[0]?.event;
    expect(
      event?.kind === 'fired' && event.result.kind === 'committed' && event.result.attempts,
    ).toMatchObject([{ n: 1, failure: { code: 'SYSTEM_UNAVAILABLE' } }]);
  });

  test('a compensation that fails for good is an incident that a person resolves', async () => {
    const [a, b] = [unique('f'), unique('g')];
    robots.shelf.fail('toy.put', b, { refuse: refusal('full') });
    robots.shelf.fail('toy.take', a, { refuse: refusal('ACTION_DIVERGED') });
    const id = await robots.run(toyPlan([put(a, [], at), put(b, [a], at)]));
    await until(id, (lines) => lines.some((line) => line.startsWith('incident=')));
    expect(await robots.outcomes.describe(id)).toMatchObject({ phase: 'waiting', isRunning: true });
    expect(await robots.outcomes.resolve(id, a, { as: 'retry' }, 'person:mary')).toBe('done');
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'backstepped' });
    expect(robots.shelf.changesOf(a)).toEqual([`+${a}`, `-${a}`]);
  });

  test('a completed outcome is taken back by a workflow of its own', async () => {
    const [a, b] = [unique('h'), unique('i')];
    const id = await robots.run(toyPlan([put(a, [], at), put(b, [a], at)]));
    await robots.outcomes.result(id);
    const act = { by: 'person:mary', reason: 'wrong person' };
    const back = await robots.outcomes.backstep(id, act, Date.now());
    expect(back).toEqual({ by: 'workflow', id: `${id}/backstep`, isNew: true });
    await robots.outcomes.result(`${id}/backstep`);
    expect(robots.shelf.changes.filter((change) => [a, b].includes(change.slice(1)))).toEqual([
      `+${a}`,
      `+${b}`,
      `-${b}`,
      `-${a}`,
    ]);
    expect(timeless(await robots.traceOf(id)).slice(4)).toEqual([
      'outcome.complete  duration=…',
      'backstep from=request code=REQUESTED by=person:mary reason="wrong person"',
      'comp=take ok of=toy.put',
      'comp=take ok of=toy.put',
      'outcome.backstepped  duration=…',
    ]);
    expect(await robots.outcomes.backstep(id, act, Date.now())).toMatchObject({ isNew: false });
  });

  test('an outcome that was terminated is taken back from its history, with what was under way then', async () => {
    const [a, b, c] = [unique('ta'), unique('tb'), unique('tc')];
    robots.shelf.fail('toy.put', c, { cutAfter: true });
    const later = { max: 1, delaysMs: [60_000] };
    const retry = { transient: later, recoverable: later, permanent: later, unknown: later };
    const id = await robots.run(toyPlan([put(a, [], at), put(b, [a], at), put(c, [b], at)], { retry }));
    while (!robots.shelf.boxes.has(c)) await new Promise((done) => setTimeout(done, 20));
    await robots.outcomes.client.workflow.getHandle(id).terminate('pulled the plug');
    const act = { by: 'person:mary', reason: 'left in the middle' };
    const back = await robots.outcomes.backstep(id, act, Date.now());
    expect(back).toEqual({ by: 'workflow', id: `${id}/backstep`, isNew: true });
    expect(await robots.outcomes.result(`${id}/backstep`)).toEqual({ phase: 'backstepped' });
    // The one that nobody heard the end of is undone first, by its key.
    expect(robots.shelf.changes.filter((change) => [a, b, c].includes(change.slice(1)))).toEqual([
      `+${a}`,
      `+${b}`,
      `+${c}`,
      `-${c}`,
      `-${b}`,
      `-${a}`,
    ]);
    expect(await robots.outcomes.backstep(id, act, Date.now())).toMatchObject({ isNew: false });
  }, 30_000);

  test('a way back that was terminated, too, is begun again, and its story is told in full', async () => {
    const [a, b] = [unique('ua'), unique('ub')];
    robots.shelf.fail('toy.take', a, { refuse: refusal('ACTION_DIVERGED') });
    const id = await robots.run(toyPlan([put(a, [], at), put(b, [a], at), gate('ok', [b])]));
    await until(id, (lines) => lines.some((line) => line.includes('gate=ok open')));
    await robots.outcomes.client.workflow.getHandle(id).terminate('once');
    const act = { by: 'person:mary' };
    await robots.outcomes.backstep(id, act, Date.now());
    await until(id, (lines) => lines.some((line) => line.startsWith('incident=')));
    await robots.outcomes.client.workflow.getHandle(`${id}/backstep`).terminate('twice');
    expect(await robots.outcomes.backstep(id, act, Date.now())).toMatchObject({ isNew: true });
    expect(await robots.outcomes.result(`${id}/backstep`)).toEqual({ phase: 'backstepped' });
    expect(robots.shelf.changesOf(a)).toEqual([`+${a}`, `-${a}`]);
    expect(timeless(await robots.traceOf(id)).slice(5)).toEqual([
      'backstep from=request code=REQUESTED by=person:mary',
      'gate=ok closed',
      'comp=take ok of=toy.put',
      'comp=take failed of=toy.put code=ACTION_DIVERGED',
      expect.stringContaining('incident='),
      'backstep from=request code=REQUESTED by=person:mary',
      'comp=take ok of=toy.put',
      'outcome.backstepped  duration=…',
    ]);
  });
});

describe('acts of people', () => {
  test('a gate waits, is approved by update, and the outcome goes on', async () => {
    const id = await robots.run(toyPlan([put('j'), gate('ok', ['j']), put('k', ['ok'])]));
    await until(id, (lines) => lines.some((line) => line.includes('gate=ok open')));
    expect(await robots.outcomes.describe(id)).toMatchObject({ phase: 'waiting' });
    const decision = { gate: 'ok', verdict: 'approve', by: 'person:mary' } as const;
    expect(await robots.outcomes.decide(id, decision)).toBe('done');
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
    await expect(robots.outcomes.decide(id, decision)).rejects.toMatchObject({ code: 'OUTCOME_OVER' });
    expect(await robots.outcomes.describe(id)).toMatchObject({ phase: 'completed' });
  });

  test('a decision by signal counts like one by update, and an early one is kept', async () => {
    const id = await robots.run(toyPlan([put('l'), gate('one', ['l']), gate('two', ['one'])]));
    expect(await robots.outcomes.decide(id, { gate: 'two', verdict: 'approve', by: 'person:a' })).toBe(
      'kept',
    );
    const handle = robots.outcomes.client.workflow.getHandle(id);
    await handle.signal('decide', { gate: 'one', verdict: 'approve', by: 'person:b' });
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
    expect(await robots.traceOf(id)).toEqual(
      expect.arrayContaining(['gate=one approved by=person:b', 'gate=two approved by=person:a']),
    );
  });

  test('what has no form is refused before it is on record; by signal it is ignored', async () => {
    const id = await robots.run(toyPlan([gate('ok', [])]));
    await expect(
      robots.outcomes.decide(id, { gate: 'ok', verdict: 'maybe' as 'approve', by: 'x' }),
    ).rejects.toMatchObject({ code: 'ACT_MALFORMED' });
    const handle = robots.outcomes.client.workflow.getHandle(id);
    await handle.signal('decide', 'yes');
    expect(await robots.outcomes.decide(id, { gate: 'ok', verdict: 'reject', by: 'person:a' })).toBe('done');
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'backstepped' });
    expect((await robots.traceOf(id)).filter((line) => line.startsWith('gate='))).toHaveLength(2);
  });

  test('pause holds before the next firing, resume goes on', async () => {
    robots.shelf.fail('toy.put', 'm', { delayMs: 400 });
    const id = await robots.run(toyPlan([put('m'), put('n', ['m'])]));
    expect(await robots.outcomes.pause(id, { by: 'person:mary' })).toBe('done');
    await until(id, (lines) => lines.some((line) => line.startsWith('awf=')));
    await new Promise((done) => setTimeout(done, 200));
    expect(robots.shelf.changesOf('n')).toEqual([]);
    expect(await robots.outcomes.describe(id)).toMatchObject({ phase: 'paused' });
    expect(await robots.outcomes.resume(id, { by: 'person:mary' })).toBe('done');
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'completed' });
  });

  test('a cancellation by Temporal takes the outcome back', async () => {
    const id = await robots.run(toyPlan([put('o'), gate('ok', ['o'])]));
    await until(id, (lines) => lines.some((line) => line.includes('gate=ok open')));
    await robots.outcomes.client.workflow.getHandle(id).cancel();
    expect(await robots.outcomes.result(id)).toEqual({ phase: 'backstepped' });
    expect(robots.shelf.changesOf('o')).toEqual(['+o', '-o']);
    expect(await robots.traceOf(id)).toContain(
      'backstep from=request code=CANCELLED by=temporal reason="the workflow was cancelled"',
    );
  });

  test('what comes together with an outcome that has nothing to do is heard, and its history tells the same', async () => {
    const nothing = toyPlan([{ kind: 'checkpoint', id: 'c' }]);
    const { client } = robots.outcomes;
    const started = (workflowId: string) => ({
      workflowId,
      taskQueue: SERVICE_QUEUE,
      args: [{ plan: packPlan(nothing), planId: 'test', cause: { event: 'e' }, startedBy: 'person:mary' }],
    });
    const back = outcomeIdOf(nothing.tenant, nothing.outcome, 'comes-with-backstep');
    await client.workflow.signalWithStart(nothing.outcome, {
      ...started(back),
      signal: 'backstep',
      signalArgs: [{ by: 'person:mary' }],
    });
    expect(await robots.outcomes.result(back)).toEqual({ phase: 'backstepped' });
    expect((await robots.outcomes.tell(back)).state.phase).toBe('backstepped');

    const late = outcomeIdOf(nothing.tenant, nothing.outcome, 'comes-with-pause');
    const start = new WithStartWorkflowOperation(nothing.outcome, {
      ...started(late),
      workflowIdConflictPolicy: 'FAIL',
    });
    const answer = await client.workflow.executeUpdateWithStart('pause', {
      startWorkflowOperation: start,
      args: [{ by: 'person:mary' }],
    });
    expect(answer).toBe('late');
    expect(await robots.outcomes.result(late)).toEqual({ phase: 'completed' });
  });

  test('the same event starts an outcome once', async () => {
    const start = {
      plan: toyPlan([put('p')]),
      planId: 'x',
      cause: { event: 'e' },
      startedBy: 'person:mary',
    } as const;
    const event = `event-${Date.now()}`;
    const all = await Promise.all(Array.from({ length: 4 }, () => robots.outcomes.start(start, event)));
    expect(all.filter((one) => one.isNew)).toHaveLength(1);
    expect(new Set(all.map((one) => one.id)).size).toBe(1);
    await robots.outcomes.result(all[0]!.id);
    expect(await robots.outcomes.start(start, event)).toMatchObject({ isNew: false });
  });

  test('an outcome that nobody started is said to be unknown', async () => {
    await expect(robots.outcomes.pause('acme/TOY/none', { by: 'x' })).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
    });
  });
});

describe('a long outcome', () => {
  test.each(['local', 'remote'] as const)(
    'continues as new with its state, in the %s lane',
    async (lane) => {
      const names = Array.from({ length: 12 }, (_, i) => `${lane}-long${i}`);
      const nodes = names.map((name, i) => put(name, i === 0 ? [] : [names[i - 1]!], { lane }));
      const id = await robots.run(
        toyPlan([...nodes, gate('ok', [names[11]!]), put(`${lane}-end`, ['ok'], { lane })]),
        {
          turnsPerRun: 5,
          correlation: 'c-1',
        },
      );
      await until(id, (lines) => lines.some((line) => line.includes('gate=ok open')));
      expect(await robots.outcomes.runs(id)).toHaveLength(3);
      expect(await robots.outcomes.decide(id, { gate: 'ok', verdict: 'reject', by: 'person:mary' })).toBe(
        'done',
      );
      expect(await robots.outcomes.result(id)).toEqual({ phase: 'backstepped' });
      const runs = await robots.outcomes.runs(id);
      expect(runs.length).toBeGreaterThanOrEqual(5);
      expect((await robots.traceOf(id)).filter((line) => line.startsWith('comp=take ok'))).toHaveLength(12);
      for (const name of names) expect(robots.shelf.changesOf(name)).toEqual([`+${name}`, `-${name}`]);
      const found = await robots.outcomes.client.workflow.getHandle(id).describe();
      expect(found.typedSearchAttributes.getAll().map((pair) => String(pair.value))).toEqual(
        expect.arrayContaining([
          'acme',
          'TOY-R-001',
          'toys.tidy',
          'toys',
          'person:ada',
          'backstepped',
          'c-1',
        ]),
      );
    },
    30_000,
  );
});
