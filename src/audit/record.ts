/**
 * A record of the PolicyLog: one governance-relevant fact, derived from one event of one history, and the bytes it is hashed as.
 * Pure ring. `docs/formats/policy-log.md` fixes the bytes; a golden holds them.
 */
import { recordedJson, type JsonObject } from '../kernel/json';
import { leafHash } from './merkle-tree';
import type { Hash, Primitives } from './primitives';

/** Format of the bytes; a change of what they mean is another number. */
export const RECORD_FORMAT = 1;

/** Every act that is on record. The first word is what it happened to. */
export const RECORD_KINDS = [
  'outcome.started',
  'outcome.completed',
  'outcome.backstepped',
  // Ended by force: the compensations did not run.
  'outcome.terminated',
  'outcome.paused',
  'outcome.resumed',
  'outcome.taken',
  // An act on an outcome that came too late, or that nothing answers to.
  'outcome.refused',
  'backstep.begun',
  'action.held',
  'action.released',
  'action.committed',
  'action.failed',
  'action.skipped',
  'action.retried',
  'action.overridden',
  'action.attested',
  'action.stray',
  'action.undone',
  'action.undo_failed',
  'gate.opened',
  'gate.kept',
  'gate.endorsed',
  'gate.reminded',
  'gate.approved',
  'gate.rejected',
  'gate.refused',
  'gate.expired',
  'gate.closed',
  'gate.claimed',
  'gate.delegated',
  'gate.escalated',
  'incident.opened',
  'incident.resolved',
  'escalation.opened',
  'escalation.resolved',
  'escalation.expired',
  'path.taken',
  'wait.begun',
  'wait.ended',
  'control.dialled',
  'control.killed',
  // What still executed when a kill switch's bound was over.
  'control.drained',
  'control.paused',
  'control.resumed',
  'control.limited',
  'control.scheduled',
  'control.observed',
  'control.trusted',
  // An act of control that was ended by force before it took effect.
  'control.failed',
  'policy.changed',
  'log.exported',
  'log.archived',
  'log.erased',
  'log.held',
  // Archived histories past their time are gone from here on; the records about them stay.
  'log.expired',
  'admin.acted',
] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** Who did it: a person under their own name, the engine by a rule, or a system by an event. */
export interface Actor {
  readonly kind: 'person' | 'engine' | 'system';
  readonly id: string;
}

/** Where a record comes from: what an auditor opens to see it again. */
export interface Origin {
  /** Temporal workflow id. */
  readonly workflow: string;
  /** Temporal run id. */
  readonly run: string;
  /** Event of the history, from 1. */
  readonly event: number;
  /** Which of the records that this event owes, from 0. */
  readonly part: number;
}

/** What is on record before it has its place in the log. */
export interface Entry {
  readonly tenant: string;
  /** Milliseconds since the epoch, as the history has it. */
  readonly at: number;
  readonly kind: RecordKind;
  readonly actor: Actor;
  readonly origin: Origin;
  /** Outcome id, where it is about one. */
  readonly outcome?: string;
  /** Id of the action's node inside the outcome, where it is about one. */
  readonly node?: string;
  /** What the kind has beside that. Personal data only as keyed hashes. */
  readonly data: JsonObject;
}

export interface LogRecord extends Entry {
  /** Place in the tenant's log, from 0, without a gap. */
  readonly seq: number;
  /** Hash of the record before it, lower-case hex; 64 zeros for the first. */
  readonly previous: string;
}

export const FIRST_PREVIOUS = '0'.repeat(64);

/** The one text of a record: canonical JSON, which is also the leaf of the tree. */
export function recordText(record: LogRecord): string {
  const { seq, previous, tenant, at, kind, actor, origin, outcome, node, data } = record;
  return recordedJson({
    format: RECORD_FORMAT,
    seq,
    previous,
    tenant,
    at: new Date(at).toISOString(),
    kind,
    actor: { kind: actor.kind, id: actor.id },
    origin: { workflow: origin.workflow, run: origin.run, event: origin.event, part: origin.part },
    outcome,
    node,
    data,
  });
}

/** What the next record names as its `previous`: the record's leaf in the tree, so that one hash serves chain and tree. */
export const recordHash = (primitives: Pick<Primitives, 'sha256'>, text: string): Hash =>
  leafHash(primitives, text);
