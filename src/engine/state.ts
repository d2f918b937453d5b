/**
 * The state of one running outcome, as JSON: it crosses continue-as-new, and a fold over a history rebuilds it.
 * Pure ring.
 */
import { invariant } from '../kernel/invariant';
import type { Failure } from '../kernel/failure';
import type { Json } from '../kernel/json';
import type { PlannedAwf } from '../plan/plan';
import type { ApprovalTerms, CountedDecision, GateDecision, GuardedEvent, Override } from './effects';

/**
 * Happenings one run of a workflow takes before it continues as new: at up to six history events each, well below the
 * 51,200 at which Temporal ends a workflow, and about where it begins to suggest a new run.
 * @source Temporal's limits.historyCount: error 51,200, suggestContinueAsNew 4,096
 */
export const TURNS_PER_RUN = 1_000;

/**
 * Characters of JSON, of a happening or of what is asked for after it, that count as one turn more: a run's payloads then stay
 * near 16 million characters, below the 50 MiB at which Temporal ends a workflow, also where each takes two bytes.
 * @source Temporal's limits.historySize: error 50 MiB, suggestContinueAsNew 4 MiB
 */
export const CHARACTERS_PER_TURN = 16_384;

export interface EngineState {
  phase: 'running' | 'backstepping' | 'completed' | 'backstepped';
  /** When the outcome began, in milliseconds since the epoch. */
  startedAt: number;
  /** Set while firing is held by a person. */
  paused: boolean;
  /** Whether the pivot has committed: from then on the outcome goes forward. */
  pivoted: boolean;
  /** Set when an `end` node or a full backstep asked everything in flight to settle first. */
  stopping: null | {
    readonly then: 'complete' | 'backstep';
    stage: Stage;
    /** While strays are undone before an outcome completes: the only nodes that this touches. */
    among?: readonly string[];
  };
  blocks: { [block: string]: BlockState };
  nodes: { [node: string]: NodeState };
  /** Actions, and undos, that are due but held by a pause or by the end of this run, in the order they became due. */
  ready: string[];
  /** Scoped backsteps under way, by the checkpoint they return to. */
  returns: { [checkpoint: string]: ReturnState };
  /** Decisions for gates that are not open yet; kept, not lost. */
  early: { [gate: string]: GateDecision };
  /** Set where decisions must be signed. */
  readonly terms?: ApprovalTerms;
  /** Decisions that are being checked, by the name of the check: the node they are for. */
  checks?: {
    asked: number;
    open: { [check: string]: string };
    /** How many overrides there were when a decision's check was asked for; absent for none. */
    seen?: { [check: string]: number };
    /** When a decision arrived that is checked again once its gate opens, in milliseconds since the epoch; absent for none. */
    early?: { [check: string]: number };
    /** Of those: acts that wait to be vouched for. */
    acts?: { [check: string]: GuardedEvent };
  };
  /** Signed words of acts that have counted, each with the instant until which it would be good: none counts twice. */
  vouched?: { [id: string]: number };
  /** Messages that changed nothing because they were not signed or had no form. */
  refusals?: number;
  /** Decisions that count, for gates that are not open yet; kept, not lost. */
  kept?: { [gate: string]: KeptDecision[] };
  /** Gates that have opened where decisions must be signed, in that order: what stands behind them goes by their proof. */
  opened?: string[];
  /** Gates that were approved by signed decisions, in that order: what stands behind them is fired with their proof. */
  proven?: string[];
  /** Signals that no wait has taken yet, oldest first. */
  mail: { name: string; data: Json }[];
  /** Actions whose undo was given up by a person. */
  residue: string[];
  /** Overrides in force, by the id of the plan's node, oldest first: the last word counts. */
  overrides?: { [node: string]: Override[] };
  /** Outputs that people have supplied to incidents, and that others read, oldest first: cards show them, and no step takes them. */
  supplied?: Override[];
  /** How many overrides were taken, and outputs supplied; withdrawals included, absent for none. */
  changes?: number;
  /** AWFs that the plan does not know, put in the place of others; frozen when they were. */
  awfs?: { [name: string]: PlannedAwf };
  /** Whose a task is; `as` is what the node waited for when it was claimed. */
  claims?: { [node: string]: { readonly by: string; readonly as: NodeStatus } };
  /** Set once a person resolved an incident or an escalation, or overrode a step: a lost workflow task may have gone another way. */
  isSwayed?: true;
  /** Commands `fire`, `undo` and `sweep` without an answer. */
  inFlight: number;
  /** Timers that run, with the instant they are due. */
  timers: { [timer: string]: number };
  /**
   * Turns this run of the workflow still takes, one for each happening and more for large ones, before it holds new commands, settles what is in flight and continues
   * as a new run. Counted here, so that a fold of the history holds at the same happening.
   */
  turnsLeft: number;
  readonly turnsPerRun: number;
}

/** A decision that came before its gate opened. */
export interface KeptDecision extends CountedDecision {
  /** In milliseconds since the epoch: it is checked again as of then. Absent where the terms do not ask for that. */
  readonly arrivedAt?: number;
}

export interface BlockState {
  /** Key of the block in the layout. */
  readonly key: string;
  /** Node instance this block runs inside; `null` for the body of the plan. */
  readonly parent: string | null;
  /** Prefixes of instance ids, from the outside in: `''`, then one for each for-each around this block. */
  readonly prefixes: readonly string[];
  /** The element at hand, where the block is a for-each's body. */
  readonly item?: Json;
  /** Nodes that are neither done nor dropped. */
  left: number;
  /** While unwinding: nodes whose undo is not settled. */
  undoLeft?: number;
}

