/**
 * Use cases: one outcome as it stands, and its story as it is told on; of one that Temporal has forgotten both from the archive,
 * where it is over.
 * Entry ring.
 */
import { ok, type Result } from '../kernel/result';
import { followTrace, type Telling } from '../projection/trace';
import type { Story } from '../replay/history-source';
import type { OutcomeRow } from './outcome-pages';
import { refusing, type Refusal } from './refusal';
import { storyFrom } from './replay/replay';
import { liveSource } from './replay/sources';
import type { Services } from './services';

type Reads = Pick<Services, 'outcomes' | 'ingest' | 'evidence'>;

/** Errors: `OUTCOME_UNKNOWN` where neither has it. */
export async function describeOutcome(services: Reads, id: string): Promise<Result<OutcomeRow, Refusal>> {
  const live = await refusing(() => services.outcomes.describe(id));
  if (live.ok || live.error.code !== 'OUTCOME_UNKNOWN') return live;
  const story = await storyFrom(liveSource(services), id);
  return story.ok ? ok(rowOf(story.value)) : story;
}

function rowOf({ id, start: { plan }, runs, told }: Story): OutcomeRow {
  const closedAt = runs.at(-1)?.end?.at;
  return {
    ...{ id, outcome: plan.outcome, runbook: plan.runbook.id, entity: plan.entity.id },
    ...{ phase: told.state.phase, isRunning: false, startedAt: runs[0]?.at ?? 0 },
    ...(closedAt === undefined ? {} : { closedAt }),
  };
}

/** The story from its beginning to its end. @param story as it was read just now */
export async function* followOutcome(
  { outcomes }: Pick<Services, 'outcomes'>,
  story: Story,
  signal: AbortSignal,
): AsyncGenerator<Telling, void> {
  const live = await refusing(() => outcomes.describe(story.id));
  if (live.ok || live.error.code !== 'OUTCOME_UNKNOWN') {
    yield* followTrace(outcomes, story.id, { signal });
    return;
  }
  const { trace, state } = story.told;
  yield { news: trace, state, isOver: true };
}
