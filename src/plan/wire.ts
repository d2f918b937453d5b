/**
 * The plan as a history stores it: what nearly every plan says alike is left out, and references are short texts. It stays
 * readable JSON, and gives the very same plan again. What is signed, hashed and shown is never this form.
 * Pure ring. Histories are kept for years: what a version leaves out may never change; a new default is a new `WIRE`.
 */
import { invariant, InvariantViolation } from '../kernel/invariant';
import { jsonEquals } from '../kernel/json';
import type { Expression, Reference } from './expression';
import type { ActionNode, Block, Lane, Plan, PlannedAwf, PlanNode, RetryRule } from './plan';

const WIRE = 1;

/** What absent members of version 1 mean. */
const DEFAULTS = {
  retry: {
    transient: { max: 3, delaysMs: [1_000, 2_000, 4_000] },
    recoverable: { max: 2, delaysMs: [60_000, 120_000] },
    permanent: { max: 0, delaysMs: [] },
    unknown: { max: 1, delaysMs: [300_000] },
  } satisfies Plan['retry'] as { readonly [failureClass: string]: RetryRule },
  awf: {
    version: 1,
    effect: 'mutate',
    reversibility: 'full',
    category: 'internal_state',
    external: false,
    timeoutMs: 5_000,
  } satisfies Partial<PlannedAwf> as { readonly [member: string]: unknown },
} as const;

/** A plan on the wire. Only this file looks inside. */
export interface PackedPlan {
  readonly wire: number;
  readonly lane: Lane;
  readonly [member: string]: unknown;
}

/** The short form; the plan itself where it would not come back the same. */
export function packPlan(plan: Plan): PackedPlan | Plan {
  const lane = laneOf(plan.body) ?? 'remote';
  const { awfs, body, retry, params, ...rest } = plan;
  const packed: PackedPlan = {
    wire: WIRE,
    lane,
    ...rest,
    params: mapValues(params, ({ value, from, at }) =>
      at === undefined ? [value, from] : [value, from, at],
    ),
    awfs: mapValues(awfs, packAwf),
    body: packBlock(body, lane),
    ...(jsonEquals(retry, DEFAULTS.retry) ? {} : { retry }),
  };
  return jsonEquals(unpackPlan(packed), plan) ? packed : plan;
}

/**
 * Inverse of `packPlan`. A history from before there was a short form holds the plan itself. What is no packed plan ends in an
 * InvariantViolation that says so; whether what comes out is whole is for `checkPlan` to say.
 */
export function unpackPlan(stored: PackedPlan | Plan): Plan {
  try {
    return isPacked(stored) ? unpacked(stored) : stored;
  } catch (error) {
    if (error instanceof InvariantViolation) throw error;
    throw invariant.broken(`a stored plan has wire form ${WIRE}: ${(error as Error).message}`);
  }
}

function unpacked(stored: PackedPlan): Plan {
  const { wire, lane, params, awfs, body, retry, ...rest } = stored;
  invariant(wire === WIRE, `this program reads plans of wire form ${WIRE}`);
  return {
    ...rest,
    params: mapValues(params as Packed<unknown[]>, ([value, from, at]) =>
      at === undefined ? { value, from } : { value, from, at },
    ),
    awfs: mapValues(awfs as Packed<PackedAwf>, unpackAwf),
    body: unpackBlock(body as readonly PackedNode[], lane),
    retry: retry ?? DEFAULTS.retry,
  } as unknown as Plan;
}

const isPacked = (stored: PackedPlan | Plan): stored is PackedPlan => 'wire' in stored;

type Packed<T> = { readonly [name: string]: T };

/** Risk dimensions in the order of the plan, then what differs from the defaults; `null` for a default that is absent. */
type PackedAwf = { readonly risk: readonly number[]; readonly [member: string]: unknown };

function packAwf({ risk, ...rest }: PlannedAwf): PackedAwf {
  const { externality, magnitude, recovery, precedent } = risk;
  const own: Record<string, unknown> = {};
  for (const [member, value] of Object.entries<unknown>(rest)) {
    if (value !== undefined && value !== DEFAULTS.awf[member]) own[member] = value;
  }
  for (const member of Object.keys(DEFAULTS.awf)) if (!(member in rest)) own[member] = null;
  return { risk: [externality, magnitude, recovery, precedent], ...own };
}

function unpackAwf({ risk, ...own }: PackedAwf): PlannedAwf {
  const [externality, magnitude, recovery, precedent] = risk;
  const all: Packed<unknown> = {
    ...DEFAULTS.awf,
    ...own,
    risk: { externality, magnitude, recovery, precedent },
  };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== null),
  ) as unknown as PlannedAwf;
}

