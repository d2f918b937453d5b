/**
 * How every effect talks HTTP: `request` for systems without an SDK, `viaSdk` with `sdkFetch` for those that have one.
 * Either way one connection pool, one bound of time, one correlation header, one judgement of failures, and no retries.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { EffectContext } from '../../src/dsl/effect';
import type { Json } from '../../src/kernel/json';
import {
  failureOfSilence,
  failureOfStatus,
  noteWrite,
  parsed,
  SystemError,
  unreadable,
  type Purpose,
} from './failures';
import { exchange, WireError, type WireAnswer } from './wire';

export { diverged, refusal, SystemError, unreadable } from './failures';

/** Says for which attempt of which action a request is; for logs and audits, no system acts on it. */
const ACTION_HEADER = 'x-backstep-action';

const actionHeader = (context: EffectContext): string =>
  `${context.key}|${context.operation}|${context.attempt}`;

export interface PlainRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the connection's base URL, beginning with a slash, or a whole URL; parts from input are encoded by the caller. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a form is sent as `application/x-www-form-urlencoded`. */
  readonly json?: Json;
  readonly form?: Readonly<Record<string, string>>;
  /** Whether it may change something; by default everything but GET may. */
  readonly write?: boolean;
}

/** One request to a system without an SDK; the parsed body of its answer, null where it has none. */
export async function request(context: EffectContext, asked: PlainRequest): Promise<Json> {
  const purpose = { write: asked.write ?? asked.method !== 'GET' };
  const query = asked.query === undefined ? '' : `?${new URLSearchParams(asked.query).toString()}`;
  const body =
    asked.json !== undefined
      ? JSON.stringify(asked.json)
      : asked.form === undefined
        ? undefined
        : new URLSearchParams(asked.form).toString();
  const answer = await attempt(context, purpose, {
    url: `${asked.path.startsWith('/') ? trimmed(context.connection.baseUrl) : ''}${asked.path}${query}`,
    method: asked.method,
    headers: {
      accept: 'application/json',
      ...(asked.json !== undefined ? { 'content-type': 'application/json' } : {}),
      ...(asked.form !== undefined ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      ...asked.headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  if (answer.status < 200 || answer.status > 299) {
    throw failureOfStatus(answer, purpose, context, context.now());
  }
  const value = parsed(answer.text);
  if (value === null && answer.text.trim() !== '' && answer.text.trim() !== 'null') {
    throw unreadable(purpose, context);
  }
  if (purpose.write) noteWrite(context);
  return value;
}

/** What the requests of one SDK call belong to, and what became of the last one. */
interface SdkCall {
  readonly context: EffectContext;
  readonly purpose: Purpose;
  failure?: SystemError;
}

const calls = new AsyncLocalStorage<SdkCall>();

/**
 * One call of an SDK whose requests go through `sdkFetch`. SDKs wrap errors in shapes of their own; here the failure is
 * taken from the wire instead, so that it is judged as everywhere else.
 * @param refusalIn reads a refusal out of an error of the SDK, for systems that refuse with HTTP 200
 */
export async function viaSdk<T>(
  context: EffectContext,
  purpose: Purpose,
  call: () => Promise<T>,
  refusalIn?: (error: unknown) => Error | undefined,
): Promise<T> {
  const scope: SdkCall = { context, purpose };
  try {
    const value = await calls.run(scope, call);
    if (purpose.write) noteWrite(context);
    return value;
  } catch (error) {
    if (scope.failure) throw scope.failure;
    if (error instanceof SystemError) throw error;
    const refused = refusalIn?.(error);
    if (refused) throw refused;
    context.log.warn('an SDK failed to read an answer', { error: String(error) });
    throw unreadable(purpose, context);
  }
}

/** The parts of a fetch call that SDKs use. */
export interface SdkRequest {
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

/** Stands in for `fetch` inside SDKs; only within `viaSdk`. Answers errors too, because the SDK may want to read them. */
export async function sdkFetch(url: string, init: SdkRequest): Promise<Response> {
  const call = calls.getStore();
  if (!call) throw new Error('an SDK sent a request outside of an effect');
  const { context, purpose } = call;
  delete call.failure;
  let answer: WireAnswer;
  try {
    answer = await attempt(context, purpose, {
      url,
      method: (init.method ?? 'GET').toUpperCase(),
      headers: init.headers ?? {},
      ...(init.body === undefined ? {} : { body: init.body }),
    });
  } catch (error) {
    if (error instanceof SystemError) call.failure = error;
    throw error;
  }
  if (answer.status < 200 || answer.status > 299) {
    call.failure = failureOfStatus(answer, purpose, context, context.now());
  }
  const hasBody = answer.status !== 204 && answer.status !== 304;
  return new Response(hasBody ? answer.text : null, { status: answer.status, headers: answer.headers });
}

async function attempt(
  context: EffectContext,
  purpose: Purpose,
  sent: {
    readonly url: string;
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  },
): Promise<WireAnswer> {
  const send = (more: Readonly<Record<string, string>>): Promise<WireAnswer> =>
    exchange({
      ...sent,
      headers: { ...sent.headers, ...more, [ACTION_HEADER]: actionHeader(context) },
      signal: context.signal,
    });
  try {
    return await (context.watch === undefined ? send({}) : context.watch(sent.method, send));
  } catch (error) {
    if (error instanceof WireError) throw failureOfSilence(error, purpose, context);
    throw error;
  }
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');
