/**
 * Temporal's own download service, the last source: it answers with the address of an archive and the file to take out
 * of it. There is no pinned checksum for it; the transport is all that vouches for what comes.
 * Adapter ring.
 */
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { runProgram } from './run-program';
import { textOf } from './stand-error';
import type { Environment } from './stand-types';
import type { ProgramPin } from './wheel-pins';

/** @source https://docs.temporal.io/cli, and the same address that Temporal's SDKs use for their test servers */
const TEMPORAL_DOWNLOADS = 'https://temporal.download';

const ANSWER_TIMEOUT_MS = 30_000;
const ARCHIVE_TIMEOUT_MS = 15 * 60_000;

export type Download = { readonly done: true } | { readonly done: false; readonly why: string };

/** Downloads the program to `target`, through a folder of its own beside it. Says why where that does not work. */
export async function downloadProgram(
  pin: ProgramPin,
  target: string,
  options: { readonly env: Environment; readonly base?: string; readonly signal?: AbortSignal },
): Promise<Download> {
  const base = options.base ?? TEMPORAL_DOWNLOADS;
  const folder = `${target}.download`;
  try {
    const { archiveUrl, fileToExtract } = await askForArchive(pin, base, options.signal);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const archive = path.join(folder, 'archive.tar.gz');
    const response = await fetch(archiveUrl, { signal: within(ARCHIVE_TIMEOUT_MS, options.signal) });
    if (!response.ok || response.body === null)
      throw new Error(`the archive was answered with ${response.status}`);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(archive));
    const run = await runProgram('tar', ['-xzf', archive, '-C', folder, fileToExtract], {
      env: options.env,
      timeoutMs: ARCHIVE_TIMEOUT_MS,
    });
    if (run.code !== 0) throw new Error(`the archive can't be unpacked: ${run.stderr.trim()}`);
    await chmod(path.join(folder, fileToExtract), 0o755);
    await rename(path.join(folder, fileToExtract), target);
    return { done: true };
  } catch (error) {
    options.signal?.throwIfAborted();
    return {
      done: false,
      why: `Temporal's download service (${new URL(base).host}) can't be used: ${causeOf(error)}`,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function askForArchive(
  pin: ProgramPin,
  base: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly archiveUrl: string; readonly fileToExtract: string }> {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const query = new URLSearchParams({ arch, platform: process.platform, format: 'tar.gz' });
  const response = await fetch(`${base}/${pin.artifact}/${pin.downloadVersion}?${query.toString()}`, {
    signal: within(ANSWER_TIMEOUT_MS, signal),
  });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  const answer: unknown = await response.json();
  if (
    typeof answer !== 'object' ||
    answer === null ||
    !('archiveUrl' in answer && typeof answer.archiveUrl === 'string') ||
    !('fileToExtract' in answer && typeof answer.fileToExtract === 'string') ||
    answer.fileToExtract.split('/').includes('..')
  ) {
    throw new Error('its answer names no archive');
  }
  return { archiveUrl: answer.archiveUrl, fileToExtract: answer.fileToExtract };
}

const within = (ms: number, signal: AbortSignal | undefined): AbortSignal =>
  signal === undefined ? AbortSignal.timeout(ms) : AbortSignal.any([AbortSignal.timeout(ms), signal]);

/** `fetch` says only `fetch failed`; the reason is in the cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? textOf(error) : `${textOf(error)}, ${textOf(cause)}`;
}
