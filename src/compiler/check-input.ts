/**
 * Inputs of actions against the schemas of their AWFs: exactly where everything is known when compiling, and as far as
 * possible where references to outputs stand among it.
 * Authoring ring.
 */
import type { AnyAwf } from '../dsl/catalog';
import { referencesOf, type Expression } from '../plan/expression';
import { PLAN_LIMITS } from '../plan/limits';
import { sentence, shown } from './bind';
import { printOrigin, type Context } from './context';
import type { DraftAction } from './draft';

export function checkInput(context: Context, node: DraftAction, awf: AnyAwf): void {
  const unknown: string[][] = [];
  const value = asFarAsKnown(context, node.input, [], unknown);
  const parsed = awf.input.safeParse(value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const path = issue.path.map(String);
      if (unknown.some((hole) => startsWith(path, hole) || startsWith(hole, path))) continue;
      const place = ['input', ...path].join('.');
      const given = shown(awf.input, value, issue.path);
      const message = `\`${node.awf}\` does not take \`${given}\` as \`${place}\`: ${sentence(issue.message)}`;
      context.complainAt(node, place, 'PLAN_INPUT_INVALID', message, originOf(context, node.input, path));
    }
  }
  if (unknown.length === 0 && isTooLarge(value)) {
    const message = `the input has more than ${PLAN_LIMITS.payloadBytes} bytes`;
    context.complainAt(
      node,
      'input',
      'PLAN_PAYLOAD_TOO_LARGE',
      message,
      'pass a reference to a stored document',
    );
  }
}

/** The value with `undefined` wherever it exists only at run time; `unknown` gathers the paths to those places. */
function asFarAsKnown(
  context: Context,
  expression: Expression,
  path: readonly string[],
  unknown: string[][],
): unknown {
  if ('lit' in expression) return expression.lit;
  if ('list' in expression) {
    return expression.list.map((element, i) => asFarAsKnown(context, element, [...path, String(i)], unknown));
  }
  if ('obj' in expression) {
    return Object.fromEntries(
      Object.entries(expression.obj).map(([key, member]) => [
        key,
        asFarAsKnown(context, member, [...path, key], unknown),
      ]),
    );
  }
  const value = context.known(expression);
  if (value === undefined) unknown.push([...path]);
  return value;
}

/** Where a wrong value came from, if it is not the author's own. */
function originOf(context: Context, input: Expression, path: readonly string[]): string | undefined {
  const reference = referencesOf(partAt(input, path))[0];
  if (reference === undefined) return undefined;
  const name = reference.path[0] ?? '';
  if (reference.from === 'entity' || reference.from === 'event') {
    const owner = reference.from === 'entity' ? `\`${context.request.entity.id}\`` : 'the event';
    return `it is \`${reference.from}.${reference.path.join('.')}\` of ${owner}; what is absent there reads as null`;
  }
  const bound = reference.from === 'param' ? context.bindings.params.bound[name] : undefined;
  return bound && `it is the parameter \`${name}\`, from ${printOrigin(bound)}`;
}

function partAt(expression: Expression, path: readonly string[]): Expression {
  const [first, ...rest] = path;
  if (first === undefined) return expression;
  if ('obj' in expression && Object.hasOwn(expression.obj, first))
    return partAt(expression.obj[first]!, rest);
  if ('list' in expression) return partAt(expression.list[Number(first)] ?? { lit: null }, rest);
  return expression;
}

const startsWith = (path: readonly string[], start: readonly string[]): boolean =>
  start.every((step, i) => path[i] === step);

/** Cheap for what is small: the text is made only where the parts could add up. */
const isTooLarge = (value: unknown): boolean => JSON.stringify(value).length > PLAN_LIMITS.payloadBytes;
