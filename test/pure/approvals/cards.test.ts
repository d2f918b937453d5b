/** Cards of gates: what people have changed behind them is shown and bound, and what falls when something is changed. */
import { cardFor, type HashedCard } from '../../../src/approvals/cards';
import type { ApprovalTerms, EngineEvent, Override, OverrideChange } from '../../../src/engine/effects';
import { saidSoFar } from '../../../src/engine/approvals';
import { Machine, type Advance } from '../../../src/engine/machine';
import { printTrace } from '../../../src/engine/trace';
import type { GateNode, Plan, PlanNode } from '../../../src/plan/plan';
import { put, toyContracts, toyPlan } from '../../kit/plans';
import { freezeAwf } from '../../../src/compiler/freeze';

const TERMS: ApprovalTerms = { v: 1, depth: null, plan: 'p', figures: {} };
const gate = (id: string, after: readonly string[] = []): GateNode => ({
  ...{ kind: 'gate', id, after, approval: 'chain', by: ['2 of x|y|z'], expiresAfterMs: 1_000_000 },
  ...{ onRejected: { do: 'backstep' }, onExpired: { do: 'backstep' } },
});
const each: PlanNode = {
  ...{ kind: 'each', id: 'all', after: ['ok'], over: { list: [{ lit: 'x' }, { lit: 'y' }] } },
  body: { nodes: [put('inner')] },
} as unknown as PlanNode;
const PLAN = toyPlan([
  put('before'),
  gate('ok', ['before']),
  put('a', ['ok']),
  put('b', ['a']),
  put('beside'),
]);
const said = (node: string, change: OverrideChange, rest: Partial<Override> = {}): Override => ({
  ...{ node, change, by: 'person:mary', reason: 'so', scope: 'step' },
  ...rest,
});
const card = (overrides: readonly Override[], plan: Plan = PLAN, node = 'ok'): HashedCard =>
  cardFor({ outcome: 't/TOY/1', plan, terms: TERMS, node, overrides })!;
const EDIT = said('a', { do: 'edit', input: { box: 'other' } });

test('nothing that was changed leaves a card as it was', () => {
  expect(card([])).toEqual(cardFor({ outcome: 't/TOY/1', plan: PLAN, terms: TERMS, node: 'ok' }));
  expect('changes' in card([]).card).toBe(false);
});

test('a change behind the gate stands on the card and is bound by its hash; one beside or before it is neither', () => {
  const changed = card([EDIT]);
  expect(changed.card.changes).toEqual([
    {
      ...{ node: 'a', by: 'person:mary', reason: 'so', scope: 'step' },
      change: { do: 'edit', input: { box: 'other' } },
    },
  ]);
  expect(changed.hash).not.toBe(card([]).hash);
  expect(card([said('beside', { do: 'skip' }), said('before', { do: 'skip' })]).hash).toBe(card([]).hash);
});

test('a change beside the gate stands on its card where what it lets go reads what comes of it, and what was said falls', () => {
  const reads = (node: string): Partial<PlanNode> => ({
    input: { obj: { box: { ref: { from: 'node', node, path: ['box'] } } } },
  });
  const wait = { kind: 'wait', id: 'w', for: { signal: 'go' } } as const;
  const fed = [put('deep', ['w']), put('source', ['deep'], reads('deep')), put('before')];
  const plan = toyPlan([wait, ...fed, gate('ok'), put('uses', ['ok', 'source'], reads('source'))]);
  const change = said('deep', { do: 'edit', input: { box: 'other' } });
  expect(card([change], plan).card.changes).toMatchObject([{ node: 'deep', by: 'person:mary' }]);
  // What is shown so is no step that the gate lets go.
  expect(card([change], plan).card.steps).toEqual(card([], plan).card.steps);
  const told = new Gate(plan);
  expect(told.counts(told.ask('x'), 'x')).toBe('done');
  told.say({ kind: 'override', override: change });
  expect(told.lines.at(-1)).toBe('gate=ok renewed because="`deep` was changed"');
  expect(told.machine.state.nodes['ok']?.counted).toBeUndefined();
});

test('each word changes the hash: what, of what, by whom, why, for what', () => {
  const all = [
    EDIT,
    { ...EDIT, node: 'b' },
    { ...EDIT, by: 'person:eve' },
    { ...EDIT, reason: 'because' },
    { ...EDIT, scope: 'outcome' as const },
    said('a', { do: 'edit', input: { box: 'third' } }),
    said('a', { do: 'decline', then: 'backstep' }),
  ];
  expect(new Set(all.map((one) => card([one]).hash)).size).toBe(all.length);
});

