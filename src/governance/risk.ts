/**
 * Risk: the score of an action's four dimensions, its class, and the class in force once every declaration is heard.
 * Pure ring.
 * @source execution model 5, DESIGN §9.1
 */
import type { Figures } from './figures';
import type { RiskDimensions } from './figures/risk';
import { later, RISK_CLASSES, type RiskClass } from './mode';

/**
 * The weighted sum of the dimensions, in [0, 1]. Rounded to nine decimals, so that a sum which is 0.6 on paper is 0.6
 * here and stands on its threshold.
 * @source execution model 5.2
 */
export function riskScore(dimensions: RiskDimensions, figures: Pick<Figures, 'risk'>): number {
  const { weights } = figures.risk;
  return roundShare(
    weights.externality * dimensions.externality +
      weights.magnitude * dimensions.magnitude +
      weights.recovery * dimensions.recovery +
      weights.precedent * dimensions.precedent,
  );
}

/** The class of a score in [0, 1]: the highest whose threshold it reaches. @source execution model 5.3 */
export function riskClassOf(score: number, figures: Pick<Figures, 'risk'>): RiskClass {
  let found: RiskClass = 'low';
  for (const riskClass of RISK_CLASSES) {
    if (score >= figures.risk.classes[riskClass].from) found = riskClass;
  }
  return found;
}

/** The more severe of two classes; `null` states none. */
export function severer(a: RiskClass, b: RiskClass | null): RiskClass {
  return b === null ? a : later(RISK_CLASSES, a, b);
}

/** Dimension by dimension, the higher of two assessments; `null` states none. */
export function higherDimensions(a: RiskDimensions | null, b: RiskDimensions | null): RiskDimensions | null {
  if (a === null || b === null) return a ?? b;
  return {
    externality: Math.max(a.externality, b.externality),
    magnitude: Math.max(a.magnitude, b.magnitude),
    recovery: Math.max(a.recovery, b.recovery),
    precedent: Math.max(a.precedent, b.precedent),
  };
}

/** A share brought into [0, 1] and rounded to nine decimals; monotone, and the same on every machine. */
export function roundShare(value: number): number {
  if (!(value > 0)) return 0;
  return Math.min(1, Math.round(value * 1e9) / 1e9);
}
