/** Acts of people where they must be signed: what is believed, what is refused and told, and how much a flood leaves behind. */
import type {
  ActCheck,
  ApprovalTerms,
  CheckResult,
  Command,
  EngineEvent,
  GuardedEvent,
} from '../../../src/engine/effects';
import { fold } from '../../../src/engine/fold';
import { Machine, type Advance } from '../../../src/engine/machine';
import { printTrace } from '../../../src/engine/trace';
import { put, toyPlan } from '../../kit/plans';
import { malformed, readAct, readSignal } from '../../../workflows/acts';

const TERMS: ApprovalTerms = { v: 1, depth: null, plan: 'p', figures: {}, acts: 'signed' };
const PLAN = toyPlan([put('a'), put('b', ['a'])]);
const BY = { by: 'person:mary', reason: 'so' };

class Told {
  readonly machine: Machine;
  readonly happenings: { at: number; event: EngineEvent }[] = [];
  readonly lines: string[] = [];
  commands: readonly Command[] = [];
  at = 0;

  constructor(terms: ApprovalTerms = TERMS) {
    const { machine, first } = Machine.begin(PLAN, 0, undefined, [], terms);
    this.machine = machine;
    this.note(first);
  }

  say(event: EngineEvent): Advance {
    const happening = { at: this.at, event };
    this.happenings.push(happening);
    const advance = this.machine.advance(happening);
    this.note(advance);
    return advance;
  }

  /** Sends it signed, and answers for the check. */
  signed(event: GuardedEvent, result: CheckResult = { kind: 'vouched', id: 'w1', until: 10 }): Advance {
    const { check = '' } = this.say({ ...event, token: 'a.b.c' });
    return this.say({ kind: 'checked', check, result });
  }

  private note({ trace, commands }: Advance): void {
    this.lines.push(...printTrace(trace).map((line) => line.slice(9)));
    this.commands = commands;
  }
}

const ACTS: readonly GuardedEvent[] = [
  { kind: 'pause', ...BY },
  { kind: 'resume', ...BY },
  { kind: 'cancel', ...BY },
  { kind: 'backstep', ...BY },
  { kind: 'claim', node: 'a', ...BY },
  { kind: 'unclaim', node: 'a', ...BY },
  { kind: 'resolve', node: 'a', resolution: { as: 'accept', reason: 'so' }, by: 'person:mary' },
  {
    kind: 'override',
    override: { node: 'b', change: { do: 'skip' }, by: 'person:mary', reason: 'so', scope: 'step' },
  },
];

test.each(ACTS)('an unsigned $kind changes nothing, asks for nothing, and is on record', (act) => {
  const told = new Told();
  const before = JSON.stringify({ ...told.machine.state, turnsLeft: 0 });
  expect(told.say(act)).toMatchObject({ answer: 'refused', commands: [], refusal: { code: 'ACT_UNSIGNED' } });
  const { refusals, ...after } = told.machine.state;
  expect(JSON.stringify({ ...after, turnsLeft: 0 })).toBe(before);
  expect(refusals).toBe(1);
  expect(told.lines.at(-1)).toMatch(
    new RegExp(`^act=${act.kind} refused .*by=person:mary code=ACT_UNSIGNED$`),
  );
});

test('a signed act waits for its check, is handed to it without its word, and counts when it was vouched for', () => {
  const told = new Told();
  expect(told.say({ kind: 'pause', ...BY, token: 'a.b.c' })).toMatchObject({
    answer: 'checking',
    check: 'c1',
  });
  expect(told.commands).toEqual([
    { do: 'check', check: 'c1', act: { kind: 'pause', ...BY }, token: 'a.b.c', at: 0 },
  ] satisfies readonly ({ readonly do: 'check' } & ActCheck)[]);
  expect(told.machine.state.paused).toBe(false);
  const result = { kind: 'vouched', id: 'w1', until: 10 } as const;
  expect(told.say({ kind: 'checked', check: 'c1', result }).answer).toBe('done');
  expect(told.machine.state.paused).toBe(true);
  expect(told.lines.at(-1)).toBe('paused by=person:mary reason=so');
});

test('an act that the check refuses changes nothing', () => {
  const told = new Told();
  const refused = { kind: 'refused', by: 'x', code: 'ACT_EXPIRED', because: 'old' } as const;
  expect(told.signed({ kind: 'pause', ...BY }, refused)).toMatchObject({ answer: 'refused' });
  expect(told.machine.state.paused).toBe(false);
  expect(told.lines.at(-1)).toBe('act=pause refused by=person:mary code=ACT_EXPIRED');
});

