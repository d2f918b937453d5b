/**
 * The ceiling of the action's category.
 * Pure ring.
 */
import type { CeilingRule } from '../rule';

export const CATEGORY: CeilingRule = {
  rule: 'category',
  spec: '4.3',
  judge: ({ facts: { action }, figures }) => {
    if (action.category === null) {
      return { verdict: 'autopilot', because: 'no category is given: its own reversibility speaks' };
    }
    const { label, ceiling } = figures.reversibility.categories[action.category];
    return ceiling === null
      ? { verdict: 'autopilot', because: `${label}: each integration declares its own ceiling` }
      : {
          verdict: ceiling,
          because: `${label} goes up to ${ceiling}`,
          release: 'an action of another category',
        };
  },
};
