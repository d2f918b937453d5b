/**
 * Use case: why an action fired, waits or was denied: its states, and its decision made again from what was recorded with it.
 * Entry ring.
 */
import { decideAgain, type Decision } from '../governance/decide';
import { explain } from '../governance/explain';
import type { NodeAddress } from '../kernel/ids';
import type { Json } from '../kernel/json';
import { ok, type Result } from '../kernel/result';
import { tellAction, type ActionStep } from '../projection/action-story';
import { refuse, refusing, type Refusal } from './refusal';
import type { Services } from './services';

export interface ExplainedAction {
  readonly action: string;
  readonly awf: string;
  readonly states: readonly ActionStep[];
  /** Null where it fired without one: nothing governs it. */
  readonly decision: Decision | null;
  /** The decision in words. */
  readonly words: readonly string[];
}

/** Errors: `OUTCOME_UNKNOWN`, `OUTCOME_REFUSED` where the trace tells of no such action. */
export async function explainAction(
  { outcomes }: Pick<Services, 'outcomes'>,
  { outcome, node }: NodeAddress,
): Promise<Result<ExplainedAction, Refusal>> {
  const action = `${outcome}#${node}`;
  const told = await refusing(() => outcomes.tell(outcome));
  if (!told.ok) return told;
  const story = tellAction(told.value.trace, node);
  if (story === undefined)
    return refuse('OUTCOME_REFUSED', `\`${action}\`: the trace tells of no such action yet`);
  const { awf, steps: states } = story;
  if (story.decision === undefined) return ok({ action, awf, states, decision: null, words: [] });
  const again = decideAgain(story.decision as unknown as { readonly facts: unknown; readonly figures: Json });
  if (!again.ok) {
    return refuse('OUTCOME_REFUSED', 'the recorded decision can not be made again', {
      diagnostics: again.error,
    });
  }
  return ok({ action, awf, states, decision: again.value, words: explain(again.value) });
}
