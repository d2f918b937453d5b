/**
 * Sub-runbooks: whether one may stand where it is used, and its parameters: what is known when compiling is checked and completed
 * by its schema, what is not is passed on as the expression it is.
 * Authoring ring.
 */
import type { AnyRunbook } from '../dsl/runbook';
import type { SourceUse } from '../dsl/source';
import { didYouMean } from '../kernel/diagnostic';
import type { Json } from '../kernel/json';
import type { Expression } from '../plan/expression';
import { PLAN_LIMITS } from '../plan/limits';
import { sentence, shown } from './bind';
import { helpForName, type Context } from './context';
import { shapeOf } from './schema';
import type { Scope } from './scope';

/** The runbook that a node uses; none, and a diagnostic, where the catalog has none of that name or it may not stand there. */
export function usedRunbook(
  context: Context,
  node: SourceUse,
  { chain, prefix }: Scope['head'],
): AnyRunbook | undefined {
  const { catalog, runbook: whole } = context.request;
  const { runbooks } = catalog;
  const at = [`node ${prefix}${node.id}`];
  const runbook = Object.hasOwn(runbooks, node.runbook) ? runbooks[node.runbook] : undefined;
  if (runbook === undefined) {
    const help = helpForName(node.runbook, Object.keys(runbooks), 'runbooks');
    context.complain('RUNBOOK_UNKNOWN', at, `the catalog has no runbook \`${node.runbook}\``, help);
    return undefined;
  }
  if (chain.includes(node.runbook)) {
    const circle = [...chain.slice(chain.indexOf(node.runbook)), node.runbook].join('` → `');
    context.complain('PLAN_CYCLE', at, `a runbook contains itself: \`${circle}\``, 'break the circle');
    return undefined;
  }
  if (chain.length > PLAN_LIMITS.subRunbookDepth) {
    const limit = PLAN_LIMITS.subRunbookDepth;
    context.complain('PLAN_TOO_DEEP', at, `more than ${limit} runbooks stand inside each other`);
    return undefined;
  }
  if (runbook.entity.type !== whole.entity.type) {
    const message = `\`${runbook.id}\` is about a \`${runbook.entity.type}\`, this runbook about a \`${whole.entity.type}\``;
    context.complain('ENTITY_TYPE_MISMATCH', at, message);
    return undefined;
  }
  return runbook;
}

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
