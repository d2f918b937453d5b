/**
 * The figures of eligibility, trust, confidence and reversibility.
 * Pure ring: data only. Each group names the section its numbers come from; `ours` marks a number the spec leaves open.
 * @source execution model 2–4, DESIGN §9.5
 */
import type { AutopilotScope, Mode, Reversibility, RiskClass, Tier, TrustLevel } from '../mode';

type PerTier<T> = Readonly<Record<Tier, T>>;

/** What one column of the eligibility matrix asks for. */
export interface EligibilityFigure {
  /** Least confidence, in [0, 1]. */
  readonly confidenceFrom: number;
  readonly riskClasses: readonly RiskClass[];
  readonly reversibilities: readonly Reversibility[];
  readonly trust: TrustLevel;
  /** Copilot is all or nothing per tier; autopilot may be for selected actions only. */
  readonly tiers: PerTier<AutopilotScope>;
  readonly spec: string;
}

export interface EligibilityFigures {
  readonly copilot: EligibilityFigure;
  readonly autopilot: EligibilityFigure;
}

export const ELIGIBILITY_FIGURES: EligibilityFigures = {
  copilot: {
    confidenceFrom: 0.7,
    riskClasses: ['low', 'medium'],
    reversibilities: ['full', 'partial', 'irreversible'],
    trust: 'established',
    tiers: { starter: 'no', growth: 'full', pro: 'full', enterprise: 'full' },
    spec: '2.2',
  },
  autopilot: {
    confidenceFrom: 0.85,
    riskClasses: ['low'],
    reversibilities: ['full'],
    trust: 'proven',
    tiers: { starter: 'no', growth: 'no', pro: 'no', enterprise: 'selected' },
    spec: '2.2',
  },
};

export interface TrustLevelFigure {
  /** Successful executions since the climb began; at least this many. */
  readonly successes: number;
  /** Most critical failures in the climb, or null where the row states none. */
  readonly criticalFailures: number | null;
  /** Share of failed executions, in [0, 1], that must stay below this; null where the row states none. */
  readonly failureRateBelow: number | null;
  /** Whole days since the climb began; at least this many. */
  readonly daysActive: number;
  readonly ceiling: Mode;
  /** Whether actions selected for the extended autopilot scope are open at this level. */
  readonly extendedScope: boolean;
  readonly spec: string;
}

export interface TrustFigures {
  readonly levels: Readonly<Record<TrustLevel, TrustLevelFigure>>;
  readonly decay: {
    /** Levels lost to one critical failure. */
    readonly criticalDropsLevels: number;
    /** What one moderate failure multiplies the score by. */
    readonly moderateFactor: number;
    /** Days without activity after which the score decays, once for each such period. */
    readonly idleDays: number;
    readonly idleFactor: number;
    readonly spec: string;
  };
  readonly score: {
    readonly start: number;
    readonly cap: number;
    /** Successes in a row that earn one gain. */
    readonly streak: number;
    readonly gain: number;
    /** Below this the effective level is one lower than the earned one. */
    readonly oneLowerBelow: number;
    readonly twoLowerBelow: number;
    readonly spec: string;
  };
  readonly regression: {
    /** Failures from which a rate above the level's bound takes away a level that was kept through a drop. */
    readonly failures: number;
    readonly spec: string;
  };
}

export const TRUST_FIGURES: TrustFigures = {
  levels: {
    new: {
      successes: 0,
      criticalFailures: null,
      failureRateBelow: null,
      daysActive: 0,
      ceiling: 'manual',
      extendedScope: false,
      spec: '2.3',
    },
    established: {
      successes: 30,
      criticalFailures: 0,
      failureRateBelow: null,
      daysActive: 0,
      ceiling: 'copilot',
      extendedScope: false,
      spec: '2.3',
    },
    proven: {
      successes: 100,
      criticalFailures: null,
      failureRateBelow: 0.02,
      daysActive: 90,
      ceiling: 'autopilot',
      extendedScope: false,
      spec: '2.3',
    },
    veteran: {
      successes: 500,
      criticalFailures: null,
      failureRateBelow: 0.01,
      daysActive: 180,
      ceiling: 'autopilot',
      extendedScope: true,
      spec: '2.3',
    },
  },
  decay: { criticalDropsLevels: 1, moderateFactor: 0.9, idleDays: 60, idleFactor: 0.8, spec: '2.3' },
  score: {
    start: 1,
    cap: 1,
    streak: 10,
    gain: 0.05,
    oneLowerBelow: 0.7,
    twoLowerBelow: 0.4,
    spec: 'DESIGN 9.5',
  },
  // Ours: one failure is no spike (11.2), and a bound on failures, unlike one on executions, can't be dodged by idling.
  regression: { failures: 2, spec: '11.2' },
};

