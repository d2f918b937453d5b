/**
 * One process at a time runs a stand or installs into the cache: a lock in a folder, held by a live process.
 *
 * A lock is the file of the highest generation, `<name>.<generation>.lock`. Whoever finds its holder dead, or the lock released,
 * creates the next generation, and the file system lets only one of them. Deleting a stale lock and creating it anew, the usual
 * way, lets two processes in: the slower one deletes the lock that the quicker one has just made.
 * Adapter ring.
 */
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { identify, isAlive, type ProcessIdentity } from './process-identity';
import { systemCodeOf } from './stand-error';

interface LockFile<Note> {
  readonly holder: ProcessIdentity | undefined;
  /** What the holder tells those who find the lock taken. */
  readonly note: Note | undefined;
}

export interface HeldLock<Note> {
  /** What the last holder left in the lock, whether it released it or died. */
  readonly left: Note | undefined;
  /** Replaces the note at once; readers see the old or the new one, never half of it. */
  write(note: Note): Promise<void>;
  /** Keeps the note, for the next holder. Releasing twice does nothing. */
  release(): Promise<void>;
}

export type LockAttempt<Note> =
  | { readonly held: true; readonly lock: HeldLock<Note> }
  | { readonly held: false; readonly holder: ProcessIdentity; readonly note: Note | undefined };

/** Takes the lock if no live process holds it; never waits. */
export async function tryLock<Note>(folder: string, name: string): Promise<LockAttempt<Note>> {
  await mkdir(folder, { recursive: true });
  for (;;) {
    const top = await readTop<Note>(folder, name);
    if (top?.file.holder !== undefined && isAlive(top.file.holder)) {
      return { held: false, holder: top.file.holder, note: top.file.note };
    }
    const generation = (top?.generation ?? 0) + 1;
    const lock = await createGeneration(folder, name, generation, top?.file.note);
    if (lock !== undefined) return { held: true, lock };
  }
}

/** Looks at the lock without taking it. `holder` is absent where no live process holds it. */
export async function peekLock<Note>(
  folder: string,
  name: string,
): Promise<{ readonly holder?: ProcessIdentity; readonly stale: boolean; readonly note: Note | undefined }> {
  const top = await readTop<Note>(folder, name).catch(() => undefined);
  if (top?.file.holder === undefined) return { stale: false, note: top?.file.note };
  if (!isAlive(top.file.holder)) return { stale: true, note: top.file.note };
  return { holder: top.file.holder, stale: false, note: top.file.note };
}

async function createGeneration<Note>(
  folder: string,
  name: string,
  generation: number,
  left: Note | undefined,
): Promise<HeldLock<Note> | undefined> {
  const self = identify(process.pid);
  const target = path.join(folder, fileName(name, generation));
  const created = await writeBeside(target, { holder: self, note: left }, async (draft) => {
    // `link` refuses an existing name, and the content is complete from the first moment on.
    await link(draft, target);
  });
  if (!created) return undefined;
  // Somebody may have taken and cleaned up this very generation while we looked at an older one: the higher one rules.
  const top = await readTop<Note>(folder, name);
  if (top?.generation !== generation) {
    await rm(target, { force: true });
    return undefined;
  }
  await removeBelow(folder, name, generation);

  let note = left;
  let released = false;
  const replace = async (file: LockFile<Note>): Promise<void> => {
    await writeBeside(target, file, (draft) => rename(draft, target));
  };
  return {
    left,
    async write(next) {
      note = next;
      await replace({ holder: self, note });
    },
    async release() {
      if (released) return;
      released = true;
      await replace({ holder: undefined, note });
    },
  };
}

/** Writes a draft next to the target and places it; `false` where the target's name was taken. */
async function writeBeside<Note>(
  target: string,
  file: LockFile<Note>,
  place: (draft: string) => Promise<void>,
): Promise<boolean> {
  const draft = `${target}.${randomBytes(6).toString('hex')}.draft`;
  try {
    await writeFile(draft, JSON.stringify(file), { mode: 0o600 });
    await place(draft);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readTop<Note>(
  folder: string,
  name: string,
): Promise<{ readonly generation: number; readonly file: LockFile<Note> } | undefined> {
  const generation = Math.max(0, ...(await generationsIn(folder, name)));
  if (generation === 0) return undefined;
  try {
    const text = await readFile(path.join(folder, fileName(name, generation)), 'utf8');
    return { generation, file: JSON.parse(text) as LockFile<Note> };
  } catch (error) {
    // Gone: a newer generation has cleaned up. Unreadable: left by a machine that stopped, so its holder is dead.
    if (systemCodeOf(error) === 'ENOENT') return readTop(folder, name);
    if (error instanceof SyntaxError) return { generation, file: { holder: undefined, note: undefined } };
    throw error;
  }
}

async function generationsIn(folder: string, name: string): Promise<readonly number[]> {
  const pattern = new RegExp(`^${name}\\.(\\d+)\\.lock$`);
  return (await readdir(folder)).flatMap((file) => {
    const digits = pattern.exec(file)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}

async function removeBelow(folder: string, name: string, generation: number): Promise<void> {
  const older = (await generationsIn(folder, name)).filter((each) => each < generation);
  await Promise.all(older.map((each) => rm(path.join(folder, fileName(name, each)), { force: true })));
}

const fileName = (name: string, generation: number): string => `${name}.${generation}.lock`;
