/**
 * The engine as one machine: a plan and a state in, happenings one by one, commands and notes out. Total: every happening has
 * an answer in every state. The same machine runs on Temporal, in the simulator, and over histories that are read again.
 * Pure ring.
 */
import { assertNever } from '../kernel/invariant';
import type { Json, JsonObject } from '../kernel/json';
import type { Plan } from '../plan/plan';
import { checked } from './approvals';
import * as back from './back';
import * as claims from './claims';
import type { ApprovalTerms, Command, EngineEvent, GuardedEvent, Happening, Override } from './effects';
import * as firing from './firing';
import * as forward from './forward';
import { BODY, layoutOf } from './layout';
import type { Refused } from './override-rules';
import * as overrides from './overrides';
import * as people from './people';
import type { Heard } from './people';
import { isLeaving, type Run, type Step } from './run';
import { hideoutsOf } from './strays';
import { CHARACTERS_PER_TURN, TURNS_PER_RUN, type EngineState } from './state';
import type { TraceEvent } from './trace';
import { askForVouch, isGuarded, mustBeVouched, refuseMalformed, takeVouched } from './vouching';
import * as undo from './undo';

export interface Advance {
  readonly commands: readonly Command[];
  readonly trace: readonly TraceEvent[];
  readonly answer: Heard;
  /** Set where the answer is `checking`: names the check that will give it. */
  readonly check?: string;
  /** Set where the answer is `refused`: why. */
  readonly refusal?: { readonly code: string; readonly because: string };
}

export class Machine {
  private constructor(private readonly run: Run) {}

  /** Begins an outcome. The first commands and trace events come with it. `standing` overrides hold from the start. */
  static begin(
    plan: Plan,
    at: number,
    turnsPerRun = TURNS_PER_RUN,
    standing: readonly Override[] = [],
    terms?: ApprovalTerms,
  ): { readonly machine: Machine; readonly first: Advance } {
    const machine = new Machine(
      runOf(plan, { ...emptyState(at, turnsPerRun), ...(terms === undefined ? {} : { terms }) }, at),
    );
    const { run } = machine;
    run.notes.push({ kind: 'outcome', outcome: plan.outcome, entity: plan.entity.id });
    run.notes.push({ kind: 'compile', plan: plan.runbook.id, variant: `v${plan.runbook.version}` });
    for (const given of standing) overrides.override(run, given);
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

  /** Whether the outcome has ended; only a request to go back can move it then, and one may be waiting to be vouched for. */
  get isOver(): boolean {
    const { phase, checks } = this.run.state;
    return phase === 'backstepped' || (phase === 'completed' && Object.keys(checks?.acts ?? {}).length === 0);
  }

  /** Whether this run has taken its share of happenings, and everything it asked for has been answered. */
  get isReadyToLeave(): boolean {
    const { inFlight, checks } = this.run.state;
    return isLeaving(this.run) && inFlight === 0 && Object.keys(checks?.open ?? {}).length === 0;
  }

  /** Why this outcome would refuse an override as it stands, and what it would make of the input; nothing is changed. */
  preview(given: Override): {
    readonly refused: Refused | undefined;
    readonly input: { readonly was: Json; readonly is: Json } | undefined;
  } {
    return { refused: overrides.judge(this.run, given), input: overrides.inputsOf(this.run, given) };
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

  private take(event: EngineEvent): Heard {
    const { run } = this;
    if (isGuarded(event)) return mustBeVouched(run, event) ? askForVouch(run, event) : this.act(event);
    switch (event.kind) {
      case 'fired':
        if (event.isAhead === true && !firing.takesAhead(run, event.node)) return 'late';
        firing.fired(run, event.node, event.result);
        return 'done';
      case 'undone':
        undo.undone(run, event.node, event.result);
        return 'done';
      case 'swept':
        back.swept(run, event.of, event.strays);
        return 'done';
      case 'timer':
        people.timer(run, event.timer);
        return 'done';
      case 'decide':
        return people.decide(run, event.decision);
      case 'checked': {
        const act = takeVouched(run, event);
        if (act === undefined) return checked(run, event);
        return typeof act === 'string' ? act : this.act(act);
      }
      case 'signal':
        return people.signal(run, event);
      case 'release':
        return people.release(run, event.node);
      case 'malformed':
        return refuseMalformed(run, event);
      default:
        return assertNever(event);
    }
  }

  /** An act that is believed. */
  private act(event: GuardedEvent): Heard {
    const { run } = this;
    switch (event.kind) {
      case 'override':
        return overrides.override(run, event.override);
      case 'claim':
        return claims.claim(run, event.node, event);
      case 'unclaim':
        return claims.unclaim(run, event.node, event);
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
  private settle(answer: Heard): Advance {
    const { run } = this;
    for (let i = 0; i < run.agenda.length; i++) perform(run, run.agenda[i]!);
    run.agenda.length = 0;
    const { notes } = run;
    const commands = run.commands.filter((command) => keepTimers(run, command));
    run.state.turnsLeft -= heaviness(commands);
    run.commands = [];
    run.notes = [];
    const { asked, refusal } = run;
    delete run.asked;
    delete run.refusal;
    return {
      commands,
      trace: notes.map((note) => ({ at: run.at, ...note })),
      answer,
      ...(asked === undefined ? {} : { check: asked }),
      ...(refusal === undefined ? {} : { refusal }),
    };
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
      return undo.undoNode(run, step.node);
    case 'undoSettled':
      return undo.undoSettled(run, step.node);
    case 'undoBlock':
      return undo.undoBlock(run, step.block);
    case 'undoneBlock':
      return undo.undoneBlock(run, step.block);
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
