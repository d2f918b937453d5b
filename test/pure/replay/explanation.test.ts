/** One action at three levels: a line, the reasons, the chain of causes with times relative to it. */
import type { PlanNode } from '../../../src/plan/plan';
import {
  atLevel,
  explainAction,
  explanationLines,
  relative,
  type Explanation,
} from '../../../src/replay/explanation';
import type { Story } from '../../../src/replay/history-source';
import { RULES } from '../../../src/governance/rules';
import { putBox, put, toyContracts, toyPlan } from '../../kit/plans';
import { refusal } from '../../kit/shelf';
import { BEGUN, recordOn, storyOf } from '../../kit/stories';
import { emergencyName } from '../../../src/governance/emergency';
import { tellRuns } from '../../../src/temporal/history';
import { approved, facts, type FactsPatch } from '../governance/fixtures';

const gate: PlanNode = {
  kind: 'gate',
  id: 'ok',
  approval: 'approve',
  by: ['manager'],
  expiresAfterMs: 3_600_000,
  onRejected: { do: 'backstep' },
  onExpired: { do: 'backstep' },
};

const parts = { signalQuality: 1, historicalSuccess: 0.98, patternMatch: 0.9, riskAssessment: null };
const record = (patch: FactsPatch = {}) =>
  recordOn(
    facts({
      now: BEGUN + 1_100,
      action: { type: 'toy.put', category: null, risk: putBox.risk },
      confidence: { value: null, parts, assessedAt: BEGUN },
      ...patch,
    }),
  );

function explained(story: Story, node: string, receivedAt?: number): Explanation {
  const known = { contracts: toyContracts, ...(receivedAt === undefined ? {} : { receivedAt }) };
  const explanation = explainAction(story, node, known);
  if (!explanation.ok) throw new Error(explanation.error.message);
  return explanation.value;
}

const governed = (): Promise<Story> =>
  storyOf(toyPlan([gate, put('a', ['ok'])]), {
    oracle: { fire: () => ({ as: 'decided', decision: record() }) },
  });

test('level 1 is the sentence of the spec: what, because of what, expected impact, risk', async () => {
  const { summary } = explained(await governed(), 'a');
  expect(summary).toBe(
    '`toy.put` for person:ada was done because event `e1` (toy.wanted) selected automation `tidy-up`. ' +
      'Expected impact: Put a box on the shelf, a step of TOY-R-001. Risk: low.',
  );
});

test('level 2 has what set it off, how sure it was, what was risky, what stood against that, and every rule', async () => {
  const explanation = explained(await governed(), 'a');
  expect(explanation.detail).toEqual({
    triggerSignal: 'event toy.wanted',
    signalConfidence: 1,
    patternMatch: { runbook: 'toys.tidy', rate: 0.9 },
    riskFactors: [],
    mitigationsApplied: [
      'compensation toy.take registered before it acted',
      'ok approved by person:simulated',
      'dial autopilot',
    ],
    expectedOutcome: {
      primary: 'Put a box on the shelf',
      probability: 0.98,
      secondary: 'TOY-R-001 for person:ada',
      secondaryProbability: 0.9,
    },
  });
  for (const { rule, spec } of RULES) {
    const line = explanation.words.find((text) => text.trim().startsWith(`${rule} `));
    expect(line).toContain(`[${spec}]`);
  }
});

test('level 3 is the chain of causes, each with its time relative to the commit', async () => {
  const { chain, decision } = explained(await governed(), 'a', BEGUN - 60_000);
  expect(chain.map(({ t, step, what }) => [relative(t), step, what])).toEqual([
    ['t-61.1s', 'event', 'event e1 (toy.wanted) came in'],
    ['t-1.1s', 'selection', 'automation:tidy-up takes it: TOY-R-001'],
    ['t-1.1s', 'compile', 'toys.tidy v1.0 for person:ada, plan test'],
    ['t-1.1s', 'approval', 'gate ok asks manager (approve)'],
    ['t-0.1s', 'approval', 'person:simulated approves at gate ok'],
    ['t-0', 'decision', 'mode autopilot, it may fire'],
    ['t-0', 'commit', 'toy.put is done; toy.take would undo it'],
  ]);
  expect(decision?.facts.confidence?.parts).toEqual(parts);
});

