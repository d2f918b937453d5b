/**
 * Pass 4, order: declared edges and data references become edges between nodes of one block, each block is sorted
 * (canonical: topological, ties by declaration), circles are found, and edges that others imply are dropped.
 * Authoring ring.
 */
import { referencesOf, type Expression, type Reference } from '../plan/expression';
import type { Context } from './context';
import { blocksOf, coursesOf, expressionsOf, type DraftBlock, type DraftNode } from './draft';
import { MinHeap } from './min-heap';
import { Reachability } from './reachability';

/** A reference to a node's output, and the node that has to be done so that it can be read. */
export interface Read {
  readonly by: DraftNode;
  readonly slot: string;
  readonly reference: Reference & { readonly from: 'node' };
  readonly target: DraftNode;
  /** Checkpoints whose scope has been undone where the value is read. */
  readonly replaced: readonly string[];
}

type Edges = Map<DraftNode, Set<DraftNode>>;

/** Sorts all blocks under `body`; returns every reference to an output that is in reach. */
export function order(context: Context, body: DraftBlock): readonly Read[] {
  const edges: Edges = new Map();
  const reads: Read[] = [];
  collect(context, body, edges, reads);
  sort(context, body, edges);
  return reads;
}

function collect(context: Context, block: DraftBlock, edges: Edges, reads: Read[]): void {
  for (const node of block.nodes) {
    for (const name of node.after) addDeclared(context, node, name, edges);
    for (const { slot, of } of expressionsOf(node)) addReads(context, node, slot, of, block, edges, reads);
    // What a block gives is read inside it.
    if (node.kind === 'choice') {
      for (const [value, output] of Object.entries(node.outputs)) {
        addReads(context, node, `cases.${value}`, output, node.cases[value]!, edges, reads);
      }
    }
    for (const { slot, course } of coursesOf(node)) {
      if (course.do === 'branch' && course.output !== undefined) {
        addReads(context, node, `${slot}.output`, course.output, course.body, edges, reads);
      }
    }
    for (const inner of blocksOf(node)) collect(context, inner, edges, reads);
  }
}

function addDeclared(context: Context, node: DraftNode, name: string, edges: Edges): void {
  for (const id of context.aliases.has(name) ? resolveAlias(context, name) : [name]) {
    const target = context.nodes.get(id);
    if (target === undefined) continue;
    const lifted = target === node ? { waiting: node } : lift(node.block, node, target);
    if (lifted?.waiting !== undefined) addEdge(edges, lifted.waiting, target);
    else {
      context.complainAt(
        node,
        'after',
        'PLAN_NODE_OUTSIDE',
        `\`${target.id}\` stands inside a block of \`${target.block.inside?.node.id ?? ''}\`, which may not run`,
        `wait for \`${target.block.inside?.node.id ?? ''}\` instead`,
      );
    }
  }
}

/** The nodes a name stands for: an inlined node is the ends of what it became. */
function resolveAlias(context: Context, name: string): ReadonlySet<string> {
  const ids = new Set<string>();
  const pending = [name];
  const seen = new Set<string>();
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const ends = context.aliases.get(at);
    if (ends === undefined) ids.add(at);
    else pending.push(...ends);
  }
  return ids;
}

function addReads(
  context: Context,
  by: DraftNode,
  slot: string,
  expression: Expression,
  from: DraftBlock,
  edges: Edges,
  reads: Read[],
): void {
  if ('lit' in expression) return;
  for (const reference of referencesOf(expression)) {
    if (reference.from === 'item') checkItem(context, by, slot, reference.each, from);
    if (reference.from !== 'node') continue;
    const target = context.nodes.get(reference.node);
    if (target === undefined) continue;
    const lifted = lift(from, by, target);
    if (lifted === undefined) complainOutside(context, by, slot, reference, target);
    else {
      if (lifted.waiting !== undefined) addEdge(edges, lifted.waiting, target);
      reads.push({ by, slot, reference, target, replaced: lifted.replaced });
    }
  }
}

/** The element of a for-each exists inside its block alone. */
function checkItem(context: Context, by: DraftNode, slot: string, each: string, from: DraftBlock): void {
  const node = context.nodes.get(each);
  if (node === undefined) return;
  if (!isInside(from, node)) {
    const message = `the element of \`${each}\` exists only inside that for-each`;
    context.complainAt(by, slot, 'PLAN_OUTPUT_OUTSIDE', message, 'read it inside the function of `each`');
    return;
  }
  // What runs after a return to a checkpoint around the for-each runs there, where no element is at hand.
  for (let at = from.inside; at !== undefined && at.node !== node; at = at.node.block.inside) {
    const checkpoint = at.replaces === undefined ? undefined : context.nodes.get(at.replaces);
    if (checkpoint === undefined || isInside(checkpoint.block, node)) continue;
    const name = checkpoint.id;
    context.complainAt(
      by,
      slot,
      'PLAN_OUTPUT_MISSING',
      `there is no element of \`${each}\` any more: this runs after the return to \`${name}\`, which undoes the for-each`,
      `read only what stands before \`${name}\`, or return to a checkpoint inside the for-each`,
    );
  }
}

