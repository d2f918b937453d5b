/**
 * Effects in memory: a virtual clock, the AWFs' predicted effects, and whatever goes wrong when an oracle says so. The walker
 * is the same one that runs on Temporal, so the trace is the same too.
 * Authoring ring: no I/O, nothing is executed anywhere.
 */
import { assertNever, invariant } from '../kernel/invariant';
import type { Failure, FailureClass } from '../kernel/failure';
import type { Json } from '../kernel/json';
import type { AwfContract } from '../dsl/awf';
import type {
  ApprovalTerms,
  Check,
  CheckResult,
  Command,
  Effects,
  EngineEvent,
  FireResult,
  GateDecision,
  Happening,
  HoldAsks,
  Override,
  Resolution,
  Stray,
  UndoResult,
} from '../engine/effects';
import { interpret } from '../engine/interpret';
import { layoutOf, planNodeOf, type Layout } from '../engine/layout';
import type { EngineState } from '../engine/state';
import type { TraceEvent } from '../engine/trace';
import type { Plan } from '../plan/plan';
import { ModelWorld, PredictedFailure } from './model-world';

/** How one firing goes. */
export type FireMode =
  | { readonly as: 'predicted' }
  /** Fails for good, and has changed nothing. */
  | { readonly as: 'refused'; readonly failure: Failure; readonly decision?: Json }
  /** No answer came; whether the effect happened is what only the world knows. */
  | { readonly as: 'unanswered'; readonly happened: boolean }
  /** Held by a decision; let go on after the time a person takes, and then asked for again. With `asks` nobody lets it go on. */
  | { readonly as: 'held'; readonly because: string; readonly decision?: Json; readonly asks?: HoldAsks }
  /** Let go on by a decision that is to be told along. */
  | { readonly as: 'decided'; readonly decision: Json }
  /** Answered as it once was; the model world follows where its prediction can. */
  | { readonly as: 'answered'; readonly result: FireResult };

export interface LostFiring {
  readonly node: string;
  readonly input: Json;
  readonly isCommitted: boolean;
}

/** Decides what is not determined by the plan. Every answer defaults to the undisturbed one. */
export interface Oracle {
  readonly fire?: (node: string, awf: AwfContract, input: Json) => FireMode;
  readonly undo?: (node: string, awf: AwfContract) => 'predicted' | Failure;
  readonly gate?: (gate: string) => 'approve' | 'reject' | 'expire';
  /** What people say at a gate, and when, in milliseconds from its opening; in the place of `gate`. */
  readonly decisions?: (
    gate: string,
  ) => readonly (Omit<GateDecision, 'gate'> & { readonly afterMs: number })[];
  /** Whether a signed decision counts. Default: it does, for every step. */
  readonly check?: (check: Check) => CheckResult;
  /** Data of a signal that is waited for; `undefined` lets the wait time out. */
  readonly signal?: (name: string) => Json | undefined;
  readonly resolve?: (node: string) => Resolution;
  /** What people do of their own accord when they see this in the trace; each takes the time of a decision. */
  readonly act?: (seen: TraceEvent) => readonly EngineEvent[];
  /**
   * What ran in a workflow task that was lost, of the nodes that a sweep fences: each acted with this input, and whether its
   * commit is known. Default: nothing.
   */
  readonly lost?: (
    fence: readonly string[],
    asked: { readonly [node: string]: number },
  ) => readonly LostFiring[];
  /** How long an action or its undo takes, in milliseconds. */
  readonly latencyMs?: (node: string, what: 'fire' | 'undo') => number;
}

export interface Simulation {
  readonly plan: Plan;
  readonly contracts: ReadonlyMap<string, AwfContract>;
  readonly world?: ModelWorld;
  readonly oracle?: Oracle;
  /** Virtual instant of the beginning, in milliseconds since the epoch. */
  readonly at?: number;
  /** A state to go on from, such as that of a completed outcome that is to go back. */
  readonly from?: EngineState;
  /** Set where decisions must be signed. */
  readonly terms?: ApprovalTerms;
  /** What happens first, such as a request to go back. */
  readonly first?: readonly EngineEvent[];
  /** Overrides that stand from the beginning. */
  readonly overrides?: readonly Override[];
  /** State that actions of an earlier simulation captured, by node. */
  readonly prior?: ReadonlyMap<string, Json>;
  /** What is under way when it begins, and when each will be heard of, in milliseconds since the epoch. */
  readonly pending?: readonly Happening[];
}

