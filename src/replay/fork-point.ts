/**
 * The moment at which an outcome came to a node: what had happened, what was under way, and what happened after it.
 * Adapter ring; pure functions over a story.
 */
import type { EngineEvent, Happening } from '../engine/effects';
import { beginningOf, steps } from '../engine/fold';
import type { Layout } from '../engine/layout';
import { planNodeOf } from '../engine/layout';
import type { EngineState } from '../engine/state';
import type { TraceEvent } from '../engine/trace';
import { jsonCopy } from '../kernel/json';
import type { ReadRun } from '../temporal/history';
import type { Story } from './history-source';

export interface ForkPoint {
  /** In milliseconds since the epoch. */
  readonly at: number;
  /** As it stood before the happening that brought the node's turn; absent where the outcome began with it. */
  readonly before?: EngineState;
  /** That happening. */
  readonly event?: EngineEvent;
  /** Told until then, and from then on. */
  readonly common: readonly TraceEvent[];
  readonly then: readonly TraceEvent[];
  /** How many of the events told then came with that very happening. */
  readonly atOnce: number;
  /** What the outcome was told after it. */
  readonly later: readonly Happening[];
}

/** Where the outcome first came to a node instance; `undefined` where it did not. What took it back later is left out. */
export function forkPointOf(story: Story, node: string): ForkPoint | undefined {
  const runs = ownRuns(story);
  const trace: TraceEvent[] = [];
  for (const [r, run] of runs.entries()) {
    let n = 0;
    for (const step of steps(run.start.plan, beginningOf(run.at, run.start), run.happenings)) {
      if (step.state.nodes[node] !== undefined) {
        const whole = runs.slice(r).flatMap((one, i) => traceOf(one).slice(i === 0 ? n : 0));
        const told = n === 0 && r === 0 ? { common: [], then: whole } : { common: trace, then: whole };
        const atOnce = step.trace.length;
        if (step.index === undefined) return { ...told, at: run.at, atOnce, later: laterThan(runs, r, -1) };
        const { at, event } = run.happenings[step.index]!;
        const before = stateBefore(run, step.index);
        return { ...told, at, event, before, atOnce, later: laterThan(runs, r, step.index) };
      }
      trace.push(...step.trace);
      n += step.trace.length;
    }
  }
  return undefined;
}

/** The outcome's own runs: not those of the way back that was asked for after it had completed. */
const ownRuns = ({ runs }: Story): readonly ReadRun[] => runs.filter(({ start }) => start.of === undefined);

/** Plan nodes at and behind a node: itself, whatever waits for it, however far, and whatever stands inside those. */
export function behind(layout: Layout, instance: string): ReadonlySet<string> {
  const start = planNodeOf(layout, instance)?.id;
  const found = new Set<string>();
  if (start === undefined) return found;
  const addInside = (owner: string): void => {
    for (const [key, block] of layout.blocks) {
      if (layout.owners.get(key) !== owner) continue;
      for (const { id } of block.nodes) add(id);
    }
  };
  const add = (id: string): void => {
    if (found.has(id)) return;
    found.add(id);
    addInside(id);
  };
  const addWaiting = (id: string): void => {
    for (const next of layout.blocks.get(layout.home.get(id) ?? '')?.dependents.get(id) ?? []) {
      if (found.has(next)) continue;
      add(next);
      addWaiting(next);
    }
  };
  add(start);
  for (
    let at: string | undefined = start;
    at !== undefined;
    at = layout.owners.get(layout.home.get(at) ?? '')
  ) {
    addWaiting(at);
  }
  return found;
}

const traceOf = (run: ReadRun): readonly TraceEvent[] =>
  [...steps(run.start.plan, beginningOf(run.at, run.start), run.happenings)].flatMap(({ trace }) => trace);

function stateBefore(run: ReadRun, index: number): EngineState {
  let state: EngineState | undefined;
  for (const step of steps(run.start.plan, beginningOf(run.at, run.start), run.happenings.slice(0, index))) {
    ({ state } = step);
  }
  // The walk goes on in one go, however long it is.
  return { ...jsonCopy(state!), turnsPerRun: Number.MAX_SAFE_INTEGER };
}

const laterThan = (runs: readonly ReadRun[], run: number, index: number): readonly Happening[] => [
  ...runs[run]!.happenings.slice(index + 1),
  ...runs.slice(run + 1).flatMap(({ happenings }) => happenings),
];
