/**
 * What the workflow, its activities and its callers say to each other: inputs, names and every time bound, in one place.
 * Loaded inside the Temporal sandbox: data and types only, no I/O, nothing beyond the pure ring.
 */
import type {
  ActCheck,
  ApprovalTerms,
  Check,
  CheckResult,
  Command,
  EngineEvent,
  FireResult,
  GateProof,
  Happening,
  Override,
  Stray,
} from '../src/engine/effects';
import type { Answer } from '../src/engine/people';
import type { EngineState } from '../src/engine/state';
import { RETRY_FIGURES } from '../src/governance/figures/retry';
import { retryDelay } from '../src/governance/retry';
import type { FailureClass } from '../src/kernel/failure';
import type { Json } from '../src/kernel/json';
import type { Plan, RetryRule } from '../src/plan/plan';
import type { PackedPlan } from '../src/plan/wire';

/** Input of an outcome's workflow: the first event of the history holds the whole declared intent. */
export interface OutcomeStart {
  readonly plan: Plan;
  /** SHA-256 of the plan's canonical JSON. */
  readonly planId: string;
  readonly cause: { readonly event: string; readonly type?: string } | { readonly person: string };
  readonly startedBy: string;
  /** Absent: nobody said, and the engine may only recommend. */
  readonly under?: Under;
  readonly correlation?: string;
  /** State to go on from: after continue-as-new, or of the finished outcome that is to go back. */
  readonly from?: EngineState;
  /** What happens before anything is waited for. */
  readonly first?: readonly EngineEvent[];
  /** Decisions must be signed, and are asked for on these terms. Absent only where nobody signs, as in rehearsals. */
  readonly terms?: ApprovalTerms;
  /** Overrides of the automation that stood when it started. */
  readonly overrides?: readonly Override[];
  /** The outcome whose actions are undone, where this workflow is the backstep of one that had ended. */
  readonly of?: string;
  /** Temporal's id of the run before it, where that was a way back as well and was ended by force. */
  readonly afterRun?: string;
  /** The outcome that this one goes on with, from one of its nodes. */
  readonly resumes?: Resumes;
  /** How often each node was asked for, where more than never: carried across continue-as-new. */
  readonly asked?: Asked;
  /** Happenings one run takes before it continues as new. Default: the engine's. */
  readonly turnsPerRun?: number;
}

/** An outcome that goes on from a node of another one; what was done before the node is among its `overrides`. */
export interface Resumes {
  /** Id of the other outcome. */
  readonly of: string;
  readonly from: string;
  /** Actions of the other outcome that are undone along with this one's, under their own key. */
  readonly inherits: readonly string[];
}

/** Where an outcome stands: what authority rules, limits and controls find it by. */
export interface Under {
  readonly runbook: string;
  readonly domain: string;
  readonly entity: string;
  /** Absent where no automation selected it. */
  readonly automation?: string;
  /** Who answers for it by name; absent where an event started it. */
  readonly person?: string;
  /** Scopes of the configuration that hold for its entity. */
  readonly region?: string;
  readonly team?: string;
  readonly class?: string;
}

/** The same as the history stores it. */
export interface StoredStart extends Omit<OutcomeStart, 'plan'> {
  readonly plan: PackedPlan | Plan;
}

/** By node: firings, and undos. */
export interface Asked {
  readonly fire: { readonly [node: string]: number };
  readonly undo: { readonly [node: string]: number };
}

/** What a workflow leaves behind; its story is in the history. */
export interface OutcomeResult {
  readonly phase: 'completed' | 'backstepped';
  /** Actions whose undo a person gave up. */
  readonly residue?: readonly string[];
}

/** What an update answers. A refusal is on record: the update was accepted, and changed nothing. */
export type ActAnswer = Answer | RefusedAct;

export interface RefusedAct {
  readonly answer: 'refused';
  /** Stands in the catalogue of codes. */
  readonly code: string;
  readonly because: string;
}

/** Argument of the activity of an AWF; what an absent member means stands beside it. */
export type ActivityInput =
  ExecuteInput | CompensateInput | SweepInput | CheckInput | ActCheckInput | StretchInput;

