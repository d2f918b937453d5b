/**
 * The Plan: the compiled, canonical form of one outcome, and the input of its workflow. Plain JSON, self-contained:
 * whoever holds it can run, draw, check or explain it without the runbook it came from.
 * Pure ring. The bytes are fixed: a change of shape is a new `format`, see `PLAN_FORMAT`.
 */
import type { FailureClass } from '../kernel/failure';
import type { Json, JsonObject } from '../kernel/json';
import type { Expression } from './expression';

/** Version of the plan's shape; a worker refuses a format that it does not know. */
export const PLAN_FORMAT = 1;

export interface Plan {
  readonly format: typeof PLAN_FORMAT;
  readonly tenant: string;
  /** Outcome code, such as `EMP-R-001`; also the Temporal workflow type. */
  readonly outcome: string;
  readonly runbook: { readonly id: string; readonly version: string; readonly domain: string };
  /** The entity with exactly the fields that the plan reads. */
  readonly entity: { readonly id: string; readonly fields: JsonObject };
  /** Fields of the event's data that the plan reads; empty where none. */
  readonly event: JsonObject;
  /** Parameters and configuration the plan was bound to, each with the place it came from. */
  readonly params: { readonly [name: string]: BoundValue };
  /** The AWFs that nodes and compensations name, by name. */
  readonly awfs: { readonly [name: string]: PlannedAwf };
  readonly body: Block;
  /** How failures of each class are retried. @source execution model 8.4 */
  readonly retry: { readonly [Class in FailureClass]: RetryRule };
  /** SHA-256 over the governance figures and policies in force when it was compiled. */
  readonly ruleset: string;
  /** How long after completion the outcome can still be backstepped, in milliseconds; the least of its AWFs'. */
  readonly undoWindowMs: number;
}

/** `from` is the layer that gave the value (`global`…`class`, `run` for a given parameter, `default`), `at` is `file:line`. */
export interface BoundValue {
  readonly value: Json;
  readonly from: string;
  readonly at?: string;
}

export interface RetryRule {
  /** Attempts after the first, 0 for none. */
  readonly max: number;
  /** Delay before each retry, in milliseconds; the last one repeats. */
  readonly delaysMs: readonly number[];
}

/** What the engine and the rules need to know of an AWF, frozen from its contract. */
export interface PlannedAwf {
  readonly version: number;
  /** Which Platform robots fire it; absent: those of the runbook's domain. */
  readonly domain?: string;
  readonly effect: 'read' | 'mutate';
  readonly reversibility: 'full' | 'partial' | 'irreversible';
  /** Each in [0, 1]. @source execution model 5.1 */
  readonly risk: RiskDimensions;
  readonly riskClass?: 'low' | 'medium' | 'high' | 'critical';
  /** Action category for the ceilings of 4.3, such as `internal_state`. */
  readonly category?: string;
  readonly external: boolean;
  /** One attempt's bound, in milliseconds. */
  readonly timeoutMs: number;
  /** Expected cost of one firing, by guardrail unit, such as `{ api_calls: 2 }`. */
  readonly cost?: { readonly [unit: string]: number };
  /** The AWF that undoes this one; its input is computed by the contract's pure function at commit. */
  readonly compensation?: string;
}

export interface RiskDimensions {
  readonly externality: number;
  readonly magnitude: number;
  readonly recovery: number;
  readonly precedent: number;
}

/**
 * Nodes that start together, ordered by `after` alone. In canonical order: every node stands behind all it waits for.
 * Sequence and parallel of the runbook are nothing but such edges here.
 */
export interface Block {
  readonly nodes: readonly PlanNode[];
}

interface NodeBase {
  /** Unique in the whole plan; sub-runbooks and for-each prefix theirs: `laptop/order`. */
  readonly id: string;
  /** Nodes of the same block that must be done before; absent where none. */
  readonly after?: readonly string[];
}

export type Lane = 'local' | 'remote';

