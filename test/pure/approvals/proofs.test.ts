/**
 * What signed decisions let fire, in the last look before firing: for whom, for what, for how long, and for which risk.
 * Signatures themselves are seen by the tests on real keys; here a token is its payload.
 */
import { digestOf } from '../../../src/approvals/cards';
import type { SignedDecision } from '../../../src/approvals/decision';
import { createProofs, holding, type Proven } from '../../../src/approvals/proofs';
import { stillCovers, viewOf, type CardStep } from '../../../src/governance/approval-card';
import { decide } from '../../../src/governance/decide';
import { APPROVAL_TYPES, REVERSIBILITIES, RISK_CLASSES } from '../../../src/governance/mode';
import type { Json } from '../../../src/kernel/json';
import { ok } from '../../../src/kernel/result';
import { facts } from '../governance/fixtures';

const OUTCOME = 'acme/TOY-R-001/1';
const KEY = { tenant: 'acme', outcome: OUTCOME, node: 'box' };
const AT = Date.UTC(2031, 4, 5);
const GOOD_FOR = 3_600_000;

/** Who has taken the outcome over. */
let takers: readonly string[] = [];
afterEach(() => (takers = []));

const proofs = createProofs(
  { verify: (_tenant, _kind, token) => Promise.resolve(ok(JSON.parse(token) as Json)) },
  () => Promise.resolve({ ever: takers }),
);

const covered: SignedDecision['covers'][number] = {
  ...{ node: 'box', awf: 'toy.put', risk: 'low' as const, score: 0.1, external: false },
  reversibility: 'full',
  asks: 'review',
};

const signed = (rest: Partial<SignedDecision> = {}): string =>
  JSON.stringify({
    ...{ v: 1, outcome: OUTCOME, node: 'box', card: 'c', verdict: 'approve', by: 'person:lead', roles: [] },
    ...{ as: 'manager', at: AT, expiresAt: AT + 1, covers: [covered] },
    ...rest,
  });

describe('a gate', () => {
  const why = (need: number, ...tokens: readonly string[]) =>
    proofs.gates(KEY, [{ gate: 'ok', need, tokens }]);
  const atGate = (rest: Partial<SignedDecision> = {}): string => signed({ node: 'ok', ...rest });

  test('lets through what as many different people have signed as it asks for', async () => {
    expect(await why(1, atGate())).toBeUndefined();
    expect(await why(2, atGate(), atGate({ by: 'person:head' }))).toBeUndefined();
    expect(await why(2, atGate())).toBe('1 of 2 signed approvals of `ok` hold');
    expect(await why(2, atGate(), atGate())).toBe('1 of 2 signed approvals of `ok` hold');
    // Who stands in for somebody is no second person beside them.
    expect(await why(2, atGate(), atGate({ by: 'person:peer', for: 'person:lead' }))).toMatch(/^1 of 2/);
  });

  test.each<[string, Partial<SignedDecision>]>([
    ['of another outcome', { outcome: 'acme/TOY-R-001/2' }],
    ['at another gate', { node: 'other' }],
    ['that rejects', { verdict: 'reject' }],
  ])('is not passed by a decision %s', async (_what, rest) => {
    expect(await why(1, atGate(rest))).toMatch(/^0 of 1/);
  });

  test('is not passed because another one is', async () => {
    const gates = [
      { gate: 'ok', need: 1, tokens: [atGate()] },
      { gate: 'more', need: 1, tokens: [atGate()] },
    ];
    expect(await proofs.gates(KEY, gates)).toBe('0 of 1 signed approvals of `more` hold');
  });

  test('is not passed by who has taken the outcome over since, in whosever name', async () => {
    takers = ['person:lead'];
    expect(await why(1, atGate())).toBe('0 of 1 signed approvals of `ok` hold');
    expect(await why(1, atGate({ by: 'person:peer', for: 'person:lead' }))).toMatch(/^0 of 1/);
    expect(await why(1, atGate({ by: 'person:lead', for: 'person:peer' }))).toMatch(/^0 of 1/);
    expect(await why(1, atGate({ glass: true }))).toMatch(/^0 of 1/);
    expect(await why(1, atGate(), atGate({ by: 'person:head' }))).toBeUndefined();
  });

  test('is passed in an emergency by one for all', async () => {
    expect(await why(3, atGate({ glass: true }))).toBeUndefined();
  });
});

