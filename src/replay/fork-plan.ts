/**
 * The plan of a fork: the plan that ran, with other parameters and other inputs of its actions.
 * Adapter ring; pure functions.
 */
import { schemaAt, shapeAt } from '../compiler/schema';
import type { AwfContract } from '../dsl/awf';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import type { Json } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import { layoutOf } from '../engine/layout';
import { mapBlocks } from '../plan/blocks';
import type { Expression } from '../plan/expression';
import type { Plan } from '../plan/plan';

export interface ForkChanges {
  /** Values in place of the plan's, by parameter. */
  readonly params?: { readonly [name: string]: Json };
  /** Values inside the inputs of actions, such as `identity.login`: a node, then a path. */
  readonly inputs?: { readonly [address: string]: Json };
}

/**
 * @param contracts by the name of their AWF; what is known of the input of none is left to the plan's own
 * Errors: `PARAM_UNKNOWN`, `PLAN_NODE_UNKNOWN`, `PLAN_INPUT_INVALID`, all that there are.
 */
export function changedPlan(
  plan: Plan,
  changes: ForkChanges,
  contracts: ReadonlyMap<string, Pick<AwfContract, 'input'>>,
): Result<Plan, readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  const params = { ...plan.params };
  for (const [name, value] of Object.entries(changes.params ?? {})) {
    if (params[name] === undefined)
      found.push(unknown('PARAM_UNKNOWN', 'param', name, Object.keys(plan.params)));
    else params[name] = { value, from: 'fork' };
  }
  let changed: Plan = { ...plan, params };
  for (const [address, value] of Object.entries(changes.inputs ?? {})) {
    const target = targetOf(plan, address);
    if (!target.ok) {
      found.push(target.error);
      continue;
    }
    const { node, path } = target.value;
    changed = mapBlocks(changed, (one) => {
      if (one.id !== node || one.kind !== 'action') return one;
      const members = otherMembers(contracts.get(one.awf), path);
      const input = members === undefined ? setIn(one.input, path, value) : undefined;
      if (input !== undefined) return { ...one, input };
      found.push(noPath(address, members ?? ('obj' in one.input ? Object.keys(one.input.obj) : [])));
      return one;
    });
  }
  return found.length === 0 ? ok(changed) : err(found);
}

/** The members there are where the contract's input has none that the path names; `undefined` where it has it, or says nothing. */
function otherMembers(
  contract: Pick<AwfContract, 'input'> | undefined,
  path: readonly string[],
): readonly string[] | undefined {
  if (contract === undefined) return undefined;
  for (const [depth, step] of path.entries()) {
    const around = schemaAt(contract.input, path.slice(0, depth));
    const shape = around && shapeAt(around);
    if (shape !== undefined && !Object.hasOwn(shape, step)) return Object.keys(shape);
  }
  return undefined;
}

/** `<node>.<path>`: nodes are known, so a dot in the id of one is no trouble. */
function targetOf(
  plan: Plan,
  address: string,
): Result<{ readonly node: string; readonly path: readonly string[] }, Diagnostic> {
  const actions = [...layoutOf(plan).blocks.values()].flatMap(({ nodes }) =>
    nodes.flatMap(({ kind, id }) => (kind === 'action' ? [id] : [])),
  );
  const node = actions
    .filter((id) => address === id || address.startsWith(`${id}.`))
    .sort((a, b) => b.length - a.length)[0];
  if (node === undefined)
    return err(unknown('PLAN_NODE_UNKNOWN', 'input', address.split('.')[0] ?? '', actions));
  const rest = address.slice(node.length + 1);
  return ok({ node, path: rest === '' ? [] : rest.split('.') });
}

/** The expression with a literal at the path; `undefined` where it has no such place. */
function setIn(expression: Expression, path: readonly string[], value: Json): Expression | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return { lit: value };
  if ('obj' in expression) {
    const member = expression.obj[step];
    const set =
      member === undefined ? (rest.length === 0 ? { lit: value } : undefined) : setIn(member, rest, value);
    return set === undefined ? undefined : { obj: { ...expression.obj, [step]: set } };
  }
  if ('list' in expression) {
    const i = Number(step);
    const element = expression.list[i];
    const set = element === undefined ? undefined : setIn(element, rest, value);
    return set === undefined ? undefined : { list: expression.list.map((one, n) => (n === i ? set : one)) };
  }
  return 'lit' in expression ? setInLiteral(expression.lit, path, value) : undefined;
}

function setInLiteral(literal: Json, path: readonly string[], value: Json): Expression | undefined {
  if (typeof literal !== 'object' || literal === null) return undefined;
  const inner: Expression = Array.isArray(literal)
    ? { list: literal.map((lit: Json) => ({ lit })) }
    : { obj: Object.fromEntries(Object.entries(literal).map(([key, lit]) => [key, { lit: lit }])) };
  return setIn(inner, path, value);
}

function unknown(
  code: 'PARAM_UNKNOWN' | 'PLAN_NODE_UNKNOWN',
  kind: 'param' | 'input',
  name: string,
  known: readonly string[],
): Diagnostic {
  return {
    code,
    at: `${kind} ${name}`,
    message:
      kind === 'param' ? `the plan has no parameter \`${name}\`` : `the plan has no action \`${name}\``,
    help:
      didYouMean(name, known) ??
      (known.length === 0 ? 'it has none' : `there are ${known.map((one) => `\`${one}\``).join(', ')}`),
  };
}

function noPath(address: string, members: readonly string[]): Diagnostic {
  const there = members.length > 0 ? `there are ${members.join(', ')}` : 'give the whole input';
  return {
    code: 'PLAN_INPUT_INVALID',
    at: `input ${address}`,
    message: 'the input has no such place in it',
    help: there,
  };
}
