/**
 * Use cases: replay in its four forms, and the explanation of one action, over histories from a running Temporal, an archive or a
 * file alike. None of them executes anything: they end in what would be so.
 * Entry ring.
 */
import { parseCloudEvent } from '../../config/cloud-event';
import type { NodeAddress } from '../../kernel/ids';
import type { Result } from '../../kernel/result';
import { explainAction, type Explanation } from '../../replay/explanation';
import { forkOutcome, type Fork, type ForkRequest } from '../../replay/fork';
import { readStory, type RunSource, type Story } from '../../replay/history-source';
import { rehearse, type Rehearsal } from '../../replay/rehearse';
import { reviewAction, type Review } from '../../replay/review';
import type { Today } from '../../replay/today';
import type { Cause, Ingest } from '../../cortex/ingest';
import { shipped } from '../catalog';
import { refuse, refusing, type Refusal } from '../refusal';

/** What replay reads from. */
export interface ReplaySource {
  readonly runs: RunSource;
  /** Events as they were received; absent where only histories are at hand. */
  readonly causes?: Pick<Ingest, 'causeOf'>;
}

/** The story of an outcome. Errors: `OUTCOME_UNKNOWN`. */
export const storyFrom = ({ runs }: ReplaySource, id: string): Promise<Result<Story, Refusal>> =>
  refusing(() => readStory(runs, id));

/** An outcome's event, or the outcome itself where its event is not at hand, rehearsed as of today. Errors: `OUTCOME_UNKNOWN`, `REPLAY_…`. */
export async function rehearseOutcome(
  source: ReplaySource,
  id: string,
  today: Today,
): Promise<Result<Rehearsal, Refusal>> {
  const story = await storyFrom(source, id);
  if (!story.ok) return story;
  const cause = await causeOf(source, today.tenant, story.value);
  return rehearse({ story: story.value, ...(cause === undefined ? {} : { event: cause.event }) }, today);
}

/** An event that may never have been taken in, rehearsed. Errors: `EVENT_REFUSED`, `REPLAY_…`. */
export async function rehearseEvent(sent: unknown, today: Today): Promise<Result<Rehearsal, Refusal>> {
  const event = parseCloudEvent(sent);
  if (event.ok) return rehearse({ event: event.value }, today);
  return refuse('EVENT_REFUSED', 'what was given is no event', { diagnostics: event.error });
}

/** Errors: `OUTCOME_UNKNOWN`, `REPLAY_…`. */
export async function reviewDecision(
  source: ReplaySource,
  { outcome, node }: NodeAddress,
  { today, nth }: { readonly today: Today; readonly nth?: number },
): Promise<Result<Review, Refusal>> {
  const story = await storyFrom(source, outcome);
  if (!story.ok) return story;
  return reviewAction(story.value, node, { today, ...(nth === undefined ? {} : { nth }) });
}

/** Errors: `OUTCOME_UNKNOWN`, `REPLAY_…`. */
export async function forkFrom(
  source: ReplaySource,
  outcome: string,
  { today, ...request }: ForkRequest & { readonly today: Today },
): Promise<Result<Fork, Refusal>> {
  const story = await storyFrom(source, outcome);
  return story.ok ? forkOutcome(story.value, request, today) : story;
}

/** Errors: `OUTCOME_UNKNOWN`, `REPLAY_…`. */
export async function explain(
  source: ReplaySource,
  { outcome, node }: NodeAddress,
): Promise<Result<Explanation, Refusal>> {
  const story = await storyFrom(source, outcome);
  if (!story.ok) return story;
  const { tenant } = story.value.start.plan;
  const cause = await causeOf(source, tenant, story.value);
  return explainAction(story.value, node, {
    contracts: shipped().contracts,
    ...(cause === undefined ? {} : { receivedAt: cause.receivedAt }),
  });
}

async function causeOf(
  { causes }: ReplaySource,
  tenant: string,
  { id, start }: Story,
): Promise<Cause | undefined> {
  return 'event' in start.cause ? causes?.causeOf(tenant, id) : undefined;
}
