/**
 * The trace of an outcome as it grows, told from Temporal's history alone.
 * Adapter ring. It asks for the history again and again and says what is new; nothing is kept between two calls.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineState } from '../engine/state';
import type { TraceEvent } from '../engine/trace';
import { recordedJson } from '../kernel/json';
import type { Outcomes } from '../temporal/client';

export interface Telling {
  /** What was not told before; may be empty. */
  readonly news: readonly TraceEvent[];
  readonly state: EngineState;
  /** Whether the story is over: completed, backstepped, or ended by force. */
  readonly isOver: boolean;
}

export interface FollowOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds between two looks at the history. */
  readonly everyMs?: number;
  /** A completed outcome is only over once its backstep is: for whoever has just asked for one. */
  readonly untilBackstepped?: boolean;
}

/** Soon enough for a person who watches, and a hundred of them cost the server little. */
const EVERY_MS = 200;
/** Looks without news before the workflow itself is asked whether it still runs. */
const QUIET_LOOKS = 10;

/** Tells the story from its beginning to its end, or until the signal says stop. Throws what `tell` throws. */
export async function* followTrace(
  outcomes: Pick<Outcomes, 'tell' | 'describe'>,
  id: string,
  options: FollowOptions = {},
): AsyncGenerator<Telling, void> {
  const told = new Map<string, number>();
  let quiet = 0;
  while (options.signal?.aborted !== true) {
    const { trace, state } = await outcomes.tell(id);
    const news = unseen(trace, told);
    quiet = news.length === 0 ? quiet + 1 : 0;
    const isOver =
      isDone(state, options) || (quiet >= QUIET_LOOKS && (await hasEnded(outcomes, id, options)));
    yield { news, state, isOver };
    if (isOver) return;
    if (quiet >= QUIET_LOOKS) quiet = 0;
    await sleep(
      options.everyMs ?? EVERY_MS,
      undefined,
      options.signal === undefined ? {} : { signal: options.signal },
    ).catch(() => undefined);
  }
}

/**
 * Events that were not told before, each as often as it happened. Not simply the rest of the list: what a robot did in its own
 * process reaches the history a little later than a signal that came meanwhile, and then stands before it.
 */
function unseen(trace: readonly TraceEvent[], told: Map<string, number>): readonly TraceEvent[] {
  const seen = new Map<string, number>();
  return trace.filter((event) => {
    const key = recordedJson(event);
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    if (count <= (told.get(key) ?? 0)) return false;
    told.set(key, count);
    return true;
  });
}

const isDone = ({ phase }: EngineState, options: FollowOptions): boolean =>
  phase === 'backstepped' || (phase === 'completed' && options.untilBackstepped !== true);

/** A workflow that was terminated has no more to tell, whatever its state says. */
async function hasEnded(
  outcomes: Pick<Outcomes, 'describe'>,
  id: string,
  options: FollowOptions,
): Promise<boolean> {
  return options.untilBackstepped !== true && !(await outcomes.describe(id)).isRunning;
}

/** What of an outcome waits for a person, by node; empty while something else is still under way. */
export function waitingFor(state: EngineState): readonly string[] {
  if (state.inFlight > 0 || state.ready.length > 0) return [];
  return Object.entries(state.nodes)
    .filter(([, { status }]) => status === 'asking' || status === 'incident' || status === 'held')
    .map(([node]) => node);
}
