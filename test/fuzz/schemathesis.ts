/** Schemathesis, a fuzzer that reads an OpenAPI document, run against an API that is up. */
import path from 'node:path';
import { findPythonTool, pythonEnv, runPython, type PythonTool } from '../kit/python-tool';

const REQUIREMENTS = path.join(__dirname, 'requirements.txt');

export type Fuzzer = PythonTool;

export const findFuzzer = (env?: NodeJS.ProcessEnv): Promise<Fuzzer> =>
  findPythonTool('schemathesis', REQUIREMENTS, env);

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
  return runPython(python, args, pythonEnv(folder));
}
