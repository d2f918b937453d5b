/**
 * Robots as a process of their own, started by `up`, `run` and `demo`. A process of ours that dies takes them along; a
 * robot that dies takes nobody along.
 * Entry ring.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Settings } from './settings';
import { environmentWith, type Wiring } from './wiring';

/** A worker bundles the workflows before it takes work: some seconds on a busy machine. */
const START_MS = 120_000;
/** What is under way when a worker is asked to stop is given so long, then it is killed. */
const STOP_MS = 20_000;

export interface WorkerProcess {
  readonly pid: number;
  /** Resolves when the process has ended, with what it said last where it was not asked to. */
  readonly ended: Promise<WorkerEnd>;
  /** Asks it to finish what it has, and waits. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL, as a crash would, and waits until it is gone. */
  kill(): Promise<void>;
}

export interface WorkerEnd {
  readonly asked: boolean;
  readonly code: number | null;
  readonly lastWords: string;
}

export interface WorkerStart {
  readonly settings: Settings;
  readonly wiring: Wiring;
  readonly tenant: string;
  readonly robots?: readonly string[];
  readonly slots?: number;
  /** Lines of its log. */
  readonly onLog?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** The one line that a worker writes to standard output once it takes work. */
export interface WorkerReady {
  readonly ready: true;
  readonly pid: number;
  readonly robots: readonly string[];
}

/** Starts a worker process and waits until it takes work. Rejects with its last words where it does not come up. */
export async function startWorkerProcess(start: WorkerStart): Promise<WorkerProcess> {
  const { settings, wiring } = start;
  const args = [
    join(settings.home, 'bin', 'backstep.js'),
    ...['worker', '--json', '--exit-with-parent', '--tenant', start.tenant],
    ...(start.robots === undefined ? [] : ['--robots', start.robots.join(',')]),
    ...(start.slots === undefined ? [] : ['--slots', String(start.slots)]),
  ];
  const child = spawn(process.execPath, args, {
    // Its standard input ends when we do, however we end.
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environmentWith(settings.env, wiring),
    // Of its own session, so that Ctrl-C in the terminal reaches us, and we stop it in order.
    detached: true,
  });
  let asked = false;
  let lastWords = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastWords = `${lastWords}${line}\n`.slice(-4_000);
    start.onLog?.(line);
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<WorkerEnd>((resolve) => {
    child.once('close', (code) => resolve({ asked, code, lastWords: lastWords.trim() }));
    child.once('error', (error) => resolve({ asked, code: null, lastWords: error.message }));
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    asked = true;
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  };
  try {
    await readyLine(child, ended, start.signal);
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
  return { pid: child.pid ?? 0, ended, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

function readyLine(child: ChildProcess, ended: Promise<WorkerEnd>, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(Object.assign(new Error(`the robots did not start: ${why}`), { code: 'WORKER_START_FAILED' }));
    };
    const timer = setTimeout(() => fail(`no answer within ${START_MS / 1_000} s`), START_MS);
    signal?.addEventListener('abort', () => fail('the start was interrupted'), { once: true });
    void ended.then((end) => fail(end.lastWords === '' ? `exit code ${end.code ?? 'none'}` : end.lastWords));
    createInterface({ input: child.stdout! }).once('line', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
