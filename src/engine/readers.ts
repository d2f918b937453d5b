/**
 * Who reads whose output in a plan, and so what a change of one step changes of others: also of those that stand beside it.
 * Pure ring. Of the plan's nodes, whichever instances there are.
 */
import { referencesOf, type Expression } from '../plan/expression';
import type { PlanNode } from '../plan/plan';
import { standsBehind } from './behind';
import type { Layout } from './layout';

export interface Reader {
  readonly by: string;
  /** Which part of the output. */
  readonly path: readonly string[];
}

/** Who reads the output of a node, and which part. */
export const readersOf = (layout: Layout, node: string): readonly Reader[] =>
  readersIn(layout).get(node) ?? [];

/**
 * Whether a gate lets go what a node does, or what others make of its output: whoever approves there approves that too.
 */
export const bearsOn = (layout: Layout, node: string, gate: string): boolean =>
  [node, ...fedBy(layout, node)].some((one) => standsBehind(layout, one, gate));

/** Everything that reads the output of a node, or an output that was made of it. */
function fedBy(layout: Layout, node: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [node];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const { by } of readersOf(layout, id)) {
      if (found.has(by)) continue;
      found.add(by);
      open.push(by);
    }
  }
  return found;
}

const READERS = new WeakMap<Layout, ReadonlyMap<string, readonly Reader[]>>();

/** By the node that is read; worked out once. */
function readersIn(layout: Layout): ReadonlyMap<string, readonly Reader[]> {
  const known = READERS.get(layout);
  if (known !== undefined) return known;
  const found = new Map<string, Reader[]>();
  const look = (by: string, expression: Expression | undefined): void => {
    if (expression === undefined) return;
    for (const ref of referencesOf(expression)) {
      if (ref.from !== 'node') continue;
      const readers = found.get(ref.node) ?? [];
      found.set(ref.node, readers);
      readers.push({ by, path: ref.path });
    }
  };
  for (const { nodes } of layout.blocks.values()) {
    for (const reader of nodes) for (const expression of expressionsOf(reader)) look(reader.id, expression);
  }
  for (const [key, course] of layout.courses) {
    if (course.do === 'skip' || course.do === 'branch') look(key.slice(0, key.indexOf('!')), course.output);
  }
  READERS.set(layout, found);
  return found;
}

function expressionsOf(node: PlanNode): readonly Expression[] {
  switch (node.kind) {
    case 'action':
      return [node.input];
    case 'wait':
      return 'until' in node.for ? [node.for.until] : [];
    case 'choice':
      return [node.on, ...Object.values(node.outputs ?? {})];
    case 'each':
      return [node.over];
    case 'gate':
    case 'checkpoint':
    case 'end':
      return [];
  }
}
