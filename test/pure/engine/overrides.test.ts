/** Overrides one by one: what is taken, what is refused and why, and what the trace says. */
import { claimantOf } from '../../../src/engine/claims';
import type {
  EngineEvent,
  FireResult,
  Override,
  OverrideChange,
  Resolution,
} from '../../../src/engine/effects';
import { Machine } from '../../../src/engine/machine';
import { printTrace } from '../../../src/engine/trace';
import type { Json } from '../../../src/kernel/json';
import type { Plan, PlanNode, PlannedAwf } from '../../../src/plan/plan';
import { put, toyPlan } from '../../kit/plans';

/** A machine with everything that was said so far. */
class Told {
  readonly machine: Machine;
  readonly lines: string[] = [];
  readonly commands: string[] = [];

  constructor(plan: Plan, standing: readonly Override[] = []) {
    const { machine, first } = Machine.begin(plan, 0, undefined, standing);
    this.machine = machine;
    this.note(first);
  }

  say(event: EngineEvent): string {
    const advance = this.machine.advance({ at: 0, event });
    this.note(advance);
    return advance.answer;
  }

  override(node: string, change: OverrideChange, rest: Partial<Override> = {}): string {
    const override = { node, change, by: 'person:mary', reason: 'so', scope: 'step', ...rest } as const;
    return this.say({ kind: 'override', override });
  }

  fired(
    node: string,
    result: FireResult = { kind: 'committed', output: { box: node }, undo: { box: node } },
  ) {
    return this.say({ kind: 'fired', node, result });
  }

  held = (node: string) => this.fired(node, { kind: 'held', because: 'copilot' });

  inputOf = (node: string): Json | undefined => this.machine.state.nodes[node]?.input;

  private note({ trace, commands }: ReturnType<Machine['advance']>): void {
    this.lines.push(...printTrace(trace).map((line) => line.slice(9)));
    this.commands.push(
      ...commands.map((command) => `${command.do} ${'node' in command ? command.node : ''}`),
    );
  }
}

const readsA: PlanNode = {
  ...put('b', ['a']),
  input: { obj: { box: { ref: { from: 'node', node: 'a', path: ['box'] } } } },
} as PlanNode;
const two = toyPlan([put('a'), put('b', ['a'])]);

describe('a step that has not fired', () => {
  test('is skipped when its turn comes, and what stands behind it goes on', () => {
    const told = new Told(two);
    expect(told.override('b', { do: 'skip' })).toBe('kept');
    told.fired('a');
    expect(told.machine.state.phase).toBe('completed');
    expect(told.lines.slice(2, -1)).toEqual([
      'override=b skip by=person:mary reason=so',
      'awf=toy.put ok  comp=take',
      'skip=b code=OVERRIDDEN',
    ]);
    expect(told.commands).toEqual(['fire a']);
  });

  test('that is held takes an edit at once, and asks again with it', () => {
    const told = new Told(two);
    told.held('a');
    expect(told.override('a', { do: 'edit', input: { box: 'z' } })).toBe('done');
    expect(told.inputOf('a')).toEqual({ box: 'z' });
    expect(told.commands).toEqual(['fire a', 'fire a']);
    expect(told.lines.slice(-2)).toEqual([
      'override=a edit changed=/box by=person:mary reason=so',
      'awf=toy.put released',
    ]);
  });

  test('takes the last word: an edit after a skip lets it run', () => {
    const told = new Told(two);
    told.override('b', { do: 'skip' });
    told.override('b', { do: 'edit', input: { box: 'z' } });
    told.fired('a');
    expect(told.inputOf('b')).toEqual({ box: 'z' });
  });

  test('and waits under a pause is skipped all the same', () => {
    const told = new Told(two);
    told.say({ kind: 'pause', by: 'person:ada' });
    told.fired('a');
    expect(told.override('b', { do: 'skip' })).toBe('done');
    expect(told.machine.state.phase).toBe('completed');
  });

  test('is declined: the outcome goes back, or stays as it stands', () => {
    for (const then of ['backstep', 'complete'] as const) {
      const told = new Told(two);
      told.override('b', { do: 'decline', then });
      told.fired('a');
      expect(told.commands).toContain(then === 'backstep' ? 'undo a' : 'fire a');
      expect(told.commands).not.toContain('fire b');
      expect(told.machine.state.phase).toBe(then === 'backstep' ? 'backstepping' : 'completed');
    }
  });

  test('of which something is read is not skipped without an output, and goes on with one', () => {
    const told = new Told(toyPlan([put('before'), put('a', ['before']), readsA]));
    expect(told.override('a', { do: 'skip' })).toBe('OVERRIDE_OUTPUT_NEEDED');
    expect(told.override('a', { do: 'skip', output: { colour: 'red' } })).toBe('OVERRIDE_OUTPUT_NEEDED');
    expect(told.lines.at(-1)).toBe(
      'override=a refused code=OVERRIDE_OUTPUT_NEEDED skip by=person:mary reason=so',
    );
    expect(told.override('a', { do: 'skip', output: { box: 'given' } })).toBe('kept');
    told.fired('before');
    expect(told.inputOf('b')).toEqual({ box: 'given' });
  });
});

