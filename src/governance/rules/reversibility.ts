/**
 * How completely the effect can be undone: the worse of what the contract says and what its category is.
 * Pure ring.
 */
import { earlier, later, MODES, REVERSIBILITIES, type Mode } from '../mode';
import type { CeilingRule } from '../rule';

const WORDS = { full: 'fully', partial: 'in part', irreversible: 'not at all' } as const;

export const REVERSIBILITY: CeilingRule = {
  rule: 'reversibility',
  spec: '2.2, 4.2, 4.3',
  judge: ({ facts: { action }, figures }) => {
    const byCategory =
      action.category === null ? null : figures.reversibility.categories[action.category].reversibility;
    const worse = later(REVERSIBILITIES, action.reversibility, byCategory ?? 'full');
    const { eligibility } = figures;
    const byMatrix: Mode = eligibility.autopilot.reversibilities.includes(worse)
      ? 'autopilot'
      : eligibility.copilot.reversibilities.includes(worse)
        ? 'copilot'
        : 'manual';
    const whose = worse === action.reversibility ? 'the effect' : 'an effect of its category';
    return {
      verdict: earlier(MODES, byMatrix, figures.reversibility.tiers[worse].ceiling),
      because: `${whose} can be undone ${WORDS[worse]}`,
      release: 'an effect that can be undone more completely',
    };
  },
};
