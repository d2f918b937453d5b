/**
 * The figures of what is asked of people and how long things may wait: approval types and their service levels, the
 * time-outs of action states, and how long the audit fields of section 12 are kept.
 * Pure ring: data only.
 * @source execution model 5.3, 8.3, 9, 12.6; DESIGN §9.6
 */
import type { ApprovalType, ApproverLevel, Mode, RiskClass } from '../mode';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export interface ApprovalFigure {
  readonly steps: readonly ApproverLevel[];
  readonly reasonRequired: boolean;
  /** When an answer is expected, in milliseconds from asking: 0 is at once; null where nobody is asked. For a chain, per step. */
  readonly respondWithinMs: number | null;
  readonly remindAfterMs: number | null;
  readonly escalateAfterMs: number | null;
  readonly spec: string;
}

export interface ApprovalFigures {
  readonly types: Readonly<Record<ApprovalType, ApprovalFigure>>;
  /** The type asked for by the mode and the risk class in force. */
  readonly triggers: Readonly<Record<Mode, Readonly<Record<RiskClass, ApprovalType>>>> & {
    readonly spec: string;
  };
  /** Whether starting it under one's own name is that user's approval (DESIGN §9.6); other steps need other people. */
  readonly starterIsUser: boolean;
}

/** A person who acts is the user of 5.3, so manual asks by risk class alone; observe asks what manual would. */
const BY_RISK_CLASS = { low: 'none', medium: 'review', high: 'approve', critical: 'chain' } as const;

export const APPROVAL_FIGURES: ApprovalFigures = {
  types: {
    none: {
      steps: [],
      reasonRequired: false,
      respondWithinMs: null,
      remindAfterMs: null,
      escalateAfterMs: null,
      spec: '9.1',
    },
    confirm: {
      steps: ['user'],
      reasonRequired: false,
      respondWithinMs: 0,
      remindAfterMs: null,
      escalateAfterMs: null,
      spec: '9.3',
    },
    review: {
      steps: ['user'],
      reasonRequired: false,
      respondWithinMs: 1 * HOUR,
      remindAfterMs: 30 * MINUTE,
      escalateAfterMs: null,
      spec: '9.3',
    },
    approve: {
      steps: ['user', 'manager'],
      reasonRequired: true,
      respondWithinMs: 4 * HOUR,
      remindAfterMs: null,
      escalateAfterMs: 2 * HOUR,
      spec: '9.3',
    },
    chain: {
      steps: ['user', 'manager', 'executive'],
      reasonRequired: true,
      respondWithinMs: 8 * HOUR,
      remindAfterMs: null,
      escalateAfterMs: 4 * HOUR,
      spec: '9.3',
    },
  },
  triggers: {
    observe: BY_RISK_CLASS,
    manual: BY_RISK_CLASS,
    copilot: { low: 'confirm', medium: 'review', high: 'approve', critical: 'chain' },
    autopilot: { low: 'none', medium: 'review', high: 'approve', critical: 'chain' },
    spec: '9.1',
  },
  starterIsUser: true,
};

/** Time-outs of action states, in milliseconds from entering the state. */
export interface LifecycleFigures {
  readonly proposedMs: number;
  readonly queuedMs: number;
  readonly approvedMs: number;
  /** Default; an action's contract may state its own. */
  readonly executingMs: number;
  readonly spec: string;
}

export const LIFECYCLE_FIGURES: LifecycleFigures = {
  proposedMs: 48 * HOUR,
  queuedMs: 24 * HOUR,
  approvedMs: 1 * HOUR,
  executingMs: 5 * MINUTE,
  spec: '8.3',
};

/** Years that an audit field is kept; null is for ever. */
export interface RetentionFigures {
  readonly engineId: number | null;
  readonly engineAction: number | null;
  readonly contentSourceId: number | null;
  readonly distributionTargets: number | null;
  readonly citationSurface: number | null;
  readonly spec: string;
}

export const RETENTION_FIGURES: RetentionFigures = {
  engineId: null,
  engineAction: null,
  contentSourceId: 7,
  distributionTargets: 7,
  citationSurface: 7,
  spec: '12.6',
};