describe('what has fired, or may have, is not overridden', () => {
  test.each<[string, (told: Told) => void]>([
    ['while it acts', () => undefined],
    ['once it is done', (told) => void told.fired('a')],
    [
      'once its effect is unclear',
      (told) =>
        void told.fired('a', {
          kind: 'failed',
          failure: { class: 'unknown', code: 'CUT', message: 'cut', effect: 'unknown' },
        }),
    ],
  ])('%s', (_, before) => {
    const told = new Told(toyPlan([put('a', [], { exits: [ESCALATE] }), put('b', ['a'])]));
    before(told);
    expect(told.override('a', { do: 'skip' })).toBe('OVERRIDE_TOO_LATE');
  });

  test('and nothing is once the outcome is over or going back', () => {
    const told = new Told(two);
    told.say({ kind: 'cancel', by: 'person:ada' });
    expect(told.override('b', { do: 'skip' })).toBe('late');
    expect(told.override('nowhere', { do: 'skip' })).toBe('late');
    expect(new Told(two).override('nowhere', { do: 'skip' })).toBe('unknown');
  });
});

const ESCALATE = {
  codes: ['*'],
  course: { do: 'escalate', to: ['manager'], expiresAfterMs: 1_000 },
} as const;

const gate = (id: string, by: string): PlanNode => ({
  kind: 'gate',
  id,
  approval: 'approve',
  by: [by],
  expiresAfterMs: 1_000,
  onRejected: { do: 'backstep' },
  onExpired: { do: 'backstep' },
});
const choice = (on: boolean): PlanNode => ({
  kind: 'choice',
  id: 'c',
  after: ['a'],
  on: { lit: on },
  cases: { true: { nodes: [gate('g', 'manager')] }, false: { nodes: [put('cheap')] } },
});

describe('gates', () => {
  test('are decided, and not overridden', () => {
    const told = new Told(toyPlan([put('a'), gate('g', 'manager')]));
    for (const change of [{ do: 'skip' }, { do: 'decline', then: 'complete' }] as const) {
      expect(told.override('g', change)).toMatch(/^OVERRIDE_/);
    }
    const closed = new Told(toyPlan([put('a'), { ...gate('g', 'manager'), after: ['a'] }]));
    expect(closed.override('g', { do: 'skip' })).toBe('OVERRIDE_NOT_POSSIBLE');
  });

  test('are not led around by choosing another case, but may be led to', () => {
    expect(new Told(toyPlan([put('a'), choice(true)])).override('c', { do: 'choose', value: 'false' })).toBe(
      'OVERRIDE_BYPASSES_GATE',
    );
    const told = new Told(toyPlan([put('a'), choice(false)]));
    expect(told.override('c', { do: 'choose', value: 'true' })).toBe('kept');
    expect(told.override('c', { do: 'choose', value: 'maybe' })).toBe('OVERRIDE_NOT_POSSIBLE');
    told.fired('a');
    expect(told.lines).toContain('choice=c value=true');
    expect(told.override('c', { do: 'choose', value: 'false' })).toBe('OVERRIDE_TOO_LATE');
  });
});

