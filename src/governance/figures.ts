/**
 * Every number the authority rules use, as one value. `SPEC_FIGURES` is the spec's; a tenant's are made from it by
 * `overrideFigures`, which keeps what was changed, so that a decision can name the figures it was made with.
 * Pure ring: data and its checked override. No rule reads a number from anywhere else.
 */
import type { Diagnostic } from '../kernel/diagnostic';
import { didYouMean } from '../kernel/diagnostic';
import type { JsonObject } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import {
  CONFIDENCE_FIGURES,
  ELIGIBILITY_FIGURES,
  REVERSIBILITY_FIGURES,
  TRUST_FIGURES,
  type ConfidenceFigures,
  type EligibilityFigures,
  type ReversibilityFigures,
  type TrustFigures,
} from './figures/authority';
import {
  AUTOMATION_LIMIT_FIGURES,
  TIER_FIGURES,
  WINDOWS,
  type AutomationLimitFigures,
  type TierFigures,
} from './figures/guardrails';
import {
  APPROVAL_FIGURES,
  LIFECYCLE_FIGURES,
  RETENTION_FIGURES,
  type ApprovalFigures,
  type LifecycleFigures,
  type RetentionFigures,
} from './figures/people';
import { RETRY_FIGURES, type RetryFigures } from './figures/retry';
import { PROFILE_FIGURES, RISK_FIGURES, type ProfileFigure, type RiskFigures } from './figures/risk';
import {
  APPROVAL_TYPES,
  APPROVER_LEVELS,
  AUTOPILOT_SCOPES,
  MODES,
  REVERSIBILITIES,
  RISK_CLASSES,
  TIERS,
  TRUST_LEVELS,
} from './mode';

export interface Figures {
  readonly eligibility: EligibilityFigures;
  readonly trust: TrustFigures;
  readonly confidence: ConfidenceFigures;
  readonly reversibility: ReversibilityFigures;
  readonly risk: RiskFigures;
  /** By action type, and by subsystem for the actions of it that have no row. */
  readonly profiles: Readonly<Record<string, ProfileFigure>>;
  readonly tiers: TierFigures;
  readonly automation: AutomationLimitFigures;
  readonly approvals: ApprovalFigures;
  readonly lifecycle: LifecycleFigures;
  readonly retry: RetryFigures;
  readonly retention: RetentionFigures;
  /**
   * What differs from the spec's figures; empty for the spec's own.
   * INVARIANT: `overrideFigures(overrides)` gives these figures again, so make figures by no other way.
   */
  readonly overrides: JsonObject;
}

export const SPEC_FIGURES: Figures = {
  eligibility: ELIGIBILITY_FIGURES,
  trust: TRUST_FIGURES,
  confidence: CONFIDENCE_FIGURES,
  reversibility: REVERSIBILITY_FIGURES,
  risk: RISK_FIGURES,
  profiles: PROFILE_FIGURES,
  tiers: TIER_FIGURES,
  automation: AUTOMATION_LIMIT_FIGURES,
  approvals: APPROVAL_FIGURES,
  lifecycle: LIFECYCLE_FIGURES,
  retry: RETRY_FIGURES,
  retention: RETENTION_FIGURES,
  overrides: {},
};

/** Where a leaf may hold only certain words, by the name of its key. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  ceiling: MODES,
  trust: TRUST_LEVELS,
  riskClass: RISK_CLASSES,
  riskClasses: RISK_CLASSES,
  reversibility: REVERSIBILITIES,
  reversibilities: REVERSIBILITIES,
  approvers: APPROVER_LEVELS,
  steps: APPROVER_LEVELS,
  approvals: APPROVAL_TYPES,
  customFallsBackTo: TIERS,
  window: WINDOWS,
  backoff: ['exponential', 'linear', 'fixed'],
  counts: ['every', 'external', 'asked'],
  // The scope of autopilot per tier, and the approval type per risk class.
  ...Object.fromEntries(TIERS.map((tier) => [tier, AUTOPILOT_SCOPES])),
  ...Object.fromEntries(RISK_CLASSES.map((riskClass) => [riskClass, APPROVAL_TYPES])),
};

/** Mistakes that are told of one table of overrides. */
const MOST_TOLD = 100;

/** Keys that say what a figure is, and are no figures. */
const DESCRIPTIONS = new Set([
  'spec',
  'label',
  'unit',
  'perPrintedUnit',
  'printedTo',
  'printedScore',
  'subsystem',
]);

/** Leaves that are a number in the spec's table and may be `null` (set by contract, or not asked for) in a tenant's. */
const NULLABLE = new Set([
  ...TIERS,
  'criticalFailures',
  'failureRateBelow',
  'remindAfterMs',
  'escalateAfterMs',
]);

