/**
 * Expressions: how a plan names values that exist only when it runs. Always tagged, so that a literal can never be
 * mistaken for a reference, whatever its text.
 * Pure ring.
 */
import { invariant } from '../kernel/invariant';
import type { Json, JsonObject } from '../kernel/json';

/** Where a reference reads from, and the path into it. */
export type Reference =
  | { readonly from: 'node'; readonly node: string; readonly path: readonly string[] }
  | { readonly from: 'param'; readonly path: readonly string[] }
  | { readonly from: 'entity'; readonly path: readonly string[] }
  | { readonly from: 'event'; readonly path: readonly string[] }
  /** The element at hand inside a for-each; `each` is the for-each node's id. */
  | { readonly from: 'item'; readonly each: string; readonly path: readonly string[] };

export type Expression =
  | { readonly lit: Json }
  | { readonly ref: Reference }
  | { readonly obj: { readonly [key: string]: Expression } }
  | { readonly list: readonly Expression[] }
  /** Texts joined; a part that is no string is printed as JSON. */
  | { readonly join: readonly Expression[] };

/** Everything that a reference can read at one place of a running plan. */
export interface Scope {
  readonly params: JsonObject;
  readonly entity: JsonObject;
  readonly event: JsonObject;
  /** Output of a node that is done, by plan id (not instance id); `undefined` where there is none. */
  readonly output: (node: string) => Json | undefined;
  readonly item: (each: string) => Json | undefined;
}

/**
 * The value of an expression. A reference to something absent inside an existing object reads as `null`; a reference to a
 * node without output is our bug, because the compiler proves that it can't happen.
 */
export function evaluate(expression: Expression, scope: Scope): Json {
  if ('lit' in expression) return expression.lit;
  if ('ref' in expression) return readReference(expression.ref, scope);
  if ('list' in expression) return expression.list.map((element) => evaluate(element, scope));
  if ('join' in expression) {
    return expression.join.map((part) => textOf(evaluate(part, scope))).join('');
  }
  return Object.fromEntries(
    Object.entries(expression.obj).map(([key, member]) => [key, evaluate(member, scope)]),
  );
}

/** Every reference inside an expression, in reading order. */
export function referencesOf(expression: Expression): readonly Reference[] {
  if ('ref' in expression) return [expression.ref];
  if ('list' in expression) return expression.list.flatMap(referencesOf);
  if ('join' in expression) return expression.join.flatMap(referencesOf);
  if ('obj' in expression) return Object.values(expression.obj).flatMap(referencesOf);
  return [];
}

/** The value at `path`; `null` where a step of the path does not exist. */
export function readPath(value: Json, path: readonly string[]): Json {
  let at: Json = value;
  for (const step of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, step)) return null;
    at = (at as Readonly<Record<string, Json>>)[step] ?? null;
  }
  return at;
}

function readReference(reference: Reference, scope: Scope): Json {
  switch (reference.from) {
    case 'param':
      return readPath(scope.params, reference.path);
    case 'entity':
      return readPath(scope.entity, reference.path);
    case 'event':
      return readPath(scope.event, reference.path);
    case 'node': {
      const output = scope.output(reference.node);
      invariant(output !== undefined, `node \`${reference.node}\` has an output when it is read`);
      return readPath(output, reference.path);
    }
    case 'item': {
      const item = scope.item(reference.each);
      invariant(item !== undefined, `for-each \`${reference.each}\` has an element at hand when it is read`);
      return readPath(item, reference.path);
    }
  }
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
