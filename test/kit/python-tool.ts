/**
 * Programs of Python that tests run: installed into the ignored folder of the project from wheels whose checksums stand in a file of
 * requirements, through the user's own pip.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { findPip } from '../../src/embedded/fetch-wheel';

const ROOT = path.join(__dirname, '../..');

export type PythonTool =
  | { readonly isHere: true; readonly folder: string; readonly python: string }
  /** Why it cannot be had here. */
  | { readonly isHere: false; readonly why: string };

/** Installs it once for each version of its requirements. */
export async function findPythonTool(
  name: string,
  requirements: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<PythonTool> {
  const pip = await findPip(env);
  if (pip === undefined) return { isHere: false, why: 'there is no pip' };
  const [python] = pip;
  if (!python.startsWith('python')) return { isHere: false, why: 'pip is here without its Python' };
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const cache = path.join(ROOT, '.backstep/cache');
  const folder = path.join(cache, `${name}-${digest}`);
  if (existsSync(folder)) return { isHere: true, folder, python };
  const draft = `${folder}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  const args = ['install', '--quiet', '--no-deps', '--require-hashes', '--only-binary', ':all:'];
  const run = await runPython(python, ['-m', 'pip', ...args, '--target', draft, '-r', requirements], env);
  if (run.code !== 0) {
    rmSync(draft, { recursive: true, force: true });
    return { isHere: false, why: `pip can't install it: ${run.output.trim().split('\n').at(-1) ?? ''}` };
  }
  if (existsSync(folder)) rmSync(draft, { recursive: true, force: true });
  else renameSync(draft, folder);
  return { isHere: true, folder, python };
}

/** So that what is installed is found, and nothing is written beside it. */
export const pythonEnv = (folder: string): NodeJS.ProcessEnv => ({
  ...process.env,
  PYTHONPATH: folder,
  PYTHONDONTWRITEBYTECODE: '1',
});

/** Runs to the end; what it wrote is one text. */
export function runPython(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const cwd = path.join(ROOT, '.cache');
  mkdirSync(cwd, { recursive: true });
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
