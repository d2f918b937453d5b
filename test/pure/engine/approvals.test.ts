/**
 * Signed decisions in the engine: whatever people and forgers send, and in whatever shape of plan, no action commits without
 * the approvals that the gates before it asked for; and each clock of an approval runs out once, on a virtual clock.
 */
import fc from 'fast-check';
import type {
  ApprovalTerms,
  Check,
  CheckResult,
  Command,
  EngineEvent,
  GateProof,
  Resolution,
} from '../../../src/engine/effects';
import { Machine } from '../../../src/engine/machine';
import type { TraceEvent } from '../../../src/engine/trace';
import { coverageOf, stepsOfGate } from '../../../src/governance/approval-steps';
import { blocksIn, mapBlocks, nodesOf } from '../../../src/plan/blocks';
import type { Block, GateNode, Plan, PlanNode } from '../../../src/plan/plan';
import { simulate } from '../../../src/simulator/simulator';
import { arbitraryPlan, put, toyContracts, toyPlan } from '../../kit/plans';
import { runs } from '../../kit/runs';

const RUNS = runs(150);
const MINUTE = 60_000;
const TERMS: ApprovalTerms = {
  ...{ v: 1, depth: null, plan: 'p', figures: {} },
  clocks: {
    review: { remindAfterMs: 30 * MINUTE, escalateAfterMs: null },
    approve: { remindAfterMs: 60 * MINUTE, escalateAfterMs: 120 * MINUTE },
    chain: { remindAfterMs: null, escalateAfterMs: 240 * MINUTE },
  },
};
const PEOPLE = ['a', 'b', 'c', 'd'];
const CHAINS = [['manager'], ['manager', 'director'], ['2 of x|y|z'], ['manager', 'director', 'executive']];

/** Node ids of the plan that must be done before each node: behind `after`, around it, and inside of what is before. */
function before(plan: Plan): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  const walk = (block: Block, around: ReadonlySet<string>): void => {
    const mine = new Map<string, Set<string>>();
    for (const node of block.nodes) {
      const all = new Set(around);
      for (const one of node.after ?? []) {
        for (const id of mine.get(one)!) all.add(id);
        const prior = block.nodes.find(({ id }) => id === one)!;
        for (const inner of nodesOf({ nodes: [prior] })) all.add(inner.id);
      }
      mine.set(node.id, all);
      found.set(node.id, all);
      for (const inner of blocksIn(node)) walk(inner, all);
    }
  };
  walk(plan.body, new Set());
  return found;
}

const template = (id: string): string => id.slice(id.lastIndexOf(']/') < 0 ? 0 : id.lastIndexOf(']/') + 2);
const prefix = (id: string): string => id.slice(0, id.length - template(id).length);

