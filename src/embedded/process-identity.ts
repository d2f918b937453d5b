/**
 * Which process is meant by a pid: the number alone is used again by the system, so each record carries the moment
 * the process started. Also finds processes by what stands in their command line, and stops them.
 * Adapter ring; signals only processes that the caller has identified as the stand's own.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque mark of the start: boot and start time. Two processes with the same pid differ in it. */
  readonly started: string;
}

/** The identity of a process that is alive now, or `undefined`. A zombie counts as dead. */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? startedLinux(pid) : startedElsewhere(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether the very process that was recorded is alive; another one that got its pid is not it. */
export function isAlive(recorded: ProcessIdentity): boolean {
  return identify(recorded.pid)?.started === recorded.started;
}

/** The arguments of a live process, the program first; empty where they can't be read. */
export function commandLineOf(pid: number): readonly string[] {
  try {
    if (process.platform === 'linux') {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
    }
    // `ps` does not keep the borders between arguments, so a path with spaces is found as text only.
    return [execFileSync('ps', ['-o', 'args=', '-ww', '-p', String(pid)], { encoding: 'utf8' }).trim()];
  } catch {
    return [];
  }
}

/** Live processes, other than this one, whose command line names `path`. */
export function processesNaming(path: string): readonly ProcessIdentity[] {
  return allPids()
    .filter((pid) => pid !== process.pid)
    .filter((pid) => namesPath(commandLineOf(pid), path))
    .flatMap((pid) => identify(pid) ?? []);
}

/**
 * Sends each signal in turn until the process is gone, waiting `patienceMs` after each.
 * Returns whether it is gone.
 */
export async function stopProcess(
  target: ProcessIdentity,
  signals: readonly NodeJS.Signals[],
  patienceMs: number,
): Promise<boolean> {
  for (const signal of signals) {
    if (!isAlive(target)) return true;
    sendSignal(target.pid, signal);
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      if (!isAlive(target)) return true;
      await sleep(20);
    }
  }
  return !isAlive(target);
}

/** Sends a signal; a process that is gone already is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between our look and the signal, which is what the caller wants.
  }
}

/** Whether an argument is the path itself or `--flag=path`; `…/data/a` must not match `…/data/ab`. */
function namesPath(args: readonly string[], path: string): boolean {
  if (process.platform === 'linux') return args.some((arg) => arg === path || arg.endsWith(`=${path}`));
  return args.some((line) => `${line} `.includes(`${path} `));
}

function allPids(): readonly number[] {
  if (process.platform === 'linux') return readdirSync('/proc').map(Number).filter(Number.isInteger);
  try {
    return execFileSync('ps', ['-axo', 'pid='], { encoding: 'utf8' })
      .split(/\s+/)
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

/** @source proc(5): field 22 of `stat`, in clock ticks since the boot; the second field may hold spaces and brackets. */
function startedLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    const startTicks = fields[19];
    if (state === 'Z' || state === 'X' || startTicks === undefined) return undefined;
    return `${bootId()}:${startTicks}`;
  } catch {
    return undefined;
  }
}

function startedElsewhere(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' || text.startsWith('Z') ? undefined : text.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

let cachedBootId: string | undefined;
function bootId(): string {
  cachedBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return cachedBootId;
}
