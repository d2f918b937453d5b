/**
 * Tries a statement again for a moment when the database falters: an effect that has happened should not be repeated only
 * because its record could not be written at once.
 * Adapter ring.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../store/store-error';

const PATIENCE = {
  /** Pauses between the tries, in milliseconds; together well below the margin of an attempt. */
  pausesMs: [50, 150, 400, 900],
} as const;

/** Throws what the last try threw. Only StoreErrors that pass are tried again. */
export async function withPatience<T>(work: () => Promise<T>): Promise<T> {
  for (const pause of PATIENCE.pausesMs) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreError && error.isPassing)) throw error;
      await sleep(pause);
    }
  }
  return work();
}
