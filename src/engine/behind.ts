/**
 * What stands behind what: which actions a gate lets go, of the instances in a state and of the nodes of a plan.
 * Pure ring.
 */
import type { BlockLayout, Layout } from './layout';
import { blockOf, layoutAt, prefixOf, type Run } from './run';

/** Whether `gate` had to be done before `id` could start: directly, around it, or inside something before it. */
export function isBehind(run: Run, id: string, gate: string): boolean {
  const around = new Map(wayUp(run, id).map(({ block, node }) => [block, node]));
  for (const { block, node } of wayUp(run, gate)) {
    const mine = around.get(block);
    if (mine === undefined) continue;
    const state = blockOf(run, block);
    const prefix = prefixOf(state);
    return reached(layoutAt(run, state.key), node.slice(prefix.length)).has(mine.slice(prefix.length));
  }
  return false;
}

/** From a node outwards: each block instance around it, with the node of it that the way goes through. */
function wayUp(run: Run, id: string): readonly { readonly block: string; readonly node: string }[] {
  const way: { block: string; node: string }[] = [];
  for (let node: string | null = id; node !== null;) {
    const block: string | undefined = run.state.nodes[node]?.block;
    if (block === undefined) break;
    way.push({ block, node });
    node = blockOf(run, block).parent;
  }
  return way;
}

/** The same of the plan's nodes, whichever instances there are. */
export function standsBehind(layout: Layout, node: string, gate: string): boolean {
  const around = new Map(planned(layout, node).map((one) => [one.block, one.node]));
  for (const { block, node: own } of planned(layout, gate)) {
    const mine = around.get(block);
    const at = layout.blocks.get(block);
    if (mine !== undefined && at !== undefined) return reached(at, own).has(mine);
  }
  return false;
}

/** From a node of the plan outwards: each block around it, with the node of it that the way goes through. */
function planned(layout: Layout, node: string): readonly { readonly block: string; readonly node: string }[] {
  const way: { block: string; node: string }[] = [];
  for (let id: string | undefined = node; id !== undefined;) {
    const block: string | undefined = layout.home.get(id);
    if (block === undefined) break;
    way.push({ block, node: id });
    id = layout.owners.get(block);
  }
  return way;
}

const REACHED = new WeakMap<BlockLayout, Map<string, ReadonlySet<string>>>();

/** Everything of a block that waits for one of its nodes, directly or not; worked out once. */
function reached(layout: BlockLayout, from: string): ReadonlySet<string> {
  const known = REACHED.get(layout) ?? new Map<string, ReadonlySet<string>>();
  REACHED.set(layout, known);
  const before = known.get(from);
  if (before !== undefined) return before;
  const found = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const next of layout.dependents.get(id) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(next);
    }
  }
  known.set(from, found);
  return found;
}