export interface ActionNode extends NodeBase {
  readonly kind: 'action';
  readonly awf: string;
  readonly input: Expression;
  readonly lane: Lane;
  /** One attempt's bound in milliseconds, where configuration sets it for this node; else the AWF's. */
  readonly timeoutMs?: number;
  /** The one action of the plan behind which there is no way back. */
  readonly pivot?: true;
  /** First match wins; a code that no exit names backsteps (before the pivot) or becomes an incident (after it). */
  readonly exits?: readonly Exit[];
}

export interface GateNode extends NodeBase {
  readonly kind: 'gate';
  readonly approval: 'confirm' | 'review' | 'approve' | 'chain';
  /**
   * Who decides: `manager`, `director`, `executive`, `role:…` or `person:…`, one entry per step of a chain; or several of them:
   * `2 of person:ada|person:bo|director`. Alone also `auto`: the rules answer, and say no where the risk asks for people.
   */
  readonly by: readonly string[];
  /** Without a decision for so long the gate expires, in milliseconds. */
  readonly expiresAfterMs: number;
  /** Shown on the card: what is asked, in words. */
  readonly ask?: string;
  readonly onRejected: Course;
  readonly onExpired: Course;
}

export interface WaitNode extends NodeBase {
  readonly kind: 'wait';
  readonly for:
    | { readonly time: number }
    /** An ISO 8601 instant; one that has passed does not wait. */
    | { readonly until: Expression }
    | { readonly signal: string; readonly timeoutMs?: number; readonly onTimeout?: Course }
    | { readonly businessHours: BusinessHours };
}

export interface BusinessHours {
  /** IANA name, such as `Europe/Berlin`. */
  readonly timezone: string;
  /** 1 is Monday, 7 is Sunday. */
  readonly days: readonly number[];
  /** Minutes after local midnight; `from < to`. */
  readonly from: number;
  readonly to: number;
}

export interface ChoiceNode extends NodeBase {
  readonly kind: 'choice';
  readonly on: Expression;
  /** By the text of the value: `true`, `false` or a member of the enumeration; exhaustive by compilation. */
  readonly cases: { readonly [value: string]: Block };
  /** Output of the choice, by case; absent where it has none. */
  readonly outputs?: { readonly [value: string]: Expression };
}

export interface EachNode extends NodeBase {
  readonly kind: 'each';
  readonly over: Expression;
  /** More elements than this fail the node with `EACH_TOO_MANY`. */
  readonly max: number;
  readonly parallel: boolean;
  readonly body: Block;
}

/** Marks the place that a `backstep` course can return to: everything of its block that waits for it, directly or not. */
export interface CheckpointNode extends NodeBase {
  readonly kind: 'checkpoint';
}

/** Ends the outcome here: as complete, or by backstepping all of it. */
export interface EndNode extends NodeBase {
  readonly kind: 'end';
  readonly how: 'complete' | 'backstep';
  readonly reason?: string;
}

export type PlanNode = ActionNode | GateNode | WaitNode | ChoiceNode | EachNode | CheckpointNode | EndNode;

export interface Exit {
  /** Failure codes this exit takes; `*` takes all. */
  readonly codes: readonly string[];
  readonly course: Course;
}

/** What happens next when a node fails, a gate says no or a wait runs out. */
export type Course =
  | { readonly do: 'retry'; readonly afterMs: number; readonly max: number; readonly then: Course }
  /** Goes on without; `output` stands in for the node's own. */
  | { readonly do: 'skip'; readonly output?: Expression }
  /** Runs another branch and rejoins behind the node. */
  | { readonly do: 'branch'; readonly body: Block; readonly output?: Expression }
  /** Asks a person: retry, skip with a supplied result, or backstep. */
  | {
      readonly do: 'escalate';
      readonly to: readonly string[];
      readonly ask?: string;
      readonly expiresAfterMs: number;
    }
  /** Undoes everything, or everything behind the checkpoint `to`, and then runs `body` in its place. */
  | { readonly do: 'backstep'; readonly to?: string; readonly body?: Block };
