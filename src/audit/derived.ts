/**
 * What derivation works with: a run as its history tells it, the tools it may use, and what comes of it.
 * Pure ring: types only.
 */
import type { EngineEvent, Happening } from '../engine/effects';
import type { Beginning } from '../engine/fold';
import type { Json } from '../kernel/json';
import type { Plan } from '../plan/plan';
import type { Primitives } from './primitives';
import type { Entry } from './record';

/** One run of an outcome's workflow, as its history tells it. */
export interface OutcomeRun {
  /** Temporal's workflow id and run id. */
  readonly workflow: string;
  readonly run: string;
  readonly at: number;
  readonly start: {
    readonly plan: Plan;
    readonly planId: string;
    readonly cause: { readonly event: string; readonly type?: string } | { readonly person: string };
    readonly startedBy: string;
    readonly under?: { readonly automation?: string; readonly person?: string };
    readonly correlation?: string;
    readonly from?: Beginning['from'];
    readonly first?: readonly EngineEvent[];
    readonly overrides?: Beginning['overrides'];
    readonly terms?: Beginning['terms'];
    /** The outcome whose actions are undone, where this workflow is the backstep of one that had ended. */
    readonly of?: string;
    readonly turnsPerRun?: number;
  };
  readonly happenings: readonly (Happening & { readonly eventId: number })[];
  readonly end?: {
    readonly how: string;
    readonly at: number;
    readonly eventId: number;
    readonly identity?: string;
    readonly reason?: string;
  };
}

export interface Tools extends Pick<Primitives, 'sha256'> {
  /** Hash of a text under the key of the history's subject: `<key id>:<64 hex>`. */
  readonly keyed: (text: string) => string;
}

/** What projections say in the clear and the log only as a hash; it is in the history. */
export interface Aside {
  readonly entity?: string;
  readonly decision?: Json;
}

export interface Derived {
  readonly entry: Entry;
  readonly aside?: Aside;
}