export interface Simulated {
  readonly state: EngineState;
  readonly trace: readonly TraceEvent[];
  readonly world: ModelWorld;
  /** What the actions captured before they wrote, by node. */
  readonly captured: ReadonlyMap<string, Json>;
}

/** What a person does in a simulation, unless the oracle says otherwise. */
const SIMULATED_PERSON = 'person:simulated';
const DEFAULT_LATENCY_MS = 100;
/** Virtual time a person takes for a decision, in milliseconds. */
const DECISION_MS = 1_000;

/** Walks a plan over predicted effects until it is over. */
export async function simulate(simulation: Simulation): Promise<Simulated> {
  const effects = new PredictedEffects(simulation);
  const trace: TraceEvent[] = [];
  const state = await interpret(simulation.plan, effects, {
    at: simulation.at ?? 0,
    ...(simulation.from === undefined ? {} : { from: simulation.from }),
    ...(simulation.terms === undefined ? {} : { terms: simulation.terms }),
    ...(simulation.first === undefined ? {} : { first: simulation.first }),
    ...(simulation.overrides === undefined ? {} : { overrides: simulation.overrides }),
    observe: (advance) => {
      trace.push(...advance.trace);
      effects.watch(advance.trace);
    },
  });
  return { state, trace, world: effects.world, captured: effects.captured };
}

/** The port over predictions; `simulate` is the usual way to it. */
export class PredictedEffects implements Effects {
  readonly world: ModelWorld;
  private now: number;
  private sequence = 0;
  private readonly queue: { at: number; sequence: number; event: EngineEvent }[] = [];
  readonly captured: Map<string, Json>;
  private readonly layout: Layout;

  constructor(private readonly simulation: Simulation) {
    this.world = simulation.world ?? new ModelWorld();
    this.now = simulation.at ?? 0;
    this.captured = new Map(simulation.prior);
    this.layout = layoutOf(simulation.plan);
    for (const { at, event } of simulation.pending ?? []) this.schedule(Math.max(0, at - this.now), event);
  }

  perform(command: Command): void {
    const { oracle } = this.simulation;
    switch (command.do) {
      case 'fire': {
        const ms = oracle?.latencyMs?.(command.node, 'fire') ?? DEFAULT_LATENCY_MS;
        return this.schedule(ms, { kind: 'fired', node: command.node, result: this.fire(command) });
      }
      case 'undo': {
        const ms = oracle?.latencyMs?.(command.node, 'undo') ?? DEFAULT_LATENCY_MS;
        return this.schedule(ms, { kind: 'undone', node: command.node, result: this.undo(command) });
      }
      case 'sweep': {
        const lost = oracle?.lost?.(command.fence, command.asked) ?? [];
        const strays = lost.map((firing) => this.loose(firing, command.asked[firing.node] ?? 0));
        return this.schedule(DEFAULT_LATENCY_MS, { kind: 'swept', of: command.of, strays });
      }
      case 'check':
        return this.schedule(DEFAULT_LATENCY_MS, {
          kind: 'checked',
          check: command.check,
          result:
            'act' in command
              ? { kind: 'vouched', id: command.check, until: this.now }
              : (this.simulation.oracle?.check?.(command) ?? this.counts(command)),
        });
      case 'startTimer':
        return this.schedule(command.ms, { kind: 'timer', timer: command.timer });
      case 'stopTimer':
        return this.forget(command.timer);
      default:
        assertNever(command);
    }
  }

  next(): Promise<readonly Happening[]> {
    let first = 0;
    for (let i = 1; i < this.queue.length; i++) {
      const a = this.queue[i]!;
      const b = this.queue[first]!;
      if (a.at < b.at || (a.at === b.at && a.sequence < b.sequence)) first = i;
    }
    const [next] = this.queue.splice(first, 1);
    invariant(next !== undefined, 'a simulated outcome that is not over waits for something');
    this.now = next.at;
    return Promise.resolve([{ at: next.at, event: next.event }]);
  }

