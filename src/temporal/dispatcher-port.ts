/**
 * What can be asked of a dispatcher, and what it needs.
 * Adapter ring; types only. `dispatcher.ts` is the one over the barrier.
 */
import type { Under } from '../../workflows/protocol';
import type { AwfEffect, Connection, Watch } from '../dsl/effect';
import type { FireResult, GateProof, Stray, UndoResult } from '../engine/effects';
import type { Failure } from '../kernel/failure';
import type { Json } from '../kernel/json';
import type { Plan } from '../plan/plan';
import type { ActionKey, Barrier } from '../store/barrier';
import type { Exclusive } from '../store/exclusive';
import type { Admit, Admitted } from './admission';

export interface FireRequest {
  readonly key: ActionKey;
  readonly awf: string;
  readonly input: Json;
  /** Which asking of the workflow this is, from 1; each has retries of its own. */
  readonly firing: number;
  readonly retry: Plan['retry'];
  /** One attempt's bound, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether the history may never hear of this firing: then the barrier keeps what is needed to find and undo it. */
  readonly isUnrecorded?: boolean;
  /** Whether no attempt of this action is known to have come before: then what it captures can go with the admission. */
  readonly isFirst?: boolean;
  /** Whether a person has changed what it does: then what ran before that is no answer. */
  readonly isChanged?: boolean;
  /** Where its outcome stands, for the authority rules. */
  readonly under?: Under;
  /** Decisions at the gates before it. */
  readonly gates?: readonly GateProof[];
}

export interface UndoRequest {
  readonly key: ActionKey;
  /** The compensating AWF. */
  readonly awf: string;
  /** The AWF that is undone, and the input it had. */
  readonly of: string;
  readonly ofInput: Json;
  /** Arguments that the commit gave; absent where the history knows of no commit. */
  readonly args?: Json;
  readonly firing: number;
  readonly retry: Plan['retry'];
  readonly timeoutMs: number;
}

/** What the caller lends to one attempt. */
export interface AttemptHost {
  readonly signal: AbortSignal;
  heartbeat(): void;
  /** Present where this very request was let in by the round trip that committed the one before it. */
  readonly letIn?: LetIn;
  /** What follows from this end and from nothing else that is still under way; asked when the effect is there, ahead of its commit. */
  readonly follows?: (end: FireResult) => FireRequest | undefined;
  /** Told that what follows was let in. INVARIANT: it is executed then, with this. */
  readonly onLetIn?: (next: LetIn) => void;
}

/** A firing that was looked through and need not fail before it is asked for. */
export interface Prepared {
  readonly request: FireRequest;
  readonly effect: AwfEffect<unknown, unknown>;
  /** As its contract reads it. */
  readonly input: unknown;
  readonly connection: Connection;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** An action with its admission. */
export interface LetIn {
  readonly prepared: Prepared;
  readonly admitted: () => Promise<Admitted>;
}

/** Not over: call again with the same request, `afterMs` milliseconds from now. */
export interface Again {
  readonly kind: 'again';
  readonly afterMs: number;
  /** The failure that is retried; absent where the attempt had to wait or was interrupted. */
  readonly failure?: Failure;
}

export interface Log {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
}

export interface DispatcherParts {
  readonly barrier: Barrier;
  /** Default: the barrier alone. */
  readonly admit?: Admit;
  /** Sees the decisions at the gates before an action: why they do not let it through, or undefined. Default: nobody has to sign. */
  readonly proven?: (key: ActionKey, gates: readonly GateProof[]) => Promise<string | undefined>;
  /** Told of an effect that could not be undone, once that is on record; where the telling is lost, it is told again. */
  readonly undoFailed?: (tenant: string) => Promise<void>;
  /** Finds an effect by the name of its AWF, loading its vendor's SDK only then. */
  readonly effects: (awf: string) => Promise<AwfEffect<unknown, unknown> | undefined>;
  readonly connections: (tenant: string, system: string) => Connection | Promise<Connection>;
  /** Turns between processes. Default: this is the only one. */
  readonly exclusive?: Exclusive;
  /** Watches requests to connected systems. */
  readonly watch?: (of: { readonly tenant: string; readonly system: string }) => Watch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

export interface Dispatcher {
  /** One attempt at an action. */
  execute(request: FireRequest, host: AttemptHost): Promise<FireResult | Again>;
  /** One attempt at undoing an action. */
  compensate(request: UndoRequest, host: AttemptHost): Promise<UndoResult | Again>;
  /** Fences what must not act any more, and tells what acted without the workflow knowing that it asked. */
  sweep(
    of: { readonly tenant: string; readonly outcome: string },
    nodes: { readonly asked: { readonly [node: string]: number }; readonly fence: readonly string[] },
  ): Promise<readonly Stray[]>;
}
