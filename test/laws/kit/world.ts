/**
 * What the laws need of a server: a fresh world for each case, a look at it beside the client under test, and faults at a
 * chosen write. One stand each for the sandbox, the emulator and the real directory.
 */
import type { Connection } from '../../../src/dsl/effect';
import type { Json } from '../../../src/kernel/json';

/** Whose credentials: ours, those of nobody, or of an account that may only read. */
export type As = 'us' | 'nobody' | 'reader';

/** What happens to one write. `…After` says that its effect has happened. */
export type Fault = 'cutBefore' | 'cutAfter' | 'errorBefore' | 'errorAfter' | 'rateLimit';

export type Side = 'execute' | 'compensate';

/** One write that changed something, as the second path saw it: the same for the same act in any world. */
export type Write = string;

/** The `n`th write (0 is the first) of those that a run without trouble makes; `usual` where they are known. */
export interface WhichWrite {
  readonly n: number;
  readonly usual: readonly Write[] | undefined;
}

export interface LawWorld {
  readonly tenant: string;
  /** `undefined` where the server does not tell such an account from ours. */
  connection(as: As): Connection | undefined;
  /** Everything that the AWFs of this world could have changed and that still stands. */
  state(): Promise<Json>;
  /** Writes of ours that changed something, so far; `undefined` where the server keeps no count. */
  writes(side: Side): Promise<readonly Write[] | undefined>;
  /** Makes one write from now on suffer a fault, once. False where that can't be had here. */
  arm(fault: Fault, side: Side, which: WhichWrite): Promise<boolean>;
  disarm(): Promise<void>;
  close(): Promise<void>;
}

export interface LawStand<World extends LawWorld = LawWorld> {
  readonly evidence: 'sandbox' | 'emulator' | 'real';
  /** Program and, where it counts, version. */
  readonly server: string;
  world(): Promise<World>;
  close(): Promise<void>;
}

/** A stand, or the reason why this machine has none. */
export type Opened<World extends LawWorld> = LawStand<World> | { readonly unavailable: string };

/** A change by somebody else after the action. */
export interface Meddling {
  readonly what: string;
  readonly act: () => Promise<void>;
  /** `diverged`: the undo must stop. `nothing left`: what was to be undone is gone, and the undo is a harmless success. */
  readonly then: 'diverged' | 'nothing left';
}

/** One AWF in one fresh world. */
export interface Situation {
  readonly input: Json;
  /** Makes what the action would do be so already, by somebody else's hand; or why that can't be. */
  readonly already: (() => Promise<void>) | { readonly impossible: string };
  readonly meddlings: readonly Meddling[];
}

/** How one AWF, used forward, is put before the laws at one stand. */
export interface LawFixture<World extends LawWorld = LawWorld> {
  readonly awf: string;
  prepare(world: World): Promise<Situation>;
}
