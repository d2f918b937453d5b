/**
 * What the projector puts on record, counted: each history event once, so that outcomes and backsteps are counted once too.
 * Adapter ring.
 */
import type { Entry, RecordKind } from '../audit/record';
import type { Metrics } from './metrics';

const ENDS: { readonly [Kind in RecordKind]?: string } = {
  'outcome.completed': 'completed',
  'outcome.backstepped': 'backstepped',
  'outcome.terminated': 'terminated',
};

export function countRecord(metrics: Metrics, { tenant, kind }: Pick<Entry, 'tenant' | 'kind'>): void {
  metrics.count('backstep_records_total', { tenant, kind });
  const result = ENDS[kind];
  if (result !== undefined) metrics.count('backstep_outcomes_ended_total', { tenant, result });
  if (kind === 'backstep.begun') metrics.count('backstep_backsteps_total', { tenant });
}
