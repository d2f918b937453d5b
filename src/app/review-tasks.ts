/**
 * Use cases: reviews of what passed a chain in an emergency, as tasks of the inbox: open until somebody else says what came of the
 * look. The outcome may long be over, so a claim is an act of control here, and no message to the outcome.
 * Entry ring. Who broke the glass, and who reviews, is signed; a claim only tells others.
 */
import { splitOutcomeId, type NodeAddress } from '../kernel/ids';
import { inTurns } from '../kernel/in-turns';
import { ok, type Result } from '../kernel/result';
import { performControl } from '../temporal/controls';
import type { Acted } from './act-on-outcome';
import {
  openReview,
  openReviews,
  review,
  unfitToReview,
  type OpenReview,
  type PeopleServices,
  type Speaker,
} from './approvals/delegate';
import { refuse, type Refusal } from './refusal';
import type { Services } from './services';

/** Before the name of the gate or action that was passed: no node's name has a colon. */
const REVIEW = 'review:';

/** A review as the inbox has it. */
export interface ReviewTask {
  /** `<outcome id>#review:<node>:<mark>`. */
  readonly id: string;
  readonly kind: 'review';
  readonly outcome: string;
  readonly node: string;
  /** Empty where Temporal has forgotten the outcome. */
  readonly entity: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Of whom it is asked. */
  readonly by: readonly string[];
  /** The reason of who passed the chain. */
  readonly because: string;
  readonly passedBy: string;
  readonly claimedBy?: string;
}

/** Whether the node of a task's id names a review. */
export const isReview = (node: string): boolean => node.startsWith(REVIEW);

/** Reviews that the inbox shows at once, oldest first: those behind them come up as these are closed. */
const SHOWN = 200;
/** Outcomes that are asked at once whom they are about. */
const AT_ONCE = 5;

/** What is to be reviewed, as tasks. */
export async function openReviewTasks(
  services: Pick<Services, 'outcomes' | 'approvals'>,
  tenant: string,
): Promise<readonly ReviewTask[]> {
  const shown = (await openReviews(services, tenant)).slice(0, SHOWN);
  return inTurns(shown, AT_ONCE, (one) => taskOf(services, one));
}

/** One of them, by its address with or without its mark; undefined where none, or several, are open there. */
export async function openReviewTask(
  services: Pick<Services, 'outcomes' | 'approvals'>,
  tenant: string,
  { outcome, node }: NodeAddress,
): Promise<ReviewTask | undefined> {
  const open = await openReview(services, tenant, `${outcome}#${node.slice(REVIEW.length)}`);
  return open.ok ? taskOf(services, open.value) : undefined;
}

async function taskOf({ outcomes }: Pick<Services, 'outcomes'>, open: OpenReview): Promise<ReviewTask> {
  const { id, outcome, at, by, reason, claimedBy } = open;
  const node = `${REVIEW}${id.slice(outcome.length + 1)}`;
  // Temporal keeps an outcome for a while, and a review waits for as long as it takes.
  const entity = await outcomes.describe(outcome).then(
    (found) => found.entity,
    () => '',
  );
  return {
    ...{ id: `${outcome}#${node}`, kind: 'review', outcome, node, entity },
    ...{ since: at, by: REVIEWED_BY, because: reason, passedBy: by },
    ...(claimedBy === undefined ? {} : { claimedBy }),
  };
}

/** Of whom a review is asked. */
const REVIEWED_BY: readonly string[] = ['role:auditor', 'role:admin'];

/**
 * Claims a review, or gives it back. Errors: `TASK_UNKNOWN`, `TASK_CLAIMED`, `REVIEW_REFUSED` for who may not look at it: it is
 * nothing for them to do.
 */
export async function claimReview(
  services: PeopleServices,
  { outcome, node }: NodeAddress,
  { what, by, reason }: { readonly what: 'claim' | 'unclaim'; readonly by: string; readonly reason?: string },
): Promise<Result<Acted, Refusal>> {
  const tenant = splitOutcomeId(outcome)?.tenant ?? '';
  const open = await openReview(services, tenant, `${outcome}#${node.slice(REVIEW.length)}`);
  if (!open.ok) return refuse('TASK_UNKNOWN', open.error.message);
  const { id, claimedBy } = open.value;
  const acted = { outcome, node } as const;
  if (what === 'claim' ? claimedBy === by : claimedBy === undefined) return ok({ ...acted, answer: 'late' });
  if (claimedBy !== undefined && claimedBy !== by && (what === 'claim' || reason === undefined)) {
    return refuse('TASK_CLAIMED', `\`${outcome}#${node}\` is claimed by \`${claimedBy}\``, {
      help: 'they can give it back, or you take it from them with a reason: `backstep unclaim`',
    });
  }
  if (what === 'claim') {
    const unfit = await unfitToReview(services, tenant, { review: open.value, by });
    if (unfit !== undefined) return unfit;
  }
  const value = what === 'claim' ? { by } : null;
  const act = { do: 'people', row: `claimed:${id}`, value } as const;
  await performControl(services.outcomes.client, {
    tenant,
    act,
    by,
    reason: reason ?? `${what} of a review`,
  });
  return ok({ ...acted, answer: 'done' });
}

/** Says what came of the look, which closes the task. Errors: `TASK_UNKNOWN`, `REVIEW_REFUSED`. */
export async function completeReview(
  services: PeopleServices,
  { outcome, node }: NodeAddress,
  said: Speaker & { readonly verdict: 'sound' | 'unsound' },
): Promise<Result<Acted, Refusal>> {
  const tenant = splitOutcomeId(outcome)?.tenant ?? '';
  const id = `${outcome}#${node.slice(REVIEW.length)}`;
  const done = await review(services, tenant, { ...said, id });
  return done.ok ? ok({ outcome, node, answer: 'done' }) : done;
}
