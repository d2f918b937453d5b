/** Who may decide: the one rule that every door asks. */
import { levelOf, whoMayDecide, type DecidingFacts } from '../../../src/governance/approval-people';
import { coverageOf, escalatesTo, readStep, stepsOfGate } from '../../../src/governance/approval-steps';
import { APPROVER_LEVELS } from '../../../src/governance/mode';
import fc from 'fast-check';

const LINE = {
  of: 'person:worker',
  managers: ['person:lead', 'person:head', 'person:chief'],
  endsAtTop: true,
};
const person = (name: string) => ({ name, level: null, roles: [] });

const facts = (rest: Partial<DecidingFacts> = {}): DecidingFacts => ({
  decider: person('person:lead'),
  isApprover: true,
  verdict: 'approve',
  reason: 'it is right',
  approval: 'approve',
  steps: stepsOfGate(['manager'], null),
  lines: [LINE],
  grants: [],
  barred: [],
  breaksGlass: false,
  mayBreakGlass: false,
  ...rest,
});
const codeOf = (rest: Partial<DecidingFacts>): string => {
  const answer = whoMayDecide(facts(rest));
  return answer.may ? 'may' : answer.code;
};

test('the nearest manager is a manager, theirs a director, and who stands above an executive', () => {
  const names = [...LINE.managers, 'person:worker'];
  expect(names.map((name) => levelOf(person(name), [LINE]))).toEqual([
    ...['manager', 'director', 'executive', 'user'],
  ]);
});

test('the top of a line is an executive, unless they are the first manager: a line that is cut short makes nobody more', () => {
  const short = { ...LINE, managers: ['person:lead', 'person:head'] };
  expect(levelOf(person('person:head'), [short])).toBe('executive');
  expect(levelOf(person('person:head'), [{ ...short, endsAtTop: false }])).toBe('director');
  expect(levelOf(person('person:lead'), [{ ...short, managers: ['person:lead'] }])).toBe('manager');
});

test('a level for the whole organisation counts where nobody has a line, and an executive everywhere', () => {
  const manager = { ...person('person:x'), level: 'manager' as const };
  expect(levelOf(manager, [LINE])).toBe('user');
  expect(levelOf(manager, [])).toBe('manager');
  expect(levelOf({ ...manager, level: 'executive' }, [LINE])).toBe('executive');
});

test('who has not the role of an approver decides nowhere, whoever they are', () => {
  expect(codeOf({ isApprover: false })).toBe('GATE_APPROVER_NOT_ALLOWED');
  expect(codeOf({ isApprover: false, breaksGlass: true, mayBreakGlass: true })).toBe(
    'GATE_APPROVER_NOT_ALLOWED',
  );
});

test('a reason is needed for an explicit approval, a chain and every rejection, and for nothing less', () => {
  const without = (approval: DecidingFacts['approval'], verdict: DecidingFacts['verdict']) =>
    codeOf({ approval, verdict, reason: '  ' });
  expect(
    (['confirm', 'review', 'approve', 'chain'] as const).map((type) => without(type, 'approve')),
  ).toEqual([...['may', 'may', 'GATE_REASON_MISSING', 'GATE_REASON_MISSING']]);
  expect(without('confirm', 'reject')).toBe('GATE_REASON_MISSING');
});

test('an emergency takes a reason that a review has something to read in, and who may break the glass', () => {
  const glass = { breaksGlass: true, mayBreakGlass: true, decider: person('person:nobody') };
  expect(codeOf({ ...glass, reason: 'fire' })).toBe('GATE_REASON_MISSING');
  expect(codeOf({ ...glass, reason: 'the building is on fire' })).toBe('may');
  expect(codeOf({ ...glass, reason: 'the building is on fire', mayBreakGlass: false })).toBe(
    'GATE_GLASS_NOT_ALLOWED',
  );
});

