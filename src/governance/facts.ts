/**
 * The facts of one decision: everything the authority rules read, and nothing else. What each field means, its unit,
 * bounds and default stand in `facts-schema.ts`, which is the published form; these are the types.
 * Pure ring.
 */
import type { Category, ConfidenceParts } from './figures/authority';
import type { GuardrailId, Window } from './figures/guardrails';
import type { RiskDimensions } from './figures/risk';
import type { ApprovalType, ApproverLevel, Mode, Reversibility, RiskClass, Tier } from './mode';
import type { TrustStanding } from './trust';

/** Selected for no autopilot, for the extended scope (veterans), or for the standard one; strictest first. */
export const SELECTIONS = ['none', 'extended', 'standard'] as const;
export type Selection = (typeof SELECTIONS)[number];

export const PRIORITIES = ['normal', 'critical'] as const;
export type Priority = (typeof PRIORITIES)[number];

export const PAUSE_SCOPES = ['outcome', 'runbook', 'domain', 'automation', 'tenant'] as const;
export type PauseScope = (typeof PAUSE_SCOPES)[number];

export const CALENDAR_KINDS = ['freeze', 'maintenance'] as const;
export type CalendarKind = (typeof CALENDAR_KINDS)[number];

/** A circuit breaker; `half_open` is told only to the firing that is the probe. */
export const BREAKER_STATES = ['closed', 'half_open', 'open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

export const POLICY_EFFECTS = ['permit', 'forbid'] as const;
export type PolicyEffect = (typeof POLICY_EFFECTS)[number];

export interface ActionFacts {
  readonly type: string;
  readonly subsystem: string | null;
  readonly category: Category | null;
  readonly external: boolean;
  readonly reversibility: Reversibility;
  readonly risk: RiskDimensions | null;
  readonly declaredRisk: RiskClass | null;
  readonly selection: Selection;
  readonly priority: Priority;
}

export interface ConfidenceFacts {
  readonly value: number | null;
  readonly parts:
    (Omit<ConfidenceParts, 'riskAssessment'> & { readonly riskAssessment: number | null }) | null;
  readonly assessedAt: number;
  readonly unknownFailures: number;
}

export interface BlastRadiusFacts {
  readonly limitPerHour: number | null;
  readonly firedThisHour: number;
  readonly mostAtOnceShare: number | null;
  readonly inFlight: number;
  readonly population: number | null;
  readonly stopAtErrorShare: number | null;
  readonly failed: number;
  readonly finished: number;
}

export interface AutomationFacts {
  readonly id: string;
  readonly dial: Mode;
  readonly killed: boolean;
  readonly blastRadius: BlastRadiusFacts | null;
}

export interface PolicyFacts {
  readonly id: string;
  readonly effect: PolicyEffect;
  readonly ceiling: Mode | null;
  readonly approval: ApprovalType | null;
  /** Levels (`manager`), or persons (`person:ada`). */
  readonly approvers: readonly string[];
}

export interface CalendarFacts {
  readonly id: string;
  readonly kind: CalendarKind;
  readonly windows: readonly { readonly from: number; readonly to: number }[];
}

export interface LimitFacts {
  readonly id: string;
  readonly window: Window;
  readonly limit: number;
  readonly used: number;
  readonly asked: number;
}

export interface ApprovalFacts {
  readonly by: string;
  readonly as: ApproverLevel;
  readonly decision: 'approved' | 'rejected';
}

export interface Facts {
  readonly v: 1;
  readonly now: number;
  readonly startedByPerson: string | null;
  readonly tenant: {
    readonly tier: Tier;
    readonly limits: Readonly<Partial<Record<GuardrailId, number>>>;
  };
  readonly action: ActionFacts;
  readonly confidence: ConfidenceFacts | null;
  readonly trust: TrustStanding;
  readonly automation: AutomationFacts | null;
  readonly passive: boolean;
  readonly pauses: readonly { readonly scope: PauseScope; readonly name: string }[];
  readonly ceilings: readonly { readonly source: string; readonly mode: Mode }[];
  readonly policies: readonly PolicyFacts[];
  readonly calendars: readonly CalendarFacts[];
  readonly system: {
    readonly name: string;
    readonly breaker: BreakerState;
    readonly retryAt: number | null;
  } | null;
  readonly usage: Readonly<Partial<Record<GuardrailId, { readonly used: number; readonly asked: number }>>>;
  readonly limits: readonly LimitFacts[];
  readonly approvals: readonly ApprovalFacts[];
}
