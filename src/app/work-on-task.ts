/**
 * Use cases: what a person does with a task besides deciding: claim it, give it back, fire a held action under their own name,
 * say that it was done elsewhere, or what came of a review.
 * Entry ring. Who may do it is asked by the doors.
 */
import { isRefusal } from '../engine/override-rules';
import { splitOutcomeId, type NodeAddress } from '../kernel/ids';
import type { Json } from '../kernel/json';
import { ok, type Result } from '../kernel/result';
import { answered, resolveNode, type Acted, type By } from './act-on-outcome';
import { refusedToTakeOver } from './approvals/taking-over';
import { control, type Accountable } from './control';
import { overrideStep, type OverrideServices } from './override-step';
import type { Contracts } from './override-checks';
import { refuse, refusing, type Refusal } from './refusal';
import { claimReview, completeReview, isReview } from './review-tasks';
import type { Services } from './services';
import { oneTask } from './tasks';

type WorkServices = OverrideServices & Pick<Services, 'approvals'>;

/**
 * Claims a task, or gives it back; the claim stands in the outcome's history. Whoever gives back what another claimed says why.
 * Errors: `TASK_UNKNOWN`, `TASK_CLAIMED`, `OUTCOME_…`.
 */
export async function claimTask(
  services: WorkServices,
  address: NodeAddress,
  { what, ...by }: By & { readonly what: 'claim' | 'unclaim' },
): Promise<Result<Acted, Refusal>> {
  const { outcome, node } = address;
  if (isReview(node)) return claimReview(services, address, { what, ...by });
  const answer = await refusing(() => services.outcomes[what](outcome, node, by));
  if (!answer.ok) return answer;
  if (isRefusal(answer.value)) {
    const task = await oneTask(services, address);
    if (!task.ok) return task;
    return refuse('TASK_CLAIMED', `\`${outcome}#${node}\` is claimed by \`${task.value.claimedBy ?? ''}\``, {
      help: 'they can give it back, or you take it from them with a reason: `backstep unclaim`',
    });
  }
  if (answer.value === 'unknown' || (answer.value === 'late' && what === 'claim')) {
    const task = await oneTask(services, address);
    if (!task.ok) return task;
  }
  return answered(services, address, answer);
}

/**
 * A person fires a held action under their own name: it is decided anew, as manual work of that person, and what its risk asks for
 * is still asked. Errors: `TASK_UNKNOWN`, `OVERRIDE_NOT_POSSIBLE`, `GATE_SELF_APPROVAL` for who has approved it, `OUTCOME_…`.
 */
export async function fireByName(
  services: WorkServices,
  address: NodeAddress,
  why: Accountable,
): Promise<Result<Acted & { readonly control: string }, Refusal>> {
  const { outcome, node } = address;
  const task = await oneTask(services, address);
  if (!task.ok) return task;
  if (task.value.kind !== 'hold') {
    return refuse('OVERRIDE_NOT_POSSIBLE', `\`${outcome}#${node}\` is no action that is held`);
  }
  const refused = await refusedToTakeOver(services, address, why.by);
  if (refused !== undefined) return refused;
  const tenant = splitOutcomeId(outcome)?.tenant ?? '';
  const { id } = await control(services, tenant, { act: { do: 'take', outcome, node }, ...why });
  return ok({ outcome, node, answer: 'done', control: id });
}

/** What a person says of work that they did elsewhere. */
export interface Done extends By {
  readonly evidence: string;
  /** Stands in for the output of the action; null where it has none. */
  readonly output: Json;
  /** Who undoes it, should it come to that. */
  readonly undo: 'person' | 'compensation';
  /** Input of the compensation, where it does not follow from input and output. */
  readonly undoInput?: Json;
}

/**
 * An action that has not fired was done elsewhere: it is recorded with who and evidence, and never executed. Errors: `OVERRIDE_…`,
 * `OUTCOME_…`.
 */
export async function attestAction(
  services: OverrideServices,
  address: NodeAddress,
  { by, reason, undoInput: args, ...done }: Done,
  contracts?: Contracts,
): Promise<Result<Acted, Refusal>> {
  const change = { do: 'attest', ...done, ...(args === undefined ? {} : { args }) } as const;
  const wanted = { change, by, reason: reason ?? done.evidence, scope: 'step' } as const;
  return overrideStep(services, address, wanted, contracts);
}

/** What came of the look at what passed a chain in an emergency. */
export interface Looked {
  readonly verdict: 'sound' | 'unsound';
  readonly by: string;
  readonly roles: readonly string[];
  readonly reason: string;
}

/**
 * Completes a task with what was done by hand: a held action is attested, an incident or an escalation is supplied, a review is
 * closed with what came of it; a gate is decided, and nothing else. Errors: `TASK_UNKNOWN`, `REVIEW_REFUSED`, `OVERRIDE_…`.
 */
export async function completeTask(
  services: WorkServices,
  address: NodeAddress,
  done: Done | Looked,
): Promise<Result<Acted, Refusal>> {
  const task = await oneTask(services, address);
  if (!task.ok) return task;
  const { id, kind } = task.value;
  if ('verdict' in done) {
    return kind === 'review'
      ? completeReview(services, address, done)
      : refuse('OVERRIDE_NOT_POSSIBLE', `\`${id}\` is no review`, {
          help: 'say where to see that it was done',
        });
  }
  switch (kind) {
    case 'review':
      return refuse('REVIEW_REFUSED', `\`${id}\` is a review: say what came of it, and why`, {
        help: 'such as `backstep complete <task> --verdict sound --reason "there was a fire"`',
      });
    case 'hold':
      return attestAction(services, address, done);
    case 'gate':
      return refuse('OVERRIDE_NOT_POSSIBLE', `\`${id}\` is a gate, and is decided`, {
        help: '`backstep approve` or `backstep reject`',
      });
    case 'incident':
    case 'escalation': {
      const { evidence, output, by } = done;
      return resolveNode(services, address, { resolution: { as: 'supply', evidence, output }, by });
    }
  }
}
