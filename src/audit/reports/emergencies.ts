/**
 * Who passed a chain in an emergency, as records of gates tell it: the record of an action names who let it go, and that of the gate how.
 * Pure ring.
 */
import type { RecordKind } from '../record';
import { isObject, textOf } from './read-record';
import type { ReportRecord } from './report';

/** Whether it is of a gate, or a held action, that somebody passed in an emergency. */
export const isEmergency = ({ kind, data }: Pick<ReportRecord, 'kind' | 'data'>): boolean =>
  kind === 'gate.approved' && data['glass'] === true;

const REVIEWED = 'reviewed:';

/** What somebody else found of an emergency afterwards, and at which gate; such an act takes effect for a signed word alone. */
export function reviewIn(
  record: ReportRecord,
): { readonly verdict: 'sound' | 'unsound'; readonly of: string } | undefined {
  const row = textOf(record, 'row', '');
  if (record.kind !== 'admin.acted' || !row.startsWith(REVIEWED)) return undefined;
  const { value } = record.data;
  const verdict = isObject(value) ? value['verdict'] : undefined;
  if (verdict !== 'sound' && verdict !== 'unsound') return undefined;
  // Behind the gate stands the mark of the one decision.
  return { verdict, of: row.slice(REVIEWED.length).replace(/:[^:#]*$/, '') };
}

const ENDS: readonly RecordKind[] = ['outcome.completed', 'outcome.backstepped', 'outcome.terminated'];

/** How each gate was passed, of the outcomes that are under way: a log of any size fits. */
export class GatesPassed {
  private readonly byOutcome = new Map<string, Map<string, 'emergency' | 'approved'>>();

  take(record: ReportRecord): void {
    const { kind, outcome, node } = record;
    if (outcome === undefined) return;
    if (ENDS.includes(kind)) this.byOutcome.delete(outcome);
    if (kind !== 'gate.approved' || node === undefined) return;
    const gates = this.byOutcome.get(outcome) ?? new Map<string, 'emergency' | 'approved'>();
    this.byOutcome.set(outcome, gates.set(node, isEmergency(record) ? 'emergency' : 'approved'));
  }

  /** `undefined` where the records so far do not tell. */
  how(outcome: string, gate: string): 'emergency' | 'approved' | undefined {
    return this.byOutcome.get(outcome)?.get(gate);
  }
}
