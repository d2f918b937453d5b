/**
 * The REST API as the commands ask it: what it answers, or the complaint that the same use case gives on this machine.
 * Entry ring.
 */
import { randomUUID } from 'node:crypto';
import type { Diagnostic } from '../../kernel/diagnostic';
import type { Settings } from '../../app/settings';
import { Complaint, type ExitCode } from '../complaint';
import type { CommandContext } from '../context';

type Query = Readonly<Record<string, string | number | undefined>>;

export interface RemoteApi {
  get<Body>(path: string, query?: Query): Promise<Body>;
  /** Sent once: a try whose answer was lost is sent again under the same key, and counts once. */
  post<Body>(path: string, body: object): Promise<Body>;
  put<Body>(path: string, body: object): Promise<Body>;
  /** A POST that is answered with a text of another form than JSON, and what its headers say of it. */
  take(path: string, body: object): Promise<{ readonly text: string; readonly headers: Headers }>;
}

interface Asked<Given extends readonly unknown[], Options> {
  readonly given: Given;
  readonly options: Options;
}

/** A command against the API; `undefined` where what was asked needs no servers, and is done on this machine. */
export type RemoteCommand<Given extends readonly unknown[] = never, Options = never> = (
  api: RemoteApi,
  context: CommandContext,
  asked: Asked<Given, Options>,
) => Promise<ExitCode | undefined>;

/** Where the API is and as whom it is asked; `undefined` where commands ask the servers themselves. */
export interface Remote {
  readonly url: string;
  readonly token: string | undefined;
}

export function remoteOf(settings: Settings, given: string | undefined): Remote | undefined {
  const url = given ?? settings.remote.url;
  return url === undefined ? undefined : { url: url.replace(/\/+$/, ''), token: settings.remote.token };
}

/** Longest wait for an answer, in milliseconds: a kill waits 10 s for what executes. */
const ANSWER_MS = 30_000;
/** Tries of a request whose answer was lost. */
const TRIES = 3;

export function openRemote({ url, token }: Remote): RemoteApi {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Complaint(`\`${url}\` is no address of an API`, {
      code: 'CLI_USAGE',
      exit: 2,
      help: 'such as `https://backstep.example.com`',
    });
  }
  const ask = async (method: string, path: string, body?: object): Promise<Answered> => {
    const headers = {
      accept: 'application/json, text/csv, application/x-ndjson',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
    };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    for (let attempt = 1; ; attempt++) {
      const signal = AbortSignal.timeout(ANSWER_MS);
      try {
        return await read(await fetch(`${url}${path}`, { method, headers, signal, ...sent }));
      } catch (error) {
        if (error instanceof Complaint) throw error;
        // A PUT says how things are to stand, and a POST has its key: both can be sent again.
        if (attempt < TRIES) continue;
        throw new Complaint(`the API at ${new URL(url).origin} does not answer`, {
          code: 'API_UNREACHABLE',
          help: 'see whether it is up: `curl <its address>/readyz`',
          cause: error,
        });
      }
    }
  };
  return {
    get: async <Body>(path: string, query: Query = {}) => {
      const pairs = Object.entries(query).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, String(value)]],
      );
      const search = new URLSearchParams(pairs).toString();
      return jsonOf<Body>(await ask('GET', search === '' ? path : `${path}?${search}`));
    },
    post: async <Body>(path: string, body: object) => jsonOf<Body>(await ask('POST', path, body)),
    put: async <Body>(path: string, body: object) => jsonOf<Body>(await ask('PUT', path, body)),
    take: (path, body) => ask('POST', path, body),
  };
}

interface Answered {
  readonly text: string;
  readonly headers: Headers;
  readonly status: number;
}

/** What was answered; a complaint in the words in which a command on the servers' own machine complains, where it is a refusal. */
async function read(response: Response): Promise<Answered> {
  const text = await response.text();
  const { status, headers, ok } = response;
  if (ok) return { text, headers, status };
  throw refusalOf(json(text), status);
}

function jsonOf<Body>({ text, status }: Answered): Body {
  const body = json(text);
  if (body === undefined) throw refusalOf(body, status);
  return body as Body;
}

function refusalOf(body: unknown, status: number): Complaint {
  const problem = (body ?? {}) as {
    readonly code?: string;
    readonly detail?: string;
    readonly help?: string;
    readonly diagnostics?: readonly Diagnostic[];
    readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
  };
  const { code = 'API_UNREACHABLE', detail, help, errors = [] } = problem;
  const diagnostics =
    problem.diagnostics ??
    errors.map(
      ({ pointer, message }): Diagnostic => ({ code: 'REQUEST_INVALID', at: pointer, message }) as never,
    );
  return new Complaint(detail ?? `the API answered ${status}`, {
    code,
    diagnostics,
    ...(help === undefined ? {} : { help }),
  });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
