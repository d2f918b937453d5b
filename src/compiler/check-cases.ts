/**
 * Whether a choice has exactly the cases that its value can take.
 * Authoring ring.
 */
import type { z } from 'zod';
import { didYouMean } from '../kernel/diagnostic';
import type { Json } from '../kernel/json';
import type { Expression } from '../plan/expression';
import { PLAN_LIMITS } from '../plan/limits';
import type { Context } from './context';
import { elementSchema, schemaAt, valuesOf } from './schema';

/** `known` is the value itself, where compiling knows it. */
export function checkCases(
  context: Context,
  id: string,
  on: Expression,
  cases: readonly string[],
  known: Json | undefined,
): void {
  const at = [`node ${id}`, 'cases'];
  if (cases.length > PLAN_LIMITS.choiceCases) {
    const message = `the choice has ${cases.length} cases: at most ${PLAN_LIMITS.choiceCases} may be`;
    context.complain('PLAN_TOO_MANY_CASES', at, message, 'choose in two steps');
  }
  const possible = possibleValues(context, on) ?? (known === undefined ? undefined : [known]);
  if (possible === undefined) {
    const message = 'the choice is on a value whose possibilities cannot be listed';
    context.complain(
      'PLAN_CHOICE_OPEN',
      at,
      message,
      'choose on an enumeration, a literal union or a boolean',
    );
    return;
  }
  const values = possible.map(String);
  const missing = values.filter((value) => !cases.includes(value));
  if (missing.length > 0) {
    const list = missing.map((value) => `\`${value}\``).join(', ');
    context.complain(
      'PLAN_CASE_MISSING',
      at,
      `there is no case for ${list}`,
      'every value that can occur has a case; one that does nothing is `() => {}`',
    );
  }
  // A literal is one value of many that the author may have thought of: its other cases are dead, and no mistake.
  if ('lit' in on) return;
  for (const name of cases.filter((one) => !values.includes(one))) {
    const message = `the value can never be \`${name}\``;
    const help = didYouMean(name, missing) ?? `it can be ${values.map((value) => `\`${value}\``).join(', ')}`;
    context.complain('PLAN_CASE_UNKNOWN', [`node ${id}`, `cases.${name}`], message, help);
  }
}

/** Values an expression can take; `undefined` where they cannot be listed. */
function possibleValues(context: Context, expression: Expression): readonly Json[] | undefined {
  if ('lit' in expression) return [expression.lit];
  if (!('ref' in expression)) return undefined;
  const { ref } = expression;
  if (ref.from === 'node') {
    const node = context.nodes.get(ref.node);
    if (node?.kind === 'choice') {
      const outputs = Object.values(node.outputs).map((output) =>
        possibleValues(context, readMember(output, ref.path)),
      );
      return outputs.includes(undefined)
        ? undefined
        : [...new Set(outputs.flatMap((values) => values ?? []))];
    }
  }
  const schema = schemaOf(context, expression);
  return schema && valuesOf(schema);
}

/** Schema of what an expression reads; `undefined` where it reads nothing that has one. */
function schemaOf(context: Context, expression: Expression): z.core.$ZodType | undefined {
  if (!('ref' in expression)) return undefined;
  const { ref } = expression;
  const { runbook } = context.request;
  switch (ref.from) {
    case 'param':
      return schemaAt(runbook.params, ref.path);
    case 'entity':
      return schemaAt(runbook.entity.fields, ref.path);
    case 'event':
      return runbook.event && schemaAt(runbook.event, ref.path);
    case 'node': {
      const node = context.nodes.get(ref.node);
      const output = node?.kind === 'action' ? context.awf(node.awf)?.output : undefined;
      return output && schemaAt(output, ref.path);
    }
    case 'item': {
      const each = context.nodes.get(ref.each);
      const list = each?.kind === 'each' ? schemaOf(context, each.over) : undefined;
      const element = list && elementSchema(list);
      return element && schemaAt(element, ref.path);
    }
  }
}

function readMember(expression: Expression, path: readonly string[]): Expression {
  return 'ref' in expression
    ? { ref: { ...expression.ref, path: [...expression.ref.path, ...path] } }
    : expression;
}