const blue = (rest: Partial<PlannedAwf> = {}): Extract<OverrideChange, { do: 'replace' }> => ({
  do: 'replace',
  awf: 'toy.blue',
  awfs: { 'toy.blue': { ...two.awfs['toy.put']!, ...rest } },
});

describe('another AWF', () => {
  test('fires in the remote lane with its compensation, both as they came with the override', () => {
    const told = new Told(toyPlan([put('a'), put('b', ['a'], { lane: 'local' })]));
    told.override('b', blue({ timeoutMs: 7 }));
    const { commands } = told.machine.advance({
      at: 0,
      event: { kind: 'fired', node: 'a', result: { kind: 'committed', output: {}, undo: null } },
    });
    expect(commands).toMatchObject([
      { do: 'fire', awf: 'toy.blue', lane: 'remote', compensation: 'toy.take', foreign: { timeoutMs: 7 } },
    ]);
  });

  test.each<[string, OverrideChange]>([
    ['without what it is', { do: 'replace', awf: 'toy.other', awfs: {} }],
    ['of another domain', blue({ domain: 'kitchen' })],
    ['that only reads', blue({ effect: 'read' })],
    ['that is harder to undo', blue({ reversibility: 'partial' })],
    ['whose compensation nobody knows', blue({ compensation: 'toy.nowhere' })],
  ])('%s is refused', (_, change) => {
    expect(new Told(two).override('b', change)).toBe('OVERRIDE_AWF_UNFIT');
  });

  test('cannot change what the plan itself says of an AWF', () => {
    const { compensation: _, ...bare } = two.awfs['toy.put']!;
    const told = new Told(two);
    told.override('b', { do: 'replace', awf: 'toy.put', awfs: { 'toy.put': bare } });
    const { commands } = told.machine.advance({
      at: 0,
      event: { kind: 'fired', node: 'a', result: { kind: 'committed', output: {}, undo: null } },
    });
    expect(commands).toMatchObject([{ do: 'fire', awf: 'toy.put', compensation: 'toy.take' }]);
  });
});

const byHand = (undo: 'person' | 'compensation', args?: Json): OverrideChange => ({
  do: 'attest',
  output: { box: 'x' },
  evidence: 'ticket 7',
  undo,
  ...(args === undefined ? {} : { args }),
});

describe('what a person did elsewhere', () => {
  test('is never fired, and counts as done', () => {
    const told = new Told(toyPlan([put('before'), put('a', ['before']), readsA]));
    told.override('a', byHand('person'));
    told.fired('before');
    expect(told.commands).toEqual(['fire before', 'fire b']);
    expect(told.inputOf('b')).toEqual({ box: 'x' });
    expect(told.lines.at(-1)).toBe('awf=toy.put attested by=person:mary evidence="ticket 7"  comp=take');
  });

  test('is undone by a person, who may let the compensation do it where it can', () => {
    for (const args of [undefined, { box: 'x' }]) {
      const plan = toyPlan([put('before'), put('a', ['before'])]);
      const told = new Told(plan);
      told.override('a', byHand('person', args));
      told.fired('before');
      expect(told.machine.state.phase).toBe('completed');
      const again = Machine.resume(plan, told.machine.state);
      const asked = again.advance({ at: 1, event: { kind: 'backstep', by: 'person:ada' } });
      expect(asked.trace.at(-1)).toMatchObject({ kind: 'incident.open', code: 'UNDO_BY_HAND' });
      const resolution = { as: 'retry' } as const;
      const tried = again.advance({
        at: 1,
        event: { kind: 'resolve', node: 'a', resolution, by: 'person:mary' },
      });
      if (args === undefined) expect(tried.trace.at(-1)).toMatchObject({ code: 'UNDO_BY_HAND' });
      else expect(tried.commands).toMatchObject([{ do: 'undo', node: 'a', args, attested: true }]);
    }
  });

  test('past the pivot counts as the pivot', () => {
    const told = new Told(toyPlan([put('a'), put('b', ['a'], { pivot: true }), put('c', ['b'])]));
    told.override('b', byHand('person'));
    told.fired('a');
    expect(told.machine.state.pivoted).toBe(true);
  });
});

