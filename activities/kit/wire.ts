/**
 * One HTTP exchange over a kept connection, and what is known of it when it fails: whether the request can have reached
 * the system. No retries, no redirects, no judgement.
 * Beside the adapters: I/O.
 */
import * as http from 'node:http';
import * as https from 'node:https';

/** Sockets to one host at once: more than any worker's slots, less than a system's patience. */
const SOCKETS_PER_HOST = 256;
/** Milliseconds an idle connection is kept: below the 5 s after which many servers close theirs. */
const IDLE_MS = 4_000;
/** Bytes of an answer; no list that our calls ask for comes near. */
const ANSWER_BYTES = 16 * 1024 * 1024;

const options = {
  keepAlive: true,
  maxSockets: SOCKETS_PER_HOST,
  timeout: IDLE_MS,
  scheduling: 'lifo',
} as const;
const plain = new http.Agent(options);
const secure = new https.Agent(options);

export interface WireRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface WireAnswer {
  readonly status: number;
  /** Names in lower case; of a repeated header, the values joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Why there is no answer. `sent` is true from the moment the request may have reached the system. */
export class WireError extends Error {
  override readonly name = 'WireError';
  constructor(
    readonly reason: 'unreachable' | 'cut' | 'aborted' | 'too_large',
    readonly sent: boolean,
    cause?: unknown,
  ) {
    super(`${reason}${sent ? ' after sending' : ''}`, { cause });
  }
}

/** Sends one request and reads the whole answer. Rejects with `WireError`, and with nothing else. */
export function exchange(request: WireRequest): Promise<WireAnswer> {
  if (request.signal.aborted) return Promise.reject(new WireError('aborted', false));
  return new Promise((resolve, reject) => {
    let sent = false;
    const fail = (cause: unknown, reason?: WireError['reason']): void => {
      reject(new WireError(reason ?? reasonOf(request.signal, sent), sent, cause));
    };
    const isSecure = request.url.startsWith('https:');
    let outgoing: http.ClientRequest;
    try {
      outgoing = (isSecure ? https : http).request(request.url, {
        method: request.method,
        headers: withLength(request),
        agent: isSecure ? secure : plain,
        signal: request.signal,
      });
    } catch (error) {
      fail(error);
      return;
    }
    outgoing.on('socket', (socket) => {
      // A kept connection is open already; on a new one nothing leaves before it is connected.
      if (outgoing.reusedSocket || !socket.connecting) sent = true;
      else socket.once(isSecure ? 'secureConnect' : 'connect', () => (sent = true));
    });
    outgoing.on('error', (error) => fail(error));
    outgoing.on('response', (incoming) => {
      collect(incoming, resolve, fail);
    });
    outgoing.end(request.body);
  });
}

function collect(
  incoming: http.IncomingMessage,
  resolve: (answer: WireAnswer) => void,
  fail: (cause: unknown, reason?: WireError['reason']) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > ANSWER_BYTES) {
      fail(undefined, 'too_large');
      incoming.destroy();
    }
  });
  incoming.on('error', (error) => fail(error));
  incoming.on('close', () => {
    if (!incoming.complete) fail(undefined);
  });
  incoming.on('end', () => {
    // An answer that breaks off is no answer, even where the client has seen its status.
    if (!incoming.complete) return;
    resolve({
      status: incoming.statusCode ?? 0,
      headers: joined(incoming.headers),
      text: Buffer.concat(chunks).toString('utf8'),
    });
  });
}

const reasonOf = (signal: AbortSignal, sent: boolean): WireError['reason'] =>
  signal.aborted ? 'aborted' : sent ? 'cut' : 'unreachable';

function withLength(request: WireRequest): Record<string, string | number> {
  if (request.body === undefined) return { ...request.headers };
  return { ...request.headers, 'content-length': Buffer.byteLength(request.body) };
}

function joined(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
