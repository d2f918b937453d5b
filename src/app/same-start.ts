/**
 * What an id that had been run before stands for: the plan that runs, told to whoever asked for the very same, and a refusal
 * to whoever asked for something else, who would otherwise take that outcome for theirs.
 * Entry ring.
 */
import { canonicalJson } from '../kernel/json';
import { ok, type Result } from '../kernel/result';
import type { Plan } from '../plan/plan';
import type { Started } from '../temporal/client';
import type { OutcomeStart } from '../../workflows/protocol';
import { refuse, refusing, type Refusal } from './refusal';
import type { Services } from './services';

type Asked = Pick<OutcomeStart, 'plan' | 'planId' | 'resumes'>;

export interface Begun extends Started {
  readonly plan: Plan;
  /** Of the plan that runs: what was asked for first, however the entity has changed since. */
  readonly planId: string;
}

/**
 * Starts an outcome, or finds it started for the same entity with the same parameters. Errors: `EVENT_ID_UNUSABLE`, `OUTCOME_…`.
 * @param isReviewed whether the plan itself was asked for, and no other will do
 */
export async function startOnce(
  { outcomes }: Pick<Services, 'outcomes'>,
  start: OutcomeStart,
  { eventId, isReviewed = false }: { readonly eventId: string; readonly isReviewed?: boolean },
): Promise<Result<Begun, Refusal>> {
  const { plan, planId } = start;
  const started = await refusing(() => outcomes.start(start, eventId));
  if (!started.ok) return started;
  if (started.value.isNew) return ok({ ...started.value, plan, planId });
  const { id } = started.value;
  const runs = await refusing(() => outcomes.runs(id));
  if (!runs.ok) return runs;
  const before = runs.value[0]!.start;
  const isSame = before.planId === planId || !isReviewed;
  if (isSame && wantedBy(before) === wantedBy(start)) {
    return ok({ ...started.value, plan: before.plan, planId: before.planId });
  }
  return refuse('EVENT_ID_UNUSABLE', `\`${eventId}\` was run before, with another request: \`${id}\``, {
    help: 'give it another id',
  });
}

/** What somebody asked for; values of the configuration and of the entity move without anybody asking. */
function wantedBy({ plan, resumes }: Asked): string {
  const given = Object.entries(plan.params).filter(([, { from }]) => from === 'run');
  const params = Object.fromEntries(given.map(([name, { value }]) => [name, value]));
  return canonicalJson([plan.entity.id, params, resumes === undefined ? null : { ...resumes }]);
}
