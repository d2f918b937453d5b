/**
 * The one walker of plans: it hands the machine's commands to the effects and the effects' happenings to the machine, in the
 * order they arrive, until the outcome is over.
 * Pure ring.
 */
import type { Plan } from '../plan/plan';
import type { ApprovalTerms, Effects, EngineEvent, Happening, Override } from './effects';
import { Machine, type Advance } from './machine';
import type { EngineState } from './state';

export interface Interpretation {
  /** Instant of the beginning, in milliseconds since the epoch. */
  readonly at: number;
  /** A state to go on from, instead of beginning. */
  readonly from?: EngineState;
  /** What happens first, before anything is waited for: a finished outcome is asked to go back this way. */
  readonly first?: readonly EngineEvent[];
  /** Overrides that stand from the beginning. */
  readonly overrides?: readonly Override[];
  /** Set where decisions must be signed. */
  readonly terms?: ApprovalTerms;
  /** Told of the machine as soon as there is one. */
  readonly follow?: (machine: Machine) => void;
  /** Told of every advance, in order: trace, answers to people, phases. */
  readonly observe?: (advance: Advance, machine: Machine, happening?: Happening) => void;
  /** Happenings before the walk leaves with the state as it stands, for a new run to go on; never by default. */
  readonly turnsPerRun?: number;
}

/** Runs a plan until it is over, or until this run has had its turns; returns the state. */
export async function interpret(plan: Plan, effects: Effects, how: Interpretation): Promise<EngineState> {
  let machine: Machine;
  const take = (advance: Advance, happening?: Happening): void => {
    how.observe?.(advance, machine, happening);
    for (const command of advance.commands) effects.perform(command);
  };
  if (how.from === undefined) {
    const turns = how.turnsPerRun ?? Number.MAX_SAFE_INTEGER;
    const begun = Machine.begin(plan, how.at, turns, how.overrides, how.terms);
    machine = begun.machine;
    how.follow?.(machine);
    take(begun.first);
  } else {
    machine = Machine.resume(plan, how.from);
    how.follow?.(machine);
    for (const command of machine.standing(how.at)) effects.perform(command);
  }
  for (const event of how.first ?? []) {
    const happening = { at: how.at, event };
    take(machine.advance(happening), happening);
  }
  for (;;) {
    // What somebody said before it was over is heard: it is on record, and it may ask for the way back.
    const isDone = machine.isOver || machine.isReadyToLeave;
    const happenings = await (isDone ? effects.arrived() : effects.next());
    if (isDone && happenings.length === 0) return machine.state;
    for (const happening of happenings) take(machine.advance(happening), happening);
  }
}
