/**
 * Files that are named on the command line: one that cannot be had is wrong usage, said in words.
 * Entry ring.
 */
import { createWriteStream, existsSync, statSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { usage, type Complaint } from './complaint';
import { reasonOf } from './thrown';

/** What a file holds. */
export const textOfFile = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    throw usage(`\`${file}\` can't be read: ${reasonOf(error)}`);
  });

/** What a file holds; `-` is standard input. */
export const textOfInput = (file: string): Promise<string> =>
  file === '-' ? text(process.stdin) : textOfFile(file);

/** Writes a file that `--out` names. */
export const writeOut = (file: string, content: string): Promise<void> =>
  writeFile(file, content).catch((error: unknown) => {
    throw unwritable(error);
  });

const unwritable = (error: unknown): Complaint =>
  usage(`\`--out\` can't be written: ${reasonOf(error)}`, 'name a file in a folder that exists');

/** Wrong usage where the path that `--out` names is there, or the folder that it would stand in is not. */
export function checkNew(path: string): void {
  if (existsSync(path)) throw usage(`\`${path}\` is there already: an export never writes over anything`);
  const parent = dirname(resolve(path));
  if (!existsSync(parent) || !statSync(parent).isDirectory())
    throw usage(`there is no folder \`${parent}\``, 'name a path in a folder that exists');
}

/** Files below a folder, each by its name with at most one `/`. */
export interface FolderSink {
  readonly write: (name: string, bytes: Uint8Array) => Promise<void>;
}

/** A new folder; none where `work` fails, so that it can be tried again. */
export async function intoFolder<T>(folder: string, work: (sink: FolderSink) => Promise<T>): Promise<T> {
  // One level and no more: where a file system answers that the parent is missing, Node makes parents for ever.
  await mkdir(folder).catch((error: unknown) => {
    throw unwritable(error);
  });
  const whole = resolve(folder);
  const made = new Set([whole]);
  const write = async (name: string, bytes: Uint8Array): Promise<void> => {
    const file = join(whole, ...name.split('/'));
    const below = dirname(file);
    if (!made.has(below)) await mkdir(below);
    made.add(below);
    // It holds the keys of subjects.
    await appendFile(file, bytes, { mode: 0o600 });
  };
  try {
    return await work({ write });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A new file; none where `work` fails, so that it can be tried again. */
export async function intoFile<T>(
  file: string,
  work: (write: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const stream = createWriteStream(file, { mode: 0o600, flags: 'wx' });
  await once(stream, 'open').catch((error: unknown) => {
    throw unwritable(error);
  });
  try {
    return await work(async (piece) => {
      if (!stream.write(piece)) await once(stream, 'drain');
    });
  } catch (error) {
    await rm(file);
    throw error;
  } finally {
    stream.end();
    await once(stream, 'close');
  }
}
