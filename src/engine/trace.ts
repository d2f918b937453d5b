/**
 * The trace: the story of one outcome, as data and as the lines people read.
 * Pure ring. Which lines there are is decided by the engine alone; this file only names and prints them.
 */
import { assertNever } from '../kernel/invariant';
import type { Json } from '../kernel/json';

/** One event of the story. `node` is the instance's id inside the outcome. */
export type TraceNote =
  | { readonly kind: 'outcome'; readonly outcome: string; readonly entity: string }
  | { readonly kind: 'compile'; readonly plan: string; readonly variant: string }
  | ({
      readonly kind: 'awf.ok';
      readonly node: string;
      readonly awf: string;
      readonly comp?: string;
    } & Decided)
  | ({
      readonly kind: 'awf.failed';
      readonly node: string;
      readonly awf: string;
      readonly code: string;
    } & Decided)
  | ({
      readonly kind: 'awf.held';
      readonly node: string;
      readonly awf: string;
      readonly because: string;
    } & Decided)
  /** Acted in a workflow task that was lost, and is undone because the story goes without it. */
  | { readonly kind: 'awf.stray'; readonly node: string; readonly awf: string }
  | { readonly kind: 'awf.released'; readonly node: string; readonly awf: string }
  | { readonly kind: 'awf.skipped'; readonly node: string; readonly code: string }
  | { readonly kind: 'awf.retry'; readonly node: string; readonly afterMs: number }
  | { readonly kind: 'branch'; readonly node: string; readonly code: string }
  | { readonly kind: 'choice'; readonly node: string; readonly value: string }
  | { readonly kind: 'each'; readonly node: string; readonly count: number }
  | { readonly kind: 'checkpoint'; readonly node: string }
  | {
      readonly kind: 'gate.open';
      readonly gate: string;
      readonly approval: string;
      readonly by: readonly string[];
    }
  | {
      readonly kind: 'gate.approved' | 'gate.rejected';
      readonly gate: string;
      readonly by: string;
      readonly reason?: string;
    }
  | { readonly kind: 'gate.expired'; readonly gate: string }
  | { readonly kind: 'gate.closed'; readonly gate: string }
  | { readonly kind: 'wait'; readonly node: string; readonly for: string }
  | { readonly kind: 'wait.over' | 'wait.timeout'; readonly node: string }
  | {
      readonly kind: 'backstep';
      readonly from: string;
      readonly code: string;
      readonly to?: string;
      readonly by?: string;
      readonly reason?: string;
    }
  | {
      readonly kind: 'comp.ok';
      readonly node: string;
      readonly comp: string;
      readonly of: string;
      readonly changed: boolean;
    }
  | {
      readonly kind: 'comp.failed';
      readonly node: string;
      readonly comp: string;
      readonly of: string;
      readonly code: string;
    }
  | { readonly kind: 'incident.open' | 'escalation.open'; readonly node: string; readonly code: string }
  | {
      readonly kind: 'incident.resolved' | 'escalation.resolved';
      readonly node: string;
      readonly as: string;
      readonly by: string;
    }
  | { readonly kind: 'escalation.expired'; readonly node: string }
  | { readonly kind: 'paused' | 'resumed'; readonly by: string; readonly reason?: string }
  | {
      readonly kind: 'outcome.complete' | 'outcome.backstepped';
      readonly durationMs: number;
      readonly residue?: readonly string[];
    };

/** The record of the decision of the authority rules, to decide again by; absent where none was asked. */
interface Decided {
  readonly decision?: Json;
}

export type TraceEvent = TraceNote & {
  /** Milliseconds since the epoch. */
  readonly at: number;
};

/** One line of the trace: `HH:MM:SS key=value …`, in UTC. */
export function printTraceEvent(event: TraceEvent): string {
  return `${new Date(event.at).toISOString().slice(11, 19)} ${bodyOf(event)}`;
}

/**
 * The whole trace, with the results of AWFs in one column. `widest` is the length of the longest AWF name to come, where
 * lines are printed before the story is over.
 */
