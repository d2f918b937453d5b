/** Runs a program to its end and keeps what it said. Adapter ring. */
import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from './stand-types';

export interface ProgramRun {
  /** `undefined` where it could not be started, ran out of time or was ended by a signal. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

export interface RunOptions {
  readonly env: Environment;
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly signal?: AbortSignal;
  readonly onStart?: (pid: number) => void;
  readonly onEnd?: (pid: number) => void;
}

/** Never rejects: a program that can't be started is a run without a code, and `stderr` says why. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<ProgramRun> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      {
        env: { ...options.env },
        timeout: options.timeoutMs,
        maxBuffer: OUTPUT_BYTES_MAX,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.uid === undefined ? {} : { uid: options.uid }),
        ...(options.gid === undefined ? {} : { gid: options.gid }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      (error, stdout, stderr) => {
        if (child.pid !== undefined) options.onEnd?.(child.pid);
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
        resolve({ code, stdout, stderr: code === undefined ? `${stderr}${error?.message ?? ''}` : stderr });
      },
    );
    if (child.pid !== undefined) options.onStart?.(child.pid);
  });
}

/** The program `name` in the folders of `PATH`, as a shell would find it. */
export async function findOnPath(name: string, env: Environment): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(path.delimiter)) {
    if (folder === '') continue;
    const candidate = path.join(folder, name);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
