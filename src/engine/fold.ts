/**
 * A finished or running outcome, told again from its history: the machine, fed with what happened, gives the same state
 * and the same trace as it gave when it ran. Nothing is executed: commands are dropped.
 * Pure ring.
 */
import { jsonCopy } from '../kernel/json';
import type { Plan } from '../plan/plan';
import type { EngineEvent, Happening } from './effects';
import { Machine } from './machine';
import type { EngineState } from './state';
import type { TraceEvent } from './trace';

export interface Told {
  readonly state: EngineState;
  readonly trace: readonly TraceEvent[];
}

/** How a run of the workflow began: as its input says. */
export interface Beginning {
  readonly at: number;
  readonly from?: EngineState;
  readonly turnsPerRun?: number;
  readonly first?: readonly EngineEvent[];
}

/** Tells one run of an outcome. The commands that a run began with are dropped like all others. */
export function fold(plan: Plan, start: Beginning, happenings: Iterable<Happening>): Told {
  const trace: TraceEvent[] = [];
  let machine: Machine;
  if (start.from === undefined) {
    const begun = Machine.begin(plan, start.at, start.turnsPerRun ?? Number.MAX_SAFE_INTEGER);
    machine = begun.machine;
    trace.push(...begun.first.trace);
  } else {
    machine = Machine.resume(plan, jsonCopy(start.from));
    machine.standing(start.at);
  }
  for (const event of start.first ?? []) trace.push(...machine.advance({ at: start.at, event }).trace);
  for (const happening of happenings) trace.push(...machine.advance(happening).trace);
  return { state: machine.state, trace };
}
