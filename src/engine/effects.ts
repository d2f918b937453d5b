/**
 * The engine's port: what it asks of the world (commands) and what it is told (events). Three adapters stand behind it:
 * Temporal, the simulator, and the fold that reads a finished history again.
 * Pure ring. Everything here is JSON, so that a state can cross continue-as-new and a history can be read offline.
 */
import type { Attempt, Failure } from '../kernel/failure';
import type { Json, JsonObject } from '../kernel/json';
import type { Lane, PlannedAwf } from '../plan/plan';

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
      /** The AWF, where a person put it in the place of the plan's and the plan does not know it. */
      readonly foreign?: PlannedAwf;
      /** A person changed what it does: an earlier answer for something else is none for this. */
      readonly changed?: true;
      /** What was decided at the gates before it, for admission to check again; absent where there is none. */
      readonly gates?: readonly GateProof[];
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
      /** The compensating AWF, where the plan does not know it. */
      readonly foreign?: PlannedAwf;
      /** It undoes what a person did elsewhere: no firing of the node is on record. */
      readonly attested?: true;
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
  /** See whether a decision counts: its signature, its card, who decides, and when. Answered by `checked`. */
  | ({ readonly do: 'check' } & Check)
  /** See whether an act of a person is signed, as it stands and in time. Answered by `checked`. */
  | ({ readonly do: 'check' } & ActCheck)
  /** Answered by `timer`, unless stopped before. `ms` from now. */
  | { readonly do: 'startTimer'; readonly timer: string; readonly ms: number }
  | { readonly do: 'stopTimer'; readonly timer: string };

/** What a decision at a gate says. Who may decide is judged before the engine hears of it. */
export interface GateDecision {
  readonly gate: string;
  readonly verdict: 'approve' | 'reject';
  readonly by: string;
  readonly reason?: string;
  /** The signed decision (JWS). Where decisions must be signed this alone counts, and nothing that stands beside it. */
  readonly token?: string;
}

/** Set where decisions must be signed: by when and how people are asked, frozen when the outcome starts. */
export interface ApprovalTerms {
  readonly v: 1;
  /** The most approvers of a chain on the tenant's tier; null for no bound. @source execution model 6.2 */
  readonly depth: number | null;
  /** SHA-256 of the plan: part of every card. */
  readonly plan: string;
  /** Overrides of the figures of the authority rules, for the risk that cards show. */
  readonly figures: JsonObject;
  /** By type of approval: when people are reminded and the level above hears of it. Absent: never. @source execution model 9.3 */
  readonly clocks?: { readonly [approval: string]: Clocks };
  /** Authors of the policies that ask, where it is known: none of them approves what their own policy asks. */
  readonly authors?: readonly string[];
  /** Who sent the event that it began with, where a door knows: no more theirs to decide than if they had started it by hand. */
  readonly sentBy?: string;
  /** Set where acts of people must be signed, as decisions are; absent in outcomes that began before they had to be. */
  readonly acts?: 'signed';
  /** Set where decisions that came before their gate are checked again when it opens; absent in outcomes that began before they were. */
  readonly early?: 'again';
}

/** Milliseconds from asking each of those who are asked; null for never. */
export interface Clocks {
  readonly remindAfterMs: number | null;
  readonly escalateAfterMs: number | null;
}

export interface Check {
  /** Names it inside the outcome. */
  readonly check: string;
  readonly decision: GateDecision;
  /** When the decision arrived, in milliseconds since the epoch. */
  readonly at: number;
  /** Of an action: what holds it. */
  readonly held?: {
    readonly awf: string;
    readonly input: Json;
    readonly record: Json;
    /** Who has decided on it as it is held now; absent where nobody has. */
    readonly decided?: readonly Pick<CountedDecision, 'by' | 'for'>[];
  };
  /** What people have changed of any step so far; absent where nothing is. A card shows what it lets go of that. */
  readonly overrides?: readonly Override[];
}

/** An act of a person that is to be vouched for before it changes anything. */
export interface ActCheck {
  /** Names it inside the outcome. */
  readonly check: string;
  /** The act, without its signed word. */
  readonly act: GuardedEvent;
  /** Compact JWS. */
  readonly token: string;
  /** When it arrived, in milliseconds since the epoch. */
  readonly at: number;
}

/** A decision that counts, as it was signed. */
export interface CountedDecision {
  readonly verdict: 'approve' | 'reject';
  readonly by: string;
  /** The level at which they decide; absent for one who is asked by name or role. */
  readonly as?: string;
  /** Whose authority it is, where they stand in for somebody. */
  readonly for?: string;
  readonly reason?: string;
  /** Steps of the gate that they may cover. */
  readonly may: readonly number[];
  /** The chain was passed in an emergency. */
  readonly glass?: true;
  /** Hash of the card that it was given for: what was said of another card does not go with it. */
  readonly card?: string;
  readonly token: string;
}

