/**
 * The API as an application that does not listen: every route of the table, each with its rule, its schemas and its limits.
 * Entry ring. A route that does not stand in the table cannot be added.
 */
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteOptions,
} from 'fastify';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { isReview } from '../app/review-tasks';
import { readNodeAddress } from '../kernel/ids';
import { Answering } from './answering';
import { API_LIMITS } from './limits';
import { openApiOf } from './openapi';
import { detailsOf, Problem, PROBLEM_TYPE } from './problem';
import { mayEnter, rolesIn, type Caller } from './roles';
import type { ApiDeps, Route } from './route';
import { tableOf } from './routes';
import { isSigned, signedBy, type Signed } from './webhooks';
import { problemThrown } from './thrown';

export interface Api {
  readonly app: FastifyInstance;
  readonly routes: readonly Route[];
  /** From now on `/readyz` says no; requests are still served, until `app.close()`. */
  readonly drain: () => void;
}

export interface ApiOptions {
  readonly perMinute?: { readonly address?: number; readonly caller?: number };
}

/** Builds the API. It listens nowhere; `app.inject` or `app.listen` brings it requests. */
export async function buildApi(deps: ApiDeps, options: ApiOptions = {}): Promise<Api> {
  const fail = answerProblem(deps, () => routes);
  const app = Fastify({
    logger: false,
    bodyLimit: API_LIMITS.bodyBytes,
    routerOptions: { maxParamLength: API_LIMITS.paramLength },
    requestTimeout: API_LIMITS.requestMs,
    http: { maxHeaderSize: API_LIMITS.headBytes },
    genReqId: () => randomUUID(),
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerUnread,
    // A path that cannot be decoded never reaches a route.
    frameworkErrors: (error, request, reply) => void fail(error, request, reply),
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
  });
  let isStopping = false;
  const routes: readonly Route[] = tableOf({
    isStopping: () => isStopping,
    document: () => openApiOf(routes, deps.version),
  });
  holdToTable(app, routes);
  app.setErrorHandler(fail);
  await protect(app, deps, options);
  countRequests(app, deps);
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request) => {
    throw unknownRoute(request, routes);
  });
  // JSON alone: what a form of a page can send is not taken.
  app.removeContentTypeParser('text/plain');
  const parser = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  for (const type of ['application/json', 'application/cloudevents+json']) {
    app.addContentTypeParser(type, { parseAs: 'string' }, (request, body: string, done) => {
      (request as unknown as { [RAW]: string })[RAW] = body;
      void parser(request, body, done);
    });
  }
  const answering = new Answering(deps);
  serveTable(app, routes, { deps, answering, options });
  app.addHook('preClose', (done) => {
    isStopping = true;
    answering.stop();
    closeAsTheyIdle(app);
    done();
  });
  return { app, routes, drain: () => void (isStopping = true) };
}

/** How often connections that have become idle are closed while the API stops, in milliseconds. */
const SWEEP_MS = 50;

/** Node closes those that are idle when the end begins; one that becomes so later would hold the end up for its keep-alive. */
function closeAsTheyIdle({ server }: FastifyInstance): void {
  if (!server.listening) return;
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  server.once('close', () => clearInterval(sweep));
}

/** By route, and not by path: paths name what belongs to tenants. */
function countRequests(app: FastifyInstance, { services: { telemetry } }: ApiDeps): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const { metrics } = telemetry;
    metrics.count('backstep_api_requests_total', { route, status: String(reply.statusCode) });
    metrics.observe('backstep_api_request_seconds', { route }, reply.elapsedTime / 1_000);
    done();
  });
}

/** Headers for browsers, origins, and the limit of each address. */
async function protect(app: FastifyInstance, { origins }: ApiDeps, { perMinute }: ApiOptions): Promise<void> {
  await app.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives: NO_CONTENT } });
  if (origins.length > 0) await app.register(cors, corsFor(origins));
  await app.register(rateLimit, {
    // Not by itself: it would come after the rule of each route, and not count who guesses tokens.
    global: false,
    max: perMinute?.address ?? API_LIMITS.addressPerMinute,
    timeWindow: MINUTE_MS,
    errorResponseBuilder: (_request, { ttl }) => tooOften(ttl),
  });
}

