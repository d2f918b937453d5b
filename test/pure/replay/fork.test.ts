/** Forks: until the node what happened, at it and behind it what is predicted, beside it what happened as long as it can stand. */
import fc from 'fast-check';
import { layoutOf } from '../../../src/engine/layout';
import type { EngineEvent } from '../../../src/engine/effects';
import { printTrace, type TraceEvent } from '../../../src/engine/trace';
import type { Failure } from '../../../src/kernel/failure';
import type { Plan, PlanNode } from '../../../src/plan/plan';
import { forkOutcome, isAsThen, type Fork, type ForkRequest } from '../../../src/replay/fork';
import { inOrderOf } from '../../../src/replay/fork-order';
import type { Story } from '../../../src/replay/history-source';
import { tellRuns } from '../../../src/temporal/history';
import { refusal } from '../../kit/shelf';
import { lookAtShelf, put, toyPlan } from '../../kit/plans';
import { BEGUN, recordOn, storyOf, todayOf } from '../../kit/stories';
import { OPEN_RULES } from '../../kit/open-rules';
import { SPEC_FIGURES } from '../../../src/governance/figures';
import { facts } from '../governance/fixtures';

const gate = (id: string, after: readonly string[] = []): PlanNode => ({
  kind: 'gate',
  id,
  ...(after.length === 0 ? {} : { after }),
  approval: 'approve',
  by: ['manager'],
  expiresAfterMs: 3_600_000,
  onRejected: { do: 'backstep' },
  onExpired: { do: 'backstep' },
});

const refused = (code: string): { readonly as: 'refused'; readonly failure: Failure } => ({
  as: 'refused',
  failure: refusal(code),
});

const lines = (trace: readonly TraceEvent[]): readonly string[] =>
  printTrace(trace).map((line) => line.slice('HH:MM:SS '.length).replace(/duration=\S+/, 'duration=…'));

async function forkOf(
  story: Story,
  request: Partial<ForkRequest> & { readonly from: string },
): Promise<Fork> {
  const fork = await forkOutcome(story, { rules: 'then', ...request }, todayOf());
  if (!fork.ok) throw new Error(JSON.stringify(fork.error));
  return fork.value;
}

const sequence = (...names: readonly string[]): Plan =>
  toyPlan(names.map((name, i) => put(name, i === 0 ? [] : [names[i - 1]!])));

test('a fork in which nothing is other comes out as what happened, from every node of every kind', async () => {
  const plan = toyPlan([
    put('a'),
    gate('ok', ['a']),
    put('b', ['ok']),
    put('c', ['a']),
    put('d', ['b', 'c']),
  ]);
  const story = await storyOf(plan);
  for (const from of ['a', 'ok', 'b', 'c', 'd']) {
    const fork = await forkOf(story, { from });
    expect([from, lines(fork.fork)]).toEqual([from, lines(fork.then)]);
    expect(isAsThen(fork)).toBe(true);
    expect([...fork.common, ...fork.then]).toEqual(story.told.trace);
  }
});

