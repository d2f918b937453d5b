/**
 * Fork: what an outcome would have come to from one of its nodes on, with other parameters, inputs or rules. Until the node it
 * is what happened; at it and behind it everything is predicted; beside it, what happened stands as long as its input does.
 * Adapter ring. Everything runs over the simulator: there is nothing here that could fire an action.
 */
import type { AwfContract } from '../dsl/awf';
import type { Command, FireResult, Happening } from '../engine/effects';
import { interpret } from '../engine/interpret';
import { layoutOf, planNodeOf, type Layout } from '../engine/layout';
import type { EngineState } from '../engine/state';
import type { TraceEvent } from '../engine/trace';
import { jsonEquals, type Json } from '../kernel/json';
import { ok, type Result } from '../kernel/result';
import type { Plan } from '../plan/plan';
import { ModelWorld, PredictedFailure } from '../simulator/model-world';
import { PredictedEffects, type FireMode, type Oracle } from '../simulator/simulator';
import { deciderFor, type Decider } from './decider';
import { inOrderOf } from './fork-order';
import { behind, forkPointOf, type ForkPoint } from './fork-point';
import { changedPlan, type ForkChanges } from './fork-plan';
import type { Story } from './history-source';
import { refuseReplay, type ReplayRefusal } from './refusal';
import type { Today } from './today';

export interface ForkRequest extends ForkChanges {
  /** Instance id of the node. */
  readonly from: string;
  /** By which rules actions at and behind the node are decided. */
  readonly rules: 'then' | 'today';
  /** Gates at and behind the node that are rejected; all others are approved. */
  readonly reject?: readonly string[];
}

export interface Fork {
  readonly outcome: string;
  readonly from: string;
  /** When the outcome came to the node, in milliseconds since the epoch. */
  readonly at: number;
  readonly changes: ForkChanges;
  readonly rules: 'then' | 'today';
  readonly common: readonly TraceEvent[];
  /** What happened from there on. */
  readonly then: readonly TraceEvent[];
  /** What would have happened; steps that stand beside each other in the order in which they happened, whatever their times. */
  readonly fork: readonly TraceEvent[];
  readonly phase: { readonly then: EngineState['phase']; readonly fork: EngineState['phase'] };
}

/** Errors: `REPLAY_NODE_UNKNOWN`, `REPLAY_CHANGE_REFUSED`, `REPLAY_CATALOG_MISSING`. */
export async function forkOutcome(
  story: Story,
  request: ForkRequest,
  today: Today,
): Promise<Result<Fork, ReplayRefusal>> {
  const { from, rules, params, inputs } = request;
  const point = forkPointOf(story, from);
  if (point === undefined) {
    return refuseReplay(
      'REPLAY_NODE_UNKNOWN',
      `\`${story.id}#${from}\`: the outcome has not come to such a node`,
    );
  }
  const changes: ForkChanges = {
    ...(params === undefined ? {} : { params }),
    ...(inputs === undefined ? {} : { inputs }),
  };
  const changed = changedPlan(story.start.plan, changes, today.contracts);
  if (!changed.ok) {
    return refuseReplay('REPLAY_CHANGE_REFUSED', 'what is to be other does not exist there', {
      diagnostics: changed.error,
    });
  }
  const missing = Object.keys(changed.value.awfs).filter((awf) => !today.contracts.has(awf));
  if (missing.length > 0) {
    const names = missing.map((awf) => `\`${awf}\``).join(', ');
    return refuseReplay('REPLAY_CATALOG_MISSING', `today’s catalog has no AWF ${names}`);
  }
  const { under } = story.start;
  const decider = await deciderFor(story, rules, { today, plan: changed.value, under });
  const walk = new ForkWalk(story, point, {
    plan: changed.value,
    request,
    contracts: today.contracts,
    decider,
  });
  const { trace, state } = await walk.run();
  const shared = sharedBeginning(point, trace, from);
  const then = point.then.slice(shared);
  return ok({
    outcome: story.id,
    from,
    at: point.at,
    changes,
    rules,
    common: [...point.common, ...point.then.slice(0, shared)],
    then,
    fork: inOrderOf(then, trace.slice(shared), layoutOf(changed.value)),
    phase: { then: phaseOf(story, point), fork: state.phase },
  });
}

