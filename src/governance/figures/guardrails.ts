/**
 * The figures of the plan tiers: guardrails with their windows and limits, enforcement, degradation modes, and the
 * defaults of the limits that an automation carries. CiteMind's own guardrails are rows of the same table.
 * Pure ring: data only. Money is in micro-dollars and audio in seconds, so that every count is a whole number.
 * @source execution model 6, 11.1, 12.5; theory of operations 4
 */
import type { AutopilotScope, Tier } from '../mode';

/** A UTC calendar window, or `at_once` for what is in flight now. */
export const WINDOWS = ['at_once', 'hour', 'day', 'month'] as const;
export type Window = (typeof WINDOWS)[number];

type PerTier<T> = Readonly<Record<Tier, T>>;

export const GUARDRAIL_IDS = [
  'actions_per_day',
  'external_actions_per_day',
  'concurrent_executions',
  'llm_calls_per_hour',
  'llm_spend_per_month',
  'api_calls_per_month',
  'storage_per_month',
  'citemind_google_indexing_per_day',
  'citemind_citation_scans_per_day',
  'citemind_citation_verifications_per_day',
  'citemind_audio_briefings_per_month',
  'citemind_voice_synthesis_per_month',
] as const;
export type GuardrailId = (typeof GUARDRAIL_IDS)[number];

export interface GuardrailFigure {
  /** The words of the spec. */
  readonly label: string;
  readonly window: Window;
  readonly unit:
    | 'action'
    | 'execution'
    | 'call'
    | 'micro-dollar'
    | 'byte'
    | 'request'
    | 'scan'
    | 'verification'
    | 'briefing'
    | 'second';
  /** Units that one printed unit stands for: a dollar is 1,000,000 micro-dollars. */
  readonly perPrintedUnit: number;
  /** The most per window, in `unit`; null where the tenant's contract says (Custom). */
  readonly limits: PerTier<number | null>;
  /** Which actions take from it without naming it: every one, external ones, or only those that ask. */
  readonly counts: 'every' | 'external' | 'asked';
  readonly spec: string;
}

export interface TierFigures {
  readonly guardrails: Readonly<Record<GuardrailId, GuardrailFigure>>;
  readonly autopilot: PerTier<AutopilotScope> & { readonly spec: string };
  /** Approvers after the initiator that a chain may have; null where the tenant's contract says. */
  readonly approvalChainDepth: PerTier<number | null> & { readonly spec: string };
  /** The tier whose figure holds where a contract should say and does not: the largest that is printed. */
  readonly customFallsBackTo: Tier;
  readonly enforcement: { readonly softShare: number; readonly hardShare: number; readonly spec: string };
  readonly degradation: {
    readonly modelDowngradeShare: number;
    readonly frequencyReductionShare: number;
    readonly spec: string;
  };
}

type Row = readonly [number | null, number | null, number | null, number | null];

const perTier = ([starter, growth, pro, enterprise]: Row): PerTier<number | null> => ({
  starter,
  growth,
  pro,
  enterprise,
});

const general = (
  label: string,
  window: Window,
  unit: GuardrailFigure['unit'],
  row: Row,
  rest: Partial<GuardrailFigure> = {},
): GuardrailFigure => ({
  label,
  window,
  unit,
  perPrintedUnit: 1,
  limits: perTier(row),
  counts: 'asked',
  spec: '6.2',
  ...rest,
});

const DOLLAR = 1_000_000;
/** SI: storage is sold in powers of ten. */
const GIGABYTE = 1_000_000_000;
const MINUTE = 60;

/**
 * Enterprise is "unlimited, still subject to rate limiting and abuse prevention" (6.2). The bound is ours: five hundred
 * times Pro's, more than one action a second the whole day, which no contract reaches by accident.
 */
const ABUSE_ACTIONS_PER_DAY = 100_000;