test('no action commits without the approvals that the gates before it asked for', async () => {
  let [committed, guarded] = [0, 0];
  await fc.assert(
    fc.asyncProperty(arbitraryPlan(3), fc.nat(), async (generated, seed) => {
      let dice = seed;
      const roll = (sides: number): number => {
        dice = (dice * 1_103_515_245 + 12_345) % 2_147_483_648;
        return Math.floor(dice / 65_536) % sides;
      };
      const plan = mapBlocks(generated, (node): PlanNode =>
        node.kind === 'gate' ? { ...node, approval: 'chain', by: CHAINS[roll(CHAINS.length)]! } : node,
      );
      const gates = new Map(
        nodesOf(plan.body).flatMap((node) => (node.kind === 'gate' ? [[node.id, node] as const] : [])),
      );
      const needs = before(plan);
      /** What the check let count, by gate instance: the only truth that is asked below. */
      const counted = new Map<string, { by: string; may: number[]; token: string }[]>();
      const check = ({ decision: { gate, by, verdict, token = '' } }: Check): CheckResult => {
        const steps = stepsOfGate(gates.get(template(gate))!.by, null);
        const may = steps.map((_, i) => i).filter(() => roll(3) > 0);
        if (roll(4) === 0 || may.length === 0)
          return { kind: 'refused', by, code: 'GATE_SIGNATURE_INVALID', because: 'forged' };
        if (verdict === 'approve') counted.set(gate, [...(counted.get(gate) ?? []), { by, may, token }]);
        return { kind: 'counts', decision: { by, verdict, may, token } };
      };
      const trace: TraceEvent[] = [];
      const simulated = await simulate({
        plan,
        contracts: toyContracts,
        terms: TERMS,
        oracle: {
          check,
          decisions: (gate) =>
            PEOPLE.filter(() => roll(4) > 0).map((by) => ({
              by,
              verdict: roll(12) === 0 ? ('reject' as const) : ('approve' as const),
              token: `${gate}/${by}`,
              afterMs: roll(50_000),
            })),
          fire: () => (roll(9) === 0 ? REFUSED : { as: 'predicted' }),
        },
      });
      trace.push(...simulated.trace);
      for (const [i, event] of trace.entries()) {
        if (event.kind !== 'awf.ok') continue;
        committed += 1;
        for (const gate of gatesOpened(trace.slice(0, i))) {
          const shares =
            prefix(event.node).startsWith(prefix(gate)) || prefix(gate).startsWith(prefix(event.node));
          if (!shares || !needs.get(template(event.node))!.has(template(gate))) continue;
          const past = trace.slice(0, i).filter((one) => 'gate' in one && one.gate === gate);
          const ended = past.findLast(({ kind }) => /approved|rejected|expired|closed/.test(kind))?.kind;
          // A step beside it went back to a checkpoint before both, and the runbook says what is done instead of all behind that.
          if (ended === 'gate.closed') {
            const until = trace.findLastIndex((one, at) => at < i && 'gate' in one && one.gate === gate);
            expect(trace.slice(0, until).some((one) => one.kind === 'backstep' && one.to !== undefined)).toBe(
              true,
            );
            continue;
          }
          // A gate that said no, or to which nobody came, is passed only by the course that the runbook wrote for that.
          if (ended !== 'gate.approved') {
            const node = gates.get(template(gate)) as GateNode;
            const course = ended === 'gate.rejected' ? node.onRejected : node.onExpired;
            expect([ended, course.do]).not.toEqual([undefined, course.do]);
            expect(['skip', 'branch', 'retry', 'backstep']).toContain(course.do);
            continue;
          }
          guarded += 1;
          const people = counted.get(gate) ?? [];
          expect(coverageOf(stepsOfGate(gates.get(template(gate))!.by, null), people).isComplete).toBe(true);
        }
      }
    }),
    { numRuns: RUNS },
  );
  // A property over plans in which nothing is guarded would show nothing.
  expect(committed).toBeGreaterThan(RUNS);
  expect(guarded).toBeGreaterThan(RUNS / 50);
});

const REFUSED = {
  as: 'refused',
  failure: { class: 'permanent', code: 'full', message: 'full', effect: 'none' },
} as const;

const gatesOpened = (trace: readonly TraceEvent[]): readonly string[] => [
  ...new Set(trace.flatMap((event) => (event.kind === 'gate.open' ? [event.gate] : []))),
];

const gate = (id: string, rest: Partial<GateNode> = {}): PlanNode => ({
  ...{ kind: 'gate', id, approval: 'approve', by: ['manager'], expiresAfterMs: 48 * 60 * MINUTE },
  ...{ onRejected: { do: 'backstep' }, onExpired: { do: 'backstep' } },
  ...rest,
});

/** Trace of a plan on the virtual clock: minutes, and what happened. */
async function told(
  plan: Plan,
  decisions: Parameters<typeof simulate>[0]['oracle'],
): Promise<readonly string[]> {
  const { trace } = await simulate({ plan, contracts: toyContracts, terms: TERMS, oracle: decisions ?? {} });
  return trace
    .filter(({ kind }) => /^(gate|decision|awf\.(rem|esc|exp|appr|held))/.test(kind))
    .map((event) => `${Math.round(event.at / MINUTE)} ${event.kind}`);
}