export const CONFIDENCE_BANDS = ['insufficient', 'low', 'moderate', 'high', 'very_high'] as const;
export type ConfidenceBand = (typeof CONFIDENCE_BANDS)[number];

/** The four components of confidence, each in [0, 1]. */
export interface ConfidenceParts {
  readonly signalQuality: number;
  readonly historicalSuccess: number;
  readonly patternMatch: number;
  readonly riskAssessment: number;
}

export interface ConfidenceBandFigure {
  /** First value of the band; it reaches up to the next band's first value. */
  readonly from: number;
  /** Last value of the band as the spec prints it, to two decimals. */
  readonly printedTo: number;
  readonly ceiling: Mode;
  readonly spec: string;
}

export interface ConfidenceFigures {
  readonly weights: ConfidenceParts & { readonly spec: string };
  readonly bands: Readonly<Record<ConfidenceBand, ConfidenceBandFigure>>;
  /** `confidence(t) = confidence(t₀) × e^(−ratePerDay × days)`. */
  readonly decay: { readonly ratePerDay: number; readonly spec: string };
  /** A success rate out of few runs leans to this many imagined successes and failures. */
  readonly smoothing: { readonly successes: number; readonly failures: number; readonly spec: string };
}

export const CONFIDENCE_FIGURES: ConfidenceFigures = {
  weights: {
    signalQuality: 0.3,
    historicalSuccess: 0.25,
    patternMatch: 0.25,
    riskAssessment: 0.2,
    spec: '3.2',
  },
  bands: {
    insufficient: { from: 0, printedTo: 0.49, ceiling: 'observe', spec: '3.3' },
    low: { from: 0.5, printedTo: 0.69, ceiling: 'manual', spec: '3.3' },
    moderate: { from: 0.7, printedTo: 0.84, ceiling: 'copilot', spec: '3.3' },
    high: { from: 0.85, printedTo: 0.94, ceiling: 'autopilot', spec: '3.3' },
    very_high: { from: 0.95, printedTo: 1, ceiling: 'autopilot', spec: '3.3' },
  },
  decay: { ratePerDay: 0.05, spec: '3.4' },
  // Ours (Laplace): nothing known reads as one half, and a single success proves little.
  smoothing: { successes: 1, failures: 1, spec: '3.2' },
};

/** The action categories of 4.3. */
export const CATEGORIES = [
  'internal_state',
  'draft_creation',
  'schedule_modification',
  'owned_publish',
  'external_message',
  'public_statement',
  'integration_trigger',
  'spend_commitment',
] as const;
export type Category = (typeof CATEGORIES)[number];

export interface CategoryFigure {
  /** The words of the spec. */
  readonly label: string;
  /** Null where it varies: then the action's own reversibility speaks. */
  readonly reversibility: Reversibility | null;
  /** Null where each integration states its own. */
  readonly ceiling: Mode | null;
  readonly spec: string;
}

export interface ReversibilityFigures {
  readonly tiers: Readonly<Record<Reversibility, { readonly ceiling: Mode; readonly spec: string }>>;
  readonly categories: Readonly<Record<Category, CategoryFigure>>;
}

const category = (
  label: string,
  reversibility: Reversibility | null,
  ceiling: Mode | null,
): CategoryFigure => ({ label, reversibility, ceiling, spec: '4.3' });

export const REVERSIBILITY_FIGURES: ReversibilityFigures = {
  tiers: {
    full: { ceiling: 'autopilot', spec: '4.2' },
    partial: { ceiling: 'copilot', spec: '4.2' },
    irreversible: { ceiling: 'manual', spec: '4.2' },
  },
  categories: {
    internal_state: category('Internal State Changes', 'full', 'autopilot'),
    draft_creation: category('Draft Creation', 'full', 'autopilot'),
    schedule_modification: category('Schedule Modification', 'full', 'autopilot'),
    owned_publish: category('Content Publish (Owned)', 'partial', 'copilot'),
    external_message: category('Email/Outreach (External)', 'irreversible', 'manual'),
    public_statement: category('Public Statement', 'irreversible', 'manual'),
    integration_trigger: category('API Integration Trigger', null, null),
    spend_commitment: category('Spend Commitment', 'irreversible', 'manual'),
  },
};
