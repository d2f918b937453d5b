/**
 * What acts of control say to their workflow and its activities.
 * Loaded inside the Temporal sandbox: data and types only.
 */
import type { Override } from '../src/engine/effects';
import type { GuardrailId } from '../src/governance/figures/guardrails';
import type { ApproverLevel, Mode } from '../src/governance/mode';
import type { TrustLedger } from '../src/governance/trust';
import type { JsonObject } from '../src/kernel/json';

/** What can be paused as a whole; an outcome by its id. */
export type PausedScope = 'tenant' | 'domain' | 'runbook' | 'automation';

export type ControlAct =
  | { readonly do: 'dial'; readonly automation: string; readonly mode: Mode }
  /** Stops an automation at once and drops it to observe; answers with what still executes after `boundMs`. */
  | { readonly do: 'kill'; readonly automation: string; readonly boundMs: number }
  /** `resume` of an automation lifts its kill switch too; the dial stays where it is. */
  | { readonly do: 'pause' | 'resume'; readonly scope: PausedScope; readonly name: string }
  /** A node only watches. `node`: `<runbook>/<node>`; `within`: other runbooks in whose plans it stands. */
  | {
      readonly do: 'passive';
      readonly node: string;
      readonly on: boolean;
      readonly within?: readonly string[];
    }
  /** The contract's limit of a guardrail; null takes it away. */
  | { readonly do: 'limit'; readonly guardrail: GuardrailId; readonly limit: number | null }
  /** A change calendar over a tenant, domain, runbook or automation; without `windows` it is taken away. */
  | {
      readonly do: 'calendar';
      readonly id: string;
      readonly scope: PausedScope;
      readonly name: string;
      readonly kind: 'freeze' | 'maintenance';
      /** `[from, to)`, in milliseconds since the epoch: nothing fires inside those of a freeze, nor outside those of maintenance. */
      readonly windows?: readonly { readonly from: number; readonly to: number }[];
    }
  /** A person runs under their own name what an event had proposed: all of it, or one action. */
  | { readonly do: 'take'; readonly outcome: string; readonly node?: string }
  /** What a person changes of a step in every outcome of an automation, until a date; null takes it away. */
  | {
      readonly do: 'override';
      readonly automation: string;
      /** One row for each: a later one takes its place. */
      readonly name: string;
      readonly override: Override | null;
    }
  /** A person decides on one held action. */
  | {
      readonly do: 'approve';
      readonly outcome: string;
      readonly node: string;
      readonly as: ApproverLevel;
      readonly decision: 'approved' | 'rejected';
    }
  /** What people say of deciding: a delegation, an absence, a review. `value` carries a signed word, or null to take it back. */
  | { readonly do: 'people'; readonly row: string; readonly value: JsonObject | null }
  /** Trust that was earned elsewhere, and how firings have ended there; labelled as imported. */
  | { readonly do: 'importTrust'; readonly ledger: TrustLedger; readonly memory: readonly Remembered[] }
  /** From here on robots decide by another configuration: the digest of its bundle, and of the one before; null for the first. */
  | { readonly do: 'policy'; readonly bundle: string; readonly was: string | null }
  /** Records of the PolicyLog left: in which form, by which filter, how many, and the SHA-256 of what left. */
  | {
      readonly do: 'export';
      readonly format: string;
      readonly filter: { readonly [name: string]: string };
      readonly count: number;
      readonly sha256: string;
    }
  /** Makes and keeps the report of the last whole period before it was due; one of those of 7.3. */
  | { readonly do: 'report'; readonly report: string }
  /** Destroys the key of a subject, by the key's id: the subject itself must not stand in this history. */
  | { readonly do: 'erase'; readonly key: string }
  /** Sets a legal hold, or lifts it. An entity is named by the id of its key: this history is kept, and must not say whose it is. */
  | {
      readonly do: 'hold';
      readonly id: string;
      readonly scope: 'tenant' | 'outcome' | 'entity' | 'time';
      readonly name: string;
      /** Of `time`: `[from, until)`, in milliseconds since the epoch. */
      readonly from?: number;
      readonly until?: number;
      readonly on: boolean;
    }
  /** Lets archived histories go that are past their time. `before`: up to which instant, said by the cut that was made first. */
  | { readonly do: 'expire'; readonly before?: string };

/** How firings of an action type, or under a runbook, have ended. */
export interface Remembered {
  readonly scope: 'awf' | 'runbook';
  readonly name: string;
  readonly successes: number;
  readonly failures: number;
}

export interface ControlStart {
  readonly tenant: string;
  readonly act: ControlAct;
  readonly by: string;
  readonly reason: string;
  /** When a schedule wanted it done, in milliseconds since the epoch; absent where it was asked for. The workflow says it itself. */
  readonly due?: number;
}

export interface Executing {
  readonly outcome: string;
  readonly node: string;
  readonly awf: string;
}

export interface ControlResult {
  /** Of a kill: admitted actions that still executed when the bound was over; empty where none did. */
  readonly executing?: readonly Executing[];
  /** Of the end of retention: what was to go, as it stood before anything went. */
  readonly cut?: ArchiveCut;
}

/** What leaves the archive: see `Cut` of the store, which makes it. */
export interface ArchiveCut {
  readonly before: string;
  readonly histories: number;
  readonly held: number;
  readonly sha256: string;
}

export interface ControlActivities {
  applyControl(start: ControlStart): Promise<void>;
  /** Where a cut through the archive of a tenant goes now; it takes nothing away. */
  cutArchive(tenant: string): Promise<ArchiveCut>;
  drainAutomation(asked: {
    readonly tenant: string;
    readonly automation: string;
    readonly boundMs: number;
  }): Promise<readonly Executing[]>;
}

export const CONTROL_TIMES = {
  /** One attempt, in milliseconds: longer than the longest wait for what executes. */
  activity: 40_000,
  /** Between attempts while the database is down. */
  again: 500,
  /** The longest that a kill may be told to wait. */
  longestBound: 30_000,
} as const;

/** Acts of control have a queue and a robot of their own: a thousand outcomes at work must not stand before a kill switch. */
export const CONTROL_QUEUE = 'control';

/** Begins the id of a control's workflow: no outcome's id has a colon before its first slash. */
export const CONTROL_PREFIX = 'control:';
