/**
 * Use case: histories, replayed with the workflow code of today.
 * Entry ring. The bundle is data; the replayer has no activities, and no connection to any server.
 */
import { runHistories, type HistorySource, type RunHistory } from '../../replay/history-source';
import { verifyReplay, type Replayed } from '../../replay/verify';
import { ok, type Result } from '../../kernel/result';
import { codecOf } from '../payload-keys';
import { refusing, type Refusal } from '../refusal';
import type { Settings } from '../settings';
import { workflowBundle } from '../workflow-bundle';

/** Errors: `OUTCOME_UNKNOWN`. */
export async function verifyHistories(
  settings: Settings,
  source: HistorySource,
  ids: readonly string[],
): Promise<Result<AsyncGenerator<Replayed, void>, Refusal>> {
  const all: RunHistory[] = [];
  for (const id of ids) {
    const histories = await refusing(() => runHistories(source, id));
    if (!histories.ok) return histories;
    all.push(...histories.value);
  }
  return ok(verifyReplay(all, { bundle: await workflowBundle(settings), codec: codecOf(settings) }));
}
