/**
 * The API as its users have it, for the tests of one file: `backstep up`, `backstep api`, tokens of `backstep token`, and requests
 * over HTTP. Commands of the same stand are run by `cli`.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backstep, build, startServing, startUp, type Ran } from './cli';
import { until as untilIt } from './until';

export interface Said {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

export interface Served {
  readonly url: string;
  /** What `backstep up` said of its servers. */
  readonly up: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** A token of the stand; of the tenant `acme` where none is said. */
  token(name: string, roles: string, tenant?: string): Promise<string>;
  fetch(token: string, path: string, init?: RequestInit): Promise<Response>;
  get(token: string, path: string): Promise<Said>;
  /** @param key `Idempotency-Key` */
  post(token: string, path: string, body: object, key?: string): Promise<Said>;
  put(token: string, path: string, body: object): Promise<Said>;
  /** A command on the servers' own machine. */
  cli(args: readonly string[]): Promise<Ran>;
  /** Ends the API alone, and tells its exit code. */
  stop(): Promise<number | null>;
  close(): Promise<void>;
}

/** A file with a key of payloads for each of these tenants, as `BACKSTEP_PAYLOAD_KEYS` names it; `<tenant>-1` is its id. */
export function payloadKeys(...tenants: readonly string[]): string {
  const file = join(mkdtempSync(join(tmpdir(), 'backstep-keys-')), 'keys.json');
  const keys = tenants.map((tenant) => [
    tenant,
    [{ id: `${tenant}-1`, key: randomBytes(32).toString('base64') }],
  ]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(keys)), { mode: 0o600 });
  return file;
}

/** Brings a stand of this name up, with an API before it. */
export async function openServed(
  stand: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Served> {
  build();
  const env = { BACKSTEP_STAND: stand, BACKSTEP_USER: 'person:ada.admin', ...more };
  const up = await startUp({ env });
  const served = await startServing(['api', '--port', '0', '--json'], { env });
  const url = String(served.ready['url']);
  const ask = (token: string, path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string> | undefined) },
    });
  const send = async (
    method: string,
    [token, path, body, key]: readonly [string, string, object, (string | undefined)?],
  ): Promise<Said> => {
    const headers = {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    return saidBy(await ask(token, path, { method, headers, body: JSON.stringify(body) }));
  };
  return {
    ...{ url, env, up: up.ready, fetch: ask },
    async token(name, roles, tenant = 'acme') {
      const args = ['token', '--as', name, '--roles', roles, '--tenant', tenant];
      const { out, err } = await backstep(args, { env });
      if (err !== '') throw new Error(err);
      return out.trim();
    },
    get: async (token, path) => saidBy(await ask(token, path)),
    post: (...sent) => send('POST', sent),
    put: (...sent) => send('PUT', sent),
    cli: (args) => backstep(args, { env }),
    stop: () => served.stop(),
    close: async () => {
      await served.stop();
      await up.stop();
    },
  };
}

const saidBy = async (response: Response): Promise<Said> => ({
  status: response.status,
  body: (await response.json()) as Said['body'],
  headers: response.headers,
});

/** The rows of a list. */
export const items = ({ body }: Said): readonly Readonly<Record<string, unknown>>[] =>
  body['items'] as readonly Readonly<Record<string, unknown>>[];

/** Asks until the answer is as wanted: visibility of Temporal is some tenths of a second behind. */
export const until = (ask: () => Promise<Said>, wanted: (said: Said) => boolean): Promise<Said> =>
  untilIt(ask, wanted, { withinMs: 30_000, everyMs: 100 });

export const outcomePath = (id: unknown, rest = ''): string =>
  `/v1/outcomes/${encodeURIComponent(String(id))}${rest}`;
export const taskPath = (id: string, rest = ''): string => `/v1/tasks/${encodeURIComponent(id)}${rest}`;