interface ActivityInputBase {
  readonly node: string;
  /** Which asking of the node this is; absent: 1. */
  readonly asking?: number;
  /** Absent: the table of spec 8.4 as it stands. */
  readonly retry?: Plan['retry'];
  /** Outcome id; absent: the id of the workflow. */
  readonly outcome?: string;
  /** An attempt came before this asking: the next one is due then, in milliseconds since the epoch. */
  readonly notBefore?: number;
}

export interface ExecuteInput extends ActivityInputBase {
  readonly op: 'execute';
  readonly input: Json;
  /** A person changed what it does. */
  readonly changed?: true;
  /** Decisions at the gates before it: admission sees each of them again. */
  readonly gates?: readonly GateProof[];
  /** Registered here, before the effect can exist. */
  readonly compensation?: string;
  readonly under?: Under;
}

export interface CompensateInput extends ActivityInputBase {
  readonly op: 'compensate';
  /** The AWF that is undone, and the input it had. */
  readonly of: string;
  readonly input: Json;
  /** Arguments from the commit; absent where the history knows of none. */
  readonly args?: Json;
}

/** Argument of the check of one decision, which is always a local activity. */
export interface CheckInput extends Check {
  readonly op: 'check';
  readonly plan: PackedPlan | Plan;
  readonly terms: ApprovalTerms;
  readonly startedBy: string;
  readonly under?: Under;
  /** Outcome id; absent: the id of the workflow. */
  readonly outcome?: string;
}

/** Argument of the check of one act, under the same name. */
export interface ActCheckInput extends ActCheck {
  readonly op: 'check';
  /** Outcome id; absent: the id of the workflow. */
  readonly outcome?: string;
}

export type Checked = { readonly kind: 'checked'; readonly check: string; readonly result: CheckResult };

/** Name of the check among activities: without a dot it can be no AWF's. */
export const CHECK = 'check';

/** Argument of a stretch, which is always a local activity: actions of the local lane, and those that only follow from them. */
export interface StretchInput {
  readonly op: 'stretch';
  /** The plan and the state of the walk as it asks for them. */
  readonly plan: PackedPlan | Plan;
  readonly state: EngineState;
  readonly fires: readonly Extract<Command, { do: 'fire' }>[];
  readonly asked: Asked;
  readonly under?: Under;
  /** Outcome id; absent: the id of the workflow. */
  readonly outcome?: string;
}

export interface Stretched {
  readonly kind: 'stretched';
  readonly ends: readonly StretchEnd[];
}

/** How one action of a stretch ended, in the order in which they did. */
export interface StretchEnd {
  readonly node: string;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /** Absent: it is not over. The workflow asks for it again. */
  readonly result?: FireResult;
  /** Where it is not over: before its next attempt, in milliseconds from `at`. */
  readonly afterMs?: number;
  /** Whether the walker asked for it before the stretch began. */
  readonly isAsked?: true;
}

/** What a stretch tells the engine, in order. */
export const ranAhead = (ends: readonly StretchEnd[]): readonly Happening[] =>
  ends.flatMap(({ node, at, result, isAsked }): readonly Happening[] => {
    if (result === undefined) return [];
    const ahead = isAsked === true ? {} : { isAhead: true as const };
    return [{ at, event: { kind: 'fired', node, result, ...ahead } }];
  });

/** Name of the stretch among activities: without a dot it can be no AWF's. */
export const STRETCH = 'stretch';

/** Argument of the sweep, which is always a local activity. */
export interface SweepInput {
  readonly op: 'sweep';
  /** The checkpoint whose scope is swept; empty for the whole outcome. */
  readonly of: string;
  readonly asked: { readonly [node: string]: number };
  readonly fence: readonly string[];
  /** Outcome id; absent: the id of the workflow. */
  readonly outcome?: string;
}

export interface Swept {
  readonly kind: 'swept';
  readonly strays: readonly Stray[];
}

/** Name of the sweep among activities: without a dot it can be no AWF's. */
export const SWEEP = 'sweep';

/** Task queue of the robots that run outcomes. */
export const SERVICE_QUEUE = 'service';

/** Task queue of the robots that fire the AWFs of one domain. */
export const platformQueue = (domain: string): string => `platform.${domain}`;

