/**
 * The trace: the story of one outcome, as data and as the lines people read.
 * Pure ring. Which lines there are is decided by the engine alone; this file only names and prints them.
 */
import { assertNever } from '../kernel/invariant';
import type { Json } from '../kernel/json';
import type { Difference } from '../kernel/merge-patch';
import type { Override, OverrideChange } from './effects';

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
  | ({ readonly kind: 'gate.approved' | 'gate.rejected'; readonly gate: string } & SaidBy)
  | { readonly kind: 'gate.expired'; readonly gate: string }
  /** One of several people who are asked has approved. */
  | { readonly kind: 'gate.endorsed'; readonly gate: string; readonly by: string; readonly left: number }
  | { readonly kind: 'gate.reminded'; readonly gate: string }
  | { readonly kind: 'gate.escalated'; readonly gate: string; readonly to: string }
  /** A person decided on an action that was held for people; what it comes to is told when it asks again. */
  | ({
      readonly kind: 'awf.approved' | 'awf.rejected';
      readonly node: string;
      readonly awf: string;
    } & SaidBy)
  | { readonly kind: 'awf.reminded'; readonly node: string; readonly awf: string }
  | { readonly kind: 'awf.escalated'; readonly node: string; readonly awf: string; readonly to: string }
  | { readonly kind: 'awf.expired'; readonly node: string; readonly awf: string }
  /** A decision that does not count, and why. */
  | {
      readonly kind: 'decision.refused';
      readonly node: string;
      readonly by: string;
      readonly code: string;
      readonly because: string;
    }
  /** What people had said of it fell, because a step behind it was changed since: they are asked for the card as it is now. */
  | { readonly kind: 'gate.renewed'; readonly gate: string; readonly because: string }
  /** A message that changed nothing: not signed, or without form. `count`: of how many so far, where not each is told. */
  | {
      readonly kind: 'act.refused';
      readonly act: string;
      readonly node?: string;
      readonly by: string;
      readonly code: string;
      readonly because: string;
      readonly count?: number;
    }
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
  | ({ readonly kind: 'override'; readonly until?: number } & Overridden)
  /** An override that the outcome did not take: it is on record all the same. */
  | ({ readonly kind: 'override.refused'; readonly code: string } & Overridden)
  /** Done by a person elsewhere, and not executed. */
  | {
      readonly kind: 'awf.attested';
      readonly node: string;
      readonly awf: string;
      readonly by: string;
      readonly evidence: string;
      readonly comp?: string;
    }
  | {
      readonly kind: 'task.claimed' | 'task.unclaimed';
      readonly node: string;
      readonly by: string;
      readonly reason?: string;
    }
  | { readonly kind: 'paused' | 'resumed'; readonly by: string; readonly reason?: string }
  | {
      readonly kind: 'outcome.complete' | 'outcome.backstepped';
      readonly durationMs: number;
      readonly residue?: readonly string[];
    };

interface SaidBy {
  readonly by: string;
  /** Whose authority it was, where they stood in for somebody. */
  readonly for?: string;
  /** The chain was passed in an emergency. */
  readonly glass?: true;
  readonly reason?: string;
}

/** The record of the decision of the authority rules, to decide again by; absent where none was asked. */
interface Decided {
  readonly decision?: Json;
}

interface Overridden {
  readonly node: string;
  readonly change: OverrideChange;
  readonly by: string;
  readonly reason: string;
  readonly scope: Override['scope'];
  /** Of an input that was edited: what it was and is, where the input was known by then. */
  readonly diff?: readonly Difference[];
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
      return `gate=${event.gate} approved ${saidBy(event)}`;
    case 'gate.rejected':
      return `gate=${event.gate} rejected ${saidBy(event)}`;
    case 'gate.expired':
      return `gate=${event.gate} expired`;
    case 'gate.endorsed':
      return `gate=${event.gate} endorsed by=${event.by} left=${event.left}`;
    case 'gate.reminded':
      return `gate=${event.gate} reminded`;
    case 'gate.escalated':
      return `gate=${event.gate} escalated to=${event.to}`;
    case 'awf.approved':
      return `awf=${event.awf} approved ${saidBy(event)}`;
    case 'awf.rejected':
      return `awf=${event.awf} rejected ${saidBy(event)}`;
    case 'awf.reminded':
      return `awf=${event.awf} reminded`;
    case 'awf.escalated':
      return `awf=${event.awf} escalated to=${event.to}`;
    case 'awf.expired':
      return `awf=${event.awf} expired`;
    case 'decision.refused':
      return `decision=${event.node} refused by=${word(event.by)} code=${event.code}`;
    case 'gate.renewed':
      return `gate=${event.gate} renewed because=${word(event.because)}`;
    case 'act.refused': {
      const of = event.node === undefined ? '' : ` of=${event.node}`;
      const count = event.count === undefined ? '' : ` count=${event.count}`;
      return `act=${word(event.act)} refused${of} by=${word(event.by)} code=${event.code}${count}`;
    }
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
    case 'override':
      return `override=${event.node} ${overrideBody(event)}`;
    case 'override.refused':
      return `override=${event.node} refused code=${event.code} ${overrideBody(event)}`;
    case 'awf.attested': {
      const comp = event.comp === undefined ? '' : `  comp=${shortName(event.comp)}`;
      return `awf=${event.awf} attested by=${event.by} evidence=${word(event.evidence)}${comp}`;
    }
    case 'task.claimed':
      return `task=${event.node} claimed by=${event.by}`;
    case 'task.unclaimed':
      return `task=${event.node} unclaimed by=${event.by}${because(event.reason)}`;
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

/** No values: they may be personal, and the event has them. */
function overrideBody({
  change,
  scope,
  by,
  reason,
  ...rest
}: Overridden & { readonly until?: number }): string {
  const until = rest.until === undefined ? '' : ` until=${new Date(rest.until).toISOString()}`;
  const where = scope === 'step' ? '' : ` scope=${scope}${until}`;
  return `${changeText(change, rest.diff)}${where} by=${by}${because(reason)}`;
}

function changeText(change: OverrideChange, diff: readonly Difference[] = []): string {
  const paths = diff.length === 0 ? '' : ` changed=${word(diff.map(({ path }) => path).join(','))}`;
  switch (change.do) {
    case 'choose':
      return `choose=${word(change.value)}`;
    case 'replace':
      return `replace=${change.awf}${paths}`;
    case 'decline':
      return `decline=${change.then}`;
    case 'edit':
      return `edit${paths}`;
    case 'withdraw':
      return `withdraw${change.what === undefined ? '' : `=${change.what}`}${paths}`;
    case 'skip':
    case 'attest':
      return change.do;
  }
}

/** `okta.disable_identity` is printed as `disable_identity`: the system stands before it on the line. */
const shortName = (awf: string): string => awf.slice(awf.indexOf('.') + 1);

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)}s`;

const because = (reason: string | undefined): string =>
  reason === undefined ? '' : ` reason=${word(reason)}`;

const saidBy = (said: SaidBy): string =>
  `by=${said.by}${said.for === undefined ? '' : ` for=${said.for}`}${said.glass === true ? ' glass=broken' : ''}${because(said.reason)}`;

/** A value with white space is quoted, so that a line splits at spaces. */
const word = (text: string): string => (/[\s"=]/.test(text) || text === '' ? JSON.stringify(text) : text);