describe('an approval of a held action', () => {
  const asked = (token: string, rest: object = {}) =>
    proofs.approvals({
      ...{ key: KEY, awf: 'toy.put', input: { box: 'a' }, at: AT, goodForMs: GOOD_FOR },
      controls: [
        { s: 'action', n: `${OUTCOME}#box`, k: 'approval:person:lead', v: { token }, b: 'person:lead' },
      ],
      ...rest,
    });

  test('of who has taken the outcome or the action over since is none, and their rejection stands', async () => {
    const row = (token: string) => ({
      ...{ s: 'action', n: `${OUTCOME}#box`, k: 'approval:person:lead', v: { token }, b: 'person:lead' },
    });
    for (const taken of [
      { s: 'outcome', n: OUTCOME, k: 'took:person:lead', v: true, b: 'person:lead' },
      { s: 'action', n: `${OUTCOME}#box`, k: 'person', v: true, b: 'person:lead' },
    ]) {
      expect(await asked('', { controls: [row(signed()), taken] })).toEqual([]);
      const standIn = row(signed({ by: 'person:peer', for: 'person:lead' }));
      expect(await asked('', { controls: [standIn, taken] })).toEqual([]);
      expect(await asked('', { controls: [row(signed({ by: 'person:peer' })), taken] })).toHaveLength(1);
      expect(await asked('', { controls: [row(signed({ verdict: 'reject' })), taken] })).toHaveLength(1);
    }
  });

  test('is believed for its signature, and says who, as what and of what', async () => {
    expect(await asked(signed())).toEqual([
      { facts: { by: 'person:lead', as: 'manager', decision: 'approved' }, covered },
    ]);
  });

  test.each<[string, Partial<SignedDecision>, object]>([
    ['of another outcome', { outcome: 'acme/TOY-R-001/2' }, {}],
    ['that covers another node', { covers: [{ ...covered, node: 'other' }] }, {}],
    ['that covers nothing', { covers: [] }, {}],
    ['of another AWF', {}, { awf: 'toy.take' }],
    ['given too long ago', {}, { at: AT + GOOD_FOR + 1 }],
    ['of another input', { covers: [{ ...covered, input: digestOf({ box: 'b' }) }] }, {}],
  ])('%s is none', async (_what, rest, more) => {
    expect(await asked(signed(rest), more)).toEqual([]);
  });

  test('of the very input holds for it, to the last moment', async () => {
    const token = signed({ covers: [{ ...covered, input: digestOf({ box: 'a' }) }] });
    expect(await asked(token, { at: AT + GOOD_FOR })).toHaveLength(1);
  });

  test('covers each element of a for-each', async () => {
    expect(await asked(signed(), { key: { ...KEY, node: 'all[3]/box' } })).toHaveLength(1);
  });

  test('that its door had refused is signed for the record alone, and lets nothing through', async () => {
    const refused = signed({ refused: 'GATE_APPROVER_NOT_ALLOWED' });
    expect(await asked(refused)).toEqual([]);
    const gate = { gate: 'ok', need: 1, tokens: [signed({ node: 'ok', refused: 'GATE_SELF_APPROVAL' })] };
    expect(await proofs.gates(KEY, [gate])).toMatch(/^0 of 1/);
  });

  test('that was gathered in another’s card holds for the plan’s action, and not for one that somebody changed', async () => {
    expect(await asked(signed(), { isChanged: true })).toEqual([]);
    const own = signed({ covers: [{ ...covered, input: digestOf({ box: 'a' }) }] });
    expect(await asked(own, { isChanged: true })).toHaveLength(1);
  });

  test('in a row that has no signed word, or is no approval, is none', async () => {
    const row = { s: 'action', n: `${OUTCOME}#box`, b: 'person:lead' };
    const controls = [
      { ...row, k: 'approval:person:lead', v: { as: 'executive', decision: 'approved' } },
      { ...row, k: 'note', v: { token: signed() } },
    ];
    expect(await asked('', { controls })).toEqual([]);
  });

  test('that rejects counts for its own action alone', async () => {
    const rejects = signed({ verdict: 'reject' });
    expect(await asked(rejects)).toEqual([
      { facts: { by: 'person:lead', as: 'manager', decision: 'rejected' } },
    ]);
    expect(await asked(rejects, { key: { ...KEY, node: 'other' } })).toEqual([]);
  });
});

describe('what was approved', () => {
  const OF = { node: 'box', awf: 'toy.put' };
  const then: CardStep = {
    ...{ node: 'box', awf: 'toy.put', risk: 'medium' as const, score: 0.4, external: false },
    ...{ reversibility: 'full' as const, undo: null, asks: 'review' as const },
  };
  const riskier = {
    ...{ awf: 'toy.take', risk: RISK_CLASSES[RISK_CLASSES.indexOf('medium') + 1]!, score: 0.41 },
    ...{ external: true, reversibility: 'partial', asks: 'approve' },
  } as const;

  test('holds for the same risk and for less', () => {
    expect(stillCovers(then, then)).toBe(true);
    expect(stillCovers(then, { ...then, risk: 'low', score: 0.1, asks: 'confirm' })).toBe(true);
    expect(stillCovers({ ...then, external: true, reversibility: 'partial' }, then)).toBe(true);
  });

  test.each(Object.entries(riskier))('holds no more once its %s is %s', (member, value) => {
    expect(stillCovers(then, { ...then, [member]: value })).toBe(false);
  });

  test('is ordered from the lesser to the greater', () => {
    expect([RISK_CLASSES[0], REVERSIBILITIES[0], APPROVAL_TYPES[0]]).toEqual(['low', 'full', 'none']);
  });

  test('is left out where the action is judged as riskier when it fires', () => {
    const said = { by: 'person:lead', as: 'manager', decision: 'approved' } as const;
    const calm = decide(facts());
    const { undo: _undo, input: _input, ...view } = viewOf(OF, calm);
    const approval: Proven = { facts: said, covered: view };
    expect(holding([approval], calm, OF)).toEqual([said]);
    const risk = { externality: 1, magnitude: 0.9, recovery: 0.9, precedent: 0.9 };
    expect(holding([approval], decide(facts({ action: { risk } })), OF)).toEqual([]);
  });

  test('is no condition of a rejection', () => {
    const rejection = { facts: { by: 'person:lead', as: 'manager', decision: 'rejected' } as const };
    expect(holding([rejection], decide(facts()), OF)).toEqual([rejection.facts]);
  });
});
