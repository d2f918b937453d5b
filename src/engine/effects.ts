/**
 * The engine's port: what it asks of the world (commands) and what it is told (events). Three adapters stand behind it:
 * Temporal, the simulator, and the fold that reads a finished history again.
 * Pure ring. Everything here is JSON, so that a state can cross continue-as-new and a history can be read offline.
 */
import type { Attempt, Failure } from '../kernel/failure';
import type { Json } from '../kernel/json';
import type { Lane } from '../plan/plan';

/** What the engine asks for. Each is answered by at most one event that names the same node or timer. */
export type Command =
  /** Execute an action; answered by `fired`. Asked again under the same key after a retry or a release. */
  | {
      readonly do: 'fire';
      readonly node: string;
      readonly awf: string;
      readonly input: Json;
      readonly lane: Lane;
      /** Registered by this very command, before the effect can exist. */
      readonly compensation?: string;
    }
  /** Run the compensation of `node`; answered by `undone`. */
  | {
      readonly do: 'undo';
      readonly node: string;
      /** The compensating AWF. */
      readonly awf: string;
      /** The AWF that is undone, and the input it had. */
      readonly of: string;
      readonly ofInput: Json;
      /** Arguments computed at commit; absent where the effect is unknown, and found by key then. */
      readonly args?: Json;
      readonly lane: Lane;
    }
  /**
   * Fence what must not act any more, and say what has acted without being asked for; answered by `swept`. Only asked where
   * actions of the local lane may have run in a workflow task that was lost.
   */
  | {
      readonly do: 'sweep';
      /** The checkpoint whose scope is swept; empty for the whole outcome. */
      readonly of: string;
      /** How often each node was fired; an effect of a later firing is a stray. */
      readonly asked: { readonly [node: string]: number };
      /** Actions of the local lane that will never be fired again. */
      readonly fence: readonly string[];
    }
  /** Answered by `timer`, unless stopped before. `ms` from now. */
  | { readonly do: 'startTimer'; readonly timer: string; readonly ms: number }
  | { readonly do: 'stopTimer'; readonly timer: string };

/** What a decision at a gate says. Who may decide is judged before the engine hears of it. */
export interface GateDecision {
  readonly gate: string;
  readonly verdict: 'approve' | 'reject';
  readonly by: string;
  readonly reason?: string;
}

/** How a person resolves an incident or an escalation. */
export type Resolution =
  | { readonly as: 'retry' }
  /** It was done by hand: `output` stands in for the node's own, `evidence` says where to see it. */
  | { readonly as: 'supply'; readonly output?: Json; readonly evidence: string }
  /** Left as it is, for a reason. */
  | { readonly as: 'accept'; readonly reason: string }
  /** Only for an escalation: go back instead. */
  | { readonly as: 'backstep'; readonly reason: string };

/** Act of a person on a whole outcome. */
export interface Act {
  readonly by: string;
  readonly reason?: string;
}

export type EngineEvent =
  | { readonly kind: 'fired'; readonly node: string; readonly result: FireResult }
  | { readonly kind: 'undone'; readonly node: string; readonly result: UndoResult }
  | { readonly kind: 'swept'; readonly of: string; readonly strays: readonly Stray[] }
  | { readonly kind: 'timer'; readonly timer: string }
  | { readonly kind: 'decide'; readonly decision: GateDecision }
  | { readonly kind: 'signal'; readonly name: string; readonly data: Json }
  | { readonly kind: 'release'; readonly node: string }
  | { readonly kind: 'resolve'; readonly node: string; readonly resolution: Resolution; readonly by: string }
  | ({ readonly kind: 'pause' | 'resume' } & Act)
  /** `cancel` and `backstep` both undo everything; they differ in what the trace says. */
  | ({ readonly kind: 'cancel' | 'backstep' } & Act);

export type FireResult =
  | {
      readonly kind: 'committed';
      readonly output: Json;
      /** Arguments for the compensation; `null` where nothing was changed, so nothing is to be undone. */
      readonly undo: Json;
      /** Every attempt that failed before this one; absent where none. */
      readonly attempts?: readonly Attempt[];
      /** The decision of the authority rules with all the data it read; absent where none was asked. */
      readonly decision?: Json;
    }
  | {
      readonly kind: 'held';
      /** Why, and what would release it. */
      readonly because: string;
      readonly decision?: Json;
    }
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      readonly attempts?: readonly Attempt[];
      /** Where it was denied: by which decision. */
      readonly decision?: Json;
    };

export type UndoResult =
  /** `changed` is false where there was nothing to undo. */
  | { readonly kind: 'undone'; readonly changed: boolean; readonly attempts?: readonly Attempt[] }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly attempts?: readonly Attempt[] };

/** An action that acted, or may have, in a workflow task that was lost: the story does not know that it was asked for. */
export interface Stray {
  readonly node: string;
  /** Which asking it was, from 1. */
  readonly firing: number;
  /** The input it was fired with. */
  readonly input: Json;
  /** Arguments for the compensation, from the commit; absent where the effect is unclear. */
  readonly args?: Json;
}

/** An event with the instant it happened, in milliseconds since the epoch. */
export interface Happening {
  readonly at: number;
  readonly event: EngineEvent;
}

/** The world as the engine sees it. */
export interface Effects {
  /** Starts what the command asks for; must not block, and answers later through `next`. */
  perform(command: Command): void;
  /** The next happenings in the order they arrived; resolves with at least one. */
  next(): Promise<readonly Happening[]>;
}