  /** Nothing has come to pass that was not told: what is scheduled lies ahead. */
  arrived(): Promise<readonly Happening[]> {
    return Promise.resolve([]);
  }

  /** Takes what is pending for one node or timer out of its turn; `undefined` where nothing is. */
  take(matches: (event: EngineEvent) => boolean): EngineEvent | undefined {
    const at = this.queue.findIndex(({ event }) => matches(event));
    return at < 0 ? undefined : this.queue.splice(at, 1)[0]?.event;
  }

  /** A decision counts here for every step: who may decide is not the simulator's to know. */
  private counts({ decision: { gate, by, verdict, reason, token } }: Check): CheckResult {
    const node = planNodeOf(this.layout, gate);
    const may = node?.kind === 'gate' ? node.by.map((_, i) => i) : [0];
    const why = reason === undefined ? {} : { reason };
    return { kind: 'counts', decision: { by, verdict, ...why, may, token: token ?? '' } };
  }

  /** People and signals answer what the trace shows them. */
  watch(events: readonly TraceEvent[]): void {
    for (const event of events) {
      for (const act of this.simulation.oracle?.act?.(event) ?? []) this.schedule(DECISION_MS, act);
      if (event.kind === 'gate.open') this.decide(event.gate);
      if (event.kind === 'wait') this.answerSignal(event.node, event.for);
      if (event.kind === 'incident.open' || event.kind === 'escalation.open') this.resolve(event.node);
      // Nobody can go on without the output that others read: then it goes back.
      if (event.kind === 'act.refused' && event.act === 'resolve' && event.node !== undefined) {
        this.resolve(event.node, { as: 'backstep', reason: event.because });
      }
    }
  }

  private decide(gate: string): void {
    const { oracle } = this.simulation;
    if (oracle?.decisions !== undefined) {
      for (const { afterMs, ...decision } of oracle.decisions(gate)) {
        this.schedule(afterMs, { kind: 'decide', decision: { gate, ...decision } });
      }
      return;
    }
    const verdict = oracle?.gate?.(gate) ?? 'approve';
    if (verdict === 'expire') return;
    this.schedule(DECISION_MS, { kind: 'decide', decision: { gate, verdict, by: SIMULATED_PERSON } });
  }

  private answerSignal(node: string, name: string): void {
    const waits = planNodeOf(this.layout, node);
    if (waits?.kind !== 'wait' || !('signal' in waits.for)) return;
    const { oracle } = this.simulation;
    const data = oracle?.signal === undefined ? null : oracle.signal(name);
    if (data !== undefined) this.schedule(DECISION_MS, { kind: 'signal', name: waits.for.signal, data });
  }

  private resolve(node: string, by?: Resolution): void {
    const said = by ?? this.simulation.oracle?.resolve?.(node);
    const resolution = said ?? ({ as: 'accept', reason: 'simulated' } as const);
    this.schedule(DECISION_MS, { kind: 'resolve', node, resolution, by: SIMULATED_PERSON });
  }

  private fire(command: Extract<Command, { do: 'fire' }>): FireResult {
    const contract = this.contractOf(command.awf);
    const mode = this.simulation.oracle?.fire?.(command.node, contract, command.input) ?? { as: 'predicted' };
    if (mode.as === 'refused') {
      const { as: _, ...refused } = mode;
      return { kind: 'failed', ...refused };
    }
    if (mode.as === 'held') return this.hold(command.node, mode);
    if (mode.as === 'answered') {
      this.follow(contract, command, mode.result);
      return mode.result;
    }
    if (mode.as === 'unanswered' && !mode.happened) return { kind: 'failed', failure: UNANSWERED };
    try {
      const { output, prior } = this.world.predict((world) => contract.predict(world, command.input));
      if (prior !== undefined && !this.captured.has(command.node)) this.captured.set(command.node, prior);
      if (mode.as === 'unanswered') return { kind: 'failed', failure: UNANSWERED };
      const known = { input: command.input, output, ...this.priorOf(command.node) };
      const decided = mode.as === 'decided' ? { decision: mode.decision } : {};
      return { kind: 'committed', output, undo: contract.compensation?.input(known) ?? null, ...decided };
    } catch (error) {
      return { kind: 'failed', failure: failureOf(contract, error) };
    }
  }

