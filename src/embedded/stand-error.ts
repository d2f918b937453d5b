/**
 * What can go wrong while a stand is found, installed, started or stopped, with the mend for each.
 * Adapter ring: thrown by this folder only, and shown by the entries as `message` and `help`.
 */
import { statfs } from 'node:fs/promises';
import type { STAND_PROBLEMS } from '../kernel/catalogue';

export type StandProblem = keyof typeof STAND_PROBLEMS;

/** Less than Postgres and SQLite need for their next file. */
const FULL_BELOW_BYTES = 1024 * 1024;

/** A stand that can't be had. `message` says what and why, `help` how to mend it; both lower case, no final stop. */
export class StandError extends Error {
  override readonly name = 'StandError';

  constructor(
    readonly code: StandProblem,
    message: string,
    readonly help: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options);
  }
}

/** The system's own code of an error (`ENOSPC`, `EROFS`, …), or `undefined` where it has none. */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The text of anything that was thrown. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Turns the disk's refusals into the problems people can mend, and returns every other error as it is.
 * `folder` is what the user can act on; the very file is in the cause.
 */
export function asStandError(error: unknown, folder: string): unknown {
  if (error instanceof StandError) return error;
  const code = systemCodeOf(error);
  const text = textOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || isDiskFullText(text)) return diskFull(folder, error);
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM' || /read-only file ?system/i.test(text)) {
    return new StandError(
      'STAND_DISK_READ_ONLY',
      `\`${folder}\` can't be written: ${firstLine(text)}`,
      'make the folder writable for this user, or choose another one',
      { cause: error },
    );
  }
  return error;
}

/** Whether a server's log or an error says that the disk is full. */
export function isDiskFullText(text: string): boolean {
  return /no space left on device|database or disk is full|ENOSPC|disk quota exceeded/i.test(text);
}

/** Throws `STAND_INTERRUPTED` once the signal is aborted. */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new StandError(
      'STAND_INTERRUPTED',
      'the start was interrupted',
      'start again: nothing was left behind',
    );
  }
}

/**
 * Whether the disk of `folder` has no room left, for servers that died without being able to write why.
 * @param neededBytes of a program that removes what it wrote when it fails, what it would have taken
 */
export async function isDiskFull(folder: string, neededBytes = FULL_BELOW_BYTES): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < neededBytes;
}

export function diskFull(folder: string, cause?: unknown): StandError {
  return new StandError(
    'STAND_DISK_FULL',
    `the disk of \`${folder}\` is full`,
    'free some space (a new stand needs about 150 MB, the binaries 250 MB), then start again: nothing is lost',
    { cause },
  );
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
