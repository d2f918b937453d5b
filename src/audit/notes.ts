/**
 * Which record each note of an outcome's story owes, and what it says beside the fields that all records have. The table is
 * total by its type: a note that the engine learns to make is on record, or says here why not.
 * Pure ring.
 */
import type { TraceEvent, TraceNote } from '../engine/trace';
import { recordedJson, type Json, type JsonObject } from '../kernel/json';
import type { Tools } from './derived';
import type { RecordKind } from './record';

/** `null`: the record of another note of the same event says it along. */
export const RECORD_OF_NOTE: { readonly [Kind in TraceNote['kind']]: RecordKind | null } = {
  outcome: 'outcome.started',
  compile: null,
  'awf.ok': 'action.committed',
  'awf.failed': 'action.failed',
  'awf.held': 'action.held',
  'awf.stray': 'action.stray',
  'awf.released': 'action.released',
  'awf.skipped': 'action.skipped',
  'awf.retry': 'action.retried',
  'awf.attested': 'action.attested',
  override: 'action.overridden',
  'override.refused': 'outcome.refused',
  'task.claimed': 'gate.claimed',
  'task.unclaimed': 'gate.claimed',
  branch: 'path.taken',
  choice: 'path.taken',
  each: 'path.taken',
  checkpoint: 'path.taken',
  'gate.open': 'gate.opened',
  'gate.approved': 'gate.approved',
  'gate.rejected': 'gate.rejected',
  'gate.expired': 'gate.expired',
  'gate.closed': 'gate.closed',
  // It stays open, and people are asked once more.
  'gate.renewed': 'gate.reminded',
  'act.refused': 'outcome.refused',
  'gate.endorsed': 'gate.endorsed',
  'gate.reminded': 'gate.reminded',
  'gate.escalated': 'gate.escalated',
  // A hold that waits for people is a gate of its own.
  'awf.approved': 'gate.approved',
  'awf.rejected': 'gate.rejected',
  'awf.reminded': 'gate.reminded',
  'awf.escalated': 'gate.escalated',
  'awf.expired': 'gate.expired',
  'decision.refused': 'gate.refused',
  wait: 'wait.begun',
  'wait.over': 'wait.ended',
  'wait.timeout': 'wait.ended',
  backstep: 'backstep.begun',
  'comp.ok': 'action.undone',
  'comp.failed': 'action.undo_failed',
  'incident.open': 'incident.opened',
  'incident.resolved': 'incident.resolved',
  'escalation.open': 'escalation.opened',
  'escalation.resolved': 'escalation.resolved',
  'escalation.expired': 'escalation.expired',
  paused: 'outcome.paused',
  resumed: 'outcome.resumed',
  'outcome.complete': 'outcome.completed',
  'outcome.backstepped': 'outcome.backstepped',
};

/** Members that stand elsewhere in the record. */
const ELSEWHERE = new Set(['at', 'kind', 'node', 'gate', 'by', 'decision']);
/** Members that may hold personal values: a hash under the subject's key stands for them. */
const PERSONAL = new Set(['change', 'diff', 'output', 'input', 'value']);
/** Why a decision does not count names whoever it is about, where that is who decides; its code stands in the clear. */
const isPersonal = (note: TraceEvent, name: string): boolean =>
  (PERSONAL.has(name) && note.kind !== 'choice') || (note.kind === 'decision.refused' && name === 'because');
/** Names of notes that share their kind of record with others. */
const SHARED = new Set<TraceNote['kind']>([
  'branch',
  'choice',
  'each',
  'checkpoint',
  'wait.over',
  'wait.timeout',
  'override.refused',
  'gate.renewed',
  'act.refused',
  'task.claimed',
  'task.unclaimed',
]);

/** What the note itself says, with personal values hashed. */
export function noteData(note: TraceEvent, { keyed }: Pick<Tools, 'keyed'>): JsonObject {
  const data: Record<string, Json> = SHARED.has(note.kind) ? { what: note.kind } : {};
  for (const [name, value] of Object.entries(note) as [string, Json | undefined][]) {
    if (ELSEWHERE.has(name) || value === undefined) continue;
    data[name] = isPersonal(note, name) ? keyed(recordedJson(value)) : value;
  }
  // To whom a gate is put is no actor.
  if (note.kind === 'gate.open') data['of'] = [...note.by];
  if ('change' in note) data['do'] = note.change.do;
  return data;
}
