/**
 * The risk class in force, the strictest of computed, declared and listed, against the matrix and the classes.
 * Pure ring.
 */
import type { RiskView } from '../assess';
import { earlier, MODES, type Mode } from '../mode';
import { printShare, type CeilingRule } from '../rule';

export const RISK_CLASS: CeilingRule = {
  rule: 'risk-class',
  spec: '2.2, 5.3, DESIGN 9.1',
  judge: ({ risk, figures }) => {
    const { eligibility } = figures;
    const byMatrix: Mode = eligibility.autopilot.riskClasses.includes(risk.class)
      ? 'autopilot'
      : eligibility.copilot.riskClasses.includes(risk.class)
        ? 'copilot'
        : 'manual';
    return {
      verdict: earlier(MODES, byMatrix, figures.risk.classes[risk.class].ceiling),
      because: `risk is ${risk.class} (${reasons(risk)})`,
      release: 'a class of lower risk',
    };
  },
};

function reasons({ score, computed, declared, listed }: RiskView): string {
  const scored =
    score === null ? `no dimensions known, so ${computed}` : `score ${printShare(score)} is ${computed}`;
  const others = [
    ...(declared === null ? [] : [`declared ${declared}`]),
    ...(listed === null ? [] : [`listed ${listed}`]),
  ];
  return [scored, ...others].join(', ');
}
