/**
 * From a request that may enter to its answer: the schemas of its route, the wall between tenants, the answer kept by key,
 * the handler, and the form of what it gave.
 * Entry ring.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { noSuchOutcome } from '../app/refusal';
import { splitOutcomeId } from '../kernel/ids';
import { canBeKept, canonicalJson, KEPT_LEVELS, type Json } from '../kernel/json';
import type { KeptAnswer } from '../store/answers';
import { API_LIMITS } from './limits';
import { KEY_HEADER } from './openapi';
import { detailsOf, Problem, problemOf, PROBLEM_TYPE, type Misfit } from './problem';
import type { Caller } from './roles';
import type { ApiDeps, Call, Reply, Route } from './route';

export type Given =
  | { readonly status: number; readonly body: unknown; readonly headers: Readonly<Record<string, string>> }
  | Extract<Reply<unknown>, { readonly text: string }>
  | { readonly stream: AsyncIterable<string> };

/** Nobody: what a public route is called with, so that one that reads its caller fails in every test. */
const NOBODY: Caller = { tenant: '', name: '', roles: new Set(), expiresAt: 0 };

export class Answering {
  private readonly stopping = new AbortController();
  private readonly streams = new Map<string, number>();
  private open = 0;

  constructor(private readonly deps: ApiDeps) {}

  /** Ends all streams. */
  stop(): void {
    this.stopping.abort();
  }

  async answer(route: Route, request: FastifyRequest, caller: Caller = NOBODY): Promise<Given> {
    holdToText(route, request);
    const params = parsed(route.params, request.params, 'params');
    if (route.about === 'outcome' || route.about === 'task') await holdWall(params, caller);
    const query = parsed(route.query, request.query, 'query');
    const body = parsed(route.body, request.body, 'body');
    const key = keyOf(route, request);
    const wantsStream =
      route.streams === true && (request.headers.accept ?? '').includes('text/event-stream');
    const call = { params, query, body, caller, key, wantsStream };
    if (wantsStream) return this.stream(route, request, call);
    if (key === undefined) return this.handle(route, { ...call, signal: this.stopping.signal });
    return this.once(route, request, { ...call, key, signal: this.stopping.signal });
  }

  private async handle(route: Route, call: Call<unknown, unknown, unknown>): Promise<Given> {
    const { outcomes, now } = this.deps.services;
    const work = (): ReturnType<Route['handle']> => route.handle(call, this.deps);
    const isPublic = route.access === 'public';
    // The client tries again for long where Temporal is down; whoever waits for an answer is told before.
    const result = await (isPublic
      ? work()
      : outcomes.client.withDeadline(now() + API_LIMITS.answerMs, work));
    if (!result.ok) throw problemOf(result.error);
    if ('stream' in result.value || 'text' in result.value) return result.value;
    const { status, body, headers = {} } = result.value;
    // An answer that does not fit its own schema is our bug, and is not sent.
    return { status, body: route.answer.parse(body), headers };
  }

  /** The first answer to a key is the answer to all that are sent with it. */
  private async once(
    route: Route,
    request: FastifyRequest,
    call: Call<unknown, unknown, unknown> & { readonly key: string },
  ): Promise<Given> {
    const { answers } = this.deps;
    const { caller, key } = call;
    const which = { tenant: caller.tenant, caller: caller.name, key };
    const claim = randomUUID();
    const claimed = await answers.claim(which, digestOf(route, request), claim);
    switch (claimed.kind) {
      case 'kept':
        return replayed(claimed.answer);
      case 'busy':
        throw new Problem('KEY_IN_USE', 'a request with this key is being worked on', {
          headers: { 'retry-after': '2' },
        });
      case 'other':
        throw new Problem('KEY_REUSED', 'this key was sent before with another request', {
          help: 'choose a new key for each new request',
        });
      case 'mine':
        break;
    }
    const given = await this.handle(route, call).catch(async (error: unknown) => {
      await this.keepRefusal(error, { which, claim, request: request.id });
      throw error;
    });
    if ('stream' in given || 'text' in given) return given;
    // It is done, and that is the answer, also where it cannot be kept: sent again, the use case itself does nothing twice.
    await answers.keep(which, claim, { ...given, body: given.body as Json }).catch((error: unknown) => {
      this.deps.services.logger.log('api.dependency_down', { request: request.id, route: route.path, error });
    });
    return given;
  }

  /** A refusal is an answer, too; but what may well succeed a moment later gives the key back. */
  private async keepRefusal(
    error: unknown,
    {
      which,
      claim,
      request,
    }: {
      readonly which: Parameters<ApiDeps['answers']['claim']>[0];
      readonly claim: string;
      readonly request: string;
    },
  ): Promise<void> {
    const { answers } = this.deps;
    if (!(error instanceof Problem) || error.status >= 500) {
      await answers.release(which, claim).catch(() => undefined);
      return;
    }
    const body = JSON.parse(JSON.stringify(detailsOf(error, request))) as Json;
    await answers.keep(which, claim, {
      status: error.status,
      body,
      headers: { 'content-type': PROBLEM_TYPE },
    });
  }

