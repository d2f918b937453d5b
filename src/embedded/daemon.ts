/**
 * Starts the servers as processes of their own session, so that Ctrl-C in the terminal reaches us and not them, and
 * keeps a guard that stops them should this process die without closing the stand.
 * Adapter ring.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { identify, isAlive, sendSignal, type ProcessIdentity } from './process-identity';
import type { Environment } from './stand-types';

/** A log is put aside at the next start once it is larger; one older log is kept. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;

export interface DaemonSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly cwd: string;
  /** Standard output and error are appended to it. */
  readonly logFile: string;
  readonly uid?: number;
  readonly gid?: number;
  /** The signal that ends it in order, used by the guard. */
  readonly stopSignal: NodeJS.Signals;
}

export interface Daemon {
  readonly identity: ProcessIdentity;
  readonly exited: Promise<void>;
  isAlive(): boolean;
  /** Sends the signals in turn, each with its patience, until the process is gone. */
  stop(signals: readonly NodeJS.Signals[], patienceMs: number): Promise<void>;
  /** What it has logged since it was started, at most the last 4,000 characters. */
  logTail(): string;
}

/** Starts a process under the guard. Rejects where it can't be started at all. */
export async function startDaemon(spec: DaemonSpec, guard: Guard): Promise<Daemon> {
  rotateLog(spec.logFile);
  const log = openSync(spec.logFile, 'a', 0o600);
  const logStart = statSync(spec.logFile).size;
  let child: ChildProcess;
  try {
    child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      stdio: ['ignore', log, log],
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    });
  } finally {
    closeSync(log);
  }
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid ?? 0;
  // A process that has ended already has no start time to read; its pid is then never signalled.
  const identity = identify(pid) ?? { pid, started: 'ended' };
  guard.watch(pid, spec.stopSignal);
  void exited.then(() => guard.forget(pid));

  let gone = false;
  void exited.then(() => (gone = true));
  return {
    identity,
    exited,
    isAlive: () => !gone && isAlive(identity),
    async stop(signals, patienceMs) {
      for (const signal of signals) {
        if (gone) return;
        sendSignal(pid, signal);
        if (await settledWithin(exited, patienceMs)) return;
      }
      await exited;
    },
    logTail: () => readFileSync(spec.logFile).subarray(logStart).toString('utf8').slice(-4000),
  };
}

/** Whether the promise settles in time. */
async function settledWithin(promise: Promise<unknown>, patienceMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface Guard {
  /** From now on the process gets `signal` if this process dies. */
  watch(pid: number, signal: NodeJS.Signals): void;
  forget(pid: number): void;
  /** Sends everything that is watched its signal now. */
  stopAll(): void;
  /** Ends the guard without stopping anything. */
  dismiss(): void;
}

/**
 * Reads lists of `<signal> <pid>` pairs, each line in place of the one before. The end of its input means that we are gone,
 * however that came about, and then the last list is carried out.
 */
const GUARD_SCRIPT = `
trap '' INT TERM HUP
list=
while IFS= read -r line; do list=$line; done
set -- $list
while [ $# -ge 2 ]; do kill -"$1" "$2" 2>/dev/null; shift 2; done
`;

/** Starts the guard: a shell that waits on a pipe from this process, about 1 MB. */
export function startGuard(env: Environment): Guard {
  const child = spawn('sh', ['-c', GUARD_SCRIPT], {
    detached: true,
    cwd: '/',
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell there is no guard; the next start then reaps what a sudden death left behind.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  const watched = new Map<number, NodeJS.Signals>();
  const tell = (): void => {
    const pairs = [...watched].map(([pid, signal]) => `${signal.replace(/^SIG/, '')} ${pid}`);
    if (child.stdin.writable) child.stdin.write(`${pairs.join(' ')}\n`);
  };
  return {
    watch(pid, signal) {
      watched.set(pid, signal);
      tell();
    },
    forget(pid) {
      if (watched.delete(pid)) tell();
    },
    stopAll() {
      for (const [pid, signal] of watched) sendSignal(pid, signal);
    },
    dismiss() {
      watched.clear();
      tell();
      child.stdin.end();
    },
  };
}

function rotateLog(file: string): void {
  if (existsSync(file) && statSync(file).size > LOG_BYTES_MAX) renameSync(file, `${file}.1`);
}
