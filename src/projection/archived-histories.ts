/**
 * Histories from the archive: an outcome that Temporal keeps no more is replayed from here as it was from there.
 * Adapter ring. It reads.
 */
import { splitOutcomeId } from '../kernel/ids';
import type { History, HistorySource } from '../replay/history-source';
import type { EvidenceStore } from '../store/evidence';
import type { SubjectKeys } from '../store/subject-keys';
import { OutcomeError } from '../temporal/outcome-error';
import { unpackHistory } from './archive';

/** Runs whose subject's key was destroyed cannot be read any more, and their outcome is not there then. */
export function archivedHistories(parts: {
  readonly store: Pick<EvidenceStore, 'runsOf' | 'archived'>;
  readonly keys: Pick<SubjectKeys, 'byId'>;
}): HistorySource {
  return {
    async histories(id) {
      const tenant = splitOutcomeId(id)?.tenant ?? '';
      const found: History[] = [];
      for (const { run, subjectKey } of await parts.store.runsOf(tenant, id)) {
        const name = { tenant, workflow: id, run };
        const archived = await parts.store.archived(name);
        if (archived === undefined) continue;
        const isSealed = archived.sealedWith !== null;
        const key = isSealed && subjectKey !== null ? await parts.keys.byId(tenant, subjectKey) : undefined;
        if (isSealed && key === undefined) throw new OutcomeError('OUTCOME_UNKNOWN', id);
        found.push(unpackHistory(name, archived.stored, key));
      }
      if (found.length === 0) throw new OutcomeError('OUTCOME_UNKNOWN', id);
      return found.sort((a, b) => begunAt(a) - begunAt(b));
    },
  };
}

const begunAt = ({ events }: History): number => {
  const at = events?.[0]?.eventTime;
  return Number(at?.seconds ?? 0) * 1_000 + (at?.nanos ?? 0) / 1e6;
};
