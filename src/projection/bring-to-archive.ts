/**
 * Brings archived histories from the database to their place outside. Their bytes stand in the database until they lie there, so
 * that a place that is down loses nothing, and what was brought twice is there once.
 * Adapter ring. It holds up no projector: that has done its part when the bytes are in the database.
 */
import type { ArchivePlace } from '../store/archive-place';
import type { Retention } from '../store/retention';
import { StoreError } from '../store/store-error';

export interface BringParts {
  readonly retention: Pick<Retention, 'unplaced' | 'placed'>;
  readonly archive: ArchivePlace;
  readonly tenants: () => Promise<readonly string[]>;
  /** Told of what could not be brought; it must return at once. */
  readonly onError?: (error: unknown) => void;
}

const BRING_LIMITS = {
  /** Between two looks for what waits, in milliseconds. */
  lookMs: 2_000,
  /** The longest pause while the place is down: each is twice the one before. */
  longestMs: 60_000,
  /** Histories that are read at once. */
  page: 10,
} as const;

export interface Bringing {
  /** Finishes the one at hand. */
  stop(): Promise<void>;
}

/** Brings what waits now; how many. Throws the first thing that passes by itself: the rest waits for the next time. */
export async function bringAll({ retention, archive, tenants, onError }: BringParts): Promise<number> {
  let count = 0;
  for (const tenant of await tenants()) {
    // What the place refuses must not stand before all that came after it.
    const refused: string[] = [];
    for (;;) {
      const waiting = await retention.unplaced(tenant, BRING_LIMITS.page, refused);
      for (const history of waiting) {
        try {
          await retention.placed(tenant, history.run, await archive.put(history));
          count += 1;
        } catch (error) {
          if (!(error instanceof StoreError) || error.isPassing) throw error;
          refused.push(history.run);
          onError?.(error);
        }
      }
      if (waiting.length < BRING_LIMITS.page) break;
    }
  }
  return count;
}

/** Brings for as long as it is not stopped. */
export function startBringing(
  parts: BringParts,
  times: Partial<Record<'lookMs' | 'longestMs', number>> = {},
): Bringing {
  const { lookMs, longestMs } = { ...BRING_LIMITS, ...times };
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;
  let pause: number = lookMs;
  let wake = (): void => undefined;
  const run = async (): Promise<void> => {
    while (!isOver()) {
      try {
        await bringAll(parts);
        pause = lookMs;
      } catch (error) {
        parts.onError?.(error);
        pause = Math.min(pause * 2, longestMs);
      }
      if (isOver()) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        timer.unref();
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const running = run();
  return {
    stop: async () => {
      over.abort();
      wake();
      await running;
    },
  };
}
