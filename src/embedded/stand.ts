/**
 * Opens a stand: finds or installs the programs, takes the lock, clears what a dead owner left, starts both servers, and
 * hands out one object to close. A stand that a live process runs already is joined.
 * Adapter ring.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { startGuard } from './daemon';
import { tryLock, type HeldLock } from './lock';
import { joinStand } from './join-stand';
import { runServers } from './run-servers';
import { STAND_LOCK, type StandNote } from './stand-note';
import { reapPostgres } from './postgres-server';
import { StandError, asStandError } from './stand-error';
import type { OpenStandOptions, Places, Stand } from './stand-types';
import { reapTemporal } from './temporal-server';

/**
 * Opens the stand, starting it unless another live process runs it. An owned stand keeps this process alive until it is closed.
 * Rejects with a `StandError`; nothing that was started is then left running.
 */
export async function openStand(options: OpenStandOptions): Promise<Stand> {
  const { name, dataDir, cacheDir } = await placesOf(options);
  for (;;) {
    throwIfInterrupted(options.signal);
    const attempt = await tryLock<StandNote>(dataDir, STAND_LOCK).catch((error: unknown) => {
      throw asStandError(error, dataDir);
    });
    if (attempt.held) return startOwned(attempt.lock, { ...options, name, dataDir, cacheDir });
    if (options.fresh === true) {
      throw new StandError(
        'STAND_IN_USE',
        `the stand \`${name}\` is run by process ${attempt.holder.pid}, so its data can't be deleted`,
        `stop that process, or open another stand by another name`,
      );
    }
    const joined = await joinStand({ name, dataDir, holder: attempt.holder, options });
    if (joined !== undefined) return joined;
    // Its owner went away while we waited: the lock is free now.
  }
}

/** Where the stand's data and the cache are, as real paths: orphans are recognised by the path in their command line. */
export async function placesOf(
  options: Places & { readonly name?: string },
): Promise<{ readonly name: string; readonly dataDir: string; readonly cacheDir: string }> {
  const name = options.name ?? 'default';
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) {
    throw new RangeError(`\`${name}\` is no name for a stand: use lower-case letters, digits and \`-\``);
  }
  const dir = options.dir ?? path.join(projectFolder(process.cwd()), '.backstep');
  const dataDir = path.join(dir, 'data', name);
  try {
    await mkdir(dataDir, { recursive: true });
  } catch (error) {
    throw asStandError(error, dir);
  }
  return { name, dataDir: await realpath(dataDir), cacheDir: path.join(await realpath(dir), 'cache') };
}

/** The nearest folder with a `package.json`, from `from` upwards; `from` itself where there is none. */
export function projectFolder(from: string): string {
  for (let folder = from; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (folder === path.dirname(folder)) return from;
  }
}

export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new StandError(
      'STAND_INTERRUPTED',
      'the start was interrupted',
      'start again: nothing was left behind',
    );
  }
}

async function startOwned(
  lock: HeldLock<StandNote>,
  options: OpenStandOptions & { readonly name: string; readonly dataDir: string; readonly cacheDir: string },
): Promise<Stand> {
  const { dataDir, env } = options;
  const onProgress = options.onProgress ?? (() => undefined);
  const guard = startGuard(env);
  try {
    const reaped = (await Promise.all([reapTemporal(dataDir), reapPostgres(dataDir)])).reduce(
      (a, b) => a + b,
    );
    if (reaped > 0) onProgress(`stopped ${reaped} server(s) that an earlier start had left behind`);
    if (options.fresh === true) await wipe(dataDir);
    return await runServers({ ...options, lock, guard, onProgress });
  } catch (error) {
    guard.dismiss();
    await lock.release().catch(() => undefined);
    throwIfInterrupted(options.signal);
    throw asStandError(error, dataDir);
  }
}

/** Deletes everything but the lock that we hold. */
async function wipe(dataDir: string): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => !name.startsWith(`${STAND_LOCK}.`));
  await Promise.all(names.map((name) => rm(path.join(dataDir, name), { recursive: true, force: true })));
}
