/**
 * Strays: effects of local actions that ran in a workflow task which was lost, where the task that took its place went another
 * way. The barrier knows them, the history does not. Which ends have to look for them, and how they come into the state.
 * Pure ring. `docs/execution.md` tells how they come about; `back.ts` undoes them.
 */
import type { Plan, PlanNode } from '../plan/plan';
import { referencesOf } from '../plan/expression';
import type { Command, Stray } from './effects';
import { eachKey, planNodeOf, type Hideouts, type Layout } from './layout';
import { stateOf, type Run } from './run';
import type { NodeState } from './state';

export function hideoutsOf(plan: Plan, layout: Layout): Hideouts {
  const nodes = new Set<string>();
  for (const { nodes: all } of layout.blocks.values()) {
    for (const node of all) {
      if (!isLocalChange(plan, node)) continue;
      let id: string | undefined = node.id;
      while (id !== undefined && !nodes.has(id)) {
        nodes.add(id);
        id = layout.owners.get(layout.home.get(id) ?? '');
      }
    }
  }
  const kindOf = (id: string): PlanNode['kind'] | undefined => planNodeOf(layout, id)?.kind;
  const areSwayed = [...nodes].some((id) => {
    const node = planNodeOf(layout, id);
    if (node?.kind === 'gate' || node?.kind === 'wait') return true;
    if (node?.kind !== 'choice' && node?.kind !== 'each') return false;
    const read = referencesOf(node.kind === 'choice' ? node.on : node.over);
    return read.some((ref) => ref.from === 'node' && kindOf(ref.node) !== 'action');
  });
  return { nodes, areSwayed };
}

const isLocalChange = (plan: Plan, node: PlanNode): boolean =>
  node.kind === 'action' && node.lane === 'local' && plan.awfs[node.awf]?.effect === 'mutate';

/**
 * Whether strays may exist behind a checkpoint, or, with an empty name, in the whole outcome.
 *
 * A way back needs a sweep wherever it passes local actions. A completion needs none if every block that was entered ran to
 * its end and nobody's act swayed it: an action that a lost task fired had its predecessors done, and it gives the same answer
 * to the same firing, so its exits, choices and for-each lead the same way again; what a lost task fired is asked for again
 * unless something cut it off. What can cut it off is an end or a way back (a node that is not done, in an entered block), or
 * a person or a clock that came first this time (a gate, a signal, a resolution). The first is seen in the state, the second
 * in `areSwayed` and `isSwayed`.
 */
export function needsSweep(run: Run, of: string): boolean {
  const { nodes, areSwayed } = run.hideouts;
  if (nodes.size === 0) return false;
  const { returns, stopping, isSwayed } = run.state;
  const hides = (id: string): boolean => nodes.has(planIdOf(run.layout, id) ?? '');
  if (of !== '') return (returns[of]?.scope ?? []).some(hides);
  return stopping?.then === 'backstep' || areSwayed || isSwayed === true || isCut(run, nodes);
}

/** Whether a node that hides local actions did not come to its end, in a block that was entered. */
function isCut(run: Run, hideouts: ReadonlySet<string>): boolean {
  return Object.values(run.state.blocks).some(({ key, prefixes }) =>
    (run.layout.blocks.get(key)?.nodes ?? []).some((node) => {
      const id = (prefixes[prefixes.length - 1] ?? '') + node.id;
      return hideouts.has(node.id) && run.state.nodes[id]?.status !== 'done';
    }),
  );
}

export function sweep(run: Run, of: string): Command {
  const asked: Record<string, number> = {};
  for (const [id, { firings }] of Object.entries(run.state.nodes)) {
    if (firings !== undefined) asked[id] = firings;
  }
  const scope = of === '' ? undefined : (run.state.returns[of]?.scope ?? []);
  const inner = new Map<string, string[]>();
  for (const [key, owner] of run.layout.owners) inner.set(owner, [...(inner.get(owner) ?? []), key]);
  const fence = [...localActions(run, inner, '', '')].filter(
    (id) => scope === undefined || isWithin(run.layout, id, scope),
  );
  return { do: 'sweep', of, asked, fence };
}

/** Every changing local action that the block can hold, a for-each taken at its bound. */
function* localActions(
  run: Run,
  blocks: ReadonlyMap<string, readonly string[]>,
  key: string,
  prefix: string,
): Generator<string> {
  for (const node of run.layout.blocks.get(key)?.nodes ?? []) {
    if (!run.hideouts.nodes.has(node.id)) continue;
    if (isLocalChange(run.plan, node)) yield prefix + node.id;
    const times = node.kind === 'each' ? node.max : 1;
    for (const inner of blocks.get(node.id) ?? []) {
      for (let i = 0; i < times; i++) {
        yield* localActions(run, blocks, inner, node.kind === 'each' ? `${prefix}${node.id}[${i}]/` : prefix);
      }
    }
  }
}