describe('of steps beside each other', () => {
  const diamond = toyPlan([
    put('a'),
    put('b', ['a']),
    put('c', ['a']),
    put('d', ['c']),
    put('e', ['b', 'd']),
  ]);
  const nodes = (trace: readonly TraceEvent[]) =>
    trace.flatMap((event) => ('node' in event ? [event.node] : []));

  /** The same story, in which the answers came in another order. */
  async function answered(...order: readonly string[]): Promise<Story> {
    const { runs, ...story } = await storyOf(diamond);
    const [run] = runs;
    const of = (node: string) => run!.happenings.find(({ event }) => 'node' in event && event.node === node)!;
    const happenings = run!.happenings.map(({ at, eventId }, i) => ({ ...of(order[i]!), at, eventId }));
    const other = [{ ...run!, happenings }];
    return { ...story, runs: other, told: tellRuns(other) };
  }

  test.each([
    ['a', 'b', 'c', 'd', 'e'],
    ['a', 'c', 'b', 'd', 'e'],
    ['a', 'c', 'd', 'b', 'e'],
  ])('the order makes no difference: %s %s %s %s %s', async (...order) => {
    const fork = await forkOf(await answered(...order), { from: 'a' });
    expect(nodes(fork.then)).toEqual(order);
    expect(nodes(fork.fork)).toEqual(order);
    expect(lines(fork.fork)).toEqual(lines(fork.then));
  });

  test('what waits for another stays behind it, and a failure where it would be', () => {
    const layout = layoutOf(diamond);
    const done = (node: string): TraceEvent => ({ at: 0, kind: 'awf.ok', node, awf: 'toy.put' });
    const failed = (node: string): TraceEvent => ({
      at: 0,
      kind: 'awf.failed',
      node,
      awf: 'toy.put',
      code: 'full',
    });
    const back: TraceEvent = { at: 0, kind: 'backstep', from: 'c', code: 'full' };
    const ordered = (then: readonly TraceEvent[], fork: readonly TraceEvent[]) =>
      inOrderOf(then, fork, layout);
    expect(ordered(['d', 'c', 'a'].map(done), ['a', 'c', 'd'].map(done))).toEqual(['a', 'c', 'd'].map(done));
    const went = [done('a'), failed('c'), back, done('b')];
    expect(ordered(['a', 'b', 'c', 'd', 'e'].map(done), went)).toEqual(went);
  });

  test('nothing is lost, and of no two steps the one that waits comes first, whatever happened', () => {
    const layout = layoutOf(diamond);
    const done = (node: string): TraceEvent => ({ at: 0, kind: 'awf.ok', node, awf: 'toy.put' });
    const waits: Record<string, string> = { b: 'a', c: 'a', d: 'ac', e: 'abcd' };
    fc.assert(
      fc.property(
        fc.shuffledSubarray(['a', 'b', 'c', 'd', 'e']),
        fc.constantFrom('a b c d e', 'a c b d e', 'a c d b e'),
        (then, fork) => {
          const ordered = nodes(inOrderOf(then.map(done), fork.split(' ').map(done), layout));
          expect([...ordered].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
          ordered.forEach((node, i) => {
            for (const before of waits[node] ?? '') expect(ordered.indexOf(before)).toBeLessThan(i);
          });
        },
      ),
    );
  });
});

test('where an action failed and the outcome went back, the fork shows it going through', async () => {
  const story = await storyOf(sequence('a', 'b', 'c'), {
    oracle: { fire: (node) => (node === 'b' ? refused('full') : { as: 'predicted' }) },
  });
  const { then, fork, phase } = await forkOf(story, { from: 'b' });
  expect(lines(then)).toEqual([
    'awf=toy.put failed code=full',
    'backstep from=b code=full',
    'comp=take ok of=toy.put',
    'outcome.backstepped  duration=…',
  ]);
  expect(lines(fork)).toEqual([
    'awf=toy.put ok  comp=take',
    'awf=toy.put ok  comp=take',
    'outcome.complete  duration=…',
  ]);
  expect(phase).toEqual({ then: 'backstepped', fork: 'completed' });
});

test('another parameter leads another way at a choice, and the node before it stays as it was', async () => {
  const plan = toyPlan(
    [
      put('a'),
      {
        kind: 'choice',
        id: 'which',
        after: ['a'],
        on: { ref: { from: 'param', path: ['colour'] } },
        cases: { red: { nodes: [put('b')] }, blue: { nodes: [put('c'), put('d', ['c'])] } },
      },
    ],
    { params: { colour: { value: 'red', from: 'run' } } },
  );
  const { common, then, fork } = await forkOf(await storyOf(plan), {
    from: 'which',
    params: { colour: 'blue' },
  });
  expect(lines(common).slice(2)).toEqual(['awf=toy.put ok  comp=take']);
  expect(lines(then)).toEqual([
    'choice=which value=red',
    'awf=toy.put ok  comp=take',
    'outcome.complete  duration=…',
  ]);
  expect(fork.flatMap((event) => ('node' in event ? [event.node] : []))).toEqual(['which', 'c', 'd']);
});

test('another input reaches the action; one that its contract refuses fails as it would', async () => {
  const story = await storyOf(sequence('a', 'b'));
  const other = await forkOf(story, { from: 'b', inputs: { 'b.box': 'elsewhere' } });
  expect(lines(other.fork)).toEqual(lines(other.then));
  const wrong = await forkOf(story, { from: 'b', inputs: { 'b.box': 7 } });
  expect(lines(wrong.fork)).toContain('awf=toy.put failed code=ACTION_INPUT_INVALID');
  expect(wrong.phase).toEqual({ then: 'completed', fork: 'backstepped' });
});

test('beside the fork a failure stays a failure, and a rejection a rejection', async () => {
  const plan = toyPlan([put('a'), put('b'), put('c', ['b'])]);
  const story = await storyOf(plan, {
    oracle: { fire: (node) => (node === 'b' ? refused('full') : { as: 'predicted' }) },
  });
  expect(lines((await forkOf(story, { from: 'a' })).fork)).toContain('awf=toy.put failed code=full');
  const gated = toyPlan([put('a'), gate('ok'), put('c', ['ok'])]);
  const no = await storyOf(gated, { oracle: { gate: () => 'reject' } });
  expect(lines((await forkOf(no, { from: 'a' })).fork)).toContain('gate=ok rejected by=person:simulated');
  expect(lines((await forkOf(no, { from: 'ok' })).fork)).toContain('gate=ok approved by=person:simulated');
  const yes = await storyOf(gated);
  expect(lines((await forkOf(yes, { from: 'ok', reject: ['ok'] })).fork)).toContain(
    'gate=ok rejected by=person:simulated',
  );
});

test('rules of today hold in the fork what the rules of then had let in', async () => {
  const toy = { type: 'toy.put', category: null, risk: lookAtShelf.risk };
  const record = recordOn(facts({ action: toy, tenant: { limits: {} } }));
  const story = await storyOf(sequence('a', 'b'), {
    oracle: { fire: () => ({ as: 'decided', decision: record }) },
  });
  const inForce = {
    ...OPEN_RULES,
    figures: SPEC_FIGURES,
    ceilings: [{ source: 'ceiling', mode: 'manual' as const }],
  };
  const request = { from: 'b', rules: 'today' } as const;
  const fork = await forkOutcome(story, request, todayOf({ inForce }));
  if (!fork.ok) throw new Error(fork.error.message);
  expect(lines(fork.value.fork)).toEqual([
    expect.stringMatching(/^awf=toy.put held because=/),
    'awf=toy.put released',
    'awf=toy.put ok  comp=take',
    'outcome.complete  duration=…',
  ]);
  expect(lines((await forkOf(story, { from: 'b', rules: 'then' })).fork)).toEqual(lines(fork.value.then));
});

test('what does not exist there is refused, all of it at once', async () => {
  const story = await storyOf(sequence('a', 'b'), {
    oracle: { fire: (node) => (node === 'a' ? refused('full') : { as: 'predicted' }) },
  });
  const forked = (request: Partial<ForkRequest> & { readonly from: string }, today = todayOf()) =>
    forkOutcome(story, { rules: 'then', ...request }, today);
  expect(await forked({ from: 'b' })).toMatchObject({ ok: false, error: { code: 'REPLAY_NODE_UNKNOWN' } });
  expect(
    await forked({ from: 'a', params: { colour: 1 }, inputs: { 'z.box': 1, 'a.box.deeper': 2 } }),
  ).toMatchObject({
    ok: false,
    error: {
      code: 'REPLAY_CHANGE_REFUSED',
      diagnostics: [{ code: 'PARAM_UNKNOWN' }, { code: 'PLAN_NODE_UNKNOWN' }, { code: 'PLAN_INPUT_INVALID' }],
    },
  });
  // A member that the contract does not have would be left out in silence, and the answer believed.
  expect(await forked({ from: 'a', inputs: { 'a.bocks': 1 } })).toMatchObject({
    ok: false,
    error: { diagnostics: [{ code: 'PLAN_INPUT_INVALID', help: 'there are box' }] },
  });
  expect(await forked({ from: 'a' }, todayOf({ contracts: new Map() }))).toMatchObject({
    ok: false,
    error: { code: 'REPLAY_CATALOG_MISSING' },
  });
});

test('what people did with signed words is taken in a fork as it was, and what is made up needs no signature', async () => {
  const plan = sequence('a', 'b', 'c');
  const { start: plain } = await storyOf(plan);
  const terms = { v: 1, acts: 'signed', depth: null, plan: 'p', figures: {} } as const;
  const start = { ...plain, terms };
  const by = { by: 'person:mary', token: 'a.b.c' };
  const committed = (node: string): EngineEvent => ({
    ...{ kind: 'fired', node },
    result: { kind: 'committed', output: { box: node }, undo: { box: node } },
  });
  const vouched = (check: string): EngineEvent => ({
    ...{ kind: 'checked', check },
    result: { kind: 'vouched', id: check, until: BEGUN + 1_000 },
  });
  const events: readonly EngineEvent[] = [
    { kind: 'pause', ...by },
    vouched('c1'),
    committed('a'),
    { kind: 'resume', ...by },
    vouched('c2'),
    committed('b'),
    committed('c'),
  ];
  const happenings = events.map((event, i) => ({ at: BEGUN + i, event, eventId: i + 2 }));
  const runs = [{ start, at: BEGUN, happenings, lastEvent: 9, lastAt: BEGUN + 9 }];
  const story: Story = { id: 'acme/TOY-R-001/e1', start, runs, told: tellRuns(runs) };
  const { then, fork, phase } = await forkOf(story, { from: 'b' });
  expect(phase).toEqual({ then: 'completed', fork: 'completed' });
  expect(lines(fork)).toEqual(lines(then));
});
