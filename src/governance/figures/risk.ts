/**
 * The figures of risk, and the table of known action types and subsystems with their profiles. CiteMind's engines and
 * actions stand here beside the general ones: a profile is data, and no rule knows its name.
 * Pure ring: data only.
 * @source execution model 5, 12.2–12.4
 */
import type { ApprovalType, ApproverLevel, Mode, RiskClass } from '../mode';

/** The four dimensions of risk, each in [0, 1]; higher is riskier. */
export interface RiskDimensions {
  readonly externality: number;
  readonly magnitude: number;
  readonly recovery: number;
  readonly precedent: number;
}

export interface RiskClassFigure {
  /** First score of the class; it reaches up to the next class's first score. */
  readonly from: number;
  /** Last score of the class as the spec prints it, to two decimals. */
  readonly printedTo: number;
  readonly ceiling: Mode;
  readonly approvers: readonly ApproverLevel[];
  readonly spec: string;
}

export interface RiskFigures {
  readonly weights: RiskDimensions & { readonly spec: string };
  readonly classes: Readonly<Record<RiskClass, RiskClassFigure>>;
}

export const RISK_FIGURES: RiskFigures = {
  weights: { externality: 0.35, magnitude: 0.3, recovery: 0.2, precedent: 0.15, spec: '5.1' },
  classes: {
    low: { from: 0, printedTo: 0.29, ceiling: 'autopilot', approvers: [], spec: '5.3' },
    medium: { from: 0.3, printedTo: 0.59, ceiling: 'copilot', approvers: ['user'], spec: '5.3' },
    high: { from: 0.6, printedTo: 0.79, ceiling: 'manual', approvers: ['user', 'manager'], spec: '5.3' },
    critical: { from: 0.8, printedTo: 1, ceiling: 'manual', approvers: ['executive'], spec: '5.3' },
  },
};

/** What is known of an action type, or of a subsystem for the actions of it that have no row of their own. */
export interface ProfileFigure {
  /** The words of the spec. */
  readonly label: string;
  /** The profile this one belongs to; what it leaves open is taken from there. */
  readonly subsystem: string | null;
  readonly dimensions: RiskDimensions | null;
  /** The class the table prints; the stricter of it and the computed one counts. */
  readonly riskClass: RiskClass | null;
  /** The score the table prints: an illustration, rounded; nothing computes with it (DESIGN §9.1). */
  readonly printedScore: number | null;
  readonly ceiling: Mode | null;
  /** Whether autopilot stays shut whatever the other figures say; true for all of a subsystem where it is for that. */
  readonly neverAutopilot: boolean;
  /** What the row asks of people where its own class and ceiling are in force; null where 9.1 decides. */
  readonly approvals: readonly ApprovalType[] | null;
  /** Whether only a person can do it: the engine fires nothing and takes the result attested. */
  readonly humanStep: boolean;
  /** The guardrail that counts it, beside the general ones. */
  readonly guardrail: string | null;
  readonly spec: string;
}

const OPEN: ProfileFigure = {
  label: '',
  subsystem: null,
  dimensions: null,
  riskClass: null,
  printedScore: null,
  ceiling: null,
  neverAutopilot: false,
  approvals: null,
  humanStep: false,
  guardrail: null,
  spec: '',
};

const dimensions = (
  externality: number,
  magnitude: number,
  recovery: number,
  precedent: number,
): RiskDimensions => ({ externality, magnitude, recovery, precedent });

const known = (
  label: string,
  riskClass: RiskClass,
  printedScore: number,
  scores: RiskDimensions,
): ProfileFigure => ({ ...OPEN, label, riskClass, printedScore, dimensions: scores, spec: '5.4' });

const engine = (label: string, riskClass: RiskClass, ceiling: Mode): ProfileFigure => ({
  ...OPEN,
  label,
  riskClass,
  ceiling,
  spec: '12.2',
});

/** A row of 12.4. The V1 constraint of 12.3 stands at the audio engine, and its rows belong to that. */
const citemind = (
  label: string,
  engineNumber: 1 | 2 | 3,
  [riskClass, ceiling, approvals]: readonly [RiskClass | null, Mode, readonly ApprovalType[]],
  rest: Partial<ProfileFigure> = {},
): ProfileFigure => ({
  ...OPEN,
  label,
  subsystem: `citemind.engine_${engineNumber}`,
  riskClass,
  ceiling,
  approvals,
  spec: '12.4',
  ...rest,
});

const FREE = ['low', 'autopilot', ['none']] as const;
const CONFIRMED = ['medium', 'copilot', ['confirm']] as const;

export const PROFILE_FIGURES: Readonly<Record<string, ProfileFigure>> = {
  tag_internal_content: known('Tag internal content', 'low', 0.08, dimensions(0, 0.1, 0.1, 0.1)),
  schedule_content: known('Schedule content', 'low', 0.2, dimensions(0.2, 0.2, 0.2, 0.2)),
  publish_blog_post: known('Publish blog post', 'medium', 0.42, dimensions(0.5, 0.4, 0.4, 0.3)),
  send_pitch_email: known('Send pitch email', 'medium', 0.58, dimensions(0.9, 0.5, 0.6, 0.4)),
  issue_press_release: known('Issue press release', 'high', 0.88, dimensions(1, 0.8, 0.9, 0.8)),
  crisis_response: known('Crisis response', 'critical', 1, dimensions(1, 1, 1, 1)),

  'citemind.engine_1': engine('Engine 1: AI Ingestion & Citation', 'low', 'autopilot'),
  'citemind.engine_2': {
    ...engine('Engine 2: Audio/Podcast Transformation', 'high', 'manual'),
    dimensions: dimensions(0.9, 0.6, 0.7, 0.5),
    printedScore: 0.68,
    neverAutopilot: true,
  },
  'citemind.engine_3': engine('Engine 3: Intelligence & Monitoring', 'low', 'autopilot'),

  'citemind.schema_generation': citemind('Schema generation', 1, FREE),
  'citemind.indexnow_ping': citemind('IndexNow ping', 1, FREE),
  'citemind.google_indexing_request': citemind('Google Indexing request', 1, CONFIRMED, {
    guardrail: 'citemind_google_indexing_per_day',
  }),
  'citemind.citation_scan': citemind('Citation scan', 1, FREE, {
    guardrail: 'citemind_citation_scans_per_day',
  }),
  'citemind.citation_verification': citemind('Citation verification', 1, ['low', 'copilot', ['review']], {
    guardrail: 'citemind_citation_verifications_per_day',
  }),
  'citemind.briefing_generation': citemind('Briefing generation', 2, CONFIRMED, {
    guardrail: 'citemind_audio_briefings_per_month',
  }),
  'citemind.script_review': citemind('Script review', 2, [null, 'manual', []], {
    humanStep: true,
  }),
  'citemind.voice_synthesis': citemind('Voice synthesis', 2, ['high', 'manual', ['approve']], {
    guardrail: 'citemind_voice_synthesis_per_month',
  }),
  'citemind.audio_distribution': citemind('Audio distribution', 2, ['high', 'manual', ['approve', 'review']]),
  'citemind.daily_citation_scan': citemind('Daily citation scan', 3, FREE, {
    guardrail: 'citemind_citation_scans_per_day',
  }),
  'citemind.narrative_drift_analysis': citemind('Narrative drift analysis', 3, FREE),
  'citemind.competitive_monitoring': citemind('Competitive monitoring', 3, FREE),
  'citemind.alert_generation': citemind('Alert generation', 3, FREE),
  'citemind.correction_campaign': citemind('Correction campaign', 3, ['medium', 'copilot', ['review']]),
};