/** Acts of people that are made up, or were signed then, need no signature in a prediction. */
function believing(state: EngineState): EngineState {
  if (state.terms?.acts === undefined) return state;
  const { acts: _, ...terms } = state.terms;
  return { ...state, terms };
}

/** The phase that the outcome itself came to; not that of a way back which was asked for later. */
function phaseOf(story: Story, { then }: ForkPoint): EngineState['phase'] {
  if (then.some(({ kind }) => kind === 'outcome.complete')) return 'completed';
  if (then.some(({ kind }) => kind === 'outcome.backstepped')) return 'backstepped';
  return story.told.state.phase;
}

/** What the happening that brought the node's turn came to besides belongs to what both have in common. */
function sharedBeginning({ then, atOnce }: ForkPoint, fork: readonly TraceEvent[], from: string): number {
  let n = 0;
  while (n < atOnce && then[n] !== undefined && fork[n] !== undefined) {
    if (nodeOf(then[n]!) === from || !jsonEquals(then[n], fork[n])) break;
    n += 1;
  }
  return n;
}

const nodeOf = (event: TraceEvent): string =>
  'node' in event ? event.node : 'gate' in event ? event.gate : '';

interface ForkParts {
  readonly plan: Plan;
  readonly request: ForkRequest;
  readonly contracts: ReadonlyMap<string, AwfContract>;
  readonly decider: Decider;
}

class ForkWalk {
  private readonly layout: Layout;
  private readonly predicted: ReadonlySet<string>;
  private readonly answers = new Map<string, FireResult[]>();
  private readonly inputs: Readonly<Record<string, Json | undefined>>;
  private readonly asked = new Map<string, number>();

  constructor(
    private readonly story: Story,
    private readonly point: ForkPoint,
    private readonly parts: ForkParts,
  ) {
    this.layout = layoutOf(parts.plan);
    this.predicted = behind(this.layout, parts.request.from);
    for (const { event } of point.later) {
      if (event.kind !== 'fired' || this.isPredicted(event.node)) continue;
      this.answers.set(event.node, [...(this.answers.get(event.node) ?? []), event.result]);
    }
    this.inputs = Object.fromEntries(
      Object.entries(story.told.state.nodes).map(([node, state]) => [node, state.input]),
    );
  }

  async run(): Promise<{ readonly trace: readonly TraceEvent[]; readonly state: EngineState }> {
    const { at, before, event } = this.point;
    const { plan, contracts } = this.parts;
    const pending = before === undefined ? [] : this.pendingAt(before);
    const effects = new PredictedEffects({
      plan,
      contracts,
      at,
      world: this.worldUntil(),
      oracle: this.oracle(),
      pending,
    });
    if (before !== undefined) this.takeUp(effects, before, pending);
    const trace: TraceEvent[] = [];
    const { overrides } = this.story.start;
    const state = await interpret(plan, effects, {
      at,
      ...(before === undefined ? {} : { from: believing(before) }),
      ...(event === undefined ? {} : { first: [event] }),
      ...(before !== undefined || overrides === undefined ? {} : { overrides }),
      observe: (advance) => {
        trace.push(...advance.trace);
        effects.watch(advance.trace);
      },
    });
    return { trace, state };
  }

  private isPredicted(instance: string): boolean {
    return this.predicted.has(planNodeOf(this.layout, instance)?.id ?? '');
  }

  private oracle(): Oracle {
    const { request, decider } = this.parts;
    return {
      fire: (node, contract, input): FireMode => {
        if (!this.isPredicted(node)) return this.asThen(node, input);
        if (!contract.input.safeParse(input).success) return { as: 'refused', failure: MALFORMED };
        const nth = (this.asked.get(node) ?? 0) + 1;
        this.asked.set(node, nth);
        return decider(node, contract, nth);
      },
      gate: (gate) => {
        if (request.reject?.includes(gate) === true) return 'reject';
        return this.isPredicted(gate) ? 'approve' : this.verdictOn(gate);
      },
    };
  }

  /** What happened beside the fork stands, as long as it was asked for with the same input. */
  private asThen(node: string, input: Json): FireMode {
    const result = this.answers.get(node)?.shift();
    const isSame = this.inputs[node] === undefined || jsonEquals(this.inputs[node], input);
    return result === undefined || !isSame ? { as: 'predicted' } : { as: 'answered', result };
  }

