/**
 * Earned trust, lowered by its score: the level each mode needs, and who may go beyond the standard selection.
 * Pure ring.
 */
import { atLeast, strictestMode, TRUST_LEVELS, type Mode, type TrustLevel } from '../mode';
import { printShare, type CeilingRule } from '../rule';

export const TRUST: CeilingRule = {
  rule: 'trust',
  spec: '2.2, 2.3, DESIGN 9.5',
  judge: ({ facts: { action }, trust, figures }) => {
    const { earned, effective, score } = trust;
    const { eligibility } = figures;
    const level = figures.trust.levels[effective];
    const reaches = (asked: TrustLevel): boolean => atLeast(TRUST_LEVELS, effective, asked);
    const byMatrix: Mode = reaches(eligibility.autopilot.trust)
      ? 'autopilot'
      : reaches(eligibility.copilot.trust)
        ? 'copilot'
        : 'manual';
    const needsExtended = action.selection !== 'standard' && !level.extendedScope;
    const byScope: Mode = needsExtended ? 'copilot' : 'autopilot';
    const lowered = earned === effective ? '' : `, lowered from ${earned} by score ${printShare(score)}`;
    const scope =
      needsExtended && byMatrix === 'autopilot'
        ? '; beyond the standard selection autopilot needs veteran'
        : '';
    return {
      verdict: strictestMode([byMatrix, level.ceiling, byScope]),
      because: `trust is ${effective}${lowered}${scope}`,
      release: 'more executions without incident',
    };
  },
};