describe('on a virtual clock', () => {
  const plan = toyPlan([gate('ok'), put('box', ['ok'])]);

  test('who is not heard of is reminded once, then the level above hears of it once, then the gate expires once', async () => {
    expect(await told(plan, { decisions: () => [] })).toEqual([
      '0 gate.open',
      '60 gate.reminded',
      '120 gate.escalated',
      '2880 gate.expired',
    ]);
  });

  test('a decision ends all clocks', async () => {
    const at = (minutes: number) => [
      { by: 'a', verdict: 'approve' as const, token: 't', afterMs: minutes * MINUTE },
    ];
    expect(await told(plan, { decisions: () => at(30) })).toEqual(['0 gate.open', '30 gate.approved']);
    expect(await told(plan, { decisions: () => at(90) })).toEqual([
      '0 gate.open',
      '60 gate.reminded',
      '90 gate.approved',
    ]);
  });

  test('each step of a chain is given the whole time', async () => {
    const chain = toyPlan([gate('ok', { approval: 'chain', by: ['manager', 'director'] })]);
    const check = ({ decision: { by, verdict, token = '' } }: Check): CheckResult => ({
      ...{ kind: 'counts', decision: { by, verdict, token, may: [by === 'a' ? 0 : 1] } },
    });
    const first = { by: 'a', verdict: 'approve' as const, token: 't', afterMs: 200 * MINUTE };
    expect(await told(chain, { check, decisions: () => [first] })).toEqual([
      '0 gate.open',
      '200 gate.endorsed',
      '440 gate.escalated',
      '2880 gate.expired',
    ]);
  });

  test('a refused decision moves no clock', async () => {
    const check = ({ decision: { by } }: Check): CheckResult => ({
      ...{ kind: 'refused', by, code: 'GATE_APPROVER_NOT_ALLOWED', because: 'nobody asked' },
    });
    const one = { by: 'a', verdict: 'approve' as const, token: 't', afterMs: 30 * MINUTE };
    expect(await told(plan, { check, decisions: () => [one] })).toEqual([
      '0 gate.open',
      '30 decision.refused',
      '60 gate.reminded',
      '120 gate.escalated',
      '2880 gate.expired',
    ]);
  });

  test('an action that is held for people has the same clocks', async () => {
    const asks = {
      ...{ approval: 'approve', open: ['manager'] },
      ...{ remindAfterMs: 60 * MINUTE, escalateAfterMs: 120 * MINUTE, expiresAfterMs: 2880 * MINUTE },
    };
    const held = toyPlan([put('box')]);
    expect(await told(held, { fire: () => ({ as: 'held', because: 'approve is needed', asks }) })).toEqual([
      '0 awf.held',
      '60 awf.reminded',
      '120 awf.escalated',
      '2880 awf.expired',
    ]);
  });
});

test('what fires behind a gate carries the signed decisions, through branches and blocks, and nothing else does', () => {
  const plan = toyPlan([
    gate('g1'),
    put('free'),
    {
      kind: 'choice',
      id: 'way',
      after: ['g1'],
      on: { lit: true },
      cases: { true: { nodes: [put('inside')] }, false: { nodes: [] } },
    },
    put('last', ['way', 'free']),
  ]);
  const { machine, first } = Machine.begin(plan, 0, undefined, [], TERMS);
  const proofs = new Map<string, readonly GateProof[] | undefined>();
  let at = 0;
  const run = (commands: readonly Command[]): void => {
    for (const command of commands) {
      if (command.do !== 'fire') continue;
      proofs.set(command.node, command.gates);
      const result = { kind: 'committed', output: {}, undo: null } as const;
      run(machine.advance({ at: (at += 1), event: { kind: 'fired', node: command.node, result } }).commands);
    }
  };
  run(first.commands);
  const decision = { gate: 'g1', verdict: 'approve', by: 'a', token: 'signed' } as const;
  const asked = machine.advance({ at: (at += 1), event: { kind: 'decide', decision } });
  expect(asked.answer).toBe('checking');
  const result = {
    kind: 'counts',
    decision: { by: 'a', verdict: 'approve', may: [0], token: 'signed' },
  } as const;
  run(machine.advance({ at: (at += 1), event: { kind: 'checked', check: asked.check!, result } }).commands);
  const proof = [{ gate: 'g1', need: 1, tokens: ['signed'] }];
  expect(Object.fromEntries(proofs)).toEqual({ free: undefined, inside: proof, last: proof });
});