/**
 * What a node does now; one that waits for its predecessors has no state at all. `ready` but paused, `acting` (fired), `undoing`, `held` by a
 * decision, `asking` at a gate, an `incident` for a person, `sleeping` on a timer or a signal, `inside` a block of its own, and then `done`, `failed` or
 * `dropped` (never run, or undone and replaced).
 */
export type NodeStatus =
  | 'ready'
  | 'acting'
  | 'undoing'
  | 'held'
  | 'asking'
  | 'incident'
  | 'sleeping'
  | 'inside'
  | 'done'
  | 'failed'
  | 'dropped';

export interface NodeState {
  status: NodeStatus;
  /** The block instance it stands in. */
  readonly block: string;
  output?: Json;
  /** Of an action: how far its effect has come. */
  undo?: UndoState;
  /** An attempt went unanswered: a later refusal does not prove that nothing happened. */
  isUnclear?: true;
  /** How often it was fired. */
  firings?: number;
  /** Its effect was found by a sweep. */
  isStray?: true;
  /** Its hold ended before the engine had heard of the hold. */
  isReleased?: true;
  /** It was asked for with what a person has changed, and taken back since. */
  wasChanged?: true;
  /** The AWF that a person put in the place of the plan's. */
  awf?: string;
  /** A person did it elsewhere: who undoes it, and with what. */
  attested?: { readonly undo: 'person' | 'compensation'; readonly args?: Json };
  /** Decisions of people that counted for it, oldest first. */
  counted?: CountedDecision[];
  /** Of a gate: what was signed of decisions that counted in an earlier asking. It counts in no later one. */
  spent?: string[];
  /** One of them came while a held action was asking again: the answer to that may know nothing of it. */
  isCountedEarly?: boolean;
  /** Of a held action: the decision of the rules that holds it, and the approvers asked, for whom its timers run. */
  held?: { readonly record: Json; readonly asked: string | null };
  /** Input of a fired action; the compensation of an unknown effect needs it. */
  input?: Json;
  /** Arguments for the compensation, from the commit. */
  undoArgs?: Json;
  /** Blocks this node entered, in order. */
  inner?: string[];
  /** Retries asked for by an exit, so far. */
  retries?: number;
  failure?: Failure;
  /** Of a for-each: elements still to run, one after the other. */
  queue?: Json[];
  /** While unwinding: successors whose undo is not settled, and inner blocks likewise. */
  undoWaitsFor?: number;
  innerLeft?: number;
  /** Course to follow once this node's unknown effect has been undone: its key in the layout. */
  courseAfterUndo?: string;
}

/**
 * How far a way back, or an end, has come: what is in flight settles, then a timer puts the decision on record, then strays
 * are looked for, then effects are undone. The two in the middle are left out where no stray can be.
 */
export type Stage = 'draining' | 'anchoring' | 'sweeping' | 'undoing';

export interface ReturnState {
  stage: Stage;
  /** Node instances of the checkpoint's block that are undone and replaced. */
  readonly scope: readonly string[];
  undoLeft: number;
  /** Course that asked for it, by key, and what it was. */
  readonly course: string;
}

/** How far one action's effect has come. Total: every event has an answer in every state. */
export type UndoState = 'intended' | 'acted' | 'undone' | 'undo_skipped' | 'undo_failed';

export const UNDO_EVENTS = [
  'commit',
  'fail_clean',
  'fail_unknown',
  'undo_ok',
  'undo_nothing',
  'undo_fail',
] as const;
export type UndoEvent = (typeof UNDO_EVENTS)[number];

/** `null` marks what cannot happen: our bug if it does. */
export const UNDO_TABLE: {
  readonly [State in UndoState]: { readonly [Event in UndoEvent]: UndoState | null };
} = {
  intended: {
    commit: 'acted',
    fail_clean: 'undo_skipped',
    fail_unknown: 'intended',
    undo_ok: 'undone',
    undo_nothing: 'undo_skipped',
    undo_fail: 'undo_failed',
  },
  acted: {
    commit: null,
    fail_clean: null,
    fail_unknown: null,
    undo_ok: 'undone',
    undo_nothing: 'undo_skipped',
    undo_fail: 'undo_failed',
  },
  undone: {
    commit: null,
    fail_clean: null,
    fail_unknown: null,
    undo_ok: null,
    undo_nothing: null,
    undo_fail: null,
  },
  undo_skipped: {
    // A retry after a clean failure is a new intent under the same key.
    commit: 'acted',
    fail_clean: 'undo_skipped',
    fail_unknown: 'intended',
    undo_ok: null,
    undo_nothing: 'undo_skipped',
    undo_fail: null,
  },
  undo_failed: {
    commit: null,
    fail_clean: null,
    fail_unknown: null,
    undo_ok: 'undone',
    undo_nothing: 'undo_skipped',
    undo_fail: 'undo_failed',
  },
};

/** The next undo state of an action. */
export function nextUndo(state: UndoState, event: UndoEvent): UndoState {
  const next = UNDO_TABLE[state][event];
  invariant(next !== null, `an action that is ${state} cannot see ${event}`);
  return next;
}