describe('scopes', () => {
  const each: PlanNode = {
    kind: 'each',
    id: 'e',
    over: { lit: ['x', 'y'] },
    max: 5,
    parallel: true,
    body: { nodes: [put('a', [], {}, ['e'])] },
  };

  test('`step` is one element of a for-each, `outcome` all that have not fired', () => {
    const one = new Told(toyPlan([each]));
    one.held('e[0]/a');
    one.held('e[1]/a');
    expect(one.override('e[0]/a', { do: 'skip' })).toBe('done');
    expect(one.machine.state.nodes['e[1]/a']?.status).toBe('held');
    const all = new Told(toyPlan([each]));
    all.held('e[0]/a');
    all.held('e[1]/a');
    expect(all.override('e[0]/a', { do: 'skip' }, { scope: 'outcome' })).toBe('done');
    expect(all.machine.state.phase).toBe('completed');
  });

  test.each<OverrideChange>([
    { do: 'skip' },
    { do: 'attest', output: { box: 'by hand' }, evidence: 'ticket 7', undo: 'person' },
  ])('an element that may have happened is fired again, whatever is said of all of them: %j', (change) => {
    const course = { do: 'escalate', to: ['manager'], expiresAfterMs: 1_000 };
    const asked = put('a', [], { exits: [{ codes: ['*'], course }] }, ['e']);
    const told = new Told(toyPlan([{ ...each, body: { nodes: [asked] } }]));
    const unknown = { class: 'unknown', code: 'ACTION_TIMED_OUT', message: '', effect: 'unknown' } as const;
    told.fired('e[0]/a', { kind: 'failed', failure: unknown });
    told.held('e[1]/a');
    expect(told.override('e[0]/a', change)).toBe('OVERRIDE_TOO_LATE');
    expect(told.override('e[0]/a', change, { scope: 'outcome' })).toBe('done');
    told.say({ kind: 'resolve', node: 'e[0]/a', resolution: { as: 'retry' }, by: 'person:mary' });
    expect(told.commands.filter((command) => command === 'fire e[0]/a')).toHaveLength(2);
    expect(told.machine.state.nodes['e[0]/a']?.attested).toBeUndefined();
  });

  test('what an automation says stands before anything fires, and at the head of the trace', () => {
    const standing: Override = {
      node: 'a',
      by: 'person:mary',
      reason: 'no stock',
      scope: 'automation',
      until: 86_400_000,
      change: { do: 'skip' },
    };
    const told = new Told(two, [standing, { ...standing, node: 'gone' }]);
    expect(told.lines.slice(2, 4)).toEqual([
      'override=a skip scope=automation until=1970-01-02T00:00:00.000Z by=person:mary reason="no stock"',
      'skip=a code=OVERRIDDEN',
    ]);
    expect(told.commands).toEqual(['fire b']);
  });
});

test('a node takes so many overrides and no more', () => {
  const told = new Told(two);
  for (let i = 0; i < 20; i++) told.override('b', { do: 'edit', input: { box: `${i}` } });
  expect(told.override('b', { do: 'skip' })).toBe('OVERRIDE_NOT_POSSIBLE');
});

test('a claim is of what waits now: it is one person’s, and over when the wait is', () => {
  const told = new Told(two);
  const claim = (by: string): string => told.say({ kind: 'claim', node: 'a', by });
  expect(claim('person:mary')).toBe('late');
  told.held('a');
  expect(claim('person:mary')).toBe('done');
  expect(claim('person:mary')).toBe('late');
  expect(claim('person:ada')).toBe('TASK_CLAIMED');
  expect(told.say({ kind: 'unclaim', node: 'a', by: 'person:ada' })).toBe('TASK_CLAIMED');
  expect(claimantOf(told.machine.state, 'a')).toBe('person:mary');
  told.say({ kind: 'release', node: 'a' });
  expect(claimantOf(told.machine.state, 'a')).toBeUndefined();
  expect(told.say({ kind: 'unclaim', node: 'a', by: 'person:mary' })).toBe('late');
  expect(told.say({ kind: 'unclaim', node: 'nowhere', by: 'person:mary' })).toBe('unknown');
});