/** Every route of the table in one way: address, token, role, caller's limit; then what answers it. */
function serveTable(
  app: FastifyInstance,
  routes: readonly Route[],
  parts: { readonly deps: ApiDeps; readonly answering: Answering; readonly options: ApiOptions },
): void {
  const { deps, answering, options } = parts;
  const ofAddress = app.rateLimit();
  const ofCaller = app.createRateLimit({
    max: options.perMinute?.caller ?? API_LIMITS.callerPerMinute,
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => JSON.stringify([callerOf(request)?.tenant, callerOf(request)?.name]),
  });
  app.decorateRequest(CALLER, null);
  app.decorateRequest(SIGNED, null);
  app.decorateRequest(RAW, null);
  for (const route of routes) {
    const admit = async (request: FastifyRequest): Promise<void> => {
      await enter(route, deps, request);
      // Whoever cannot sign must not use up what one who can may send: those are held by their address.
      if (route.access === 'public' || signedOf(request) !== undefined) return;
      const limit = await ofCaller(request);
      if (!limit.isAllowed && limit.isExceeded) throw tooOften(limit.ttl);
    };
    const served = {
      method: route.method,
      url: urlOf(route),
      onRequest: [ofAddress, admit],
      handler: (request: FastifyRequest, reply: FastifyReply) => answer({ route, answering, request, reply }),
    };
    if (route.takesForms === true) serveForm(app, served);
    else app.route(served);
  }
}

/** What forms of pages send is read for the routes that say so, and for no other. */
function serveForm(app: FastifyInstance, served: RouteOptions): void {
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, read) => {
        read(null, Object.fromEntries(new URLSearchParams(String(body))));
      },
    );
    scope.route(served);
    done();
  });
}

const MINUTE_MS = 60_000;
/** Nothing that comes from here is to be shown, run or framed as a page. */
const NO_CONTENT = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

const corsFor = (origins: readonly string[]) => ({
  origin: [...origins],
  methods: ['GET', 'POST', 'PUT'],
  allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'last-event-id'],
  exposedHeaders: ['location', 'retry-after', 'idempotency-replayed'],
  credentials: false,
  maxAge: 600,
});

/** `/v1/outcomes/{id}` as fastify writes it. */
const urlOf = ({ path }: Route): string => path.replace(/\{(\w+)\}/g, ':$1');

/** INVARIANT: what is served stands in the table; and what has an id in its path says what the id names. */
function holdToTable(app: FastifyInstance, routes: readonly Route[]): void {
  const known = new Set(routes.map((route) => `${route.method} ${urlOf(route)}`));
  app.addHook('onRoute', ({ method, url }) => {
    // The answer to a preflight belongs to no route.
    if (method === 'OPTIONS' && url === '*') return;
    if (!known.has(`${String(method)} ${url}`))
      throw new Error(`\`${String(method)} ${url}\` stands in no table`);
  });
  for (const { path, about } of routes) {
    if (path.includes('{') !== (about !== undefined))
      throw new Error(`\`${path}\` does not say what its id names`);
  }
}

const CALLER = 'backstepCaller';
const SIGNED = 'backstepSigned';
const RAW = 'backstepRaw';

const signedOf = (request: FastifyRequest): Signed | undefined =>
  (request as unknown as { readonly [SIGNED]: Signed | null })[SIGNED] ?? undefined;

const callerOf = (request: FastifyRequest): Caller | undefined =>
  (request as unknown as { readonly [CALLER]: Caller | null })[CALLER] ?? undefined;