export const TIER_FIGURES: TierFigures = {
  guardrails: {
    actions_per_day: general('Max Actions/Day', 'day', 'action', [10, 50, 200, ABUSE_ACTIONS_PER_DAY], {
      counts: 'every',
    }),
    external_actions_per_day: general('External Actions/Day', 'day', 'action', [2, 10, 50, null], {
      counts: 'external',
    }),
    concurrent_executions: general('Concurrent Executions', 'at_once', 'execution', [1, 3, 10, null], {
      counts: 'every',
    }),
    llm_calls_per_hour: general('LLM Calls/Hour', 'hour', 'call', [20, 100, 500, null]),
    llm_spend_per_month: general(
      'LLM Spend/Month',
      'month',
      'micro-dollar',
      [50 * DOLLAR, 200 * DOLLAR, 1_000 * DOLLAR, null],
      { perPrintedUnit: DOLLAR, spec: '6.3' },
    ),
    api_calls_per_month: general('API Calls/Month', 'month', 'call', [5_000, 25_000, 150_000, null], {
      spec: '6.3',
    }),
    storage_per_month: general(
      'Storage/Month',
      'month',
      'byte',
      [1 * GIGABYTE, 10 * GIGABYTE, 100 * GIGABYTE, null],
      { perPrintedUnit: GIGABYTE, spec: '6.3' },
    ),
    citemind_google_indexing_per_day: general('Google Indexing/day', 'day', 'request', [10, 50, 200, null], {
      spec: '12.5',
    }),
    citemind_citation_scans_per_day: general('Citation scans/day', 'day', 'scan', [1, 5, 20, null], {
      spec: '12.5',
    }),
    citemind_citation_verifications_per_day: general(
      'Citation verifications/day',
      'day',
      'verification',
      [5, 25, 100, null],
      { spec: '12.5' },
    ),
    citemind_audio_briefings_per_month: general(
      'Audio briefings/month',
      'month',
      'briefing',
      [5, 20, 100, null],
      { spec: '12.5' },
    ),
    citemind_voice_synthesis_per_month: general(
      'Voice synthesis min/month',
      'month',
      'second',
      [0, 30 * MINUTE, 200 * MINUTE, null],
      { perPrintedUnit: MINUTE, spec: '12.5' },
    ),
  },
  autopilot: { starter: 'no', growth: 'no', pro: 'selected', enterprise: 'full', spec: '6.2' },
  approvalChainDepth: { starter: 1, growth: 2, pro: 3, enterprise: null, spec: '6.2' },
  customFallsBackTo: 'pro',
  enforcement: { softShare: 0.8, hardShare: 1, spec: '6.4' },
  degradation: { modelDowngradeShare: 0.8, frequencyReductionShare: 0.9, spec: '6.5' },
};

/** Bounds that an automation carries unless its configuration says otherwise. */
export interface AutomationLimitFigures {
  readonly blastRadius: {
    /** Actions one automation may fire alone in an hour before a person is asked. */
    readonly actionsPerHour: number;
    /** Largest share of a population acted on at once, in (0, 1]; always at least one. */
    readonly mostAtOnceShare: number;
    /** Share of failed among finished actions at which an automation stops, in (0, 1]. */
    readonly stopAtErrorShare: number;
    /** Failures below which the error share is not judged: one failure of one action is no trend. */
    readonly errorsJudgedFrom: number;
    readonly spec: string;
  };
  readonly breaker: {
    /** Share of failed calls above which an integration is disabled. */
    readonly opensAboveErrorShare: number;
    /** Ours: the window the share is measured over, the fewest calls in it, and the pause before a probe. */
    readonly windowMs: number;
    readonly fewestCalls: number;
    readonly probeAfterMs: number;
    readonly spec: string;
  };
}

export const AUTOMATION_LIMIT_FIGURES: AutomationLimitFigures = {
  // The theory of operations names the bound and leaves N open; these are ours.
  blastRadius: {
    actionsPerHour: 100,
    mostAtOnceShare: 0.25,
    stopAtErrorShare: 0.1,
    errorsJudgedFrom: 3,
    spec: 'theory 4',
  },
  breaker: {
    opensAboveErrorShare: 0.1,
    windowMs: 60_000,
    fewestCalls: 20,
    probeAfterMs: 30_000,
    spec: '11.1',
  },
};
