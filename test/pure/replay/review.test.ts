/** A decision that was taken under an old ruleset, reviewed under it and under today's. */
import { explainDifference } from '../../../src/governance/compare';
import type { Facts } from '../../../src/governance/facts';
import { overrideFigures, SPEC_FIGURES, type Figures } from '../../../src/governance/figures';
import type { Json } from '../../../src/kernel/json';
import { reviewAction, type Review } from '../../../src/replay/review';
import type { Story } from '../../../src/replay/history-source';
import type { Rules } from '../../../src/temporal/rules';
import { OPEN_RULES } from '../../kit/open-rules';
import { put, toyPlan } from '../../kit/plans';
import { recordOn, sha256, storyOf, todayOf } from '../../kit/stories';
import { facts, NOW, type FactsPatch } from '../governance/fixtures';
import { canonicalJson } from '../../../src/kernel/json';

const figuresWith = (overrides: Parameters<typeof overrideFigures>[0]): Figures => {
  const figures = overrideFigures(overrides);
  if (!figures.ok) throw new Error(JSON.stringify(figures.error));
  return figures.value;
};

/** What the contract of `toy.put` says stands in the record too, so that only what a test changes differs. */
const onBox = (patch: FactsPatch = {}): Facts => {
  const toy = {
    type: 'toy.put',
    category: null,
    risk: { externality: 0, magnitude: 0.1, recovery: 0.1, precedent: 0 },
  };
  return facts({ action: toy, tenant: { tier: 'enterprise', limits: {} }, ...patch });
};

const TODAY: Rules = { ...OPEN_RULES, figures: SPEC_FIGURES, limits: {}, automation: { dial: 'autopilot' } };

const decided = (record: Json): Promise<Story> =>
  storyOf(toyPlan([put('a')]), { oracle: { fire: () => ({ as: 'decided', decision: record }) } });

async function reviewOf(story: Story, inForce: Rules = TODAY): Promise<Review> {
  const review = await reviewAction(story, 'a', { today: todayOf({ inForce }) });
  if (!review.ok) throw new Error(review.error.message);
  return review.value;
}

test('where nothing has changed since, then and today are the same decision', async () => {
  const { difference, proof, then, today } = await reviewOf(await decided(recordOn(onBox())));
  expect(difference).toMatchObject({ shift: 'same', verdicts: [], reasons: [], figures: [], facts: [] });
  expect(proof.isSame).toBe(true);
  expect(today).toEqual(then);
});

test('deciding again gives the bytes of the record, with the figures that were in force then', async () => {
  const old = figuresWith({ risk: { classes: { medium: { from: 0.05 } } } });
  const record = recordOn(onBox(), old);
  const { proof, then, ruleset } = await reviewOf(await decided(record));
  expect(proof).toEqual({
    isSame: true,
    recorded: sha256(canonicalJson(record)),
    again: sha256(canonicalJson(record)),
  });
  expect(then.figures).toEqual({ risk: { classes: { medium: { from: 0.05 } } } });
  expect(ruleset.then).toBe(sha256(canonicalJson(old)));
  expect(ruleset.today).toBe(sha256(canonicalJson(SPEC_FIGURES)));
});

test('figures that have changed since are named, with the rules that say otherwise because of them', async () => {
  // Then every score from 0.05 on was of medium risk.
  const old = figuresWith({ risk: { classes: { medium: { from: 0.05 } } } });
  const story = await decided(recordOn(onBox(), old));
  const { difference, then, today } = await reviewOf(story);
  expect([then.risk.class, today.risk.class]).toEqual(['medium', 'low']);
  expect(difference.figures).toEqual([
    { path: 'risk', was: { classes: { medium: { from: 0.05 } } }, is: undefined },
  ]);
  expect([...difference.verdicts, ...difference.reasons].map(({ rule }) => rule)).toContain('risk-class');
});

test('a ceiling that was put in since makes the decision stricter, in words and as data', async () => {
  const story = await decided(recordOn(onBox()));
  const ceilings = [{ source: 'ceiling', mode: 'manual' }] as const;
  const { difference } = await reviewOf(story, { ...TODAY, ceilings });
  expect(difference).toMatchObject({
    shift: 'stricter',
    mode: { was: 'autopilot', is: 'manual' },
    fire: { was: 'allow', is: 'hold' },
    boundBy: { was: [], is: ['declared-ceilings'] },
    facts: [{ path: 'ceilings[0]', was: undefined, is: { source: 'ceiling', mode: 'manual' } }],
  });
  expect(difference.verdicts).toContainEqual(
    expect.objectContaining({
      rule: 'declared-ceilings',
      was: expect.objectContaining({ verdict: 'autopilot' }) as unknown,
      is: expect.objectContaining({ verdict: 'manual' }) as unknown,
    }),
  );
  const words = explainDifference(difference);
  expect(words[0]).toBe('it is decided stricter: mode manual, it was autopilot; it is held, it could fire');
  expect(words).toContain('bound by declared-ceilings; it was bound by nothing');
});

test('a dial that a person has turned since is today’s, and what was counted stays as it was', async () => {
  const story = await decided(recordOn(onBox()));
  const today = todayOf({ inForce: TODAY, standing: () => Promise.resolve({ dial: 'observe' }) });
  const review = await reviewAction(story, 'a', { today });
  expect(review).toMatchObject({
    ok: true,
    value: {
      difference: { shift: 'stricter', mode: { is: 'observe' }, facts: [{ path: 'automation.dial' }] },
      today: { facts: { now: NOW, automation: { blastRadius: { firedThisHour: 3 } } } },
    },
  });
});

test('a record that was tampered with is not proven', async () => {
  const record = recordOn(onBox()) as { readonly [member: string]: Json };
  const { proof } = await reviewOf(await decided({ ...record, mode: 'observe' }));
  expect(proof.isSame).toBe(false);
  const unreadable = await decided({ ...record, facts: { v: 1 } });
  expect(await reviewAction(unreadable, 'a', { today: todayOf({ inForce: TODAY }) })).toMatchObject({
    ok: false,
    error: { code: 'REPLAY_RECORD_UNREADABLE' },
  });
});

test('each decision on an action that was held can be reviewed', async () => {
  const held = recordOn(onBox({ automation: { dial: 'copilot' } }));
  const freed = recordOn(onBox());
  let asked = 0;
  const story = await storyOf(toyPlan([put('a')]), {
    oracle: {
      fire: () =>
        (asked += 1) === 1
          ? { as: 'held', because: 'the dial', decision: held }
          : { as: 'decided', decision: freed },
    },
  });
  const today = todayOf({ inForce: TODAY });
  const modes = await Promise.all(
    [1, 2, undefined].map(async (nth) => {
      const review = await reviewAction(story, 'a', { today, ...(nth === undefined ? {} : { nth }) });
      return review.ok ? [review.value.nth, review.value.of, review.value.then.mode] : review.error;
    }),
  );
  expect(modes).toEqual([
    [1, 2, 'copilot'],
    [2, 2, 'autopilot'],
    [2, 2, 'autopilot'],
  ]);
});

test('an action without a decision, and one that is not there, are refused', async () => {
  const story = await storyOf(toyPlan([put('a')]));
  const today = todayOf({ inForce: TODAY });
  const codeOf = async (node: string): Promise<unknown> => {
    const review = await reviewAction(story, node, { today });
    return review.ok ? review.value : review.error.code;
  };
  expect(await codeOf('a')).toBe('REPLAY_UNDECIDED');
  expect(await codeOf('b')).toBe('REPLAY_NODE_UNKNOWN');
});