  private verdictOn(gate: string): 'approve' | 'reject' | 'expire' {
    const told = this.point.then.find(
      (event) => 'gate' in event && event.gate === gate && event.kind !== 'gate.open',
    );
    if (told?.kind === 'gate.rejected') return 'reject';
    return told?.kind === 'gate.expired' ? 'expire' : 'approve';
  }

  /** Answers that were on their way when the node's turn came, and what people said later to what waited then. */
  private pendingAt(before: EngineState): readonly Happening[] {
    const waiting = new Set(
      Object.entries(before.nodes).flatMap(([node, { status }]) => (UNDER_WAY.has(status) ? [node] : [])),
    );
    const own = this.point.event;
    if (own !== undefined) waiting.delete(aboutNode(own) ?? '');
    const pending: Happening[] = [];
    for (const happening of this.point.later) {
      const node = aboutNode(happening.event);
      if (node === undefined || !waiting.has(node)) continue;
      pending.push(happening);
      waiting.delete(node);
    }
    if (before.paused && own?.kind !== 'resume') {
      const resumed = this.point.later.find(({ event }) => event.kind === 'resume');
      pending.push(resumed ?? { at: this.point.at, event: { kind: 'resume', by: 'person:simulated' } });
    }
    return pending;
  }

  /** What was under way and never answered, because the outcome still runs or was ended by force, is predicted. */
  private takeUp(effects: PredictedEffects, before: EngineState, pending: readonly Happening[]): void {
    const answered = new Set(pending.map(({ event }) => aboutNode(event)));
    answered.add(this.point.event === undefined ? undefined : aboutNode(this.point.event));
    for (const [id, state] of Object.entries(before.nodes)) {
      if (answered.has(id)) continue;
      const node = planNodeOf(this.layout, id);
      if (state.status === 'acting' && node?.kind === 'action') {
        const awf = state.awf ?? node.awf;
        const command: Command = { do: 'fire', node: id, awf, input: state.input ?? null, lane: node.lane };
        effects.perform(command);
      }
      if (state.status === 'asking' && node?.kind === 'gate') {
        effects.watch([
          { at: this.point.at, kind: 'gate.open', gate: id, approval: node.approval, by: node.by },
        ]);
      }
      if (state.status === 'incident') {
        effects.watch([
          { at: this.point.at, kind: 'incident.open', node: id, code: state.failure?.code ?? '' },
        ]);
      }
      if (state.status === 'held') effects.releaseSoon(id);
    }
  }

  /** The model of what had been done by then; as far as predictions can tell, because the real world is not asked. */
  private worldUntil(): ModelWorld {
    const world = new ModelWorld();
    for (const event of this.point.common) {
      if (event.kind !== 'awf.ok') continue;
      const contract = this.parts.contracts.get(event.awf);
      const input = this.inputs[event.node];
      if (contract === undefined || input === undefined) continue;
      try {
        world.predict((draft) => contract.predict(draft, input));
      } catch (error) {
        if (!(error instanceof PredictedFailure)) throw error;
      }
    }
    return world;
  }
}

const UNDER_WAY: ReadonlySet<string> = new Set([
  'acting',
  'undoing',
  'asking',
  'incident',
  'held',
  'sleeping',
]);

/** The node whose waiting a happening ends; `undefined` where it is about none. */
function aboutNode(event: Happening['event']): string | undefined {
  switch (event.kind) {
    case 'fired':
    case 'undone':
    case 'release':
    case 'resolve':
      return event.node;
    case 'decide':
      return event.decision.gate;
    default:
      return undefined;
  }
}

const MALFORMED = {
  class: 'permanent',
  code: 'ACTION_INPUT_INVALID',
  message: 'the input does not fit the contract',
  effect: 'none',
} as const;

/** Whether a fork came out as what happened did, apart from times. */
export function isAsThen({ then, fork }: Pick<Fork, 'then' | 'fork'>): boolean {
  const plain = (trace: readonly TraceEvent[]): Json =>
    trace.map((event) => ({
      ...event,
      at: 0,
      ...('durationMs' in event ? { durationMs: 0 } : {}),
    })) as unknown as Json;
  return jsonEquals(plain(then), plain(fork));
}
