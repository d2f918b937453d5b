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

/** What stands before an AWF in a trial: our sandbox, a server that others wrote after the vendor's, or the real thing. */
export type Evidence = 'sandbox' | 'emulator' | 'real';

/** What a stand can do: a law that needs more is not tried there, and the table says so. */
export interface Traits {
  readonly faults: readonly Fault[];
  /** Whether it tells accounts apart: wrong credentials, and rights that are missing. */
  readonly accounts: boolean;
}

export const TRAITS: Readonly<Record<Evidence, Traits>> = {
  sandbox: {
    faults: ['cutBefore', 'cutAfter', 'errorBefore', 'errorAfter', 'rateLimit'],
    accounts: true,
  },
  // It takes any token, and has no faults of its own: a proxy before it cuts connections.
  emulator: { faults: ['cutBefore', 'cutAfter'], accounts: false },
  real: { faults: ['cutBefore', 'cutAfter'], accounts: true },
};

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
  /** Told before each attempt of ours, for a server whose log does not say what a write was for. */
  turn?(side: Side): Promise<void>;
  /** Makes one write from now on suffer a fault that the stand has, once. */
  arm(fault: Fault, side: Side, which: WhichWrite): Promise<void>;
  disarm(): Promise<void>;
  close(): Promise<void>;
}

export interface LawStand<World extends LawWorld = LawWorld> {
  readonly evidence: Evidence;
  /** Program and version. */
  readonly server: string;
  world(): Promise<World>;
  close(): Promise<void>;
}

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
  /** Makes what the action would do be so already, by somebody else's hand. */
  readonly already?: () => Promise<void>;
  readonly meddlings: readonly Meddling[];
}

/** How one AWF, used forward, is put before the laws at one stand. */
export interface LawFixture<World extends LawWorld = LawWorld> {
  readonly awf: string;
  /** Why nothing can be so already before this AWF acts. */
  readonly neverAlready?: string;
  prepare(world: World): Promise<Situation>;
}
