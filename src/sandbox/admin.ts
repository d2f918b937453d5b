/**
 * The admin API under `/__admin/`: look at the world and at what was done to it, put it back, and order faults.
 * Adapter ring. For tests and demonstrations; it asks for no credentials, which is why the sandbox listens on
 * loopback only.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { JsonObject } from '../kernel/json';
import { credentialsFor } from './credentials';
import { actionKey } from './effects';
import { faultInput } from './faults';
import type { LogRecord } from './log';
import { adminRecord, type SandboxState, type WorldsDump } from './state';
import { digestOf } from './world';

const tenantBody = z.object({ tenant: z.string().optional() });
const seedBody = z.strictObject({
  tenant: z.string().regex(/^[a-z0-9-]{1,40}$/, 'lower-case letters, digits and hyphens, at most 40'),
  people: z.number().int().min(0).max(100_000).default(0),
});
const clockBody = z.union([
  z.strictObject({ advanceMs: z.number().int() }),
  z.strictObject({ now: z.iso.datetime() }),
  z.strictObject({ offsetMs: z.number().int() }),
]);
const changeBody = z.strictObject({
  tenant: z.string(),
  collection: z.string(),
  id: z.string(),
  set: z.record(z.string(), z.json()).nullable(),
});
const viewQuery = z.object({
  tenant: z.string().optional(),
  view: z.enum(['full', 'standing', 'dump']).default('full'),
});
const effectsQuery = z.object({
  tenant: z.string().optional(),
  key: z.string().default(''),
  object: z.string().optional(),
});
const requestsQuery = z.object({
  tenant: z.string().optional(),
  vendor: z.string().optional(),
  /** Any part of the action key, without the attempt. */
  key: z.string().optional(),
  op: z.string().optional(),
  /** `true` shows only what changed something. */
  changed: z.enum(['true', 'false']).optional(),
  /** `true` shows only what a fault hit. */
  faulted: z.enum(['true', 'false']).optional(),
  after: z.coerce.number().int().default(0),
  limit: z.coerce.number().int().min(1).max(5_000).default(500),
});

export function adminRoutes(app: FastifyInstance, state: SandboxState): void {
  const bodyOf = <T>(schema: z.ZodType<T>, body: unknown): T =>
    schema.parse(typeof body === 'string' && body !== '' ? (JSON.parse(body) as unknown) : {});

  void app.register(
    (admin, _options, done) => {
      // Whoever calls this API writes tests: tell them what was wrong.
      admin.setErrorHandler((error: Error, _request, reply) =>
        reply.code(400).send({ error: error instanceof z.ZodError ? z.prettifyError(error) : error.message }),
      );
      worldRoutes(admin, state, bodyOf);
      auditRoutes(admin, state);
      faultRoutes(admin, state, bodyOf);
      done();
    },
    { prefix: '/__admin' },
  );
}

type BodyOf = <T>(schema: z.ZodType<T>, body: unknown) => T;

function worldRoutes(admin: FastifyInstance, state: SandboxState, bodyOf: BodyOf): void {
  admin.get('/health', () => ({
    ok: true,
    seq: state.seq,
    now: state.now().toISOString(),
    tenants: state.tenantNames,
  }));

  admin.get('/credentials', () =>
    Object.fromEntries(state.tenantNames.map((name) => [name, credentialsFor(name)])),
  );

  admin.get('/snapshot', (request) => {
    const { tenant, view } = viewQuery.parse(request.query);
    const wanted = state.tenantNames.filter((name) => tenant === undefined || name === tenant);
    if (view === 'dump')
      return Object.fromEntries(Object.entries(state.worlds()).filter(([name]) => wanted.includes(name)));
    const world: JsonObject = Object.fromEntries(
      wanted.flatMap((name) => {
        const snapshot = state.world(name)?.snapshot(view);
        return snapshot ? [[name, snapshot]] : [];
      }),
    );
    return { digest: digestOf(world), world };
  });

  admin.post('/restore', (request) => {
    state.restore(
      bodyOf(
        z.custom<WorldsDump>((value) => typeof value === 'object' && value !== null),
        request.body,
      ),
    );
    return { ok: true };
  });

  admin.post('/reset', (request) => {
    state.reset(bodyOf(tenantBody, request.body).tenant);
    return { ok: true };
  });

  admin.post('/seed', (request) => {
    const { tenant, people } = bodyOf(seedBody, request.body);
    state.reseed(tenant, people);
    return { ok: true, tenant, credentials: credentialsFor(tenant) };
  });

  admin.get('/clock', () => ({ now: state.now().toISOString(), offsetMs: state.clockOffset }));

  admin.post('/clock', (request) => {
    const body = bodyOf(clockBody, request.body);
    if ('advanceMs' in body) state.setClock(state.clockOffset + body.advanceMs);
    else if ('now' in body) state.setClock(Date.parse(body.now) - Date.now());
    else state.setClock(body.offsetMs);
    return { now: state.now().toISOString(), offsetMs: state.clockOffset };
  });

  admin.post('/change', (request) => {
    const { tenant, collection, id, set } = bodyOf(changeBody, request.body);
    const changes = state.change(tenant, collection, id, set);
    state.commit({ ...adminRecord('change'), tenant, target: `${collection}/${id}`, changes });
    return { ok: true, changes };
  });
}

function auditRoutes(admin: FastifyInstance, state: SandboxState): void {
  admin.get('/effects', (request) => {
    const { tenant, key, object } = effectsQuery.parse(request.query);
    const wanted = state.tenantNames.filter((name) => tenant === undefined || name === tenant);
    const books = wanted.flatMap((name) => state.effects(name) ?? []);
    const actions = books.flatMap((book) => book.of(key));
    return {
      calls: actions.reduce((sum, action) => sum + action.calls, 0),
      writes: actions.reduce((sum, action) => sum + action.writes, 0),
      doubled: books.flatMap((book) => book.doubled(key)),
      actions,
      ...(object === undefined
        ? {}
        : { objects: Object.assign({}, ...books.map((book) => book.objectsOf(object))) as JsonObject }),
    };
  });

  admin.get('/requests', async (request) => {
    const query = requestsQuery.parse(request.query);
    const requests = await state.page(query.after, query.limit, (record) => isWanted(record, query));
    const last = requests.at(-1);
    return { requests, next: requests.length === query.limit ? (last?.seq ?? null) : null };
  });
}

function isWanted(record: LogRecord, query: z.output<typeof requestsQuery>): boolean {
  const { tenant, vendor, key, op, changed, faulted } = query;
  if (tenant !== undefined && record.tenant !== tenant) return false;
  if (vendor !== undefined && record.vendor !== vendor) return false;
  if (op !== undefined && record.op !== op) return false;
  if (key !== undefined && !actionKey(record.action).includes(key)) return false;
  if (changed !== undefined && (record.changes !== undefined) !== (changed === 'true')) return false;
  return faulted === undefined || (record.faults !== undefined) === (faulted === 'true');
}

function faultRoutes(admin: FastifyInstance, state: SandboxState, bodyOf: BodyOf): void {
  admin.get('/faults', () => ({ faults: state.faults.all() }));

  admin.post('/faults', (request, reply) => {
    const fault = state.faults.add(bodyOf(faultInput, request.body));
    state.saveFaults();
    return reply.code(201).send(fault);
  });

  admin.delete('/faults', () => {
    const removed = state.faults.remove();
    state.saveFaults();
    return { removed };
  });

  admin.delete('/faults/:id', (request) => {
    const removed = state.faults.remove((request.params as { id: string }).id);
    state.saveFaults();
    return { removed };
  });
}