/** An action without its `kind`; other nodes keep theirs. */
type PackedNode = { readonly id: string; readonly [member: string]: unknown };

/** An action that waits for the node before it, and runs in the plan's lane, need not say so. */
function packBlock({ nodes }: Block, lane: Lane): readonly PackedNode[] {
  return nodes.map((node, index): PackedNode => {
    switch (node.kind) {
      case 'action': {
        const { id, kind: _, awf, input, after, lane: own, ...rest } = node;
        const before = nodes[index - 1]?.id;
        const isNext = after?.length === 1 ? after[0] === before : (after ?? before) === undefined;
        return {
          id,
          awf,
          ...(isNext ? {} : { after: after ?? [] }),
          ...(own === lane ? {} : { lane: own }),
          input: packExpression(input),
          ...rest,
        };
      }
      case 'choice': {
        const { id, cases, on, ...rest } = node;
        const packed = mapValues(cases, (body) => packBlock(body, lane));
        return { id, ...rest, on: packExpression(on), cases: packed };
      }
      case 'each': {
        const { id, body, over, ...rest } = node;
        return { id, ...rest, over: packExpression(over), body: packBlock(body, lane) };
      }
      default:
        return { ...node };
    }
  });
}

function unpackBlock(nodes: readonly PackedNode[], lane: Lane): Block {
  return { nodes: nodes.map((node, index) => unpackNode(node, nodes[index - 1]?.id, lane)) };
}

function unpackNode(packed: PackedNode, before: string | undefined, lane: Lane): PlanNode {
  switch (packed['kind']) {
    case undefined: {
      const { id, awf, input, after = before === undefined ? [] : [before], ...rest } = packed;
      const waits = (after as readonly string[]).length === 0 ? {} : { after };
      const node = { id, kind: 'action', ...waits, awf, input: unpackExpression(input), lane, ...rest };
      return node as unknown as ActionNode;
    }
    case 'choice': {
      const { on, cases, ...rest } = packed;
      const bodies = mapValues(cases as Packed<readonly PackedNode[]>, (body) => unpackBlock(body, lane));
      return { ...rest, on: unpackExpression(on), cases: bodies } as unknown as PlanNode;
    }
    case 'each': {
      const { over, body, ...rest } = packed;
      const inner = unpackBlock(body as readonly PackedNode[], lane);
      return { ...rest, over: unpackExpression(over), body: inner } as unknown as PlanNode;
    }
    default:
      return packed as unknown as PlanNode;
  }
}

/** Expressions keep their tags, so that no literal is ever taken for a reference; only references become texts. */
function packExpression(expression: Expression): unknown {
  if ('ref' in expression) return textOf(expression.ref) ?? expression;
  if ('obj' in expression) return { obj: mapValues(expression.obj, packExpression) };
  if ('list' in expression) return { list: expression.list.map(packExpression) };
  if ('join' in expression) return { join: expression.join.map(packExpression) };
  return expression;
}

function unpackExpression(packed: unknown): Expression {
  if (typeof packed === 'string') return { ref: referenceIn(packed) };
  const expression = packed as { readonly [tag: string]: unknown };
  if ('obj' in expression) return { obj: mapValues(expression['obj'] as Packed<unknown>, unpackExpression) };
  if ('list' in expression) return { list: (expression['list'] as unknown[]).map(unpackExpression) };
  if ('join' in expression) return { join: (expression['join'] as unknown[]).map(unpackExpression) };
  return packed as Expression;
}

/** `entity.email`, `node.identity.id`; `undefined` where a name has a dot of its own. */
function textOf(reference: Reference): string | undefined {
  if (reference.from === 'item') return undefined;
  const names = reference.from === 'node' ? [reference.node, ...reference.path] : reference.path;
  return names.some((name) => name.includes('.')) ? undefined : [reference.from, ...names].join('.');
}

function referenceIn(text: string): Reference {
  const [from, ...names] = text.split('.');
  if (from !== 'node') return { from, path: names } as Reference;
  const [node, ...path] = names;
  return { from, node: node ?? '', path };
}

/** Lane of the first action, however deep it stands. */
function laneOf({ nodes }: Block): Lane | undefined {
  for (const node of nodes) {
    const found =
      node.kind === 'action'
        ? node.lane
        : node.kind === 'each'
          ? laneOf(node.body)
          : node.kind === 'choice'
            ? laneOf({ nodes: Object.values(node.cases).flatMap((body) => body.nodes) })
            : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

const mapValues = <T, U>(all: { readonly [name: string]: T }, map: (value: T) => U): Packed<U> =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [name, map(value)]));
