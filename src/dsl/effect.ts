/**
 * The effect of an AWF: the code that fires it, as its author sees it. Only types and one error class stand here, so that
 * contracts and tests can name them; the dispatcher that calls effects is in `src/temporal/`.
 */
import type { Degradation } from '../governance/assess';
import type { Failure } from '../kernel/failure';
import type { Json } from '../kernel/json';
import type { AwfContract } from './awf';

/** What an effect is given beside its input. */
export interface EffectContext {
  readonly tenant: string;
  /** Outcome id and node id; the same through all retries, and for the compensation of the same node. */
  readonly key: string;
  /** Whether this AWF is fired for its own sake or to undo the node's action. */
  readonly operation: 'execute' | 'compensate';
  /** 1 for the first; from 2 on an earlier attempt may have happened: look up before writing. */
  readonly attempt: number;
  /** Base URL and secrets of the tenant for the system of this AWF. */
  readonly connection: Connection;
  /** Aborts when the attempt's time is over or the worker shuts down; pass it to every call. */
  readonly signal: AbortSignal;
  /** Reports what the call really cost, in a unit of the contract's `cost`; adds up. Guardrails are settled by it. */
  spend(unit: string, amount: number): void;
  /** Tells Temporal that the attempt is alive; called for you at intervals, call it in long loops. */
  heartbeat(): void;
  /**
   * Runs `work` while no other process has `thing`: for systems that only take a whole set at once, so that of two who read,
   * change and write it one would be lost. Absent where there are no others. To be called before the first write.
   */
  readonly exclusive?: <T>(thing: string, work: () => Promise<T>) => Promise<T>;
  /**
   * Degradation modes in force: with `model_downgrade` take a cheaper model, with `frequency_reduction` ask less often while
   * waiting. Absent or empty: none. @source execution model 6.5
   */
  readonly degradations?: readonly Degradation[];
  /** Watches each request to the system; absent where nobody does. Our transport calls it for you. */
  readonly watch?: Watch;
  readonly log: {
    info(message: string, fields?: object): void;
    warn(message: string, fields?: object): void;
  };
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Sends a request with the headers that whoever watches adds to it, and passes its answer on. */
export type Watch = <Answer extends { readonly status: number }>(
  method: string,
  send: (headers: Readonly<Record<string, string>>) => Promise<Answer>,
) => Promise<Answer>;

/** How to reach one tenant's instance of one system. */
export interface Connection {
  readonly baseUrl: string;
  /** Names are the system's own: `token`, `clientId`, `clientSecret`, `bindDn` … */
  readonly secrets: { readonly [name: string]: string };
  /** Settings that are no secrets, such as an instance's tenant alias. */
  readonly settings?: { readonly [name: string]: string };
}

export interface AwfEffect<Input, Output> {
  readonly contract: AwfContract<Input, Output>;
  /**
   * Reads what is there before the first write. Kept durably before `execute` is called, and handed to every attempt and to
   * the compensation; it is never taken again, because after an unclear attempt it would show our own work.
   */
  readonly capture?: (input: Input, context: EffectContext) => Promise<Json>;
  /** Does it, or finds it done. Throws `EffectError` for an expected failure; anything else counts as `unknown`. */
  readonly execute: (
    input: Input,
    context: EffectContext & { readonly prior: Json | undefined },
  ) => Promise<Output>;
}

/** Carries a Failure out of an effect; caught by the dispatcher and nowhere else. */
export class EffectError extends Error {
  override readonly name = 'EffectError';
  constructor(readonly failure: Failure) {
    super(`${failure.code}: ${failure.message}`);
  }
}

/** Binds an effect to its contract; the types come from the contract. */
export function implement<Input, Output>(
  contract: AwfContract<Input, Output>,
  effect: Omit<AwfEffect<Input, Output>, 'contract'>,
): AwfEffect<Input, Output> {
  return { contract, ...effect };
}
