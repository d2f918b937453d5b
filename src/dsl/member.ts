/**
 * The member of an expression: what `x.a.b` stands for where `x` is known only as an expression.
 * Authoring ring.
 */
import { readPath, type Expression } from '../plan/expression';

/** The expression of the value at `path` inside `expression`; a step that does not exist is `null`. */
export function memberOf(expression: Expression, path: readonly string[]): Expression {
  const [first, ...rest] = path;
  if (first === undefined) return expression;
  if ('ref' in expression) {
    return { ref: { ...expression.ref, path: [...expression.ref.path, ...path] } };
  }
  if ('lit' in expression) return { lit: readPath(expression.lit, path) };
  if ('list' in expression) return memberOf(expression.list[Number(first)] ?? { lit: null }, rest);
  if ('obj' in expression && Object.hasOwn(expression.obj, first)) {
    return memberOf(expression.obj[first]!, rest);
  }
  return { lit: null };
}
