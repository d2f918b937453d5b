/**
 * The seam between an action's life and whoever lets it fire: the barrier alone, or the authority rules before it.
 * Adapter ring; types, and the ungoverned way.
 */
import type { Under } from '../../workflows/protocol';
import type { AwfContract } from '../dsl/awf';
import type { Degradation } from '../governance/assess';
import type { HoldAsks } from '../engine/effects';
import type { Attempt, Failure } from '../kernel/failure';
import type { Json } from '../kernel/json';
import type { Barrier, ExecuteAdmission, ExecuteRequest, Recorded } from '../store/barrier';

export interface AdmitRequest {
  /** What the action is to do, for approvals that were given for just this. */
  readonly input?: Json;
  /** A person changed what it does: no approval holds for it that was given without its input. */
  readonly isChanged?: true;
  readonly asked: ExecuteRequest;
  readonly contract: AwfContract;
  /** Where its outcome stands; absent where whoever started it did not say. */
  readonly under?: Under;
}

export type Admission =
  | ExecuteAdmission
  /** Something holds it; whoever takes that away releases it. */
  | {
      readonly kind: 'held';
      readonly because: string;
      readonly decision: Json;
      /** Absent where it waits for nobody. */
      readonly asks?: HoldAsks;
    }
  /** It will never fire. */
  | { readonly kind: 'denied'; readonly failure: Failure; readonly decision?: Json };

/** One admitted firing: how it ended is told here, and with it what was taken is settled. */
export interface Firing {
  /** The record of the decision that fired it; absent where none was asked. */
  readonly decision?: Json;
  /** Degradation modes in force when it was decided: the effect is to live with less. */
  readonly degradations?: readonly Degradation[];
  /**
   * `spent`: what the effect reported, by unit of its contract's cost; a failed one has spent it all the same. `next`: an action that
   * only waits for this one; it may be let in by the same round trip. `undefined`: overtaken, and nothing was let in.
   */
  commit(
    result: { readonly output: Json; readonly undo: Json },
    spent: ReadonlyMap<string, number>,
    next?: AdmitRequest,
  ): Promise<Committed | undefined>;
  recordFailure(
    attempt: Attempt,
    how: { readonly holder: string; readonly isLast: boolean },
    spent: ReadonlyMap<string, number>,
  ): Promise<Recorded | undefined>;
}

export interface Committed {
  /** Failed attempts of the firing. */
  readonly attempts: readonly Attempt[];
  /** What came of letting in the next one; absent where it has to ask for itself. Who was given this is to take it up. */
  readonly next?: () => Promise<Admitted>;
}

export interface Admitted {
  readonly admission: Admission;
  readonly firing: Firing;
}

export type Admit = (request: AdmitRequest) => Promise<Admitted>;

/** The barrier alone: whatever is asked for fires, once. */
export function barrierAdmit(barrier: Barrier): Admit {
  return async ({ asked }) => ({
    admission: await barrier.admitExecute(asked),
    firing: ungoverned(barrier, asked),
  });
}

export const ungoverned = (barrier: Barrier, { key }: ExecuteRequest): Firing => ({
  commit: (result) => barrier.commit(key, result),
  recordFailure: (attempt, how) => barrier.recordFailure(key, attempt, how),
});
