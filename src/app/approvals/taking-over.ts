/**
 * Use case: whether somebody may take an outcome, or one action of it, over as their own. Whoever has approved it may not: nobody
 * approves their own act, and which of the two came first makes no difference.
 * Entry ring. It keeps people from an outcome that would end there; what counts is asked again where an action fires.
 */
import { isWordOf } from '../../engine/approvals';
import { standsBehind } from '../../engine/behind';
import { layoutOf, planNodeOf } from '../../engine/layout';
import { refuse, type Refusal } from '../refusal';
import type { Result } from '../../kernel/result';
import type { Services } from '../services';

/** Errors: `GATE_SELF_APPROVAL`; undefined where they may. Throws OutcomeError. */
export async function refusedToTakeOver(
  { outcomes }: Pick<Services, 'outcomes'>,
  { outcome, node }: { readonly outcome: string; readonly node?: string },
  by: string,
): Promise<Result<never, Refusal> | undefined> {
  const { state } = await outcomes.tell(outcome);
  const approved = (state.proven ?? []).filter((gate) =>
    state.nodes[gate]?.counted?.some((one) => isWordOf([by], one)),
  );
  if (approved.length === 0) return undefined;
  const gate = node === undefined ? approved[0] : await gateBefore(outcomes, { outcome, node }, approved);
  if (gate === undefined) return undefined;
  return refuse(
    'GATE_SELF_APPROVAL',
    `\`${by}\` has approved \`${gate}\`, and nobody approves their own act`,
    {
      help: 'somebody who has not approved it can run it under their name',
    },
  );
}

/** The first of these gates that lets an action go. */
async function gateBefore(
  outcomes: Services['outcomes'],
  { outcome, node }: { readonly outcome: string; readonly node: string },
  gates: readonly string[],
): Promise<string | undefined> {
  const [first] = await outcomes.runs(outcome);
  if (first === undefined) return undefined;
  const layout = layoutOf(first.start.plan);
  const action = planNodeOf(layout, node);
  return gates.find((gate) => {
    const planned = planNodeOf(layout, gate);
    return action !== undefined && planned !== undefined && standsBehind(layout, action.id, planned.id);
  });
}