/** Before anything of the body is read: who calls, and whether the rule of the route lets them in. */
async function enter(route: Route, deps: ApiDeps, request: FastifyRequest): Promise<void> {
  const { access } = route;
  if (access === 'public') return;
  const caller = await callerIn(route, deps, request);
  const ofReview = asksForReview(route, request);
  if (!mayEnter(access, caller, ofReview)) {
    throw new Problem('ROLE_MISSING', `\`${route.id}\` is not for \`${caller.name}\``, {
      help: `it takes one of the roles ${rolesIn(access, ofReview)
        .map((role) => `\`${role}\``)
        .join(', ')}`,
    });
  }
  (request as unknown as { [CALLER]: Caller })[CALLER] = caller;
}

/** Whether the path names a task that is a review. */
function asksForReview({ about }: Route, { params }: FastifyRequest): boolean {
  const { id } = params as { readonly id?: unknown };
  return about === 'task' && typeof id === 'string' && isReview(readNodeAddress(id)?.node ?? '');
}

/** Who calls: by a token, or, where the route takes webhooks, by a signature that is checked once the body is there. */
async function callerIn(route: Route, deps: ApiDeps, request: FastifyRequest): Promise<Caller> {
  const { headers } = request;
  if (route.takesWebhooks !== true || deps.webhooks === undefined || !isSigned(headers))
    return deps.identify(headers.authorization);
  const signed = signedBy(deps.webhooks, headers, deps.services.now());
  (request as unknown as { [SIGNED]: Signed })[SIGNED] = signed;
  return signed.caller;
}

/** The very bytes that were signed, and not what a parser makes of them. */
function checkSignature(request: FastifyRequest): void {
  const { [RAW]: raw } = request as unknown as { readonly [RAW]: string | null };
  signedOf(request)?.check(raw ?? '');
}

async function answer({
  route,
  answering,
  request,
  reply,
}: {
  readonly route: Route;
  readonly answering: Answering;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}): Promise<unknown> {
  checkSignature(request);
  reply.header('cache-control', 'no-store');
  const given = await answering.answer(route, request, callerOf(request));
  if ('stream' in given) {
    reply.header('content-type', 'text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
    return reply.send(Readable.from(given.stream, { objectMode: false }));
  }
  if ('text' in given) {
    const { status, text, type, headers = {} } = given;
    return reply
      .code(status)
      .headers({ 'content-type': type, ...headers })
      .send(text);
  }
  return reply
    .code(given.status)
    .headers({ 'content-type': 'application/json; charset=utf-8', ...given.headers })
    .send(JSON.stringify(given.body));
}

/** Answers with the problem that was thrown; what is not the caller's mistake is logged. */
const answerProblem =
  ({ services }: ApiDeps, routes: () => readonly Route[]) =>
  (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const problem = isOddMethod(thrown) ? unknownRoute(request, routes()) : problemThrown(thrown);
    const { code, status, more } = problem;
    if (status >= 500) {
      const event = code === 'API_UNEXPECTED' ? 'api.failed' : 'api.dependency_down';
      const { id, method, routeOptions } = request;
      const error = problem.cause ?? problem;
      services.logger.log(event, { request: id, method, route: routeOptions.url, code, error });
    }
    return reply
      .code(status)
      .headers({ 'cache-control': 'no-store', ...more.headers })
      .type(PROBLEM_TYPE)
      .send(JSON.stringify(detailsOf(problem, request.id)));
  };

/** A method that we serve nowhere, but that the framework knows and asks something of: it is not there, like any other. */
const isOddMethod = (thrown: unknown): boolean =>
  (thrown as { readonly code?: unknown }).code === 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE';

/** What cannot be read as HTTP never becomes a request; whoever sent it is told so all the same. */
function answerUnread(error: NodeJS.ErrnoException, socket: Socket): void {
  const isReset = error.code === 'ECONNRESET' || socket.destroyed || !socket.writable;
  if (isReset) return void socket.destroy();
  const problem =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new Problem('REQUEST_HEAD_TOO_LARGE', 'the head of the request is too large')
      : new Problem('REQUEST_INVALID', 'the request cannot be read');
  const body = JSON.stringify(detailsOf(problem, randomUUID()));
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function unknownRoute(request: FastifyRequest, routes: readonly Route[]): Problem {
  const [path = ''] = request.url.split('?');
  const methods = routes.filter((route) => matches(route, path)).map(({ method }) => method);
  if (methods.length > 0) {
    return new Problem('METHOD_NOT_ALLOWED', `this path takes ${methods.join(', ')}`, {
      headers: { allow: methods.join(', ') },
    });
  }
  return new Problem('ROUTE_UNKNOWN', 'there is no such path', { help: '`/openapi.json` lists all' });
}

const matches = ({ path }: Route, asked: string): boolean => {
  const [steps, given] = [path.split('/'), asked.split('/')];
  return (
    steps.length === given.length && steps.every((step, at) => step.startsWith('{') || step === given[at])
  );
};

const tooOften = (ttlMs: number): Problem =>
  new Problem('REQUEST_TOO_OFTEN', 'too many requests within a minute', {
    headers: { 'retry-after': String(Math.max(1, Math.ceil(ttlMs / 1_000))) },
  });
