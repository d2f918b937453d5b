/**
 * Processor time of the processes of a run, as Linux counts it. Elsewhere there is none, and the figures that rest on it are
 * left out.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of `/proc/<pid>/stat` in a second: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Milliseconds that each process has used so far; with `families`, those of its children too. */
export function processorMs(
  pids: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> | undefined {
  try {
    const all = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => statOf(Number(pid)) ?? []);
    return Object.fromEntries(
      Object.entries(pids).map(([name, pid]) => [
        name,
        all.filter((stat) => stat.pid === pid || stat.parent === pid).reduce((ms, stat) => ms + stat.ms, 0),
      ]),
    );
  } catch {
    return undefined;
  }
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Of its own, and of its children that have ended. */
  readonly ms: number;
}

/** `undefined` for a process that has just ended. @source proc_pid_stat(5) */
function statOf(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name in brackets may hold anything; what follows it is regular and begins with field 3.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const ticks = (fields[11] ?? 0) + (fields[12] ?? 0) + (fields[13] ?? 0) + (fields[14] ?? 0);
  return { pid, parent: fields[1] ?? 0, ms: (ticks * 1_000) / TICKS_PER_SECOND };
}
