/**
 * The HTTP server of the sandbox: one port, a path prefix for each vendor, and for every request the same way:
 * who calls, which faults strike, the handler, the log, and only then the answer.
 * Adapter ring. The action header is copied into the log and looked at by nothing else.
 */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../kernel/json';
import { adminRoutes } from './admin';
import { ACTION_HEADER } from './effects';
import type { FaultEffect, Hit } from './faults';
import type { LogRecord } from './log';
import { graph } from './graph';
import { okta } from './okta';
import { servicenow } from './servicenow';
import { slack } from './slack';
import type { SandboxState } from './state';
import type { Call, Vendor, VendorRoute } from './vendor';
import { workday } from './workday';
import { asObject, basic, type Answer, type Principal, type Refusal } from './wire';
import type { Transaction } from './world';

const VENDOR_LIST: readonly Vendor[] = [workday, okta, graph, servicenow, slack];

/** Largest body taken: an Intune assignment of some thousands of groups fits. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** The server, ready to listen. */
export function createServer(state: SandboxState): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: 300, ignoreTrailingSlash: true },
    forceCloseConnections: true,
    rewriteUrl: ({ url = '/' }) => withoutNestedUrl(url),
  });
  // Vendors answer unreadable bodies in their own words, so the body is parsed here and not by the framework.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  adminRoutes(app, state);
  for (const vendor of VENDOR_LIST) registerVendor(app, state, vendor);
  app.setNotFoundHandler((request, reply) => {
    const vendor = VENDOR_LIST.find(({ name }) => request.url.startsWith(`/${name}/`));
    if (!vendor) void reply.code(404).send({ error: 'no such path' });
    else send(reply, vendor.refuse({ kind: 'no_such_path' }));
  });
  return app;
}

function registerVendor(app: FastifyInstance, state: SandboxState, vendor: Vendor): void {
  for (const route of vendor.routes) {
    app.route({
      method: route.method,
      url: `/${vendor.name}${route.path}`,
      exposeHeadRoute: false,
      handler: (request, reply) => new Exchange(state, vendor, route, request, reply).run(),
    });
  }
  for (const route of vendor.tokens ?? []) {
    app.post(`/${vendor.name}${route.path}`, (request, reply) => {
      const now = state.now();
      const granted = route.grant(
        {
          params: request.params as Record<string, string>,
          body: parseBody(request) ?? {},
          basic: basic(request.headers.authorization),
          now,
        },
        state.offices,
      );
      state.commit({
        ...recordOf(request, vendor, route.op, granted.tenant ?? ''),
        status: granted.answer.status,
      });
      send(reply, granted.answer);
    });
  }
}

/** What is in the log of every request, whatever becomes of it. */
function recordOf(
  request: FastifyRequest,
  vendor: Vendor,
  op: string,
  tenant: string,
): Omit<LogRecord, 'seq' | 'at' | 'status'> {
  const path = request.url.split('?')[0] ?? '';
  const action = request.headers[ACTION_HEADER];
  const trace = request.headers['traceparent'];
  return {
    kind: 'request',
    vendor: vendor.name,
    tenant,
    op,
    method: request.method,
    path,
    target: path,
    action: typeof action === 'string' ? action : '',
    ...(typeof trace === 'string' ? { trace } : {}),
  };
}

/** One request on its way. */
class Exchange {
  private target: string | undefined;
  private hits: readonly Hit[] = [];
  private seen: readonly string[] = [];
  private tenant = '';

