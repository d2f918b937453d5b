/**
 * Typed references: names of values that exist only when the plan runs. A reference is recorded, never read, so a runbook
 * holds no closures that run later.
 * Authoring ring. At run time a reference is an empty proxy; what it stands for is kept beside it, never inside it.
 */
import type { Expression } from '../plan/expression';
import { InvariantViolation } from '../kernel/invariant';
import { printExpression } from '../plan/print';
import { memberOf } from './member';

declare const carried: unique symbol;

/** Something that will be a `T`; covariant, so a reference to a narrower value fits. */
export interface RefTo<out T> {
  readonly [carried]: T;
}

/**
 * A reference whose members are references again: `identity.id` is a `Ref` to the `id` of the output `identity`.
 * A member that may be absent reads as `null`, and its type says so. Lists have no members: use `each`.
 */
export type Ref<T> = RefTo<T> & Members<T>;

type Scalar = string | number | boolean | bigint | symbol | null | undefined;

type Members<T> = [T] extends [Scalar | readonly unknown[]]
  ? unknown
  : { readonly [K in keyof NonNullable<T>]-?: Ref<Present<NonNullable<T>[K]> | NullOf<T>> };

/** `undefined` does not exist in JSON: what is absent reads as `null`. */
type Present<T> = undefined extends T ? Exclude<T, undefined> | null : T;

type NullOf<T> = null extends T ? null : never;

/** A `T` in which any part, at any depth, may be a reference instead. */
export type Bindable<T> = RefTo<T> | BindableParts<T>;

type BindableParts<T> = T extends Scalar
  ? T
  : T extends readonly (infer Element)[]
    ? readonly Bindable<Element>[]
    : T extends object
      ? { readonly [K in keyof T]: Bindable<T[K]> }
      : T;

/** What a value with references inside will be: the inverse of `Bindable`. */
export type Bound<T> =
  T extends RefTo<infer Inner>
    ? Inner
    : T extends Scalar
      ? T
      : T extends readonly (infer Element)[]
        ? Bound<Element>[]
        : T extends object
          ? { -readonly [K in keyof T]: Bound<T[K]> }
          : T;

/** The element of a list, or of a reference to one. */
export type ElementOf<List> =
  List extends RefTo<readonly (infer Element)[]>
    ? Element
    : List extends readonly (infer Element)[]
      ? Bound<Element>
      : never;

/** Told of a reference that was used where its text or number would be needed at once, as in `` `${ref}` ``. */
type Misused = (written: string) => void;

let misused: Misused | undefined;

/** Runs `body`; until it returns, a reference used as text is told to `listener` and reads as no text. */
export function listeningForMisuse<T>(listener: Misused, body: () => T): T {
  const outer = misused;
  misused = listener;
  try {
    return body();
  } finally {
    misused = outer;
  }
}

const expressions = new WeakMap<object, Expression>();

const TRAPS: ProxyHandler<object> = {
  get(target, key) {
    const expression = expressions.get(target);
    if (expression === undefined) throw new InvariantViolation('every reference stands for an expression');
    if (key === Symbol.toPrimitive) {
      return () => {
        if (misused === undefined) throw new TypeError(`\`${printExpression(expression)}\` has no text yet`);
        misused(printExpression(expression));
        return '';
      };
    }
    return typeof key === 'symbol' ? undefined : refOf(memberOf(expression, [key]));
  },
  set: () => false,
};

/** A reference that stands for `expression`; its members stand for members of it. */
export function refOf<T>(expression: Expression): Ref<T> {
  const target = Object.freeze(Object.create(null) as object);
  expressions.set(target, expression);
  const proxy = new Proxy(target, TRAPS);
  expressions.set(proxy, expression);
  return proxy as Ref<T>;
}

/** What a reference stands for; `undefined` for any other value. */
export function expressionOf(value: unknown): Expression | undefined {
  return typeof value === 'object' && value !== null ? expressions.get(value) : undefined;
}
