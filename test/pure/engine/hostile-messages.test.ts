/** Whatever somebody sends to an outcome, it goes on: a message that nothing can be made of changes nothing, and is on record. */
import fc from 'fast-check';
import type { Command, EngineEvent } from '../../../src/engine/effects';
import { Machine, type Advance } from '../../../src/engine/machine';
import { canBeKept, recordedJson, type Json } from '../../../src/kernel/json';
import type { Plan } from '../../../src/plan/plan';
import { ACTS, malformed, readSignal } from '../../../workflows/acts';
import { arbitraryPlan, put, toyPlan } from '../../kit/plans';
import { runs } from '../../kit/runs';

const TOWER = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as Json;
const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
const TEXTS = [...INHERITED, '', ' ', 'n0', 'n1', 'n2[0]/n3', 'a\u0000', '\ud800', ']/', 'n'.repeat(3_000)];
const VALUES: readonly unknown[] = [
  ...TEXTS,
  ...[undefined, null, 0, -1, Infinity, 1e300, true, [], {}, [null], { a: null }, { length: 1e9 }, TOWER],
  JSON.parse('{"__proto__":{"kind":"fired"}}'),
];

const text = fc.constantFrom(...TEXTS, ...Array.from({ length: 12 }, (_, i) => `n${i}`));
const value = fc.constantFrom(...VALUES);
const awf = fc.record(
  {
    effect: fc.constant('mutate'),
    reversibility: fc.constant('full'),
    timeoutMs: fc.constantFrom(10, 0, Infinity),
    compensation: text,
    more: value,
  },
  { requiredKeys: ['effect', 'reversibility', 'timeoutMs'] },
);
const change = fc.oneof(
  fc.record({ do: fc.constantFrom('skip', 'edit'), output: value, input: value }),
  fc.record({ do: fc.constantFrom('choose', 'withdraw'), value: text, what: fc.constant('skip') }),
  fc.record({ do: fc.constant('replace'), awf: text, awfs: fc.dictionary(text, awf), input: value }),
  fc.record({ do: fc.constant('decline'), then: fc.constantFrom('backstep', 'complete') }),
  fc.record({ do: fc.constant('attest'), output: value, evidence: text, undo: fc.constant('person') }),
  value,
);
const argument = fc.record({
  ...{ gate: text, node: text, name: text, reason: text, data: value, change },
  by: fc.oneof(fc.constant('person:eve'), text),
  verdict: fc.constantFrom('approve', 'reject'),
  scope: fc.constantFrom('step', 'outcome'),
  resolution: fc.record({
    as: fc.constantFrom('retry', 'supply', 'accept', 'backstep'),
    evidence: text,
    reason: text,
  }),
  token: fc.constantFrom(undefined, 'a.b.c', 'x'),
});
const message = fc
  .tuple(
    fc.oneof(fc.constantFrom(...ACTS), text),
    argument,
    fc.option(fc.tuple(fc.string(), value), { freq: 3 }),
    fc.option(value, { freq: 20 }),
  )
  .map(([name, whole, other, instead]): EngineEvent => {
    const sent: unknown = instead ?? (other === null ? whole : { ...whole, [other[0]]: other[1] });
    const read = readSignal(name, sent);
    return read.ok ? read.value : malformed(name, read.error);
  });

type Asked = Exclude<Command, { do: 'stopTimer' }>;

/** A machine whose commands are answered in any order, as those who perform them might. */
class Answered {
  readonly machine: Machine;
  private open: Asked[] = [];
  private at = 0;

  constructor(plan: Plan, isSigned: boolean) {
    const terms = { v: 1, depth: null, plan: '', figures: {}, acts: 'signed' } as const;
    const begun = Machine.begin(plan, 0, undefined, [], isSigned ? terms : undefined);
    this.machine = begun.machine;
    this.hear(begun.first);
  }

  tell(event: EngineEvent): void {
    this.hear(this.machine.advance({ at: (this.at += 1_000), event }));
  }

  answerOne(which: number): void {
    const [command] = this.open.splice(which % Math.max(1, this.open.length), 1);
    if (command !== undefined) this.tell(answerTo(command, which));
  }

  private hear({ commands, trace }: Advance): void {
    // What is told has a text, and one that a row takes.
    expect(canBeKept(JSON.parse(recordedJson(trace)))).toBe(true);
    for (const command of commands) {
      if (command.do === 'stopTimer')
        this.open = this.open.filter((one) => one.do !== 'startTimer' || one.timer !== command.timer);
      else this.open.push(command);
    }
  }
}

function answerTo(command: Asked, which: number): EngineEvent {
  const failure = { class: 'permanent', code: 'full', message: '', effect: 'none' } as const;
  switch (command.do) {
    case 'fire': {
      const { node } = command;
      if (which % 7 === 0) return { kind: 'fired', node, result: { kind: 'failed', failure } };
      if (which % 11 === 0) return { kind: 'fired', node, result: { kind: 'held', because: 'x' } };
      return { kind: 'fired', node, result: { kind: 'committed', output: { box: node }, undo: {} } };
    }
    case 'undo':
      return which % 5 === 0
        ? { kind: 'undone', node: command.node, result: { kind: 'failed', failure } }
        : { kind: 'undone', node: command.node, result: { kind: 'undone', changed: true } };
    case 'sweep':
      return { kind: 'swept', of: command.of, strays: [] };
    case 'startTimer':
      return { kind: 'timer', timer: command.timer };
    case 'check':
      return {
        kind: 'checked',
        check: command.check,
        result:
          which % 3 === 0 || 'decision' in command
            ? { kind: 'refused', by: 'x', code: 'ACT_UNSIGNED', because: 'so' }
            : { kind: 'vouched', id: INHERITED[which % 4]!, until: 1e12 },
      };
  }
}

const waits = toyPlan([
  { kind: 'wait', id: 'n0', for: { signal: 'n1' } },
  put('n2', ['n0'], {
    input: { obj: { box: { ref: { from: 'node', node: 'n0', path: ['constructor'] } } } },
  }),
  {
    ...{ kind: 'choice', id: 'n3', after: ['n0'], on: { ref: { from: 'node', node: 'n0', path: [] } } },
    cases: { yes: { nodes: [put('n4')] } },
  },
]);

test('no message stalls an outcome, whatever stands in it and whenever it comes', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.constant(waits), arbitraryPlan()),
      fc.boolean(),
      fc.array(fc.oneof(message, fc.nat()), { maxLength: 25 }),
      (plan, isSigned, told) => {
        const answered = new Answered(plan, isSigned);
        for (const one of told)
          if (typeof one === 'number') answered.answerOne(one);
          else answered.tell(one);
      },
    ),
    { numRuns: runs(300) },
  );
});

test.each(INHERITED)('`%s` is no case of a choice, only because every object has one', (name) => {
  const told = new Answered(waits, false);
  told.tell({ kind: 'signal', name: 'n1', data: name });
  expect(told.machine.state.nodes['n3']).toMatchObject({ status: 'failed' });
});
