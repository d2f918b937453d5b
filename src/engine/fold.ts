/**
 * A finished or running outcome, told again from its history: the machine, fed with what happened, gives the same state
 * and the same trace as it gave when it ran. Nothing is executed: commands are told, and nobody performs them.
 * Pure ring.
 */
import { invariant } from '../kernel/invariant';
import { jsonCopy } from '../kernel/json';
import type { Plan } from '../plan/plan';
import type { ApprovalTerms, Command, EngineEvent, Happening, Override } from './effects';
import { Machine } from './machine';
import type { Heard } from './people';
import { TURNS_PER_RUN, type EngineState } from './state';
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
  readonly overrides?: readonly Override[];
  /** Set where decisions must be signed. */
  readonly terms?: ApprovalTerms;
}

/** The beginning of a run whose input is `start`, which has more members than these. */
export const beginningOf = (
  at: number,
  {
    turnsPerRun = TURNS_PER_RUN,
    from,
    first,
    overrides,
    terms,
  }: { readonly [Member in Exclude<keyof Beginning, 'at'>]?: Beginning[Member] | undefined },
): Beginning => ({
  ...{ at, turnsPerRun },
  ...(from === undefined ? {} : { from }),
  ...(first === undefined ? {} : { first }),
  ...(overrides === undefined ? {} : { overrides }),
  ...(terms === undefined ? {} : { terms }),
});

/** What one happening, or the beginning, came to. */
export interface Step {
  /** Its place among the happenings; `undefined` for the beginning and what happened at once with it. */
  readonly index?: number;
  readonly event?: EngineEvent;
  readonly trace: readonly TraceEvent[];
  /** What was asked for then; whoever tells a story performs none of it. */
  readonly commands: readonly Command[];
  /** What came of an act. */
  readonly answer: Heard;
  /** As it stands after it. The machine goes on changing it: whoever keeps it copies it. */
  readonly state: EngineState;
}

/** Tells one run of an outcome step by step. */
export function* steps(plan: Plan, start: Beginning, happenings: Iterable<Happening>): Generator<Step, void> {
  let machine: Machine;
  if (start.from === undefined) {
    const turns = start.turnsPerRun ?? Number.MAX_SAFE_INTEGER;
    const begun = Machine.begin(plan, start.at, turns, start.overrides, start.terms);
    machine = begun.machine;
    const { trace, commands } = begun.first;
    yield { trace, commands, answer: 'done', state: machine.state };
  } else {
    machine = Machine.resume(plan, jsonCopy(start.from));
    const commands = machine.standing(start.at);
    yield { trace: [], commands, answer: 'done', state: machine.state };
  }
  for (const event of start.first ?? []) {
    const { trace, commands, answer } = machine.advance({ at: start.at, event });
    yield { event, trace, commands, answer, state: machine.state };
  }
  let index = 0;
  for (const happening of happenings) {
    const { trace, commands, answer } = machine.advance(happening);
    yield { index: index++, event: happening.event, trace, commands, answer, state: machine.state };
  }
}

/** Tells one run of an outcome to its end. */
export function fold(plan: Plan, start: Beginning, happenings: Iterable<Happening>): Told {
  const trace: TraceEvent[] = [];
  let state: EngineState | undefined;
  for (const step of steps(plan, start, happenings)) {
    trace.push(...step.trace);
    ({ state } = step);
  }
  invariant(state !== undefined, 'every telling has a beginning');
  return { state, trace };
}