/** Brings strays into the state, each as a node that has run. Returns every node on the way to them, and themselves. */
export function takeIn(run: Run, of: string, strays: readonly Stray[]): readonly string[] {
  const touched = new Set<string>();
  const scope = of === '' ? undefined : (run.state.returns[of]?.scope ?? []);
  for (const stray of strays) {
    const node = planNodeOf(run.layout, stray.node);
    if (node?.kind !== 'action') continue;
    // Other branches go on beside a return: what is theirs they may still ask for.
    if (scope !== undefined && !isWithin(run.layout, stray.node, scope)) continue;
    const { nothingToUndo, state } = hold(run, stray, touched);
    if (nothingToUndo) continue;
    state.isStray = true;
    run.notes.push({ kind: 'awf.stray', node: stray.node, awf: node.awf });
  }
  return [...touched];
}

function hold(
  run: Run,
  { node, firing, input, args }: Stray,
  touched: Set<string>,
): { readonly nothingToUndo: boolean; readonly state: NodeState } {
  for (const link of wayTo(run.layout, node)) markRan(run, link, touched);
  const state = stateOf(run, node);
  // A person attested it, and a lost task did it as well: one that changed nothing leaves the other as it is.
  if (state.attested !== undefined && args === null) return { nothingToUndo: true, state };
  state.firings = firing;
  state.input = input;
  // What a person put in its place is on record before it acts: this is the plan's own.
  delete state.awf;
  if (args === undefined) state.isUnclear = true;
  else state.undoArgs = args;
  state.undo = args === undefined ? 'intended' : args === null ? 'undo_skipped' : 'acted';
  return { nothingToUndo: args === null, state };
}

/** One node instance on the way from the body of the plan to another. */
interface Link {
  readonly id: string;
  readonly planId: string;
  /** Instance id of the block it stands in. */
  readonly block: string;
  readonly key: string;
  readonly parent: string | null;
  readonly prefixes: readonly string[];
}

/** The way from the body of the plan to a node instance, outermost first: the nodes that it stands inside, and itself. */
export function wayTo(layout: Layout, instance: string): readonly Link[] {
  const planId = planIdOf(layout, instance) ?? instance;
  const prefix = instance.slice(0, instance.length - planId.length);
  const key = layout.home.get(planId) ?? '';
  const owner = layout.owners.get(key);
  if (owner === undefined) {
    return [{ id: instance, planId, block: key, key, parent: null, prefixes: [prefix] }];
  }
  const isElement = key === eachKey(owner);
  const parent = isElement ? prefix.slice(0, prefix.lastIndexOf('[')) : prefix + owner;
  const outer = wayTo(layout, parent);
  const around = outer[outer.length - 1]?.prefixes ?? [];
  const prefixes = isElement ? [...around, prefix] : around;
  const block = isElement ? prefix : prefix + key;
  return [...outer, { id: instance, planId, block, key, parent, prefixes }];
}

const isWithin = (layout: Layout, instance: string, scope: readonly string[]): boolean =>
  wayTo(layout, instance).some(({ id }) => scope.includes(id));

/** Whatever waits for nobody any more is a node that ran, as is all that stood before it. */
function markRan(run: Run, link: Link, touched: Set<string>): void {
  const { block, key, parent, prefixes } = link;
  const layout = run.layout.blocks.get(key);
  if (run.state.blocks[block] === undefined) {
    run.state.blocks[block] = { key, parent, prefixes, left: layout?.nodes.length ?? 0 };
    if (parent !== null) (stateOf(run, parent).inner ??= []).push(block);
  }
  const prefix = prefixes[prefixes.length - 1] ?? '';
  const open = [link.planId];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const id = prefix + next;
    if (touched.has(id)) continue;
    touched.add(id);
    const state = (run.state.nodes[id] ??= { status: 'failed', block });
    if (state.status === 'dropped' || state.status === 'ready') state.status = 'failed';
    open.push(...(layout?.byId.get(next)?.after ?? []));
  }
}

/** Id of the plan's node behind an instance. */
function planIdOf(layout: Layout, instance: string): string | undefined {
  return planNodeOf(layout, instance)?.id;
}
