/**
 * Confidence, decayed to this moment, against the matrix and the bands. A person who acts needs none of it.
 * Pure ring.
 */
import { earlier, MODES, type Mode } from '../mode';
import { printShare, type CeilingRule } from '../rule';

export const CONFIDENCE: CeilingRule = {
  rule: 'confidence',
  spec: '2.2, 3.3, 3.4',
  judge: ({ facts, confidence, figures }) => {
    const { effective, initial, band } = confidence;
    if (facts.startedByPerson !== null) {
      return { verdict: 'autopilot', because: 'a person decides: any confidence will do' };
    }
    const { eligibility } = figures;
    const byMatrix: Mode =
      effective >= eligibility.autopilot.confidenceFrom
        ? 'autopilot'
        : effective >= eligibility.copilot.confidenceFrom
          ? 'copilot'
          : 'manual';
    const came = effective === initial ? '' : ` (was ${printShare(initial)} when assessed)`;
    return {
      verdict: earlier(MODES, byMatrix, figures.confidence.bands[band].ceiling),
      because: `confidence ${printShare(effective)}${came} is ${band.replace('_', ' ')}`,
      release: 'gather more information, so that confidence rises, or run it by name',
      cause: 'confidence',
    };
  },
};