/**
 * The spec's figures with a tenant's values in place of some: same nesting, only the leaves that differ.
 * Errors: `FIGURES_UNKNOWN` for a path the table lacks, `FIGURES_INVALID` for a value of the wrong kind and for weights
 * or thresholds that no longer fit together.
 */
export function overrideFigures(overrides: JsonObject): Result<Figures, readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  if (!isObject(overrides))
    return err([{ code: 'FIGURES_INVALID', at: 'figures', message: 'must be a table of figures' }]);
  const { overrides: _none, ...table } = SPEC_FIGURES;
  const merged = merge(table, overrides, '', found) as Omit<Figures, 'overrides'>;
  if (found.length === 0) found.push(...coherence(merged));
  return found.length === 0 ? ok({ ...merged, overrides }) : err(found);
}

function merge(base: object, patch: JsonObject, at: string, found: Diagnostic[]): object {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (found.length >= MOST_TOLD) break;
    const path = at === '' ? key : `${at}.${key}`;
    if (!Object.hasOwn(merged, key) || DESCRIPTIONS.has(key)) {
      const help = didYouMean(
        key,
        Object.keys(base).filter((name) => !DESCRIPTIONS.has(name)),
      );
      found.push({
        code: 'FIGURES_UNKNOWN',
        at: `figures.${path}`,
        message: `\`${key}\` is no figure`,
        ...(help === undefined ? {} : { help }),
      });
      continue;
    }
    const known = merged[key];
    if (isObject(known) && isObject(value)) {
      merged[key] = merge(known, value as JsonObject, path, found);
      continue;
    }
    const wrong = isObject(known)
      ? 'a group of figures is overridden figure by figure'
      : leafMistake(key, known, value);
    if (wrong === undefined) merged[key] = value;
    else found.push({ code: 'FIGURES_INVALID', at: `figures.${path}`, message: wrong });
  }
  return merged;
}

/** What is wrong with a leaf's value, or `undefined`. */
function leafMistake(key: string, known: unknown, value: unknown): string | undefined {
  const words = WORDS[key];
  if (Array.isArray(known) || (Array.isArray(value) && words !== undefined && known === null)) {
    const allowed = words ?? [];
    const fits =
      Array.isArray(value) && value.every((word) => typeof word === 'string' && allowed.includes(word));
    return fits ? undefined : `must be a list of ${allowed.join(', ')}`;
  }
  if (typeof known === 'boolean') return typeof value === 'boolean' ? undefined : 'must be true or false';
  const mayBeNull = known === null || (NULLABLE.has(key) && typeof known === 'number');
  if (value === null && mayBeNull) return undefined;
  // A key such as `pro` holds a word in one table and a number in another: what stands there says which.
  const isWord = typeof known === 'string' || (known === null && words !== undefined && !NULLABLE.has(key));
  if (isWord) {
    const allowed = words ?? [];
    return typeof value === 'string' && allowed.includes(value)
      ? undefined
      : `must be one of ${allowed.join(', ')}`;
  }
  const fits = typeof value === 'number' && Number.isFinite(value) && value >= 0;
  return fits ? undefined : `must be a finite number, 0 or more${mayBeNull ? ', or null' : ''}`;
}

/** Laws between figures: weights share out one whole, and thresholds rise. */
function coherence(figures: Omit<Figures, 'overrides'>): Diagnostic[] {
  const found: Diagnostic[] = [];
  const broken = (at: string, message: string): void => {
    found.push({ code: 'FIGURES_INVALID', at: `figures.${at}`, message });
  };
  for (const [at, weights] of [
    ['risk.weights', figures.risk.weights],
    ['confidence.weights', figures.confidence.weights],
  ] as const) {
    const numbers = Object.values(weights).filter((weight) => typeof weight === 'number');
    const sum = numbers.reduce((total, weight) => total + weight, 0);
    if (Math.abs(sum - 1) > 1e-9)
      broken(at, `the weights must add up to 1, they add up to ${Number(sum.toFixed(6))}`);
  }
  for (const [at, rows] of [
    ['risk.classes', Object.values(figures.risk.classes)],
    ['confidence.bands', Object.values(figures.confidence.bands)],
  ] as const) {
    const rises = rows.every(
      ({ from }, i) => (i === 0 ? from === 0 : from >= (rows[i - 1]?.from ?? 0)) && from <= 1,
    );
    if (!rises) broken(at, 'the first threshold must be 0 and the others must rise up to at most 1');
  }
  return found;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
