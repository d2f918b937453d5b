/**
 * What the rules judge by: risk, confidence, trust, profile, guardrails and degradations, worked out once from the facts.
 * Pure ring. No rule is decided here.
 */
import { confidenceBandOf, confidenceOf, decayedConfidence, degradedConfidence } from './confidence';
import type { Facts } from './facts';
import type { Figures } from './figures';
import type { ConfidenceBand } from './figures/authority';
import { GUARDRAIL_IDS, type GuardrailId } from './figures/guardrails';
import type { ProfileFigure, RiskDimensions } from './figures/risk';
import type { RiskClass } from './mode';
import { limitOf, reserve, usedShare, windowAt, type ReservationLevel } from './reserve';
import { higherDimensions, riskClassOf, riskScore, severer } from './risk';
import { trustAt, type TrustView } from './trust';

/** A profile with what its subsystem adds. */
export interface Profile extends ProfileFigure {
  readonly name: string;
}

export interface RiskView {
  /** In [0, 1]; null where no dimensions are known. */
  readonly score: number | null;
  /** The class of the score; critical where nothing is known. */
  readonly computed: RiskClass;
  readonly declared: RiskClass | null;
  /** The class of the profile's row. */
  readonly listed: RiskClass | null;
  /** The strictest of the three: the one in force. */
  readonly class: RiskClass;
}

export interface ConfidenceView {
  /** As assessed, in [0, 1]; 0 where nothing is known. */
  readonly initial: number;
  /** After age and unclear failures. */
  readonly effective: number;
  readonly ageMs: number;
  readonly band: ConfidenceBand;
}

export interface GuardrailView {
  readonly guardrail: GuardrailId;
  /** `unknown` where the guardrail counts this action and no counter was given. */
  readonly level: ReservationLevel | 'unknown';
  /** Whether this action takes from it, so that it may hold the action. */
  readonly counts: boolean;
  readonly used: number | null;
  readonly asked: number | null;
  readonly limit: number;
  /** End of the window, in milliseconds since the epoch; null for what is counted at once. */
  readonly windowEndsAt: number | null;
}

export const DEGRADATIONS = [
  'model_downgrade',
  'frequency_reduction',
  'queue_mode',
  'priority_mode',
] as const;
/** @source execution model 6.5 */
export type Degradation = (typeof DEGRADATIONS)[number];

export interface Assessment {
  readonly profile: Profile | null;
  readonly risk: RiskView;
  readonly confidence: ConfidenceView;
  readonly trust: TrustView;
  readonly guardrails: readonly GuardrailView[];
  readonly degradations: readonly Degradation[];
}

export function assess(facts: Facts, figures: Figures): Assessment {
  const profile = profileOf(facts, figures);
  const risk = assessRisk(facts, profile, figures);
  const guardrails = GUARDRAIL_IDS.flatMap((guardrail) =>
    assessGuardrail(guardrail, facts, profile, figures),
  );
  return {
    profile,
    risk,
    confidence: assessConfidence(facts, risk, figures),
    trust: trustAt(facts.trust, facts.now, figures),
    guardrails,
    degradations: degradationsOf(guardrails, figures),
  };
}

/** The action type's row, else its subsystem's; null where neither is known. */
function profileOf({ action }: Facts, { profiles }: Figures): Profile | null {
  const row = Object.hasOwn(profiles, action.type) ? profiles[action.type] : undefined;
  const parentName = row === undefined ? action.subsystem : row.subsystem;
  const parent =
    parentName !== null && Object.hasOwn(profiles, parentName) ? profiles[parentName] : undefined;
  if (row === undefined) return parent === undefined ? null : { ...parent, name: parentName ?? '' };
  if (parent === undefined) return { ...row, name: action.type };
  return {
    ...row,
    name: action.type,
    riskClass: row.riskClass ?? parent.riskClass,
    // A row with a class of its own is assessed by that; the dimensions of a subsystem are those of its worst action.
    dimensions: row.dimensions ?? (row.riskClass === null ? parent.dimensions : null),
    ceiling: row.ceiling ?? parent.ceiling,
    neverAutopilot: row.neverAutopilot || parent.neverAutopilot,
  };
}