describe('a gate that was not approved', () => {
  const asks = { do: 'escalate', to: ['operator'], expiresAfterMs: MINUTE } as const;
  const BYPASSES = [
    { as: 'accept', reason: 'go' },
    { as: 'supply', evidence: 'ticket 7', output: {} },
  ] as const;

  function escalated(how: 'rejected' | 'expired', terms?: ApprovalTerms) {
    const plan = toyPlan([gate('g', { onRejected: asks, onExpired: asks }), put('box', ['g'])]);
    const { machine } = Machine.begin(plan, 0, undefined, [], terms);
    let at = 0;
    const next = (event: EngineEvent) => machine.advance({ at: (at += 1), event });
    const reject = { gate: 'g', verdict: 'reject', by: 'boss', token: 'signed' } as const;
    if (how === 'expired') next({ kind: 'timer', timer: 'gate:g' });
    else {
      const { check } = next({ kind: 'decide', decision: reject });
      const decision = { by: 'boss', verdict: 'reject', may: [0], token: 'signed' } as const;
      if (check !== undefined) next({ kind: 'checked', check, result: { kind: 'counts', decision } });
    }
    const resolve = (resolution: Resolution) =>
      next({ kind: 'resolve', node: 'g', resolution, by: 'operator' });
    return { plan, machine, resolve };
  }

  test.each([
    ['rejected', TERMS],
    ['expired', TERMS],
    ['rejected', undefined],
    ['expired', undefined],
  ] as const)('is passed by nobody who resolves its escalation: %s', (how, terms) => {
    const { machine, resolve } = escalated(how, terms);
    for (const resolution of BYPASSES) {
      const { answer, commands } = resolve(resolution);
      expect([answer, commands]).toEqual(['OVERRIDE_NOT_POSSIBLE', []]);
    }
    expect(machine.state.nodes['g']?.status).toBe('incident');
    expect(machine.state.nodes['box']).toBeUndefined();
  });

  test('asks its people again, or the outcome goes back', () => {
    const again = escalated('rejected', TERMS);
    expect(again.resolve({ as: 'retry' }).answer).toBe('done');
    expect(again.machine.state.nodes['g']?.status).toBe('asking');
    const back = escalated('expired', TERMS);
    expect(back.resolve({ as: 'backstep', reason: 'enough' }).answer).toBe('done');
    expect(back.machine.state.phase).toBe('backstepped');
  });

  test('is named without a signature to admission, should anything behind it ever fire', () => {
    const proofsOf = (onRejected: GateNode['onRejected']) => {
      const { plan, machine } = escalated('rejected', TERMS);
      const state = structuredClone(machine.state);
      // As no event would leave it: done, and its action about to fire.
      const block = state.nodes['g']!.block;
      state.nodes['g']!.status = 'done';
      state.nodes['box'] = { status: 'ready', block };
      state.ready.push('box');
      const body = { nodes: [gate('g', { onRejected }), put('box', ['g'])] };
      const fires = Machine.resume({ ...plan, body }, state)
        .standing(9)
        .filter((command) => command.do === 'fire');
      expect(fires).toHaveLength(1);
      return fires[0]?.gates;
    };
    expect(proofsOf(asks)).toEqual([{ gate: 'g', need: 1, tokens: [] }]);
    expect(proofsOf({ do: 'retry', max: 1, afterMs: 1, then: asks })).toHaveLength(1);
    // There the runbook says that it goes on.
    expect(proofsOf({ do: 'skip' })).toBeUndefined();
    expect(proofsOf({ do: 'retry', max: 1, afterMs: 1, then: { do: 'skip' } })).toBeUndefined();
  });
});