/** Bounds in milliseconds, each with its reason. */
export const TIMES = {
  /**
   * One workflow task. It is also what passes before another worker takes over from one that died in the middle, local
   * activities included; the SDK renews it for local activities that take longer.
   */
  workflowTask: 5_000,
  /** Without a heartbeat for so long a remote action's worker counts as lost. */
  heartbeat: 5_000,
  /** Pause before an attempt follows one whose worker was lost. */
  afterLoss: 1_000,
  /**
   * What an attempt may take beyond the timeout of its AWF: hearing the effect out, and the barrier's statements. Temporal's
   * start-to-close holds this much more than the AWF's own bound.
   */
  attemptMargin: 5_000,
  /** One sweep, in milliseconds: a few statements over one outcome's rows. */
  sweep: 10_000,
  /**
   * How long a stretch begins actions, in milliseconds. The workflow hears nobody while it lasts: a pause or a new word of a
   * person waits for what has begun, and for no more than that.
   */
  stretch: 2_000,
  /** One check of a decision, in milliseconds: a signature, a line of managers, and a row. */
  check: 10_000,
  /** A local activity that waits longer than this for its next attempt waits in a timer, not in the workflow task. */
  localRetry: 4_500,
} as const;

/** Priorities of activities, 1 is first. Going back goes before going forward. */
export const PRIORITY = { undo: 1, fire: 3 } as const;

/** Search attributes of outcomes, all Keyword. @source DESIGN §5 */
export const ATTRIBUTES = {
  tenant: 'BackstepTenant',
  outcome: 'BackstepOutcome',
  runbook: 'BackstepRunbook',
  domain: 'BackstepDomain',
  entity: 'BackstepEntity',
  phase: 'BackstepPhase',
  correlation: 'BackstepCorrelation',
} as const;

/**
 * Values of the search attribute `phase`. An outcome that runs through without a stop keeps `running` to its end, because
 * each change costs an event; the status of the workflow tells that it is over.
 */
export type Phase = 'running' | 'waiting' | 'paused' | 'backstepping' | 'completed' | 'backstepped';

/** The retry table of spec 8.4 in the form that plans have. */
export const STANDARD_RETRY: Plan['retry'] = {
  transient: ruleOf('transient'),
  recoverable: ruleOf('recoverable'),
  permanent: ruleOf('permanent'),
  unknown: ruleOf('unknown'),
};

function ruleOf(failureClass: FailureClass): RetryRule {
  const max = RETRY_FIGURES[failureClass].maxRetries;
  const delaysMs: number[] = [];
  for (let n = 1; n <= max; n++) {
    const verdict = retryDelay(failureClass, n);
    if (verdict.retry) delaysMs.push(verdict.afterMs);
  }
  return { max, delaysMs };
}

/** Ends the id of a workflow that takes a finished outcome back. */
export const BACKSTEP_SUFFIX = '/backstep';

/** Whose a workflow is: its own id, or that of the outcome which it takes back. */
export const outcomeOfWorkflow = (id: string): string =>
  id.endsWith(BACKSTEP_SUFFIX) ? id.slice(0, -BACKSTEP_SUFFIX.length) : id;

/** Ends the name under which the undo of an attested action is kept apart from the action itself. Node ids have no tilde. */
export const ATTESTED = '~attested';

/** Label of an action or a sweep in Temporal's UI, and what tells whose a local activity's marker is. Node ids have no spaces. */
export const labelOf = (op: ActivityInput['op'], node: string): string =>
  op === 'execute' ? node : `${op === 'compensate' ? 'undo' : op} ${node}`;

/** Inverse of `labelOf`. */
export function readLabel(label: string): { readonly op: ActivityInput['op']; readonly node: string } {
  if (label.startsWith('undo ')) return { op: 'compensate', node: label.slice('undo '.length) };
  if (label.startsWith(`${SWEEP} `)) return { op: 'sweep', node: label.slice(SWEEP.length + 1) };
  if (label.startsWith(`${STRETCH} `)) return { op: 'stretch', node: label.slice(STRETCH.length + 1) };
  if (label.startsWith(`${CHECK} `)) return { op: 'check', node: label.slice(CHECK.length + 1) };
  return { op: 'execute', node: label };
}

export const TIMER_PREFIX = 'timer ';
