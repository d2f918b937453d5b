/** Gates that the rules answer, in the engine: who is asked, what is taken, and what a change meanwhile does. */
import type { ApprovalTerms, CheckResult, Command, EngineEvent } from '../../../src/engine/effects';
import { Machine, type Advance } from '../../../src/engine/machine';
import { printTrace } from '../../../src/engine/trace';
import type { GateNode } from '../../../src/plan/plan';
import { put, toyPlan } from '../../kit/plans';

const MINUTE = 60_000;
const TERMS: ApprovalTerms = {
  ...{ v: 1, depth: null, plan: 'p', figures: {} },
  clocks: { confirm: { remindAfterMs: MINUTE, escalateAfterMs: MINUTE } },
};
const ok: GateNode = {
  ...{ kind: 'gate', id: 'ok', approval: 'confirm', by: ['auto'], expiresAfterMs: 60 * MINUTE },
  ...{ onRejected: { do: 'skip' }, onExpired: { do: 'backstep' } },
};
const PLAN = toyPlan([ok, put('a', ['ok'])]);
const GRANTED: CheckResult = {
  kind: 'counts',
  decision: { verdict: 'approve', by: 'auto', may: [0], reason: 'rule', token: 'a.b.c' },
};
const DENIED: CheckResult = { kind: 'refused', by: 'auto', code: 'GATE_AUTO_DENIED', because: 'rule' };

class Told {
  readonly machine: Machine;
  readonly lines: string[] = [];
  commands: readonly Command[] = [];
  constructor() {
    const { machine, first } = Machine.begin(PLAN, 0, undefined, [], TERMS);
    this.machine = machine;
    this.note(first);
  }
  say(event: EngineEvent): Advance {
    const advance = this.machine.advance({ at: 0, event });
    this.note(advance);
    return advance;
  }
  answer = (result: CheckResult, check = 'c1') => this.say({ kind: 'checked', check, result });
  doing = () => this.commands.map((command) => command.do);
  private note({ trace, commands }: Advance): void {
    this.lines.push(...printTrace(trace).map((line) => line.slice(9)));
    this.commands = commands;
  }
}

test('the rules are asked when the gate opens, without reminders, and what they grant lets the action fire with its proof', () => {
  const told = new Told();
  expect(told.commands).toMatchObject([
    { do: 'startTimer', timer: 'gate:ok' },
    { do: 'check', decision: { gate: 'ok', verdict: 'approve', by: 'auto' } },
  ]);
  told.answer(GRANTED);
  expect(told.commands.at(-1)).toMatchObject({
    do: 'fire',
    gates: [{ gate: 'ok', need: 1, tokens: ['a.b.c'] }],
  });
  expect(told.lines.at(-1)).toBe('gate=ok approved by=auto reason=rule');
});

test('what they deny is a rejection, with the course that the runbook names for it', () => {
  const told = new Told();
  expect(told.answer(DENIED).answer).toBe('refused');
  expect(told.lines.slice(-2)).toEqual([
    'gate=ok rejected by=auto reason=rule',
    'skip=ok code=GATE_REJECTED',
  ]);
  expect(told.commands.some((command) => command.do === 'fire' && command.gates !== undefined)).toBe(false);
});

test('whoever asks the rules from outside gets what they say, and waits for no other answer', () => {
  const told = new Told();
  const decision = { gate: 'ok', verdict: 'approve', by: 'auto' } as const;
  expect(told.say({ kind: 'decide', decision })).toMatchObject({ answer: 'checking', check: 'c2' });
  told.answer(GRANTED);
  expect(told.answer(GRANTED, 'c2').answer).toBe('late');
});

test('a step that is changed while the rules are asked makes them be asked again', () => {
  const told = new Told();
  const by = { by: 'person:mary', reason: 'so', scope: 'step' } as const;
  told.say({ kind: 'override', override: { node: 'a', change: { do: 'edit', input: { box: 'c' } }, ...by } });
  expect(told.answer(GRANTED).answer).toBe('refused');
  expect(told.commands).toMatchObject([{ do: 'check', check: 'c2', overrides: [{ node: 'a' }] }]);
  told.answer(GRANTED, 'c2');
  expect(told.doing()).toContain('fire');
});
