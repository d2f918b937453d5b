/**
 * The states of one action, proposed to its end, derived from the trace of its outcome alone.
 * Adapter ring; pure.
 * @source execution model 8
 */
import type { TraceEvent } from '../engine/trace';
import {
  proposedAction,
  transition,
  type ActionEvent,
  type ActionState,
  type ActionStateName,
} from '../governance/action-state';
import type { Json } from '../kernel/json';

export interface ActionStep {
  readonly state: ActionStateName;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface ActionStory {
  readonly awf: string;
  readonly steps: readonly ActionStep[];
  /** The record of the last decision; absent where none was asked. */
  readonly decision?: Json;
}

/** The story of the action at a node; `undefined` where the trace tells nothing of it. */
export function tellAction(trace: readonly TraceEvent[], node: string): ActionStory | undefined {
  const told = trace.filter(isOfAction).filter((event) => event.node === node);
  const [first] = told;
  if (first === undefined) return undefined;
  const steps: ActionStep[] = [{ state: 'proposed', at: askedAt(first) }];
  let state: ActionState = proposedAction(askedAt(first));
  for (const event of told) {
    for (const kind of eventsOf(event, state)) {
      const next = transition(state, {
        kind,
        at: event.at,
        ...(kind === 'fail' ? { class: 'permanent' } : {}),
      } as ActionEvent);
      if (!next.ok) continue;
      state = next.value;
      steps.push({ state: state.name, at: state.since });
    }
  }
  const decision = told.findLast((event) => 'decision' in event);
  return {
    awf: first.awf,
    steps,
    ...(decision !== undefined && 'decision' in decision ? { decision: decision.decision! } : {}),
  };
}

type OfAction = Extract<TraceEvent, { kind: 'awf.ok' | 'awf.failed' | 'awf.held' | 'awf.released' }>;

const isOfAction = (event: TraceEvent): event is OfAction =>
  event.kind === 'awf.ok' ||
  event.kind === 'awf.failed' ||
  event.kind === 'awf.held' ||
  event.kind === 'awf.released';

/** What the machine is told: taken up, given its slot, begun and ended, as far as it had come. */
function eventsOf(event: OfAction, state: ActionState): readonly ActionEvent['kind'][] {
  const taken: readonly ActionEvent['kind'][] = state.name === 'proposed' ? ['accept'] : [];
  const again: readonly ActionEvent['kind'][] = state.name === 'failed' ? ['retry'] : [];
  switch (event.kind) {
    case 'awf.held':
      return [...again, ...taken];
    case 'awf.released':
      return [];
    case 'awf.ok':
      return [...again, ...taken, 'approve', 'start', 'complete'];
    case 'awf.failed':
      if (event.code === 'ACTION_DENIED') return [...again, ...taken, 'approve', 'reject'];
      if (event.code === 'ACTION_EXPIRED') return [...again, ...taken, 'time_out'];
      return [...again, ...taken, 'approve', 'start', 'fail'];
  }
}

/** When it was asked for first, as its decision says; else when it is first told of. */
function askedAt(event: OfAction): number {
  const decision = 'decision' in event ? event.decision : undefined;
  const facts = memberOf(decision, 'facts');
  const at = memberOf(memberOf(facts, 'confidence'), 'assessedAt');
  return typeof at === 'number' ? Math.min(at, event.at) : event.at;
}

const memberOf = (value: Json | undefined, name: string): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Json })[name]
    : undefined;