  constructor(
    private readonly state: SandboxState,
    private readonly vendor: Vendor,
    private readonly route: VendorRoute,
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {}

  /** Answers at once where no fault is ordered; a promise is returned only where one may have to wait. */
  run(): void | Promise<void> {
    const { state, vendor, request } = this;
    const body = parseBody(request);
    const headers = request.headers as Record<string, string | undefined>;
    const who = state.offices.identify(vendor.name, vendor.presented(headers, body ?? {}), state.now());
    this.tenant = 'kind' in who ? '' : who.tenant;
    if (state.faults.size > 0) this.strike();
    if (this.hits.length > 0) return this.runStruck(who, body);
    const answer = this.answerTo(who, body);
    send(this.reply, answer);
  }

  private async runStruck(who: Principal | Refusal, body: JsonObject | undefined): Promise<void> {
    const isAnswered = await this.faultsBefore(body ?? {});
    if (isAnswered) return;
    const answer = this.answerTo(who, body);
    if (this.effect('duplicate')) await this.faultsAfter(this.answerTo(who, body));
    else await this.faultsAfter(answer);
  }

  /** The vendor's answer, with the request in the log and its effect in the world. */
  private answerTo(who: Principal | Refusal, body: JsonObject | undefined): Answer {
    const refusal = 'kind' in who ? who : this.refusalOf(who, body);
    if (refusal || 'kind' in who) return this.refused(refusal ?? { kind: 'bad_credentials' });
    return this.handle(who, body ?? {});
  }

  /** Calls the handler and writes the log, with nothing in between that could be interrupted. */
  private handle(principal: Principal, body: JsonObject): Answer {
    const { state, route, request } = this;
    const world = state.world(principal.tenant);
    const lag = this.effect('lag');
    const past = lag && route.method === 'GET' ? state.past(principal.tenant, lag.ms) : undefined;
    const transaction = world?.begin(past);
    if (!world || !transaction) return this.vendor.refuse({ kind: 'bad_credentials' });
    const idsBefore = world.ids;
    let answer: Answer;
    try {
      answer = route.handle(this.callFor(transaction, principal, body));
      const changes = transaction.changes();
      const lost = this.hits.some(
        ({ effect }) => effect.kind === 'cut_after' || effect.kind === 'truncated_body',
      );
      state.commit({
        ...recordOf(request, this.vendor, route.op, principal.tenant),
        ...(this.target === undefined ? {} : { target: this.target }),
        status: this.effect('error_after')?.status ?? answer.status,
        ...(lost ? { lost: true } : {}),
        ...this.struck(),
        ...(changes.length > 0 ? { changes } : {}),
        ...(world.ids === idsBefore ? {} : { ids: world.ids }),
      });
    } catch (error) {
      transaction.rollback();
      throw error;
    }
    return answer;
  }

  private callFor(world: Transaction, principal: Principal, body: JsonObject): Call {
    const prefix = `/${this.vendor.name}`;
    return {
      world,
      principal,
      params: this.request.params as Record<string, string>,
      query: this.request.query as Record<string, string>,
      body,
      path: (this.request.url.split('?')[0] ?? '').slice(prefix.length),
      baseUrl: `http://${this.request.headers.host ?? '127.0.0.1'}${prefix}`,
      now: this.state.now(),
      target: (text) => {
        this.target = text;
      },
    };
  }

  private refusalOf(principal: Principal, body: JsonObject | undefined): Refusal | undefined {
    if (body === undefined) return { kind: 'unreadable_body' };
    const needed = this.route.scope;
    return needed === undefined || principal.scopes.has(needed)
      ? undefined
      : { kind: 'missing_scope', needed, provided: [...principal.scopes] };
  }

  /** An answer to a request that never reaches its handler. */
  private refused(refusal: Refusal): Answer {
    const answer = this.vendor.refuse(refusal);
    this.record(answer.status);
    return answer;
  }

  private refuse(refusal: Refusal): true {
    send(this.reply, this.refused(refusal));
    return true;
  }

  private record(status: number, more: Partial<LogRecord> = {}): void {
    this.state.commit({
      ...recordOf(this.request, this.vendor, this.route.op, this.tenant),
      status,
      ...this.struck(),
      ...more,
    });
  }

  private struck(): Partial<LogRecord> {
    return {
      ...(this.seen.length > 0 ? { seen: this.seen } : {}),
      ...(this.hits.length > 0 ? { faults: this.hits.map(({ fault }) => fault.id) } : {}),
    };
  }

  private strike(): void {
    const { request, vendor, route, state } = this;
    const action = request.headers[ACTION_HEADER];
    const struck = state.faults.strike(
      {
        vendor: vendor.name,
        tenant: this.tenant,
        op: route.op,
        method: request.method,
        url: request.url,
        body: typeof request.body === 'string' ? request.body : '',
        action: typeof action === 'string' ? action : '',
      },
      Date.now(),
    );
    this.seen = struck.seen;
    this.hits = struck.hits;
  }

  private effect<Kind extends FaultEffect['kind']>(
    kind: Kind,
  ): Extract<FaultEffect, { kind: Kind }> | undefined {
    return this.hits.find(({ effect }) => effect.kind === kind)?.effect as
      Extract<FaultEffect, { kind: Kind }> | undefined;
  }

  /** Faults that strike before the effect; true means that the request has been answered, or its connection cut. */
  private async faultsBefore(body: JsonObject): Promise<boolean> {
    for (const { effect, roll } of this.hits) {
      switch (effect.kind) {
        case 'latency':
          await sleep(effect.ms + Math.floor(roll * effect.jitterMs));
          break;
        case 'change':
          if (effect.when === 'before') this.changeByOther(effect);
          break;
        case 'cut_before':
          return this.cut();
        case 'error_before':
          return this.refuse({ kind: 'server_error', status: effect.status });
        case 'rate_limit':
          return this.refuse({
            kind: 'rate_limited',
            retryAfterSeconds: effect.retryAfterSeconds,
            now: this.state.now(),
          });
        case 'expire_token':
          return this.expire(body);
        case 'refuse':
          return this.refuse({
            kind: 'refused',
            ...(effect.status === undefined ? {} : { status: effect.status }),
            ...(effect.code === undefined ? {} : { code: effect.code }),
            ...(effect.message === undefined ? {} : { message: effect.message }),
          });
        case 'error_after':
        case 'cut_after':
        case 'slow_body':
        case 'truncated_body':
        case 'duplicate':
        case 'lag':
          break;
      }
    }
    return false;
  }

  private async faultsAfter(answer: Answer): Promise<void> {
    const change = this.effect('change');
    if (change?.when === 'after') this.changeByOther(change);
    const failed = this.effect('error_after');
    const slow = this.effect('slow_body');
    if (this.effect('cut_after')) this.hangUp();
    else if (failed) send(this.reply, this.vendor.refuse({ kind: 'server_error', status: failed.status }));
    else if (slow || this.effect('truncated_body')) await this.sendHalves(answer, slow?.ms);
    else send(this.reply, answer);
  }

  private changeByOther(effect: Extract<FaultEffect, { kind: 'change' }>): void {
    const changes = this.state.change(this.tenant, effect.collection, effect.id, effect.set);
    this.record(200, {
      kind: 'admin',
      op: 'admin.change',
      target: `${effect.collection}/${effect.id}`,
      changes,
    });
  }

  private expire(body: JsonObject): true {
    const presented = this.vendor.presented(this.request.headers as Record<string, string | undefined>, body);
    // A fixed token stays good, or nobody could ever call again; one from the token endpoint is worth nothing now.
    if (presented.kind === 'token' && presented.token.split('.').length === 3)
      this.state.offices.revoke(presented.token);
    return this.refuse({ kind: 'expired_credentials' });
  }

  private cut(): true {
    this.record(0, { lost: true });
    this.hangUp();
    return true;
  }

  private hangUp(): void {
    this.reply.hijack();
    this.request.raw.socket.destroy();
  }

  /** The body in two halves with a pause between; without a pause the second half never comes. */
  private async sendHalves(answer: Answer, pauseMs: number | undefined): Promise<void> {
    const body = Buffer.from(bodyText(answer));
    const half = Math.floor(body.length / 2);
    this.reply.hijack();
    const { raw } = this.reply;
    raw.writeHead(answer.status, { ...CONTENT_TYPE, ...answer.headers, 'content-length': body.length });
    raw.write(body.subarray(0, half));
    await sleep(pauseMs ?? 5);
    if (pauseMs === undefined) this.request.raw.socket.destroy();
    else raw.end(body.subarray(half));
  }
}

const CONTENT_TYPE = { 'content-type': 'application/json; charset=utf-8' };

const bodyText = (answer: Answer): string => (answer.body === undefined ? '' : JSON.stringify(answer.body));

function send(reply: FastifyReply, answer: Answer): void {
  void reply.code(answer.status).headers(answer.headers ?? {});
  if (answer.body === undefined) void reply.send();
  else void reply.headers(CONTENT_TYPE).send(bodyText(answer));
}

/**
 * Graph's SDK takes an absolute next link for what it is only if that is https, and hangs others behind its base URL:
 * `/graph/v1.0/http://host/graph/v1.0/groups?…`. Here it is read as it was meant.
 */
function withoutNestedUrl(url: string): string {
  const nested = url.startsWith('/graph/v1.0/http') ? url.indexOf('/graph/', 1) : -1;
  return nested < 0 ? url : url.slice(nested);
}

/** The body of a form or of JSON as an object; `undefined` when it can't be read as one. */
function parseBody(request: FastifyRequest): JsonObject | undefined {
  const text = typeof request.body === 'string' ? request.body : '';
  if (text.trim() === '') return {};
  const type = request.headers['content-type'] ?? '';
  if (type.includes('x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text));
  try {
    return asObject(JSON.parse(text) as JsonObject);
  } catch {
    return undefined;
  }
}