test('a signed word counts once: sent again by whoever saw it, it is refused until it would be too old anyway', () => {
  const told = new Told();
  expect(told.signed({ kind: 'pause', ...BY }).answer).toBe('done');
  const word = { kind: 'vouched', id: 'w2', until: 10 } as const;
  expect(told.signed({ kind: 'resume', ...BY }, word).answer).toBe('done');
  expect(told.signed({ kind: 'pause', ...BY })).toMatchObject({ refusal: { code: 'ACT_REPEATED' } });
  expect(told.machine.state.paused).toBe(false);
  told.at = 11;
  expect(told.signed({ kind: 'pause', ...BY }, { kind: 'vouched', id: 'w3', until: 20 }).answer).toBe('done');
  expect(told.machine.state.vouched).toEqual({ w3: 20 });
});

test('Temporal’s own cancellation needs no signature, and no message can say that it is one', () => {
  const told = new Told();
  const forged = readSignal('cancel', { by: 'temporal', isTemporals: true });
  expect(forged).toEqual({ ok: true, value: { kind: 'cancel', by: 'temporal' } });
  expect(told.say({ kind: 'cancel', by: 'temporal', isTemporals: true }).answer).toBe('done');
});

test('an outcome that began before acts had to be signed takes them as they come', () => {
  const { acts: _, ...before } = TERMS;
  expect(new Told(before).say({ kind: 'pause', ...BY }).answer).toBe('done');
});

test('a finished outcome that is asked to go back is not over before it was vouched for', () => {
  const told = new Told();
  for (const node of ['a', 'b'])
    told.say({
      kind: 'fired',
      node,
      result: { kind: 'committed', output: { box: node }, undo: { box: node } },
    });
  expect(told.machine.isOver).toBe(true);
  const { check = '' } = told.say({ kind: 'backstep', ...BY, token: 'a.b.c' });
  expect(told.machine.isOver).toBe(false);
  told.say({ kind: 'checked', check, result: { kind: 'vouched', id: 'w', until: 1 } });
  expect(told.lines.at(-1)).toBe('backstep from=request code=REQUESTED by=person:mary reason=so');
});

test('a flood leaves the first ones behind, then one for each doubling, and no more state than a number', () => {
  const told = new Told();
  const size = JSON.stringify(told.machine.state).length;
  const before = told.lines.length;
  for (let n = 0; n < 5_000; n++) told.say({ kind: 'pause', ...BY });
  for (let n = 0; n < 5_000; n++) told.say(malformed('override', 'x'.repeat(9_000)));
  expect(told.lines.length - before).toBe(20 + [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192].length);
  expect(told.lines.at(-1)).toBe('act=override refused by=unknown code=ACT_MALFORMED count=8192');
  expect(JSON.stringify(told.machine.state).length - size).toBeLessThan(100);
  const crowd = Array.from({ length: 60 }, () => told.say({ kind: 'pause', ...BY, token: 'a.b.c' }));
  expect(crowd.map(({ answer, refusal }) => refusal?.code ?? answer)).toEqual([
    ...Array.from({ length: 50 }, () => 'checking'),
    ...Array.from({ length: 10 }, () => 'ACT_CROWDED'),
  ]);
});

test('named signals that nobody waits for are kept up to a bound', () => {
  const told = new Told();
  const answers = Array.from(
    { length: 210 },
    () => told.say({ kind: 'signal', name: 'hello', data: null }).answer,
  );
  expect(answers.filter((answer) => answer === 'kept')).toHaveLength(200);
  expect(told.machine.state.mail).toHaveLength(200);
});

test('a message without form is bounded before it is told', () => {
  const read = readAct('override', { node: 'b', change: { do: 'nothing' } });
  expect(read.ok).toBe(false);
  expect(malformed('n'.repeat(500), 'p'.repeat(500))).toEqual({
    kind: 'malformed',
    act: 'n'.repeat(64),
    problem: 'p'.repeat(300),
  });
});

test('a history told again gives the same story', () => {
  const told = new Told();
  told.say({ kind: 'pause', ...BY });
  told.signed({ kind: 'pause', ...BY });
  told.signed({ kind: 'resume', ...BY });
  const again = fold(PLAN, { at: 0, terms: TERMS }, told.happenings);
  expect(printTrace(again.trace).map((line) => line.slice(9))).toEqual(told.lines);
});