export type CheckResult =
  | {
      readonly kind: 'counts';
      readonly decision: CountedDecision;
      /** Who has taken the outcome over: what they had decided counts no more. Absent where nobody has. */
      readonly takers?: readonly string[];
    }
  /** An act is signed: `id` names the signed word, which counts once, and `until` is when it no longer would. */
  | { readonly kind: 'vouched'; readonly id: string; readonly until: number }
  | { readonly kind: 'refused'; readonly by: string; readonly code: string; readonly because: string };

/** One gate before an action: the decisions that let it through. */
export interface GateProof {
  readonly gate: string;
  /** How many different people had to decide. */
  readonly need: number;
  readonly tokens: readonly string[];
}

/** What is asked of people for a held action, and by when; times in milliseconds from asking. */
export interface HoldAsks extends Clocks {
  readonly approval: string;
  /** Who is still to decide. */
  readonly open: readonly string[];
  readonly expiresAfterMs: number;
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

/** What a person changes of a step before it commits. */
export type OverrideChange =
  /** Goes on without it; `output` stands in for its own where something behind it reads that. */
  | { readonly do: 'skip'; readonly output?: Json }
  /** A JSON merge patch on the input that it would have. @source RFC 7396 */
  | { readonly do: 'edit'; readonly input: Json }
  /** The case that a choice takes, whatever it reads. */
  | { readonly do: 'choose'; readonly value: string }
  /** Another AWF in its place, frozen here with its compensation; `input` is a merge patch on the input it would have. */
  | {
      readonly do: 'replace';
      readonly awf: string;
      readonly awfs: { readonly [name: string]: PlannedAwf };
      readonly input?: Json;
    }
  /** The outcome ends there: it goes back, or is complete as it stands. */
  | { readonly do: 'decline'; readonly then: 'backstep' | 'complete' }
  /** A person did it elsewhere: it is recorded with its output, and never executed. */
  | {
      readonly do: 'attest';
      readonly output: Json;
      /** Where to see that it was done. */
      readonly evidence: string;
      /** Who undoes it: a person is asked, or the registered compensation runs with `args`. */
      readonly undo: 'person' | 'compensation';
      /** Arguments of the compensation, where they can be computed from input and output. */
      readonly args?: Json;
    }
  /** Takes back what was said of the step before, in the same scope; `what` names the one kind that is meant. */
  | { readonly do: 'withdraw'; readonly what?: Exclude<OverrideChange['do'], 'withdraw'> };

/** An act of a person on one step that has not fired. */
export interface Override {
  /** Instance id of the node; for the scopes beyond `step`, of any of its instances. */
  readonly node: string;
  readonly change: OverrideChange;
  readonly by: string;
  readonly reason: string;
  /** `outcome`: every element of a for-each. `automation`: every outcome that it starts until `until`. */
  readonly scope: 'step' | 'outcome' | 'automation';
  /** Of the scope `automation`, in milliseconds since the epoch. */
  readonly until?: number;
}

/** How an act of a person came. */
interface Signed {
  /** The signed word (JWS). Where acts must be signed, an act without one changes nothing. */
  readonly token?: string;
  /** It came from Temporal itself, which signs nothing: no message can say so. */
  readonly isTemporals?: true;
}

/** Acts of people beside decisions. */
export type GuardedEvent =
  | ({ readonly kind: 'override'; readonly override: Override } & Signed)
  /** Says whose a task is, for others to see; it decides nothing. */
  | ({ readonly kind: 'claim' | 'unclaim'; readonly node: string } & Act & Signed)
  | ({
      readonly kind: 'resolve';
      readonly node: string;
      readonly resolution: Resolution;
      readonly by: string;
    } & Signed)
  | ({ readonly kind: 'pause' | 'resume' } & Act & Signed)
  /** `cancel` and `backstep` both undo everything; they differ in what the trace says. */
  | ({ readonly kind: 'cancel' | 'backstep' } & Act & Signed);

export type EngineEvent =
  | {
      readonly kind: 'fired';
      readonly node: string;
      readonly result: FireResult;
      /** Set where it acted before the walker asked for it: where that no longer asks, the answer counts for nothing. */
      readonly isAhead?: true;
    }
  | { readonly kind: 'undone'; readonly node: string; readonly result: UndoResult }
  | { readonly kind: 'swept'; readonly of: string; readonly strays: readonly Stray[] }
  | { readonly kind: 'timer'; readonly timer: string }
  | { readonly kind: 'decide'; readonly decision: GateDecision }
  | { readonly kind: 'checked'; readonly check: string; readonly result: CheckResult }
  | { readonly kind: 'signal'; readonly name: string; readonly data: Json }
  | { readonly kind: 'release'; readonly node: string }
  /** A message that has not the form it needs: it changes nothing, and somebody has tried. */
  | { readonly kind: 'malformed'; readonly act: string; readonly problem: string }
  | GuardedEvent;

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
      /** Absent where it waits for nobody. */
      readonly asks?: HoldAsks;
    }
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      readonly attempts?: readonly Attempt[];
      /** Which decision fired or denied it; absent where none was asked. */
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
  /** What has arrived and was not handed over yet, as `next` gives it; none is waited for. */
  arrived(): Promise<readonly Happening[]>;
}
