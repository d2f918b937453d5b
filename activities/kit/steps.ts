/**
 * Steps that effects share: looking before writing, writing several things at once, and what an object that is gone means.
 * No I/O of its own.
 */
import type { AwfContract } from '../../src/dsl/awf';
import { EffectError, type AwfEffect, type EffectContext } from '../../src/dsl/effect';
import type { Json } from '../../src/kernel/json';
import { diverged, effectSoFar, refusal } from './failures';

/** An effect whose input and output are known at run time only: by the schemas of its contract. */
export type AnyEffect = AwfEffect<unknown, unknown>;

/** Forgets the types of input and output, which stand in different places of an effect and so admit no common one. */
export const erased = (effects: readonly unknown[]): readonly AnyEffect[] => effects as readonly AnyEffect[];

/**
 * Reads what is there before a write. Every effect looks through one of these, so that the law kit can blind an AWF and
 * see that the laws notice.
 */
export type Look = <T>(read: () => Promise<T>, blind: T) => Promise<T>;

export const looking: Look = (read) => read();

/** Sees nothing: what `looking` would have read is taken to be `blind`. */
export const blindfolded: Look = (_read, blind) => Promise.resolve(blind);

/**
 * What this AWF captured before its first write. `undefined` while undoing: what is handed on then was captured by the action
 * that is undone, and an AWF that serves both ways must not take it for its own.
 */
export function priorOf<Prior>(
  context: EffectContext & { readonly prior: Json | undefined },
): Prior | undefined {
  return context.operation === 'execute' ? (context.prior as unknown as Prior | undefined) : undefined;
}

/**
 * Does `act` for all at once and waits for every one, so that no write is still under way when the attempt ends. If any
 * failed, throws the failure that is hardest to mend, and says that the effect is unknown if anything may have changed.
 */
export async function forAll<T>(
  context: EffectContext,
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  const settled = await Promise.allSettled(items.map(act));
  const errors = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (errors.length === 0) return;
  const known = errors.filter((error) => error instanceof EffectError);
  if (known.length < errors.length) throw errors.find((error) => !(error instanceof EffectError));
  const worst = known.find(({ failure }) => failure.class === 'permanent') ?? known[0]!;
  const unclear = known.some(({ failure }) => failure.effect === 'unknown');
  const effect = unclear ? 'unknown' : effectSoFar(context);
  throw effect === worst.failure.effect ? worst : new EffectError({ ...worst.failure, effect });
}

/**
 * An object that the action needs is not there. Fired forward that is the contract's business error; while undoing it means
 * that somebody took away what was to be put back.
 */
export function missing(
  contract: { readonly errors: AwfContract['errors'] },
  code: string,
  context: EffectContext,
): EffectError {
  if (context.operation === 'execute') return refusal(contract, code, context);
  return diverged(context, contract.errors[code]?.summary ?? 'the object is gone');
}