function complainOutside(
  context: Context,
  by: DraftNode,
  slot: string,
  reference: Reference & { readonly from: 'node' },
  target: DraftNode,
): void {
  const { inside } = target.block;
  const around = inside?.node.id ?? '';
  const itself = by === target || isInside(by.block, target);
  context.complainAt(
    by,
    slot,
    'PLAN_OUTPUT_OUTSIDE',
    itself
      ? `\`${reference.node}\` has no output yet where this runs`
      : `\`${[reference.node, ...reference.path].join('.')}\` exists only inside \`${around}\` (${inside?.slot ?? ''}), which may not run`,
    itself
      ? 'read something that is done before'
      : `return it from every case of \`${around}\` and read what that gives`,
  );
}

/**
 * Who has to wait for `target` so that it can be read in block `from`, which is the block of `node` or one inside it:
 * `node` itself, a node around it, or nobody where both stand in a block of `node`. `undefined` where the target is not in
 * reach: in a block that `from` is no part of, or around `from`.
 */
function lift(
  from: DraftBlock,
  node: DraftNode,
  target: DraftNode,
): { readonly waiting: DraftNode | undefined; readonly replaced: readonly string[] } | undefined {
  const replaced: string[] = [];
  let waiting = from === node.block ? node : undefined;
  let block = from;
  while (block !== target.block) {
    const { inside } = block;
    if (inside === undefined) return undefined;
    if (inside.replaces !== undefined) replaced.push(inside.replaces);
    waiting = inside.node;
    block = waiting.block;
  }
  return waiting === target ? undefined : { waiting, replaced };
}

function isInside(block: DraftBlock, node: DraftNode): boolean {
  for (let at = block.inside; at !== undefined; at = at.node.block.inside) {
    if (at.node === node) return true;
  }
  return false;
}

function addEdge(edges: Edges, node: DraftNode, target: DraftNode): void {
  const set = edges.get(node);
  if (set === undefined) edges.set(node, new Set([target]));
  else set.add(target);
}

const NONE: readonly string[] = [];

function sort(context: Context, block: DraftBlock, edges: Edges): void {
  const sorted = topological(context, block.nodes, edges);
  const reach = new Reachability(sorted.length);
  sorted.forEach((node, position) => {
    node.position = position;
    node.after = NONE;
    const before = edges.get(node);
    if (before === undefined) return;
    // In a circle, which has been told, an edge may lead forward: it is left out, so that the other passes can go on.
    const earlier = [...before].flatMap((target) => (target.position < position ? [target.position] : []));
    node.after = reach.add(position, earlier).map((at) => sorted[at]!.id);
  });
  block.nodes = sorted;
  block.reach = reach;
  for (const node of sorted) for (const inner of blocksOf(node)) sort(context, inner, edges);
}

/** The smallest topological order by place of declaration; what stands in a circle comes last. */
function topological(context: Context, nodes: readonly DraftNode[], edges: Edges): DraftNode[] {
  nodes.forEach((node, i) => (node.position = i));
  const before = (node: DraftNode): readonly DraftNode[] => [...(edges.get(node) ?? [])];
  if (nodes.every((node, i) => isSettled(edges.get(node), i))) return [...nodes];
  const waitsFor = nodes.map((node) => before(node).length);
  const behind: number[][] = nodes.map(() => []);
  nodes.forEach((node, i) => before(node).forEach((target) => behind[target.position]!.push(i)));
  const ready = new MinHeap();
  waitsFor.forEach((count, i) => count === 0 && ready.push(i));
  const sorted: DraftNode[] = [];
  for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
    sorted.push(nodes[i]!);
    for (const later of behind[i]!) if (--waitsFor[later]! === 0) ready.push(later);
  }
  if (sorted.length < nodes.length) {
    const left = nodes.filter((_, i) => waitsFor[i]! > 0);
    complainCircle(context, left, edges);
    sorted.push(...left);
  }
  return sorted;
}

function isSettled(before: ReadonlySet<DraftNode> | undefined, at: number): boolean {
  if (before !== undefined) for (const target of before) if (target.position >= at) return false;
  return true;
}

function complainCircle(context: Context, left: readonly DraftNode[], edges: Edges): void {
  const stuck = new Set(left);
  const path: DraftNode[] = [];
  let at = left[0]!;
  while (!path.includes(at)) {
    path.push(at);
    at = [...(edges.get(at) ?? [])].find((target) => stuck.has(target)) ?? at;
  }
  const circle = [...path.slice(path.indexOf(at)), at].map((node) => `\`${node.id}\``).join(' waits for ');
  context.complainAt(
    at,
    'after',
    'PLAN_CYCLE',
    `nodes wait for each other: ${circle}`,
    'name in `after` only what is declared before, or give `after` to the others too',
  );
}
