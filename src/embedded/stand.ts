/**
 * Opens a stand: finds or installs the programs, takes the lock, clears what a dead owner left, starts both servers, and
 * hands out one object to close. A stand that a live process runs already is joined.
 * Adapter ring.
 */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { startGuard } from './daemon';
import { tryLock, type HeldLock } from './lock';
import { joinStand } from './join-stand';
import { runServers } from './run-servers';
import { STAND_LOCK, type StandNote } from './stand-note';
import { createPlaces, type StandPlaces } from './places';
import { reapPostgres } from './postgres-server';
import { StandError, asStandError, throwIfInterrupted } from './stand-error';
import type { OpenStandOptions, Stand } from './stand-types';
import { reapTemporal } from './temporal-server';

/**
 * Opens the stand, starting it unless another live process runs it. An owned stand keeps this process alive until it is closed.
 * Rejects with a `StandError`; nothing that was started is then left running.
 */
export async function openStand(options: OpenStandOptions): Promise<Stand> {
  const places = await createPlaces(options);
  for (;;) {
    throwIfInterrupted(options.signal);
    const attempt = await tryLock<StandNote>(places.dataDir, STAND_LOCK).catch((error: unknown) => {
      throw asStandError(error, places.dataDir);
    });
    if (attempt.held) return startOwned(attempt.lock, places, options);
    if (options.fresh === true) {
      throw new StandError(
        'STAND_IN_USE',
        `the stand \`${places.name}\` is run by process ${attempt.holder.pid}, so its data can't be deleted`,
        'stop that process, or open another stand by another name',
      );
    }
    const joined = await joinStand({ ...places, holder: attempt.holder, options });
    if (joined !== undefined) return joined;
    // Its owner went away while we waited: the lock is free now.
  }
}

async function startOwned(
  lock: HeldLock<StandNote>,
  places: StandPlaces,
  options: OpenStandOptions,
): Promise<Stand> {
  const { dataDir } = places;
  const onProgress = options.onProgress ?? (() => undefined);
  const guard = startGuard(options.env);
  // Whatever runs by then ends, so that every wait for it ends too.
  const interrupt = (): void => guard.stopAll();
  options.signal?.addEventListener('abort', interrupt);
  try {
    const reaped = (await Promise.all([reapTemporal(dataDir), reapPostgres(dataDir)])).reduce(
      (a, b) => a + b,
    );
    if (reaped > 0) onProgress(`stopped ${reaped} server(s) that an earlier start had left behind`);
    if (options.fresh === true) await wipe(dataDir);
    return await runServers({ ...places, options, lock, guard, onProgress });
  } catch (error) {
    guard.dismiss();
    await lock.release().catch(() => undefined);
    throwIfInterrupted(options.signal);
    throw asStandError(error, dataDir);
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
  }
}

/** Deletes everything but the lock that we hold. */
async function wipe(dataDir: string): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => !name.startsWith(`${STAND_LOCK}.`));
  await Promise.all(names.map((name) => rm(path.join(dataDir, name), { recursive: true, force: true })));
}
