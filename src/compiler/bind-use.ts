/**
 * Parameters of a sub-runbook: what is known when compiling is checked and completed by its schema, what is not is passed on
 * as the expression it is.
 * Authoring ring.
 */
import type { AnyRunbook } from '../dsl/runbook';
import { didYouMean } from '../kernel/diagnostic';
import type { Json } from '../kernel/json';
import type { Expression } from '../plan/expression';
import { sentence, shown } from './bind';
import type { Context } from './context';
import { shapeOf } from './schema';

/** What each parameter of `runbook` stands for where it is used as node `id`. */
export function bindUse(
  context: Context,
  id: string,
  runbook: AnyRunbook,
  given: ReadonlyMap<string, Expression>,
): ReadonlyMap<string, Expression> {
  const names = Object.keys(shapeOf(runbook.params));
  for (const name of given.keys()) {
    if (names.includes(name)) continue;
    const message = `\`${name}\` is no parameter of \`${runbook.id}\``;
    context.complain('PARAM_UNKNOWN', [`node ${id}`, `params.${name}`], message, didYouMean(name, names));
  }
  return new Map(names.map((name) => [name, bindOne(context, id, runbook, name, given.get(name))]));
}

function bindOne(
  context: Context,
  id: string,
  runbook: AnyRunbook,
  name: string,
  expression: Expression | undefined,
): Expression {
  const known = expression === undefined ? undefined : context.known(expression);
  if (expression !== undefined && known === undefined) return expression;
  const schema = shapeOf(runbook.params)[name]!;
  const parsed = schema.safeParse(known);
  const at = [`node ${id}`, `params.${name}`];
  if (!parsed.success) {
    if (expression === undefined) {
      context.complain('PARAM_MISSING', at, `\`${runbook.id}\` needs \`${name}\``, 'give it a value');
    } else {
      for (const issue of parsed.error.issues) {
        const value = shown(schema, known, issue.path);
        const message = `\`${[name, ...issue.path].join('.')}\` is \`${value}\`: ${sentence(issue.message)}`;
        context.complain('PARAM_INVALID', at, message);
      }
    }
    return expression ?? { lit: null };
  }
  // A reference stays one where the schema changes nothing, so that the plan says where the value came from.
  const value = (parsed.data ?? null) as Json;
  const same = JSON.stringify(value) === JSON.stringify(known ?? null);
  return expression !== undefined && same ? expression : { lit: value };
}
