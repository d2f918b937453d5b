/**
 * Confidence: the weighted components, their decay by age and by unclear failures, and the band that results.
 * Pure ring: the age comes in, no clock is read.
 * @source execution model 3
 */
import type { Figures } from './figures';
import { CONFIDENCE_BANDS, type ConfidenceBand, type ConfidenceParts } from './figures/authority';
import { confidenceAfterFailures } from './retry';
import { roundShare } from './risk';

const DAY_MS = 86_400_000;

/** The weighted sum of the components, in [0, 1]. @source execution model 3.2 */
export function confidenceOf(parts: ConfidenceParts, figures: Pick<Figures, 'confidence'>): number {
  const { weights } = figures.confidence;
  return roundShare(
    weights.signalQuality * parts.signalQuality +
      weights.historicalSuccess * parts.historicalSuccess +
      weights.patternMatch * parts.patternMatch +
      weights.riskAssessment * parts.riskAssessment,
  );
}

/**
 * Confidence after a time, in [0, 1]. `ageMs`: milliseconds since it was assessed; a negative age, from clocks that
 * disagree, counts as none. Days are fractions of days.
 * @source execution model 3.4
 */
export function decayedConfidence(
  confidence: number,
  ageMs: number,
  figures: Pick<Figures, 'confidence'>,
): number {
  const days = Math.max(0, ageMs) / DAY_MS;
  return roundShare(confidence * Math.exp(-figures.confidence.decay.ratePerDay * days));
}

/** Confidence after attempts that ended *unknown*, in [0, 1]. @source execution model 8.4 */
export function degradedConfidence(
  confidence: number,
  unknownFailures: number,
  figures: Pick<Figures, 'retry'>,
): number {
  return roundShare(confidenceAfterFailures(confidence, { unknown: unknownFailures }, figures));
}

/** The band of a confidence in [0, 1]: the highest whose threshold it reaches. @source execution model 3.3 */
export function confidenceBandOf(confidence: number, figures: Pick<Figures, 'confidence'>): ConfidenceBand {
  let found: ConfidenceBand = 'insufficient';
  for (const band of CONFIDENCE_BANDS) {
    if (confidence >= figures.confidence.bands[band].from) found = band;
  }
  return found;
}

/**
 * A success rate that few runs cannot carry to an extreme, in (0, 1): `(successes + a) / (runs + a + b)`. It is the
 * component *historical success* of one action type, and *pattern match* of one runbook.
 * @source execution model 3.2; Laplace's rule of succession
 */
export function smoothedSuccessRate(
  runs: { readonly successes: number; readonly failures: number },
  figures: Pick<Figures, 'confidence'>,
): number {
  const { successes, failures } = figures.confidence.smoothing;
  const total = runs.successes + runs.failures + successes + failures;
  return total === 0 ? 0 : roundShare((runs.successes + successes) / total);
}