  private async stream(
    route: Route,
    request: FastifyRequest,
    call: Omit<Call<unknown, unknown, unknown>, 'signal'>,
  ): Promise<Given> {
    const { caller } = call;
    const who = JSON.stringify([caller.tenant, caller.name]);
    const own = this.streams.get(who) ?? 0;
    if (this.open >= API_LIMITS.streams || own >= API_LIMITS.streamsOfCaller) {
      throw new Problem('REQUEST_TOO_OFTEN', 'too many streams are open', {
        headers: { 'retry-after': '10' },
      });
    }
    this.open += 1;
    this.streams.set(who, own + 1);
    const gone = new AbortController();
    const ms = Math.min(API_LIMITS.streamMs, Math.max(0, caller.expiresAt - this.deps.services.now()));
    const timer = setTimeout(() => gone.abort(), ms);
    request.raw.socket.once('close', () => gone.abort());
    let isClosed = false;
    const close = (): void => {
      if (isClosed) return;
      isClosed = true;
      clearTimeout(timer);
      this.open -= 1;
      const left = (this.streams.get(who) ?? 1) - 1;
      if (left > 0) this.streams.set(who, left);
      else this.streams.delete(who);
    };
    gone.signal.addEventListener('abort', close, { once: true });
    try {
      const signal = AbortSignal.any([gone.signal, this.stopping.signal]);
      const given = await this.handle(route, { ...call, signal });
      if ('stream' in given) return { stream: closing(given.stream, close) };
      close();
      return given;
    } catch (error) {
      close();
      throw error;
    }
  }
}

async function* closing(stream: AsyncIterable<string>, close: () => void): AsyncGenerator<string, void> {
  try {
    yield* stream;
  } finally {
    close();
  }
}

const replayed = ({ status, body, headers }: KeptAnswer): Given => ({
  status,
  body,
  headers: { ...headers, 'idempotency-replayed': 'true' },
});

function parsed(schema: z.ZodType | undefined, value: unknown, where: 'params' | 'query' | 'body'): unknown {
  if (schema === undefined) return undefined;
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const errors = read.error.issues.map(({ path, message }): Misfit => {
    const steps = path.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1'));
    return { pointer: ['', where, ...steps].join('/'), message };
  });
  throw new Problem('REQUEST_INVALID', `the ${where} of the request does not fit`, { errors });
}

const UNKEPT = `it holds U+0000, half of a surrogate pair, a number beyond JSON's, or more than ${KEPT_LEVELS} levels`;

/**
 * Nothing comes in that could be acted on and not be kept: a reason that the database or the log cannot hold would stand in a
 * history for good. Of an event its own reader says so, as at every door.
 */
function holdToText({ takesWebhooks }: Route, { params, query, body }: FastifyRequest): void {
  const given = Object.entries({ params, query, ...(takesWebhooks === true ? {} : { body }) });
  const errors = given.flatMap(([where, value]) =>
    canBeKept(value) ? [] : [{ pointer: `/${where}`, message: UNKEPT }],
  );
  if (errors.length > 0)
    throw new Problem('REQUEST_INVALID', 'the request holds what is no text', { errors });
}

/** INVARIANT: what belongs to another tenant is not there, in the very words in which nothing is. */
async function holdWall(params: unknown, { tenant }: Caller): Promise<void> {
  const { id } = params as { readonly id: string };
  const outcome = id.split('#')[0] ?? '';
  if (splitOutcomeId(outcome)?.tenant === tenant) return;
  const wall = await noSuchOutcome(outcome);
  if (!wall.ok) throw problemOf(wall.error);
}

function keyOf({ keepsAnswers }: Route, { headers }: FastifyRequest): string | undefined {
  const key = headers[KEY_HEADER];
  if (keepsAnswers !== true || key === undefined) return undefined;
  if (typeof key === 'string' && /^[!-~]+$/.test(key) && key.length <= API_LIMITS.keyLength) return key;
  throw new Problem('REQUEST_INVALID', 'the `Idempotency-Key` does not fit', {
    errors: [
      { pointer: `/headers/${KEY_HEADER}`, message: `1 to ${API_LIMITS.keyLength} visible ASCII characters` },
    ],
  });
}

/** What is asked, whatever the order of members and white space it was written with. */
function digestOf({ method }: Route, { url, body }: FastifyRequest): string {
  return createHash('sha256')
    .update(canonicalJson([method, url, body ?? null]))
    .digest('hex');
}
