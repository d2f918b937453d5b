/**
 * Where replay reads from on running servers: Temporal, and the archive for what Temporal keeps no more.
 * Entry ring. INVARIANT: of each service only what reads is handed on.
 */
import { archivedHistories } from '../../projection/archived-histories';
import { readingWith, type HistorySource } from '../../replay/history-source';
import { OutcomeError } from '../../temporal/outcome-error';
import type { Services } from '../services';
import type { ReplaySource } from './replay';

type Read = Pick<Services, 'outcomes' | 'ingest' | 'evidence'>;

export function liveSource({ outcomes, ingest, evidence }: Read): ReplaySource & {
  readonly histories: HistorySource;
} {
  const archive = (): HistorySource => archivedHistories(evidence);
  return {
    causes: ingest,
    histories: { histories: (id) => orElse(outcomes.histories(id), () => archive().histories(id)) },
    runs: {
      runs: (id) => orElse(outcomes.runs(id), () => readingWith(archive(), evidence.codec).runs(id)),
    },
  };
}

async function orElse<T>(found: Promise<T>, other: () => Promise<T>): Promise<T> {
  return found.catch((error: unknown) => {
    if (error instanceof OutcomeError && error.code === 'OUTCOME_UNKNOWN') return other();
    throw error;
  });
}