describe('what was said of a step', () => {
  test('is taken back before its turn, by kind, and the rest stands', () => {
    const told = new Told(two);
    told.override('b', { do: 'edit', input: { box: 'c' } });
    told.override('b', { do: 'skip' });
    expect(told.override('b', { do: 'withdraw', what: 'skip' })).toBe('kept');
    told.fired('a');
    expect(told.inputOf('b')).toEqual({ box: 'c' });
    expect(told.lines.filter((line) => line.startsWith('override'))).toEqual([
      'override=b edit changed=/box by=person:mary reason=so',
      'override=b skip by=person:mary reason=so',
      'override=b withdraw=skip by=person:mary reason=so',
    ]);
  });

  test('is taken back of a held action too: its own input and AWF come back, and it asks again', () => {
    const told = new Told(two);
    told.held('a');
    told.override('a', { do: 'edit', input: { box: 'c' } });
    told.held('a');
    expect(told.override('a', { do: 'withdraw' })).toBe('done');
    expect(told.inputOf('a')).toEqual({ box: 'a' });
    expect(told.commands.at(-1)).toBe('fire a');
    expect(told.lines.slice(-2)).toEqual([
      'override=a withdraw changed=/box by=person:mary reason=so',
      'awf=toy.put released',
    ]);
  });

  test('is not taken back once it has fired, nor where nothing was said in that scope', () => {
    const told = new Told(two);
    expect(told.override('b', { do: 'withdraw' })).toBe('OVERRIDE_NOT_POSSIBLE');
    told.override('b', { do: 'edit', input: { box: 'c' } });
    expect(told.override('b', { do: 'withdraw', what: 'skip' })).toBe('OVERRIDE_NOT_POSSIBLE');
    expect(told.override('b', { do: 'withdraw' }, { scope: 'outcome' })).toBe('OVERRIDE_NOT_POSSIBLE');
    told.fired('a');
    expect(told.override('b', { do: 'withdraw' })).toBe('OVERRIDE_TOO_LATE');
  });

  test('for the outcome is taken back with what the automation brought along', () => {
    const word = { node: 'b', change: { do: 'skip' }, by: 'person:mary', reason: 'so' } as const;
    const told = new Told(two, [{ ...word, scope: 'automation', until: 1 }]);
    expect(told.override('b', { do: 'withdraw' }, { scope: 'outcome' })).toBe('kept');
    told.fired('a');
    expect(told.commands.at(-1)).toBe('fire b');
  });
});

describe('an incident whose output others read', () => {
  const asking = {
    codes: ['*'],
    course: { do: 'escalate', to: ['manager'], expiresAfterMs: 1_000 },
  } as const;
  const refused = {
    kind: 'failed',
    failure: { class: 'permanent', code: 'SYSTEM_REFUSED', message: '', effect: 'none' },
  } as const;
  const resolve = (told: Told, resolution: Resolution): string =>
    told.say({ kind: 'resolve', node: 'a', resolution, by: 'person:mary' });
  const told = (...rest: readonly PlanNode[]): Told => {
    const told = new Told(toyPlan([put('a', [], { exits: [asking] }), ...rest]));
    told.fired('a', refused);
    return told;
  };

  test('is not accepted without it, nor supplied without what they read', () => {
    for (const resolution of [
      { as: 'accept', reason: 'so' },
      { as: 'supply', evidence: 'ticket 7' },
      { as: 'supply', evidence: 'ticket 7', output: { colour: 'red' } },
    ] as const) {
      const one = told(readsA);
      expect(resolve(one, resolution)).toBe('OVERRIDE_OUTPUT_NEEDED');
      expect(one.lines.at(-1)).toContain(
        'act=resolve refused of=a by=person:mary code=OVERRIDE_OUTPUT_NEEDED',
      );
      expect(resolve(one, { as: 'supply', evidence: 'ticket 7', output: { box: 'by-hand' } })).toBe('done');
      expect(one.inputOf('b')).toEqual({ box: 'by-hand' });
    }
  });

  test('goes on without it where nobody reads it', () => {
    const one = told(put('b', ['a']));
    expect(resolve(one, { as: 'accept', reason: 'so' })).toBe('done');
    expect(one.machine.state.nodes['b']?.status).toBe('acting');
  });
});