export function printTrace(events: readonly TraceEvent[], widest = 0): readonly string[] {
  const names = events.flatMap((event) => (event.kind === 'awf.ok' ? [event.awf.length] : []));
  const width = Math.max(widest, ...names);
  return events.map((event) =>
    printTraceEvent(event.kind === 'awf.ok' ? { ...event, awf: event.awf.padEnd(width) } : event),
  );
}

function bodyOf(event: TraceEvent): string {
  switch (event.kind) {
    case 'outcome':
      return `outcome=${event.outcome} entity=${event.entity}`;
    case 'compile':
      return `compile plan=${event.plan} variant=${event.variant}`;
    case 'awf.ok':
      return `awf=${event.awf} ok${event.comp === undefined ? '' : `  comp=${shortName(event.comp)}`}`;
    case 'awf.failed':
      return `awf=${event.awf} failed code=${event.code}`;
    case 'awf.held':
      return `awf=${event.awf} held because=${word(event.because)}`;
    case 'awf.stray':
      return `awf=${event.awf} stray of=${event.node}`;
    case 'awf.released':
      return `awf=${event.awf} released`;
    case 'awf.skipped':
      return `skip=${event.node} code=${event.code}`;
    case 'awf.retry':
      return `retry=${event.node} after=${seconds(event.afterMs)}`;
    case 'branch':
      return `branch=${event.node} code=${event.code}`;
    case 'choice':
      return `choice=${event.node} value=${event.value}`;
    case 'each':
      return `each=${event.node} count=${event.count}`;
    case 'checkpoint':
      return `checkpoint=${event.node}`;
    case 'gate.open':
      return `gate=${event.gate} open approval=${event.approval} by=${event.by.join(',')}`;
    case 'gate.approved':
      return `gate=${event.gate} approved by=${event.by}${because(event.reason)}`;
    case 'gate.rejected':
      return `gate=${event.gate} rejected by=${event.by}${because(event.reason)}`;
    case 'gate.expired':
      return `gate=${event.gate} expired`;
    case 'gate.closed':
      return `gate=${event.gate} closed`;
    case 'wait':
      return `wait=${event.node} for=${word(event.for)}`;
    case 'wait.over':
      return `wait=${event.node} over`;
    case 'wait.timeout':
      return `wait=${event.node} timeout`;
    case 'backstep': {
      const to = event.to === undefined ? '' : ` to=${event.to}`;
      const by = event.by === undefined ? '' : ` by=${event.by}`;
      return `backstep from=${event.from} code=${event.code}${to}${by}${because(event.reason)}`;
    }
    case 'comp.ok':
      return `comp=${shortName(event.comp)} ok of=${event.of}${event.changed ? '' : ' changed=false'}`;
    case 'comp.failed':
      return `comp=${shortName(event.comp)} failed of=${event.of} code=${event.code}`;
    case 'incident.open':
      return `incident=${event.node} open code=${event.code}`;
    case 'escalation.open':
      return `escalation=${event.node} open code=${event.code}`;
    case 'incident.resolved':
      return `incident=${event.node} resolved as=${event.as} by=${event.by}`;
    case 'escalation.resolved':
      return `escalation=${event.node} resolved as=${event.as} by=${event.by}`;
    case 'escalation.expired':
      return `escalation=${event.node} expired`;
    case 'paused':
      return `paused by=${event.by}${because(event.reason)}`;
    case 'resumed':
      return `resumed by=${event.by}${because(event.reason)}`;
    case 'outcome.complete':
      return `outcome.complete  duration=${seconds(event.durationMs)}`;
    case 'outcome.backstepped': {
      const residue = event.residue === undefined ? '' : `  residue=${event.residue.join(',')}`;
      return `outcome.backstepped  duration=${seconds(event.durationMs)}${residue}`;
    }
    default:
      return assertNever(event);
  }
}

/** `okta.disable_identity` is printed as `disable_identity`: the system stands before it on the line. */
const shortName = (awf: string): string => awf.slice(awf.indexOf('.') + 1);

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)}s`;

const because = (reason: string | undefined): string =>
  reason === undefined ? '' : ` reason=${word(reason)}`;

/** A value with white space is quoted, so that a line splits at spaces. */
const word = (text: string): string => (/[\s"=]/.test(text) || text === '' ? JSON.stringify(text) : text);
