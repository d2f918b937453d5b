/** Starts, asks and stops the worker processes of the benchmark from the outside. They are children and die with us. */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { MemorySample, Question, SpanSamples, WorkerBrief } from './worker-host';

export interface BenchWorker {
  readonly pid: number;
  memory(): Promise<MemorySample>;
  spans(): Promise<SpanSamples>;
  stop(): Promise<void>;
}

/** Longest start in milliseconds: it bundles workflows and loads SDKs, on a machine that may be busy. */
const START_MS = 120_000;
const STOP_MS = 20_000;

/** @param profileDir where profiles of the processor are written at the end, one a thread; absent: none are taken */
export async function startBenchWorker(
  program: 'backstep-worker' | 'saga-worker',
  brief: WorkerBrief,
  profileDir?: string,
): Promise<BenchWorker> {
  const profile =
    profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profileDir, program)}`];
  const child = fork(join(__dirname, `${program}.js`), [JSON.stringify(brief)], {
    execArgv: ['--expose-gc', '--enable-source-maps', ...profile],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const gone = new Promise<never>((_, reject) => {
    child.once('exit', (code, signal) => {
      reject(new Error(`${program} ended: ${signal ?? `exit code ${code ?? 0}`}`));
    });
  });
  gone.catch(() => undefined);
  await answered(child, gone, START_MS);
  const ask = <T>(question: Question): Promise<T> => {
    const answer = answered<T>(child, gone, STOP_MS);
    child.send(question);
    return answer;
  };
  return {
    pid: child.pid ?? 0,
    memory: () => ask<MemorySample>('memory'),
    spans: () => ask<SpanSamples>('spans'),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      if (child.connected) child.send('stop' satisfies Question);
      await gone.catch(() => undefined);
      clearTimeout(timer);
    },
  };
}

/** The child's next message. */
async function answered<T>(child: ChildProcess, gone: Promise<never>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      new Promise<T>((resolve) => {
        child.once('message', (message) => {
          resolve(message as T);
        });
      }),
      gone,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          child.kill('SIGKILL');
          reject(new Error(`a worker did not answer within ${withinMs} ms`));
        }, withinMs);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