function assessRisk({ action }: Facts, profile: Profile | null, figures: Figures): RiskView {
  const dimensions: RiskDimensions | null = higherDimensions(action.risk, profile?.dimensions ?? null);
  const score = dimensions === null ? null : riskScore(dimensions, figures);
  const listed = profile?.riskClass ?? null;
  const computed = score === null ? (listed ?? 'critical') : riskClassOf(score, figures);
  const declared = action.declaredRisk;
  return { score, computed, declared, listed, class: severer(severer(computed, declared), listed) };
}

function assessConfidence({ confidence, now }: Facts, risk: RiskView, figures: Figures): ConfidenceView {
  if (confidence === null) return { initial: 0, effective: 0, ageMs: 0, band: 'insufficient' };
  const { value, parts } = confidence;
  const inverseRisk = risk.score === null ? 0 : 1 - risk.score;
  const weighed =
    parts === null
      ? null
      : confidenceOf({ ...parts, riskAssessment: parts.riskAssessment ?? inverseRisk }, figures);
  const initial = value === null ? (weighed ?? 0) : Math.min(value, weighed ?? value);
  const ageMs = Math.max(0, now - confidence.assessedAt);
  const aged = decayedConfidence(initial, ageMs, figures);
  const effective = degradedConfidence(aged, confidence.unknownFailures, figures);
  return { initial, effective, ageMs, band: confidenceBandOf(effective, figures) };
}

/** One view of a guardrail that counts this action or whose use is known; none for the others. */
function assessGuardrail(
  guardrail: GuardrailId,
  { action, tenant, usage, now }: Facts,
  profile: Profile | null,
  figures: Figures,
): readonly GuardrailView[] {
  const { counts: counting, window } = figures.tiers.guardrails[guardrail];
  const use = usage[guardrail];
  const counts =
    counting === 'every' ||
    (counting === 'external' && action.external) ||
    profile?.guardrail === guardrail ||
    (use !== undefined && use.asked > 0);
  if (use === undefined && !counts) return [];
  const limit = limitOf(guardrail, tenant, figures);
  const windowEndsAt = windowAt(window, now)?.to ?? null;
  if (use === undefined) {
    return [{ guardrail, level: 'unknown', counts, used: null, asked: null, limit, windowEndsAt }];
  }
  const { level } = reserve(limit, use.used, use.asked, figures);
  return [{ guardrail, level, counts, used: use.used, asked: use.asked, limit, windowEndsAt }];
}

/** @source execution model 6.5 */
function degradationsOf(guardrails: readonly GuardrailView[], { tiers }: Figures): readonly Degradation[] {
  const shareOf = (view: GuardrailView): number =>
    usedShare(view.limit, (view.used ?? 0) + (view.asked ?? 0));
  const reaches = (guardrail: GuardrailId, share: number): boolean =>
    guardrails.some((view) => view.guardrail === guardrail && shareOf(view) >= share);
  // "All limits" are the general ones of 6.2 and 6.3, each known and each at its soft limit or past it.
  const general = GUARDRAIL_IDS.filter((id) => ['6.2', '6.3'].includes(tiers.guardrails[id].spec));
  const concurrent = guardrails.find((view) => view.guardrail === 'concurrent_executions');
  const inForce: Readonly<Record<Degradation, boolean>> = {
    model_downgrade: reaches('llm_spend_per_month', tiers.degradation.modelDowngradeShare),
    frequency_reduction: reaches('api_calls_per_month', tiers.degradation.frequencyReductionShare),
    queue_mode: concurrent !== undefined && ['hard', 'overage', 'unattainable'].includes(concurrent.level),
    priority_mode: general.every((id) => reaches(id, tiers.enforcement.softShare)),
  };
  return DEGRADATIONS.filter((degradation) => inForce[degradation]);
}