test('who is barred decides neither for themselves, nor in an emergency, nor in the name of another', () => {
  const barred = [{ person: 'person:lead', because: 'started it' }];
  expect(codeOf({ barred })).toBe('GATE_SELF_APPROVAL');
  expect(codeOf({ barred, breaksGlass: true, mayBreakGlass: true, reason: 'the building is on fire' })).toBe(
    'GATE_SELF_APPROVAL',
  );
  const grants = [{ from: person('person:lead'), to: 'person:peer', level: null, isPart: false }];
  const standIn = { decider: person('person:peer'), grants };
  expect(codeOf(standIn)).toBe('may');
  // What they may not do themselves they cannot have done either.
  expect(codeOf({ ...standIn, barred })).toBe('GATE_APPROVER_NOT_ALLOWED');
});

test('a stand-in has what was handed on, and no more', () => {
  const head = { ...person('person:head'), roles: ['security'] };
  const grants = [{ from: head, to: 'person:peer', level: 'manager' as const, isPart: true }];
  const asked = (by: string) =>
    codeOf({ decider: person('person:peer'), grants, steps: stepsOfGate([by], null) });
  expect([asked('manager'), asked('director')]).toEqual(['may', 'GATE_APPROVER_NOT_ALLOWED']);
  // Who is asked by name, or by a role, is asked for more than a level below their own.
  expect([asked('person:head'), asked('role:security')]).toEqual([
    ...['GATE_APPROVER_NOT_ALLOWED', 'GATE_APPROVER_NOT_ALLOWED'],
  ]);
  const whole = { decider: person('person:peer'), grants: [{ ...grants[0]!, level: null, isPart: false }] };
  expect(
    ['person:head', 'role:security'].map((by) => codeOf({ ...whole, steps: stepsOfGate([by], null) })),
  ).toEqual(['may', 'may']);
  expect(whoMayDecide(facts({ decider: person('person:peer'), grants }))).toMatchObject({
    for: 'person:head',
  });
});

test('whoever stands higher may decide whatever one below may', () => {
  const level = fc.constantFrom(...APPROVER_LEVELS);
  fc.assert(
    fc.property(fc.array(level, { minLength: 1, maxLength: 4 }), level, level, (by, a, b) => {
      const at = (one: typeof a) => {
        const decider = { ...person('person:x'), level: one };
        const answer = whoMayDecide(facts({ decider, lines: [], steps: stepsOfGate(by, null) }));
        return answer.may ? answer.steps : [];
      };
      const [lower, higher] = APPROVER_LEVELS.indexOf(a) <= APPROVER_LEVELS.indexOf(b) ? [a, b] : [b, a];
      expect(at(higher)).toEqual(expect.arrayContaining([...at(lower)]));
    }),
  );
});

test('N of M is read, the tier cuts the lowest steps, and an unanswered one goes to the level above', () => {
  expect(readStep('2 of person:a|person:b | manager')).toEqual({
    ...{ need: 2, among: ['person:a', 'person:b', 'manager'] },
  });
  expect(readStep('9 of a|b').need).toBe(2);
  const by = ['manager', 'director', 'executive'];
  expect(stepsOfGate(by, 2).map(({ among }) => among[0])).toEqual(['director', 'executive']);
  expect(stepsOfGate(by, 1).map(({ among }) => among[0])).toEqual(['executive']);
  expect(stepsOfGate(by, null)).toHaveLength(3);
  expect([escalatesTo(['manager']), escalatesTo(['director']), escalatesTo(['person:x'])]).toEqual([
    ...['director', 'executive', 'manager'],
  ]);
});

test('one person takes one seat, in no order of arrival better or worse than in another', () => {
  const given = fc.array(fc.subarray([0, 1, 2]), { minLength: 1, maxLength: 5 });
  const needs = fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(needs, given, (need, mays) => {
      const steps = need.map((n) => ({ need: n, among: ['x'] }));
      const people = mays.map((may, i) => ({ by: `p${i}`, may: may.filter((step) => step < steps.length) }));
      const forth = coverageOf(steps, people);
      const back = coverageOf(steps, [...people].reverse());
      expect(forth.isComplete).toBe(back.isComplete);
      const seated = forth.coveredBy.flat();
      expect(new Set(seated).size).toBe(seated.length);
      expect(seated).toHaveLength(back.coveredBy.flat().length);
    }),
  );
});
