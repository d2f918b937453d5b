/**
 * Starts the sandbox as a process of its own, and what callers need to know to use it.
 * Adapter ring. The sandbox never runs inside the worker, so that a worker's death does not reset it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SandboxCredentials } from './credentials';
import type { SandboxUrls } from './urls';

export { credentialsFor, type SandboxCredentials } from './credentials';
export { ACTION_HEADER, actionKey, type ActionEffects } from './effects';
export type { Fault, FaultInput } from './faults';
export type { LogRecord } from './log';
export { seedWorld, seededId } from './seed';
export { CAST, loadPeople, personIds, type Person, type PersonIds } from './seed/people';
export { SandboxAdmin, type EffectsReport, type Snapshot } from './admin-client';
export { sandboxConnections } from './connections';
export type { SandboxUrls } from './urls';

export interface SandboxOptions {
  /** Where the state is kept. Starting again on the same folder goes on where it was. */
  readonly dataDir: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** A JSON file `{ "tenants": { "acme": { "people": 0 } } }`; default `acme` and `globex` with nobody for load. */
  readonly seedFile?: string;
  /** The environment of the process; default that of the caller. */
  readonly env?: NodeJS.ProcessEnv;
  /** Waits for the disk on every request: survives the machine, and costs some milliseconds. */
  readonly durable?: boolean;
  /** Lives on when the caller ends. Default false: it ends with its caller, however that ends. */
  readonly detached?: boolean;
}

export interface SandboxProcess {
  readonly urls: SandboxUrls;
  /** By tenant. */
  readonly credentials: Readonly<Record<string, SandboxCredentials>>;
  readonly pid: number;
  /** Ends it in good order and waits until it is gone. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL, as a crash would, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Longest wait for a start: a loaded machine takes seconds to compile the TypeScript of it. */
const START_TIMEOUT_MS = 30_000;

/** Starts the sandbox; rejects with what it wrote to stderr when it does not come up. */
export async function startSandboxProcess(options: SandboxOptions): Promise<SandboxProcess> {
  // Beside this file lies `main.js` in a build and `main.ts` in the work tree.
  const isSource = __filename.endsWith('.ts');
  const args = [
    ...(isSource ? ['--require', join(__dirname, 'ts-loader.cjs')] : []),
    join(__dirname, isSource ? 'main.ts' : 'main.js'),
    ...['--data', options.dataDir, '--port', String(options.port ?? 0)],
    ...(options.seedFile === undefined ? [] : ['--seed', options.seedFile]),
    ...(options.durable ? ['--durable'] : []),
    ...(options.detached ? [] : ['--exit-with-parent']),
  ];
  const child = spawn(process.execPath, args, {
    // The child ends when its stdin does, which is when this process ends, however it ends.
    stdio: [options.detached ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    // Of its own session, so that Ctrl-C in the terminal reaches its owner first, who stops it in order.
    detached: true,
    env: options.env ?? process.env,
  });
  const ready = await readyLine(child);
  if (options.detached) child.unref();
  return {
    ...ready,
    stop: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
  };
}

type Ready = Pick<SandboxProcess, 'urls' | 'credentials' | 'pid'>;

function readyLine(child: ChildProcess): Promise<Ready> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('the sandbox was started without pipes');
  return new Promise((resolve, reject) => {
    let complaints = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(
        new Error(`the sandbox did not start: ${why}${complaints === '' ? '' : `: ${complaints.trim()}`}`),
      );
    };
    const timer = setTimeout(() => {
      fail(`no answer within ${START_TIMEOUT_MS} ms`);
    }, START_TIMEOUT_MS);
    stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-4_000);
    });
    const onExit = (code: number | null): void => {
      fail(`it ended with code ${code ?? 'none'}`);
    };
    child.once('exit', onExit);
    child.once('error', (error) => {
      fail(error.message);
    });
    createInterface({ input: stdout }).once('line', (line) => {
      clearTimeout(timer);
      child.removeListener('exit', onExit);
      resolve(JSON.parse(line) as Ready);
    });
  });
}

function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.kill(signal);
  });
}
