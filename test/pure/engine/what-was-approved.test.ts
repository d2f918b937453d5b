/** What people have approved: who may change it afterwards, or say what came of it, behind a gate and beside it. */
import type { ApprovalTerms, EngineEvent, OverrideChange, Resolution } from '../../../src/engine/effects';
import { Machine } from '../../../src/engine/machine';
import type { GateNode, PlanNode } from '../../../src/plan/plan';
import { put, toyPlan } from '../../kit/plans';

const MINUTE = 60_000;
const TERMS: ApprovalTerms = { v: 1, depth: null, plan: 'p', figures: {} };
const gate = (id: string, rest: Partial<GateNode> = {}): PlanNode => ({
  ...{ kind: 'gate', id, approval: 'approve', by: ['manager'], expiresAfterMs: 48 * 60 * MINUTE },
  ...{ onRejected: { do: 'backstep' }, onExpired: { do: 'backstep' } },
  ...rest,
});

describe('what was approved', () => {
  /** A gate, and behind it a step, one more behind that and a choice; beside them what no gate lets go. */
  function approved(by: readonly string[], people: readonly string[]) {
    const asks = gate('g', { by });
    const way: PlanNode = {
      ...{ kind: 'choice', id: 'way', after: ['first'], on: { lit: true } },
      cases: { true: { nodes: [put('this')] }, false: { nodes: [put('that')] } },
    };
    const beside = [put('free'), put('last', ['free'])];
    const fed = [
      { kind: 'wait', id: 'w', for: { signal: 'go' } } as const,
      put('deep', ['w']),
      put('source', ['deep'], reads('deep')),
      put('uses', ['g', 'source'], reads('source')),
    ];
    const plan = toyPlan([asks, put('first', ['g']), put('later', ['first']), way, ...beside, ...fed]);
    const { machine } = Machine.begin(plan, 0, undefined, [], TERMS);
    let at = 0;
    const next = (event: EngineEvent) => machine.advance({ at: (at += 1), event });
    const change = (node: string, wanted: OverrideChange, who: string, scope: 'step' | 'outcome' = 'step') =>
      next({ kind: 'override', override: { node, change: wanted, by: who, reason: 'a test', scope } }).answer;
    const early = change('later', edit, 'anybody');
    for (const one of people) {
      const decision = { gate: 'g', verdict: 'approve', by: one, token: 'signed' } as const;
      const { check } = next({ kind: 'decide', decision });
      const counts = { by: one, verdict: 'approve', may: [0], token: 'signed' } as const;
      next({ kind: 'checked', check: check!, result: { kind: 'counts', decision: counts } });
    }
    return { change, early };
  }
  const edit: OverrideChange = { do: 'edit', input: { box: 'another' } };
  const reads = (node: string): Partial<PlanNode> => ({
    input: { obj: { box: { ref: { from: 'node', node, path: ['box'] } } } },
  });
  const CHANGES: readonly (readonly [string, OverrideChange])[] = [
    ['later', edit],
    ['later', { do: 'skip', output: { box: 'another' } }],
    ['later', { do: 'withdraw' }],
    ['way', { do: 'choose', value: 'false' }],
    // They stand beside the gate, and what stands behind it reads what comes of them.
    ['source', edit],
    ['source', { do: 'skip', output: { box: 'another' } }],
    ['source', { do: 'attest', output: { box: 'another' }, evidence: 'ticket 7', undo: 'person' }],
    ['deep', { do: 'skip', output: { box: 'another' } }],
  ];
  const LESS: readonly (readonly [string, OverrideChange])[] = [
    ['later', { do: 'attest', output: {}, evidence: 'ticket 7', undo: 'person' }],
    ['first', { do: 'decline', then: 'complete' }],
    ['later', { do: 'skip' }],
  ];

  test.each(CHANGES)('is changed by who approved it, and by nobody else: %s %j', (node, wanted) => {
    for (const scope of ['step', 'outcome'] as const) {
      const { change, early } = approved(['manager'], ['boss']);
      expect(early).toBe('kept');
      // What stands of the step was said of it alone.
      if (wanted.do === 'withdraw' && scope === 'outcome') continue;
      expect(change(node, wanted, 'operator', scope)).toBe('OVERRIDE_AFTER_APPROVAL');
      expect(change(node, wanted, 'boss', scope)).toBe('kept');
    }
  });

  test.each(CHANGES)('by several is changed by none of them alone: %s %j', (node, wanted) => {
    const { change } = approved(['2 of x|y|z'], ['x', 'y']);
    for (const who of ['x', 'y', 'z', 'operator'])
      expect(change(node, wanted, who)).toBe('OVERRIDE_AFTER_APPROVAL');
  });

  test('may be done less of by anybody, and what no gate lets go is not bound by one', () => {
    for (const [node, wanted] of LESS) {
      const { change } = approved(['manager'], ['boss']);
      expect([wanted.do, change(node, wanted, 'operator')]).not.toEqual([
        wanted.do,
        'OVERRIDE_AFTER_APPROVAL',
      ]);
    }
    expect(approved(['manager'], ['boss']).change('last', edit, 'operator')).toBe('kept');
  });

  /** A step beside the gate or behind it, which has failed for good; what stands behind the gate reads it, or nobody does. */
  function failed(
    where: { readonly isBehind: boolean; readonly isRead: boolean },
    people: readonly string[],
  ) {
    const asking = {
      codes: ['*'],
      course: { do: 'escalate', to: ['manager'], expiresAfterMs: MINUTE },
    } as const;
    const by = people.length > 1 ? ['2 of x|y|z'] : ['manager'];
    const source = put('source', where.isBehind ? ['g'] : [], { exits: [asking] });
    const plan = toyPlan([
      gate('g', { by }),
      source,
      put('uses', ['g', 'source'], where.isRead ? reads('source') : {}),
    ]);
    const { machine } = Machine.begin(plan, 0, undefined, [], TERMS);
    let at = 0;
    const next = (event: EngineEvent) => machine.advance({ at: (at += 1), event });
    for (const one of people) {
      const { check } = next({
        kind: 'decide',
        decision: { gate: 'g', verdict: 'approve', by: one, token: 's' },
      });
      const decision = { by: one, verdict: 'approve', may: [0], token: 's' } as const;
      next({ kind: 'checked', check: check!, result: { kind: 'counts', decision } });
    }
    const failure = { class: 'permanent', code: 'SYSTEM_REFUSED', message: '', effect: 'none' } as const;
    next({ kind: 'fired', node: 'source', result: { kind: 'failed', failure } });
    expect(machine.state.nodes['source']?.status).toBe('incident');
    return (resolution: Resolution, who: string) =>
      next({ kind: 'resolve', node: 'source', resolution, by: who }).answer;
  }
  const SUPPLIED: Resolution = { as: 'supply', evidence: 'ticket 7', output: { box: 'another' } };

  test.each([true, false])(
    'is given an output after it failed by who approved it alone: behind %s',
    (isBehind) => {
      const resolve = failed({ isBehind, isRead: true }, ['boss']);
      expect(resolve(SUPPLIED, 'operator')).toBe('OVERRIDE_AFTER_APPROVAL');
      expect(resolve(SUPPLIED, 'boss')).toBe('done');
      const bySeveral = failed({ isBehind, isRead: true }, ['x', 'y']);
      for (const who of ['x', 'y', 'operator'])
        expect(bySeveral(SUPPLIED, who)).toBe('OVERRIDE_AFTER_APPROVAL');
      // To try again, and to go back, is nobody's output.
      expect(bySeveral({ as: 'retry' }, 'operator')).toBe('done');
      const unread = failed({ isBehind, isRead: false }, ['boss']);
      expect(unread(SUPPLIED, 'operator')).toBe('done');
    },
  );

  test('is asked for anew where an output is supplied while they decide, and the card shows whose it is', () => {
    const asking = {
      codes: ['*'],
      course: { do: 'escalate', to: ['manager'], expiresAfterMs: MINUTE },
    } as const;
    const plan = toyPlan([
      gate('g', { by: ['2 of x|y|z'] }),
      put('source', [], { exits: [asking] }),
      put('unread', [], { exits: [asking] }),
      put('uses', ['g', 'source'], reads('source')),
    ]);
    const { machine } = Machine.begin(plan, 0, undefined, [], TERMS);
    let at = 0;
    const next = (event: EngineEvent) => machine.advance({ at: (at += 1), event });
    const failure = { class: 'permanent', code: 'SYSTEM_REFUSED', message: '', effect: 'none' } as const;
    for (const node of ['source', 'unread'])
      next({ kind: 'fired', node, result: { kind: 'failed', failure } });
    const says = (by: string, early?: string) => {
      const decision = { gate: 'g', verdict: 'approve', by, token: by } as const;
      const asked = early === undefined ? next({ kind: 'decide', decision }) : { check: early, commands: [] };
      const counts = { by, verdict: 'approve', may: [0], token: by } as const;
      const result = { kind: 'counts', decision: counts } as const;
      return { ...asked, ...next({ kind: 'checked', check: asked.check!, result }), asked: asked.commands };
    };
    const supplies = (node: string) => {
      const resolution = { as: 'supply', evidence: 'ticket 7', output: { box: 'another' } } as const;
      return next({ kind: 'resolve', node, resolution, by: 'x' });
    };
    says('y');
    expect(supplies('unread').trace.map(({ kind }) => kind)).not.toContain('gate.renewed');
    // One that is on its way is for the card as it was.
    const early = next({ kind: 'decide', decision: { gate: 'g', verdict: 'approve', by: 'z', token: 'z' } });
    expect(supplies('source').trace).toContainEqual(
      expect.objectContaining({ kind: 'gate.renewed', gate: 'g' }),
    );
    expect(says('z', early.check).answer).toBe('refused');
    const { asked } = says('y');
    const change = { do: 'attest', output: { box: 'another' }, evidence: 'ticket 7', undo: 'person' };
    expect(asked[0]).toMatchObject({ overrides: [{ node: 'source', by: 'x', scope: 'step', change }] });
    expect(machine.state.nodes['g']?.status).toBe('asking');
    expect(machine.state.overrides).toBeUndefined();
    says('z');
    expect(machine.state.nodes['g']?.status).toBe('done');
  });

  test('by the rules alone binds nobody: they judge the step anew', () => {
    const { change } = approved(['auto'], ['auto']);
    expect(change('later', edit, 'operator')).toBe('kept');
  });
});

