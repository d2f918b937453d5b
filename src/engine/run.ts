/**
 * What the engine's rooms share while one happening is worked off: the plan, its layout, the state, and an agenda of steps.
 * Rooms never call each other; they put steps on the agenda, so a chain of ten thousand nodes needs no deep stack.
 * Pure ring.
 */
import { invariant } from '../kernel/invariant';
import type { Failure } from '../kernel/failure';
import type { Json, JsonObject } from '../kernel/json';
import { evaluate, type Expression, type Scope } from '../plan/expression';
import type { Lane, Plan, PlannedAwf, PlanNode } from '../plan/plan';
import type { Command } from './effects';
import type { BlockLayout, Hideouts, Layout } from './layout';
import type { BlockState, EngineState, NodeState } from './state';
import type { TraceNote } from './trace';

/** `node` and `block` are instance ids. */
export type Step =
  | { readonly step: 'ready'; readonly node: string }
  | { readonly step: 'finish'; readonly node: string; readonly output: Json }
  | { readonly step: 'fail'; readonly node: string; readonly failure: Failure }
  | { readonly step: 'follow'; readonly node: string; readonly course: string }
  | { readonly step: 'leave'; readonly block: string }
  | { readonly step: 'stop'; readonly then: 'complete' | 'backstep' }
  | { readonly step: 'return'; readonly node: string; readonly course: string }
  | { readonly step: 'drained' }
  | { readonly step: 'undoNode'; readonly node: string }
  | { readonly step: 'undoSettled'; readonly node: string }
  | { readonly step: 'undoBlock'; readonly block: string }
  | { readonly step: 'undoneBlock'; readonly block: string };

export interface Run {
  readonly plan: Plan;
  readonly layout: Layout;
  readonly hideouts: Hideouts;
  readonly params: JsonObject;
  readonly state: EngineState;
  /** The instant of the happening at hand, in milliseconds since the epoch. */
  at: number;
  readonly agenda: Step[];
  /** The check that the happening at hand has asked for. */
  asked?: string;
  /** Why the happening at hand was refused. */
  refusal?: { readonly code: string; readonly because: string };
  commands: Command[];
  notes: TraceNote[];
}

/** A node instance with everything that belongs to it. */
export interface Placed {
  readonly id: string;
  readonly node: PlanNode;
  readonly state: NodeState;
  readonly block: BlockState;
  readonly layout: BlockLayout;
}

export function stateOf(run: Run, node: string): NodeState {
  const state = run.state.nodes[node];
  invariant(state !== undefined, `node \`${node}\` has a state`);
  return state;
}

export function blockOf(run: Run, block: string): BlockState {
  const state = run.state.blocks[block];
  invariant(state !== undefined, `block \`${block}\` was entered`);
  return state;
}

export function layoutAt(run: Run, key: string): BlockLayout {
  const layout = run.layout.blocks.get(key);
  invariant(layout !== undefined, `the plan has a block \`${key}\``);
  return layout;
}

export function place(run: Run, id: string): Placed {
  const state = stateOf(run, id);
  const block = blockOf(run, state.block);
  const layout = layoutAt(run, block.key);
  const node = layout.byId.get(id.slice(prefixOf(block).length));
  invariant(node !== undefined, `the plan has node \`${id}\``);
  return { id, node, state, block, layout };
}

/** What an action fires: the AWF of the plan, or the one that a person put in its place. */
export interface Firing {
  readonly awf: string;
  readonly planned: PlannedAwf;
  readonly lane: Lane;
}

export function firingOf(run: Run, { id, node, state }: Placed): Firing {
  invariant(node.kind === 'action', `\`${id}\` is an action`);
  const awf = state.awf ?? node.awf;
  // What no plan foresaw is on record before it acts: nothing of it can hide in a lost workflow task.
  const lane = state.awf === undefined ? node.lane : 'remote';
  return { awf, planned: plannedAwf(run, awf), lane };
}

/** An AWF as the plan has it, or as it was frozen when a person named it. */
function plannedAwf(run: Run, name: string): PlannedAwf {
  const planned = run.plan.awfs[name] ?? run.state.awfs?.[name];
  invariant(planned !== undefined, `the plan knows AWF \`${name}\``);
  return planned;
}

/** For a command: the AWF, where whoever performs it does not find it in the plan. */
export const foreignAwf = (run: Run, name: string): { readonly foreign?: PlannedAwf } =>
  run.plan.awfs[name] === undefined ? { foreign: plannedAwf(run, name) } : {};

/** Prefix of the instance ids inside a block. */
export const prefixOf = (block: BlockState): string => block.prefixes[block.prefixes.length - 1] ?? '';

/** Instance ids of the nodes of `block` that wait for `node` directly. */
export function dependentsOf(placed: Placed): readonly string[] {
  const prefix = prefixOf(placed.block);
  return (placed.layout.dependents.get(placed.node.id) ?? []).map((id) => prefix + id);
}

export function predecessorsOf(placed: Placed): readonly string[] {
  const prefix = prefixOf(placed.block);
  return (placed.node.after ?? []).map((id) => prefix + id);
}

/** The value of an expression as it reads inside `block`. */
export function valueIn(run: Run, block: BlockState, expression: Expression): Json {
  const at = (node: string): string => {
    const depth = layoutAt(run, run.layout.home.get(node) ?? '').eachDepth;
    return block.prefixes[depth] ?? '';
  };
  const scope: Scope = {
    params: run.params,
    entity: run.plan.entity.fields,
    event: run.plan.event,
    output: (node) => run.state.nodes[at(node) + node]?.output,
    item: (each) => run.state.blocks[block.prefixes[eachIndex(run, each)] ?? '']?.item,
  };
  return evaluate(expression, scope);
}

/** Whether this run of the workflow takes no new commands, because it is about to continue as new. */
export const isLeaving = (run: Run): boolean => run.state.turnsLeft <= 0;

/** Whether a full stop or the drain of a checkpoint's scope keeps this node from starting anything new. */
export function isStopped(run: Run, node: string): boolean {
  if (run.state.stopping !== null) return true;
  for (const [checkpoint, back] of Object.entries(run.state.returns)) {
    if (isInScope(run, node, checkpoint, back.scope)) return true;
  }
  return false;
}

/** Whether `node` stands in the scope behind `checkpoint`, directly or inside a node of it. */
export function isInScope(run: Run, node: string, checkpoint: string, scope: readonly string[]): boolean {
  const home = stateOf(run, checkpoint).block;
  let at: string | null = node;
  while (at !== null) {
    const block: string = run.state.nodes[at]?.block ?? home;
    if (block === home) return scope.includes(at);
    at = blockOf(run, block).parent;
  }
  return false;
}

/** Whether an effect is there, or may be, that nothing has undone and nobody has accepted. */
export function owesUndo(run: Run, id: string): boolean {
  const { undo } = stateOf(run, id);
  if (run.state.residue.includes(id)) return false;
  return undo === 'intended' || undo === 'acted' || undo === 'undo_failed';
}

/** Ends a node that goes no further; one whose effect is in doubt stays for the undo. */
export function drop(run: Run, id: string): void {
  stateOf(run, id).status = owesUndo(run, id) ? 'failed' : 'dropped';
}

/** A block inside a for-each is named by the prefix of its element. */
const eachIndex = (run: Run, each: string): number =>
  layoutAt(run, run.layout.home.get(each) ?? '').eachDepth + 1;
