/** A tenant's own figures: what may be changed, what is refused and how, and what comes of it. */
import { printDiagnostic } from '../../../src/kernel/diagnostic';
import type { JsonObject } from '../../../src/kernel/json';
import { confidenceBandOf, smoothedSuccessRate } from '../../../src/governance/confidence';
import { overrideFigures, SPEC_FIGURES, type Figures } from '../../../src/governance/figures';
import { CONFIDENCE_BANDS } from '../../../src/governance/figures/authority';
import { RISK_CLASSES } from '../../../src/governance/mode';
import { riskClassOf } from '../../../src/governance/risk';
import { decideWith } from './fixtures';

const mistakes = (overrides: JsonObject): readonly string[] => {
  const figures = overrideFigures(overrides);
  return figures.ok ? [] : figures.error.map(printDiagnostic);
};
const figuresWith = (overrides: JsonObject): Figures => {
  const figures = overrideFigures(overrides);
  if (!figures.ok) throw new Error(figures.error.map(printDiagnostic).join('\n'));
  return figures.value;
};

describe('overridden figures', () => {
  test('keep the spec’s where nothing is said, and say what was changed', () => {
    expect(overrideFigures({})).toEqual({ ok: true, value: SPEC_FIGURES });
    const changed = figuresWith({ confidence: { decay: { ratePerDay: 0.01 } } });
    expect(changed.confidence.decay).toEqual({ ratePerDay: 0.01, spec: '3.4' });
    expect(changed.confidence.weights).toBe(SPEC_FIGURES.confidence.weights);
    expect(changed.overrides).toEqual({ confidence: { decay: { ratePerDay: 0.01 } } });
    expect(SPEC_FIGURES.confidence.decay.ratePerDay).toBe(0.05);
  });

  test('reach the decision', () => {
    const slow = figuresWith({ tiers: { guardrails: { actions_per_day: { limits: { enterprise: 3 } } } } });
    expect(decideWith({}, slow).blocks.map(({ cause }) => cause)).toEqual(['guardrail:actions_per_day']);
  });

  test.each<[JsonObject, string]>([
    [
      { confidense: {} },
      'FIGURES_UNKNOWN figures.confidense: `confidense` is no figure (did you mean `confidence`?)',
    ],
    [{ risk: { weights: { spec: '9' } } }, 'FIGURES_UNKNOWN figures.risk.weights.spec: `spec` is no figure'],
    [{ overrides: {} }, 'FIGURES_UNKNOWN figures.overrides: `overrides` is no figure'],
    [
      { confidence: { decay: { ratePerDay: -1 } } },
      'FIGURES_INVALID figures.confidence.decay.ratePerDay: must be a finite number, 0 or more',
    ],
    [
      { confidence: 3 },
      'FIGURES_INVALID figures.confidence: a group of figures is overridden figure by figure',
    ],
    [
      { risk: { classes: { low: { ceiling: 'turbo' } } } },
      'FIGURES_INVALID figures.risk.classes.low.ceiling: must be one of observe, manual, copilot, autopilot',
    ],
    [
      { risk: { classes: { high: { approvers: ['boss'] } } } },
      'FIGURES_INVALID figures.risk.classes.high.approvers: must be a list of user, manager, director, executive',
    ],
    [
      { profiles: { 'citemind.engine_2': { neverAutopilot: 'no' } } },
      'FIGURES_INVALID figures.profiles.citemind.engine_2.neverAutopilot: must be true or false',
    ],
    [
      { tiers: { guardrails: { actions_per_day: { limits: { pro: 'many' } } } } },
      'FIGURES_INVALID figures.tiers.guardrails.actions_per_day.limits.pro: must be a finite number, 0 or more, or null',
    ],
    [
      { risk: { weights: { externality: 0.4 } } },
      'FIGURES_INVALID figures.risk.weights: the weights must add up to 1, they add up to 1.05',
    ],
    [
      { confidence: { bands: { high: { from: 0.99 } } } },
      'FIGURES_INVALID figures.confidence.bands: the first threshold must be 0 and the others must rise up to at most 1',
    ],
  ])('%j are refused', (overrides, message) => {
    expect(mistakes(overrides)).toEqual([message]);
  });

  test('may open a custom limit, close a ceiling and change a word', () => {
    expect(
      mistakes({
        tiers: {
          guardrails: { llm_calls_per_hour: { limits: { enterprise: 900, pro: null } } },
          autopilot: { enterprise: 'selected' },
          customFallsBackTo: 'growth',
        },
        profiles: { tag_internal_content: { ceiling: 'copilot', approvals: ['confirm'] } },
        trust: { levels: { proven: { failureRateBelow: null } } },
        retry: { unknown: { backoff: 'linear', maxRetries: 2 } },
      }),
    ).toEqual([]);
  });
});

describe('bands and classes', () => {
  test('touch as the spec prints them: each ends a hundredth before the next begins', () => {
    const bands = CONFIDENCE_BANDS.map((band) => SPEC_FIGURES.confidence.bands[band]);
    const classes = RISK_CLASSES.map((riskClass) => SPEC_FIGURES.risk.classes[riskClass]);
    for (const rows of [bands, classes]) {
      rows.slice(1).forEach((row, i) => expect(row.from - (rows[i]?.printedTo ?? 0)).toBeCloseTo(0.01, 9));
      expect(rows.at(-1)?.printedTo).toBe(1);
    }
  });

  test('leave no gap between the printed decimals', () => {
    expect(confidenceBandOf(0.695, SPEC_FIGURES)).toBe('low');
    expect(riskClassOf(0.595, SPEC_FIGURES)).toBe('medium');
  });
});

describe('a smoothed success rate', () => {
  test.each([
    [0, 0, 0.5],
    [1, 0, 0.666666667],
    [98, 0, 0.99],
    [0, 8, 0.1],
  ])('of %d successes and %d failures is %d', (successes, failures, rate) => {
    expect(smoothedSuccessRate({ successes, failures }, SPEC_FIGURES)).toBe(rate);
  });
});

test('what is no table of figures is refused as a whole, and of endless mistakes the first hundred are told', () => {
  for (const odd of [null, 7, 'x'.repeat(1_000_000), ['risk'], true]) {
    const refused = overrideFigures(odd as unknown as JsonObject);
    expect(refused).toMatchObject({ ok: false, error: [{ code: 'FIGURES_INVALID', at: 'figures' }] });
  }
  const strangers = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`stranger${i}`, 1]));
  const refused = overrideFigures(strangers);
  expect(refused.ok ? [] : refused.error).toHaveLength(100);
});