describe('a gate that opens again', () => {
  /** Of two who are asked; a rejection leads back to the asking. */
  function again() {
    const two = { approval: 'chain', by: ['manager', 'director'] } as const;
    const retry = { do: 'retry', max: 3, afterMs: 5, then: { do: 'backstep' } } as const;
    const { machine } = Machine.begin(
      toyPlan([gate('g', { ...two, onRejected: retry })]),
      0,
      undefined,
      [],
      TERMS,
    );
    let at = 0;
    const next = (event: EngineEvent) => machine.advance({ at: (at += 1), event });
    const decide = (by: string, verdict: 'approve' | 'reject', token: string) => {
      const { check } = next({ kind: 'decide', decision: { gate: 'g', verdict, by, token } });
      const decision = { by, verdict, may: [by === 'lead' ? 0 : 1], token } as const;
      const { answer, refusal } = next({
        ...{ kind: 'checked', check: check! },
        result: { kind: 'counts', decision },
      });
      return refusal?.code ?? answer;
    };
    const reopen = () => next({ kind: 'timer', timer: 'retry:g' });
    return { machine, decide, reopen };
  }

  test('asks everybody anew: nothing that was said before counts', () => {
    const { machine, decide, reopen } = again();
    expect(decide('head', 'approve', 'a.1.x')).toBe('done');
    expect(decide('lead', 'reject', 'a.2.x')).toBe('done');
    reopen();
    expect(machine.state.nodes['g']).toMatchObject({ status: 'asking' });
    expect(machine.state.nodes['g']?.counted).toBeUndefined();
    expect(decide('lead', 'approve', 'a.3.x')).toBe('done');
    expect(machine.state.nodes['g']?.status).toBe('asking');
    expect(decide('head', 'approve', 'a.4.x')).toBe('done');
    expect(machine.state.nodes['g']?.status).toBe('done');
  });

  test('takes no signed word twice, however its signature is written', () => {
    const { machine, decide, reopen } = again();
    decide('head', 'approve', 'a.1.x');
    decide('lead', 'reject', 'a.2.x');
    reopen();
    expect(decide('lead', 'reject', 'a.2.x')).toBe('ACT_REPEATED');
    expect(decide('lead', 'reject', 'a.2.y')).toBe('ACT_REPEATED');
    expect(decide('head', 'approve', 'a.1.x')).toBe('ACT_REPEATED');
    expect(machine.state.nodes['g']?.status).toBe('asking');
    expect(decide('lead', 'reject', 'a.3.x')).toBe('done');
  });
});

describe('a decision that comes before its gate', () => {
  /** Kept, and its gate opened: what the machine asks then. */
  function early(counts: boolean, terms: ApprovalTerms = { ...TERMS, early: 'again' }) {
    const wait = { kind: 'wait', id: 'w', for: { signal: 'go' } } as const;
    const plan = toyPlan([wait, gate('g', { after: ['w'] })]);
    const { machine } = Machine.begin(plan, 0, undefined, [], terms);
    const decision = { gate: 'g', verdict: 'approve', by: 'boss', reason: 'so', token: 'signed' } as const;
    const next = (at: number, event: EngineEvent) => machine.advance({ at, event });
    const counted = { by: 'boss', verdict: 'approve', reason: 'so', may: [0], token: 'signed' } as const;
    const { check } = next(7, { kind: 'decide', decision });
    const kept = next(8, {
      ...{ kind: 'checked', check: check! },
      result: { kind: 'counts', decision: counted },
    });
    expect(kept.answer).toBe('kept');
    const opened = next(900, { kind: 'signal', name: 'go', data: null });
    const asked = opened.commands.filter((command) => command.do === 'check');
    const status = () => machine.state.nodes['g']?.status;
    if (terms.early === undefined) return { asked, status: status() };
    expect(status()).toBe('asking');
    const refused = { by: 'boss', code: 'GATE_SELF_APPROVAL', because: 'took it over' } as const;
    next(901, {
      ...{ kind: 'checked', check: 'c2' },
      result: counts ? { kind: 'counts', decision: counted } : { kind: 'refused', ...refused },
    });
    return { asked, status: status() };
  }

  test('is checked again when it opens, as of when it came, and only then counts', () => {
    const sent = { gate: 'g', verdict: 'approve', by: 'boss', reason: 'so', token: 'signed' };
    const asked = [{ do: 'check', check: 'c2', decision: sent, at: 7 }];
    expect(early(true)).toEqual({ asked, status: 'done' });
    expect(early(false)).toEqual({ asked, status: 'asking' });
  });

  test('counts as it did in an outcome that began before it was checked again', () => {
    expect(early(true, TERMS)).toEqual({ asked: [], status: 'done' });
  });
});