test('attempts, the way back and what people said of a held action stand in the chain', async () => {
  const attempts = [
    {
      n: 1,
      startedAt: BEGUN,
      endedAt: BEGUN + 40,
      failure: { ...refusal('busy'), class: 'transient' as const },
    },
  ];
  const held = record({ automation: { dial: 'copilot' } });
  const let_ = record({ automation: { dial: 'copilot' }, approvals: [approved('person:mary', 'manager')] });
  let asked = 0;
  const story = await storyOf(toyPlan([put('a'), put('b', ['a'])]), {
    oracle: {
      fire: (node) => {
        if (node === 'b') return { as: 'refused', failure: refusal('full') };
        asked += 1;
        if (asked === 1) return { as: 'held', because: 'the dial', decision: held };
        return {
          as: 'answered',
          result: {
            kind: 'committed',
            output: { box: 'a', colour: 'red' },
            undo: { box: 'a' },
            attempts,
            decision: let_,
          },
        };
      },
    },
  });
  const explanation = explained(story, 'a');
  expect(explanation.attempts).toEqual(attempts);
  expect(explanation.summary).toContain('was done and taken back');
  expect(new Set(explanation.chain.map(({ step }) => step))).toEqual(
    new Set([
      'event',
      'selection',
      'compile',
      'attempt',
      'decision',
      'release',
      'approval',
      'commit',
      'compensation',
    ]),
  );
  const steps = explanation.chain.map(({ step }) => step);
  expect(steps.indexOf('commit')).toBeLessThan(steps.indexOf('compensation'));
  expect(explanation.chain.every(({ t }, i, all) => i === 0 || all[i - 1]!.t <= t)).toBe(true);
});

test('a gate that was passed in an emergency is no mitigation, and the chain says who broke the glass', async () => {
  const reason = 'the building is on fire';
  const said = { verdict: 'approve', by: 'person:mary', token: 'signed', afterMs: 1_000 } as const;
  const { runs, ...story } = await storyOf(toyPlan([gate, put('a', ['ok'])]), {
    oracle: { fire: () => ({ as: 'decided', decision: record() }), decisions: () => [said] },
    start: { terms: { v: 1, depth: null, plan: '', figures: {} } },
  });
  const broken = runs.map((run) => ({
    ...run,
    happenings: run.happenings.map((one) => {
      const { event } = one;
      if (event.kind !== 'checked' || event.result.kind !== 'counts') return one;
      const decision = { ...event.result.decision, glass: true as const, reason };
      return { ...one, event: { ...event, result: { ...event.result, decision } } };
    }),
  }));
  const { detail, chain } = explained({ ...story, runs: broken, told: tellRuns(broken) }, 'a');
  expect(detail.mitigationsApplied.filter((one) => one.includes('person:'))).toEqual([]);
  expect(detail.riskFactors).toEqual([`ok passed in an emergency by person:mary: ${reason}`]);
  expect(chain.map(({ what }) => what)).toContain(`person:mary breaks the glass at gate ok: ${reason}`);
});

test('who lets a held action go in an emergency approves no step of its chain, and is told of once', async () => {
  const levels = [1, 2].map((step) => approved(emergencyName('person:mary', step), 'executive'));
  const passed = record({ approvals: [...levels, approved('person:bob', 'manager')] });
  const story = await storyOf(toyPlan([put('a')]), {
    oracle: { fire: () => ({ as: 'decided', decision: passed }) },
  });
  const { detail, chain, words } = explained(story, 'a');
  expect(detail.mitigationsApplied).toContain('approved by person:bob as manager');
  expect(detail.mitigationsApplied.filter((one) => one.includes('mary'))).toEqual([]);
  expect(detail.riskFactors).toEqual(['passed in an emergency by person:mary']);
  expect(chain.flatMap(({ step, what }) => (step === 'approval' ? [what] : []))).toEqual([
    'person:mary broke the glass: passed in an emergency',
    'approved by person:bob as manager',
  ]);
  expect(words.join()).not.toContain('!');
});

test('each level has what the one before has, and prints it first', async () => {
  const explanation = explained(await governed(), 'a');
  const [one, two, three] = ([1, 2, 3] as const).map((level) => explanationLines(explanation, level));
  expect(two!.slice(0, one!.length)).toEqual(one);
  expect(three!.slice(0, two!.length)).toEqual(two);
  expect(Object.keys(atLevel(explanation, 1))).toEqual(['level', 'action', 'awf', 'summary']);
  expect(atLevel(explanation, 3)).toEqual({ level: 3, ...explanation });
});

test('an action that nothing governs is explained by its plan, and one that was not asked for is refused', async () => {
  const story = await storyOf(toyPlan([put('a'), put('b')]), {
    start: { cause: { person: 'person:mary' }, startedBy: 'person:mary' },
    oracle: {
      fire: (node) => (node === 'b' ? { as: 'refused', failure: refusal('full') } : { as: 'predicted' }),
    },
  });
  const failed = explained(story, 'b');
  expect(failed.summary).toMatch(
    /^`toy.put` for person:ada failed \(full\) because person:mary asked for it\./,
  );
  expect(failed).toMatchObject({ decision: null, words: [] });
  expect(explainAction(story, 'c', { contracts: toyContracts })).toMatchObject({
    ok: false,
    error: { code: 'REPLAY_NODE_UNKNOWN' },
  });
});

test('times are told in the unit that a person would choose', () => {
  expect([0, -2_340, 90_000, -600_000, 172_799_999, 3 * 86_400_000].map(relative)).toEqual([
    't-0',
    't-2.3s',
    't+90s',
    't-10m',
    't+48h',
    't+3d',
  ]);
});