test('a step behind a for-each is bound by the gates of its elements', () => {
  const each = {
    ...{ kind: 'each', id: 'all', over: { list: [{ lit: 'x' }] }, max: 5 },
    body: { nodes: [gate('own')] },
  } as unknown as PlanNode;
  const plan = toyPlan([
    each,
    { kind: 'wait', id: 'w', after: ['all'], for: { time: 9 } },
    put('last', ['w']),
  ]);
  const { machine } = Machine.begin(plan, 0, undefined, [], TERMS);
  const next = (event: EngineEvent) => machine.advance({ at: 1, event });
  const decision = { gate: 'all[0]/own', verdict: 'approve', by: 'boss', token: 'signed' } as const;
  const { check } = next({ kind: 'decide', decision });
  const counts = { by: 'boss', verdict: 'approve', may: [0], token: 'signed' } as const;
  next({ kind: 'checked', check: check!, result: { kind: 'counts', decision: counts } });
  const change = { do: 'edit', input: { box: 'another' } } as const;
  const override = { node: 'last', change, reason: 'a test', scope: 'step' } as const;
  const said = (by: string) => next({ kind: 'override', override: { ...override, by } }).answer;
  expect([said('operator'), said('boss')]).toEqual(['OVERRIDE_AFTER_APPROVAL', 'kept']);
});
