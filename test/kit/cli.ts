/** Spawns the built CLI as its users do. The build is brought up to date first, once for all jest workers. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '../..');
const BUILT = path.join(ROOT, 'dist/src/cli/main.js');
const LOCK = path.join(ROOT, '.cache/cli-build.lock');
/** A build takes half a minute on a busy machine; a lock older than this was left behind. */
const BUILD_MS = 180_000;

/** Builds unless nothing has changed since the last build. */
export function build(): void {
  for (;;) {
    if (isFresh()) return;
    try {
      mkdirSync(LOCK, { recursive: false });
      break;
    } catch {
      if (!existsSync(path.dirname(LOCK))) mkdirSync(path.dirname(LOCK), { recursive: true });
      const since = existsSync(LOCK) ? Date.now() - statSync(LOCK).mtimeMs : 0;
      if (since > BUILD_MS) rmSync(LOCK, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  try {
    const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
    const run = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    if (!existsSync(BUILT)) throw new Error(`the build failed:\n${run.stdout}`);
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

function isFresh(): boolean {
  const info = path.join(ROOT, 'dist/.tsbuildinfo');
  if (!existsSync(BUILT) || !existsSync(info)) return false;
  const built = statSync(info).mtimeMs;
  return ['src', 'workflows', 'activities', 'runbooks'].every((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .every((name) => statSync(path.join(ROOT, folder, name)).mtimeMs <= built),
  );
}

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
}

const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'BACKSTEP_TEMPORAL_BIN', 'LANG'] as const;

/** Only what the CLI is told: variables of the developer's shell must not change what a test sees. */
function environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...extra };
}

/** Starts a command and hands out the process. */
function start(args: readonly string[], options: RunOptions = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [path.join(ROOT, 'bin/backstep.js'), ...args], {
    env: environment(options.env),
    cwd: options.cwd ?? ROOT,
  });
}

/** Runs a command to its end. */
export function backstep(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = start(args, options);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.end(options.input ?? '');
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code, out, err });
    });
  });
}

export interface Running {
  /** What it said when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Asks for the end as Ctrl-C does, and tells how it ended. */
  stop(): Promise<number | null>;
}

export type RunningUp = Running;

/** `backstep up` on empty data, until it is ready. */
export const startUp = (options: RunOptions): Promise<RunningUp> =>
  startServing(['up', '--fresh', '--json'], options);

/** A command that says when it is ready, and then runs until it is asked to end. Rejects with what it said where it does not. */
export function startServing(args: readonly string[], options: RunOptions): Promise<Running> {
  const child = start(args, options);
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  return new Promise((resolve, reject) => {
    void closed.then((code) => {
      reject(new Error(`\`${args[0] ?? ''}\` ended with ${code ?? 'a signal'}: ${err}`));
    });
    child.stdout.setEncoding('utf8').once('data', (text: string) => {
      resolve({
        ready: JSON.parse(text) as Running['ready'],
        stop: () => {
          child.kill('SIGINT');
          return closed;
        },
      });
    });
  });
}
