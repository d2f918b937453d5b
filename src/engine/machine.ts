/**
 * The engine as one machine: a plan and a state in, happenings one by one, commands and notes out. Total: every happening has
 * an answer in every state. The same machine runs on Temporal, in the simulator, and over histories that are read again.
 * Pure ring.
 */
import { assertNever } from '../kernel/invariant';
import type { Json, JsonObject } from '../kernel/json';
import type { Plan } from '../plan/plan';
import * as back from './back';
import type { Command, EngineEvent, Happening } from './effects';
import * as forward from './forward';
import { BODY, layoutOf } from './layout';
import * as people from './people';
import type { Answer } from './people';
import { isLeaving, type Run, type Step } from './run';
import { hideoutsOf } from './strays';
import { CHARACTERS_PER_TURN, TURNS_PER_RUN, type EngineState } from './state';
import type { TraceEvent } from './trace';

export interface Advance {
  readonly commands: readonly Command[];
  readonly trace: readonly TraceEvent[];
  readonly answer: Answer;
}

export class Machine {
  private constructor(private readonly run: Run) {}

  /** Begins an outcome. The first commands and trace events come with it. */
  static begin(
    plan: Plan,
    at: number,
    turnsPerRun = TURNS_PER_RUN,
  ): { readonly machine: Machine; readonly first: Advance } {
    const machine = new Machine(runOf(plan, emptyState(at, turnsPerRun), at));
    const { run } = machine;
    run.notes.push({ kind: 'outcome', outcome: plan.outcome, entity: plan.entity.id });
    run.notes.push({ kind: 'compile', plan: plan.runbook.id, variant: `v${plan.runbook.version}` });
    forward.enter(run, BODY, { key: BODY, parent: null, prefixes: [''] });
    return { machine, first: machine.settle('done') };
  }

  /** Goes on from a state that crossed continue-as-new or was folded from a history. */
  static resume(plan: Plan, state: EngineState): Machine {
    return new Machine(runOf(plan, state, state.startedAt));
  }

  get state(): EngineState {
    return this.run.state;
  }

  /** Whether the outcome has ended; only a request to go back can move it then. */
  get isOver(): boolean {
    return this.run.state.phase === 'completed' || this.run.state.phase === 'backstepped';
  }

  /** Whether this run has taken its share of happenings, and everything it asked for has been answered. */
  get isReadyToLeave(): boolean {
    return isLeaving(this.run) && this.run.state.inFlight === 0;
  }

  /** What a new run of the workflow has to ask for again: timers that run, and what was due but held. */
  standing(at: number): readonly Command[] {
    const { run } = this;
    run.at = at;
    run.state.turnsLeft = run.state.turnsPerRun;
    const timers = Object.entries(run.state.timers).map(([timer, due]): Command => ({
      do: 'startTimer',
      timer,
      ms: Math.max(0, due - at),
    }));
    people.askForReady(run);
    return [...timers, ...this.settle('done').commands];
  }

  advance(happening: Happening): Advance {
    this.run.at = happening.at;
    this.run.state.turnsLeft -= 1 + heaviness(happening.event);
    if (happening.event.kind === 'timer') delete this.run.state.timers[happening.event.timer];
    return this.settle(this.take(happening.event));
  }

  private take(event: EngineEvent): Answer {
    const { run } = this;
    switch (event.kind) {
      case 'fired':
        forward.fired(run, event.node, event.result);
        return 'done';
      case 'undone':
        back.undone(run, event.node, event.result);
        return 'done';
      case 'swept':
        back.swept(run, event.of, event.strays);
        return 'done';
      case 'timer':
        people.timer(run, event.timer);
        return 'done';
      case 'decide':
        return people.decide(run, event.decision);
      case 'signal':
        return people.signal(run, event);
      case 'release':
        return people.release(run, event.node);
      case 'resolve':
        return people.resolve(run, event.node, event.resolution, event.by);
      case 'pause':
        return people.pause(run, event);
      case 'resume':
        return people.resume(run, event);
      case 'cancel':
        return people.goBack(run, event, 'CANCELLED');
      case 'backstep':
        return people.goBack(run, event, 'REQUESTED');
      default:
        return assertNever(event);
    }
  }

  /** Works off the agenda, oldest step first, until nothing is left to do at this instant. */
  private settle(answer: Answer): Advance {
    const { run } = this;
    for (let i = 0; i < run.agenda.length; i++) perform(run, run.agenda[i]!);
    run.agenda.length = 0;
    const { notes } = run;
    const commands = run.commands.filter((command) => keepTimers(run, command));
    run.state.turnsLeft -= heaviness(commands);
    run.commands = [];
    run.notes = [];
    return { commands, trace: notes.map((note) => ({ at: run.at, ...note })), answer };
  }
}

/** Turns that a payload counts for beyond its own: the history of a run is bounded in bytes as in events. */
const heaviness = (payload: unknown): number =>
  Math.floor(JSON.stringify(payload).length / CHARACTERS_PER_TURN);

/** Keeps the list of running timers; a timer that does not run needs no stopping. */
function keepTimers(run: Run, command: Command): boolean {
  const { timers } = run.state;
  if (command.do === 'startTimer') timers[command.timer] = run.at + command.ms;
  if (command.do !== 'stopTimer') return true;
  const runs = timers[command.timer] !== undefined;
  delete timers[command.timer];
  return runs;
}

function perform(run: Run, step: Step): void {
  switch (step.step) {
    case 'ready':
      forward.start(run, step.node);
      people.takeEarly(run, step.node);
      return;
    case 'finish':
      return forward.finish(run, step.node, step.output);
    case 'fail':
      return forward.fail(run, step.node, step.failure);
    case 'follow':
      return forward.follow(run, step.node, step.course);
    case 'leave':
      return forward.leave(run, step.block);
    case 'stop':
      return back.stop(run, step.then);
    case 'return':
      return back.returnTo(run, step.node, step.course);
    case 'drained':
      return back.drained(run);
    case 'undoNode':
      return back.undoNode(run, step.node);
    case 'undoSettled':
      return back.undoSettled(run, step.node);
    case 'undoBlock':
      return back.undoBlock(run, step.block);
    case 'undoneBlock':
      return back.undoneBlock(run, step.block);
    default:
      assertNever(step);
  }
}

function runOf(plan: Plan, state: EngineState, at: number): Run {
  const params: JsonObject = Object.fromEntries(
    Object.entries(plan.params).map(([name, bound]): [string, Json] => [name, bound.value]),
  );
  const layout = layoutOf(plan);
  return {
    plan,
    layout,
    hideouts: hideoutsOf(plan, layout),
    params,
    state,
    at,
    agenda: [],
    commands: [],
    notes: [],
  };
}

const emptyState = (at: number, turnsPerRun: number): EngineState => ({
  phase: 'running',
  startedAt: at,
  paused: false,
  pivoted: false,
  stopping: null,
  blocks: {},
  nodes: {},
  ready: [],
  returns: {},
  early: {},
  mail: [],
  residue: [],
  inFlight: 0,
  timers: {},
  turnsLeft: turnsPerRun,
  turnsPerRun,
});
