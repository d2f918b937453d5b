/**
 * Follows an outcome's phase as people look for it: does it run, does it wait for somebody, is it going back?
 * Loaded inside the Temporal sandbox. It counts what is open, so that one happening never costs a walk over the whole state.
 */
import type { Advance } from '../src/engine/machine';
import type { EngineState } from '../src/engine/state';
import type { TraceEvent } from '../src/engine/trace';
import type { Phase } from './protocol';

export class PhaseWatch {
  /** What waits for people: gates, incidents, escalations and holds. */
  private readonly open = new Set<string>();
  private known: string;

  constructor(from: EngineState | undefined, known: string | undefined) {
    this.known = known ?? 'running';
    for (const [node, { status }] of Object.entries(from?.nodes ?? {})) {
      if (status === 'asking' || status === 'incident' || status === 'held') this.open.add(node);
    }
  }

  /** The phase that is to be published; `undefined` where the one that is known still holds. */
  after(advance: Advance, state: EngineState): Phase | undefined {
    for (const event of advance.trace) this.take(event);
    const phase = this.phaseOf(state);
    // Running to the end without a stop is not worth an event.
    if (phase === this.known || (phase === 'completed' && this.known === 'running')) return undefined;
    this.known = phase;
    return phase;
  }

  private phaseOf(state: EngineState): Phase {
    if (state.phase !== 'running' && state.phase !== 'backstepping') return state.phase;
    if (this.open.size > 0) return 'waiting';
    if (state.phase === 'backstepping') return 'backstepping';
    return state.paused ? 'paused' : 'running';
  }

  private take(event: TraceEvent): void {
    switch (event.kind) {
      case 'gate.open':
        this.open.add(event.gate);
        return;
      case 'gate.approved':
      case 'gate.rejected':
      case 'gate.expired':
      case 'gate.closed':
        this.open.delete(event.gate);
        return;
      case 'awf.held':
      case 'incident.open':
      case 'escalation.open':
        this.open.add(event.node);
        return;
      case 'awf.released':
      case 'awf.expired':
      case 'incident.resolved':
      case 'escalation.resolved':
      case 'escalation.expired':
        this.open.delete(event.node);
        return;
      default:
        return;
    }
  }
}
