/**
 * Schemathesis, a fuzzer that reads an OpenAPI document: installed into the ignored folder of the project from wheels whose
 * checksums stand in `requirements.txt`, through the user's own pip, and run against an API that is up.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { findPip } from '../../src/embedded/fetch-wheel';

const ROOT = path.join(__dirname, '../..');
const REQUIREMENTS = path.join(__dirname, 'requirements.txt');

export type Fuzzer =
  | { readonly isHere: true; readonly folder: string; readonly python: string }
  /** Why it cannot be had here. */
  | { readonly isHere: false; readonly why: string };

/** Installs it once for each version of the requirements. */
export async function findFuzzer(env: NodeJS.ProcessEnv = process.env): Promise<Fuzzer> {
  const pip = await findPip(env);
  if (pip === undefined) return { isHere: false, why: 'there is no pip' };
  const [python] = pip;
  if (!python.startsWith('python')) return { isHere: false, why: 'pip is here without its Python' };
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const cache = path.join(ROOT, '.backstep/cache');
  const folder = path.join(cache, `schemathesis-${digest}`);
  if (existsSync(folder)) return { isHere: true, folder, python };
  const draft = `${folder}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  const args = ['install', '--quiet', '--no-deps', '--require-hashes', '--only-binary', ':all:'];
  const run = await spawned(python, ['-m', 'pip', ...args, '--target', draft, '-r', REQUIREMENTS], env);
  if (run.code !== 0) {
    rmSync(draft, { recursive: true, force: true });
    return { isHere: false, why: `pip can't install it: ${run.output.trim().split('\n').at(-1) ?? ''}` };
  }
  if (existsSync(folder)) rmSync(draft, { recursive: true, force: true });
  else renameSync(draft, folder);
  return { isHere: true, folder, python };
}

export interface FuzzOptions {
  /** `http://host:port` of the API. */
  readonly url: string;
  /** Authorization of a caller with every role. */
  readonly token: string;
  /** Cases an operation. */
  readonly examples: number;
  /** Seconds for the whole run. */
  readonly seconds?: number;
  readonly seed?: number;
  readonly phases?: string;
}

export interface Fuzzed {
  /** 0: nothing was found. */
  readonly code: number | null;
  readonly output: string;
}

/**
 * What is judged: no 5xx, and nothing that the document does not say: statuses, media types, headers and schemas of answers; that
 * what does not fit is refused; that a path takes no other method; that a route cannot be used without its token.
 */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
  'ignored_auth',
  'missing_required_header',
];

export function fuzz(
  { folder, python }: Extract<Fuzzer, { isHere: true }>,
  { url, token, examples, seconds, seed, phases = 'examples,coverage,fuzzing' }: FuzzOptions,
): Promise<Fuzzed> {
  const args = [
    ...['-m', 'schemathesis.cli', 'run', `${url}/openapi.json`],
    ...['--header', `Authorization: Bearer ${token}`],
    ...['--checks', CHECKS.join(','), '--phases', phases],
    ...['--max-examples', String(examples), '--request-timeout', '30', '--workers', '1'],
    ...['--suppress-health-check', 'all', '--warnings', 'off', '--no-color'],
    // The page for people, and what streams for as long as somebody listens.
    ...['--exclude-path-regex', '^/docs'],
    ...(seconds === undefined ? [] : ['--max-time', String(seconds)]),
    ...(seed === undefined ? [] : ['--seed', String(seed)]),
  ];
  return spawned(python, args, { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' }).then(
    ({ code, output }) => ({ code, output }),
  );
}

function spawned(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(program, args, {
    env,
    cwd: path.join(ROOT, '.cache'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
