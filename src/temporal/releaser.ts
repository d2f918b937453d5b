/**
 * Tells held actions that they may ask again: woken by whoever commits a release, and by one timer for the next instant at
 * which time releases something. Nothing is polled while nothing waits for time.
 * Adapter ring. What is owed stands in the database, so any number of releasers may run, and each may die anywhere: a claim
 * that was not kept lapses, and a message that comes twice carries the name of the first and is taken once.
 */
import type { Authority, Woken } from '../store/authority';
import { StoreError } from '../store/store-error';
import type { Listening } from '../store/listen';
import type { Log } from './dispatcher';

/** `gone`: nobody waits there. `silent`: no answer for now. */
export type Told = 'told' | 'gone' | 'silent';

export interface ReleaserParts {
  readonly authority: Authority;
  /** Sends one release; the same `woken` twice must be taken once. */
  readonly tell: (woken: Woken) => Promise<Told>;
  /** Calls back whenever a transaction may have released something. */
  readonly listen: (onNotice: () => void) => Listening;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

export interface Releaser {
  /** Waits for what is under way. */
  stop(): Promise<void>;
}

const RELEASER_LIMITS = {
  /** After so long without an answer another releaser may tell the same, in milliseconds. */
  lapseMs: 5_000,
  /** Told at once. */
  batch: 20,
  /** Longest sleep of the timer, in milliseconds; Node's timers end at 2³¹ − 1. */
  longestMs: 3_600_000,
  /** After the database was not at hand, in milliseconds. */
  againMs: 1_000,
} as const;

export function startReleaser(parts: ReleaserParts): Releaser {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isDirty = false;
  let isOver = false;
  const wake = (): void => {
    isDirty = true;
    if (running !== undefined || isOver) return;
    running = round().finally(() => {
      running = undefined;
      if (isDirty) wake();
    });
  };
  const round = async (): Promise<void> => {
    isDirty = false;
    clearTimeout(timer);
    const due = await releaseAll(parts, () => isOver);
    if (isOver || due === null) return;
    const ms = Math.min(RELEASER_LIMITS.longestMs, Math.max(1, due - parts.now()));
    timer = setTimeout(wake, ms);
    timer.unref();
  };
  const listening = parts.listen(wake);
  wake();
  return {
    stop: async () => {
      isOver = true;
      isDirty = false;
      clearTimeout(timer);
      await listening.close();
      await running;
    },
  };
}

/** Everything that is due now; when to come again. */
async function releaseAll(parts: ReleaserParts, isOver: () => boolean): Promise<number | null> {
  const { authority, now, log } = parts;
  const { lapseMs, batch, againMs } = RELEASER_LIMITS;
  try {
    await authority.tick(now(), lapseMs);
    while (!isOver()) {
      const woken = await authority.claim(now(), lapseMs, batch);
      if (woken.length === 0) break;
      await Promise.all(woken.map((one) => tellOne(parts, one)));
    }
    return await authority.tick(now(), lapseMs);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    log.warn('the database is not at hand; what is released will be told later', { code: error.code });
    return now() + againMs;
  }
}

async function tellOne({ authority, tell, now, log }: ReleaserParts, woken: Woken): Promise<void> {
  const { outcome, node } = woken;
  const answer = await tell(woken).catch((error: unknown): Told => {
    log.warn('a release could not be told; it will be told again', { outcome, node, error: String(error) });
    return 'silent';
  });
  switch (answer) {
    case 'told':
      return authority.told(woken);
    case 'gone':
      return authority.abandon(woken, now());
    case 'silent':
      return;
  }
}