describe('who has decided on a held action', () => {
  const asks = {
    approval: 'chain',
    open: ['manager'],
    remindAfterMs: 60,
    escalateAfterMs: null,
    expiresAfterMs: 900,
  };
  const record = (...approvers: readonly string[]) => ({
    figures: {},
    facts: { approvals: approvers.map((by) => ({ by, as: 'manager', decision: 'approved' })) },
  });

  /** An action that is held, asked again and held anew; each `held` says whose approval the rules found. */
  function action() {
    const { machine } = Machine.begin(toyPlan([put('box')]), 0, undefined, [], TERMS);
    let at = 0;
    const next = (event: EngineEvent) => machine.advance({ at: (at += 1), event });
    const held = (...approvers: readonly string[]) =>
      next({
        ...{ kind: 'fired', node: 'box' },
        result: { kind: 'held', because: 'chain is needed', asks, decision: record(...approvers) } as never,
      });
    const decided = (by: string) => {
      const asked = next({
        kind: 'decide',
        decision: { gate: 'box', verdict: 'approve', by, token: 'signed' },
      });
      const command = asked.commands.find((one) => one.do === 'check') as Check | undefined;
      const decision = { by, verdict: 'approve', may: [0], token: 'signed' } as const;
      const result = { kind: 'counts', decision } as const;
      return { command, answer: next({ kind: 'checked', check: asked.check!, result }).answer };
    };
    return { held, decided, release: () => next({ kind: 'release', node: 'box' }) };
  }

  test('decides once, and the check is told, so that no later word takes the place of the first', () => {
    const { held, decided } = action();
    held();
    const first = decided('a');
    expect([first.answer, first.command?.held?.decided]).toEqual(['done', undefined]);
    const second = decided('a');
    expect([second.answer, second.command?.held?.decided]).toEqual(['late', [{ by: 'a' }]]);
  });

  test('is asked again once the rules do not find their approval any more, and counts again', () => {
    const { held, decided, release } = action();
    held();
    expect(decided('a').answer).toBe('done');
    release();
    held('a');
    expect(decided('a').answer).toBe('late');
    release();
    held();
    expect(decided('a').answer).toBe('done');
  });

  test('is not forgotten by an answer to what was asked before they were heard', () => {
    const { held, decided, release } = action();
    held();
    release();
    expect(decided('a').answer).toBe('done');
    held();
    expect(decided('a').answer).toBe('late');
  });

  test('leaves the clocks of the others as they are: held again for the same people nothing begins anew', () => {
    const { held, release } = action();
    const timers = (commands: readonly Command[]) => commands.filter((one) => one.do === 'startTimer').length;
    expect(timers(held().commands)).toBe(2);
    release();
    expect(timers(held().commands)).toBe(0);
  });
});

test.each([
  ['nobody decides twice, in whosever name', { by: 'b', for: 'a' }, { by: 'b', for: 'c' }],
  ['nobody’s authority is used twice, by whomever', { by: 'a' }, { by: 'b', for: 'a' }],
])('%s', (_law, first, second) => {
  const two = gate('ok', { approval: 'chain', by: ['2 of a|b|c'] });
  const { machine } = Machine.begin(toyPlan([two, put('box', ['ok'])]), 0, undefined, [], TERMS);
  let at = 0;
  const decide = (who: { readonly by: string; readonly for?: string }) => {
    const next = (event: EngineEvent) => machine.advance({ at: (at += 1), event });
    const decision = { gate: 'ok', verdict: 'approve', by: who.by, token: 'signed' } as const;
    const asked = next({ kind: 'decide', decision });
    const counts = { ...who, verdict: 'approve', may: [0], token: 'signed' } as const;
    return next({ kind: 'checked', check: asked.check!, result: { kind: 'counts', decision: counts } })
      .answer;
  };
  expect([decide(first), decide(second), decide({ by: 'd' })]).toEqual(['done', 'late', 'done']);
});