  /** Lets a held action go on after the time a person takes. */
  releaseSoon(node: string, afterMs = 0): void {
    this.schedule(afterMs + DECISION_MS, { kind: 'release', node });
  }

  private hold(node: string, held: Extract<FireMode, { as: 'held' }>): FireResult {
    const { because, decision, asks } = held;
    if (asks !== undefined) return { kind: 'held', because, decision: decision ?? {}, asks };
    const ms = this.simulation.oracle?.latencyMs?.(node, 'fire') ?? DEFAULT_LATENCY_MS;
    this.releaseSoon(node, ms);
    return { kind: 'held', because, ...(decision === undefined ? {} : { decision }) };
  }

  /** What is known to have happened is there for what comes after it, as far as the model can say. */
  private follow(
    contract: AwfContract,
    { node, input }: Extract<Command, { do: 'fire' }>,
    result: FireResult,
  ): void {
    if (result.kind !== 'committed') return;
    try {
      const { prior } = this.world.predict((world) => contract.predict(world, input));
      if (prior !== undefined && !this.captured.has(node)) this.captured.set(node, prior);
    } catch (error) {
      if (!(error instanceof PredictedFailure)) throw error;
    }
  }

  /** A firing of a task that was lost: the world has its effect, the story does not. */
  private loose({ node, input, isCommitted }: LostFiring, asked: number): Stray {
    const planned = planNodeOf(this.layout, node);
    invariant(planned?.kind === 'action', `\`${node}\` is an action`);
    const contract = this.contractOf(planned.awf);
    const { output, prior } = this.world.predict((world) => contract.predict(world, input));
    if (prior !== undefined && !this.captured.has(node)) this.captured.set(node, prior);
    const stray = { node, firing: asked + 1, input };
    if (!isCommitted) return stray;
    return { ...stray, args: contract.compensation?.input({ input, output, ...this.priorOf(node) }) ?? null };
  }

  private undo(command: Extract<Command, { do: 'undo' }>): UndoResult {
    const contract = this.contractOf(command.awf);
    const mode = this.simulation.oracle?.undo?.(command.node, contract) ?? 'predicted';
    if (mode !== 'predicted') return { kind: 'failed', failure: mode };
    const known = { input: command.ofInput, ...this.priorOf(command.node) };
    const args = command.args ?? this.contractOf(command.of).compensation?.input(known) ?? null;
    if (args === null) return { kind: 'undone', changed: false };
    try {
      const before = this.world.snapshot();
      this.world.predict((world) => contract.predict(world, args));
      return { kind: 'undone', changed: this.world.snapshot() !== before };
    } catch (error) {
      return { kind: 'failed', failure: failureOf(contract, error) };
    }
  }

  private priorOf(node: string): { readonly prior?: Json } {
    const prior = this.captured.get(node);
    return prior === undefined ? {} : { prior };
  }

  private contractOf(awf: string): AwfContract {
    const contract = this.simulation.contracts.get(awf);
    invariant(contract !== undefined, `the catalog has AWF \`${awf}\``);
    return contract;
  }

  private schedule(ms: number, event: EngineEvent): void {
    this.queue.push({ at: this.now + ms, sequence: this.sequence++, event });
  }

  /** Drops every timer, as the end of one run of a workflow does; the next run asks for them again. */
  forgetTimers(): void {
    const kept = this.queue.filter(({ event }) => event.kind !== 'timer');
    this.queue.splice(0, this.queue.length, ...kept);
  }

  private forget(timer: string): void {
    const at = this.queue.findIndex(({ event }) => event.kind === 'timer' && event.timer === timer);
    if (at >= 0) this.queue.splice(at, 1);
  }
}

const UNANSWERED: Failure = {
  class: 'unknown',
  code: 'ACTION_TIMED_OUT',
  message: 'no answer came in time',
  effect: 'unknown',
};

function failureOf(contract: AwfContract, error: unknown): Failure {
  if (!(error instanceof PredictedFailure)) throw error;
  const errors: Readonly<Record<string, { readonly class: FailureClass } | undefined>> = contract.errors;
  return {
    class: errors[error.code]?.class ?? 'permanent',
    code: error.code,
    message: error.message,
    effect: 'none',
  };
}