test('what is skipped is counted no more, and what is put in place of an AWF is', () => {
  const [first] = card([]).card.steps;
  expect(card([said('a', { do: 'skip' })]).card.steps.map(({ node }) => node)).toEqual(['b']);
  const contract = [...toyContracts.values()].find(({ name }) => name === first!.awf)!;
  const risky = freezeAwf(
    { ...contract, name: 'toy.risky', external: true, reversibility: 'partial' },
    1_000,
  );
  const replace: OverrideChange = { do: 'replace', awf: 'toy.risky', awfs: { 'toy.risky': risky } };
  const { steps, changes, undo } = card([said('a', replace)]).card;
  expect(steps[0]).toMatchObject({ node: 'a', awf: 'toy.risky', external: true, undo: risky.compensation });
  expect(undo).toEqual({ full: 1, partial: 1, irreversible: 0 });
  expect(changes).toMatchObject([{ change: { do: 'replace', awf: 'toy.risky' } }]);
  expect(changes?.[0]?.change).not.toHaveProperty('awfs');
});

test('inside a for-each a gate shows what was said of its own element and of all, and one before it all of them', () => {
  const inner = {
    ...(each as object),
    body: { nodes: [gate('own'), put('inner', ['own'])] },
  } as unknown as PlanNode;
  const plan = toyPlan([gate('ok'), inner]);
  const mine = said('all[0]/inner', { do: 'skip' });
  const other = said('all[1]/inner', { do: 'skip' });
  const nodes = (node: string) => card([mine, other], plan, node).card.changes?.map((one) => one.node);
  expect(nodes('all[0]/own')).toEqual(['all[0]/inner']);
  expect(nodes('ok')).toEqual(['all[0]/inner', 'all[1]/inner']);
});

/** A machine whose checks count for whatever card is said to have been signed. */
class Gate {
  readonly machine: Machine;
  readonly lines: string[] = [];
  constructor(private readonly plan: Plan = PLAN) {
    const { machine, first } = Machine.begin(plan, 0, undefined, [], TERMS);
    this.machine = machine;
    this.note(first);
    this.say({ kind: 'fired', node: 'before', result: { kind: 'committed', output: {}, undo: null } });
  }
  say(event: EngineEvent): Advance {
    const advance = this.machine.advance({ at: 0, event });
    this.note(advance);
    return advance;
  }
  ask(by: string): string {
    const decision = { gate: 'ok', verdict: 'approve', by, token: 'a.b.c' } as const;
    return this.say({ kind: 'decide', decision }).check ?? '';
  }
  counts(check: string, by: string): string {
    const decision = { verdict: 'approve', by, may: [0], token: 'a.b.c' } as const;
    return this.say({ kind: 'checked', check, result: { kind: 'counts', decision } }).answer;
  }
  hash = (): string => card(saidSoFar(this.machine.state).overrides ?? [], this.plan).hash;
  private note({ trace }: Advance): void {
    this.lines.push(...printTrace(trace).map((line) => line.slice(9)));
  }
}

test('what one of two approvers said falls when something behind the gate is changed, and both are asked anew', () => {
  const told = new Gate();
  expect(told.counts(told.ask('x'), 'x')).toBe('done');
  const before = told.hash();
  told.say({ kind: 'override', override: EDIT });
  expect(told.hash()).not.toBe(before);
  expect(told.lines.slice(-2)).toEqual([
    'override=a edit changed=/box by=person:mary reason=so',
    'gate=ok renewed because="`a` was changed"',
  ]);
  expect(told.counts(told.ask('y'), 'y')).toBe('done');
  expect(told.machine.state.nodes['ok']?.status).toBe('asking');
  expect(told.counts(told.ask('x'), 'x')).toBe('done');
  expect(told.machine.state.nodes['ok']?.status).toBe('done');
});

test('a decision whose check was under way when something was changed is for a card that is gone', () => {
  const told = new Gate();
  const check = told.ask('x');
  told.say({ kind: 'override', override: EDIT });
  expect(told.counts(check, 'x')).toBe('refused');
  expect(told.lines.at(-1)).toBe('decision=ok refused by=x code=GATE_CARD_CHANGED');
});

test('the check is handed what people have changed, and nothing where nothing is', () => {
  const told = new Gate();
  const handed = (): unknown =>
    told
      .say({ kind: 'decide', decision: { gate: 'ok', verdict: 'approve', by: 'x', token: 'a.b.c' } })
      .commands.map((command) => ('overrides' in command ? command.overrides : undefined));
  expect(handed()).toEqual([undefined]);
  told.say({ kind: 'override', override: EDIT });
  expect(handed()).toEqual([[EDIT]]);
  told.say({ kind: 'override', override: { ...EDIT, change: { do: 'withdraw' } } });
  expect(handed()).toEqual([undefined]);
});

test('a withdrawal brings the first card back', () => {
  const told = new Gate();
  const before = told.hash();
  told.say({ kind: 'override', override: EDIT });
  told.say({ kind: 'override', override: { ...EDIT, change: { do: 'withdraw', what: 'edit' } } });
  expect(told.hash()).toBe(before);
});
