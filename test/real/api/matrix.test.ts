/**
 * Every route × every role × own and other tenant × every state of a token, made from the table of routes: a route that is
 * added is asked all of this, and one whose rule does not hold fails here. Tokens and the keys that judge them are real; what
 * stands behind the door only notes that somebody came through.
 */
import type { LightMyRequestResponse } from 'fastify';
import { buildApi, type Api } from '../../../src/api/app';
import { ROLES, type Role } from '../../../src/api/roles';
import { problemsOf } from '../../../src/api/openapi';
import type { Route } from '../../../src/api/route';
import { doorOnly } from '../../kit/door';
import { BAD_TOKENS, openIssuer, type BadToken, type TokenIssuer } from '../../kit/tokens';

/** Keys are made and some thousand requests asked, on a machine that may be busy. */
jest.setTimeout(60_000);

const TENANTS = ['acme', 'globex'] as const;
const OUTCOME = 'acme/EMP-R-001/6f1d';

/** A body that each route takes; a route that takes one and is not here fails. */
const BODIES: Readonly<Record<string, object>> = {
  rehearseEvent: { specversion: '1.0', id: '1', source: '/workday', type: 'hired' },
  receiveEvent: { specversion: '1.0', id: '1', source: '/workday', type: 'hired' },
  compilePlan: { outcome: 'EMP-R-001', entity: 'person:ada' },
  startOutcome: { outcome: 'EMP-R-001', entity: 'person:ada' },
  pauseOutcome: {},
  resumeOutcome: {},
  backstepOutcome: { reason: 'a test' },
  cancelOutcome: { reason: 'a test' },
  resolveNode: { node: 'channels', resolution: { as: 'retry' } },
  overrideOutcome: { node: 'channels', change: { do: 'skip' }, reason: 'a test' },
  attestAction: { node: 'channels', evidence: 'ticket 7', output: null },
  claimTask: {},
  unclaimTask: {},
  fireTask: { reason: 'a test' },
  completeTask: { evidence: 'ticket 7', output: null },
  forkOutcome: { from: 'channels' },
  decideTask: { verdict: 'approve' },
  delegateTask: { to: 'person:bob', reason: 'a test' },
  setDelegation: { until: null, reason: 'a test' },
  setAbsence: { until: '2026-12-01T00:00:00Z', reason: 'a test' },
  reviewTask: { verdict: 'sound', reason: 'a test' },
  setCalendar: { scope: 'tenant', name: 'acme', kind: 'freeze', windows: null, reason: 'a test' },
  setPassive: { passive: true, reason: 'a test' },
  setDial: { mode: 'copilot', reason: 'a test' },
  killAutomation: { reason: 'a test' },
  pauseScope: { reason: 'a test' },
  resumeScope: { reason: 'a test' },
  setGuardrail: { limit: 5, reason: 'a test' },
  takeProposal: { outcome: 'acme/EMP-R-001/6f1d', reason: 'a test' },
  decideFacts: {},
  putEntity: { fields: {} },
  scheduleReport: { on: true },
  exportPolicyLog: { reason: 'a test' },
  setHold: { scope: 'tenant', reason: 'a test' },
  liftHold: { reason: 'a test' },
  expireHistories: { reason: 'a test' },
  scheduleExpiry: { on: true },
};

/** What a path names that is looked up among the caller's own, where it is not any text. */
const NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  setDial: { id: 'onboard' },
  setDelegation: { to: 'person:bob' },
  setAbsence: { person: 'person:bob' },
  setCalendar: { id: 'freeze' },
  setPassive: { node: 'onboard/identity' },
  killAutomation: { id: 'onboard' },
  pauseScope: { kind: 'automation', name: 'onboard' },
  resumeScope: { kind: 'automation', name: 'onboard' },
  setGuardrail: { id: 'actions_per_day' },
  explainConfig: { key: 'dial.default' },
  getEntity: { id: 'person:ada' },
  getReport: { kind: 'actions' },
  scheduleReport: { kind: 'actions' },
  putEntity: { id: 'person:ada' },
  getRecordProof: { seq: '0' },
  getConsistencyProof: { size: '0' },
  liftHold: { id: 'hold-1' },
};

/** Routes that ask for nothing of any tenant. */
const OF_NOBODY = ['getCatalog', 'decideFacts'];

/** What went through the door, with the tenant that it was for. */
const passed: string[] = [];
let issuer: TokenIssuer;
let api: Api;

beforeAll(async () => {
  issuer = await openIssuer();
  api = await buildApi(doorOnly(issuer, passed));
});
afterAll(async () => {
  await api.app.close();
  await issuer.close();
});
beforeEach(() => passed.splice(0));

interface Asked {
  readonly authorization?: string | undefined;
  readonly id?: string;
  /** Of a path that names a task: which. */
  readonly node?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(
  route: Route,
  { authorization, id = OUTCOME, node = 'manager', headers = {} }: Asked,
): Promise<LightMyRequestResponse> {
  const name = route.about === 'task' ? `${id}#${node}` : id;
  const names = NAMES[route.id] ?? { id: name };
  const body = route.id === 'takeProposal' ? { outcome: id, reason: 'a test' } : BODIES[route.id];
  const response = await api.app.inject({
    method: route.method,
    url: route.path.replace(/\{(\w+)\}/g, (_all, part: string) => encodeURIComponent(names[part] ?? name)),
    headers: authorization === undefined ? headers : { authorization, ...headers },
    ...(body === undefined ? {} : { payload: body }),
  });
  // Whatever is refused is refused in a way that the document of the API says.
  if (response.statusCode >= 400) {
    expect(problemsOf(route)).toContain(response.json<{ readonly code: unknown }>().code);
  }
  return response;
}

const told = (response: LightMyRequestResponse): unknown => {
  const { code, status } = response.json<{ readonly code?: unknown; readonly status?: unknown }>();
  return { code, status, type: response.headers['content-type']?.toString().split(';')[0] };
};
const problem = (code: string, status: number) => ({ code, status, type: 'application/problem+json' });

/** Whether the path names something that belongs to one tenant by its very name. */
const isWalled = ({ about, id }: Route): boolean =>
  about === 'outcome' || about === 'task' || id === 'takeProposal';

/** The table is data, so its rows can be listed before an API is built. */
const guarded = (): readonly Route[] => api.routes.filter(({ access }) => access !== 'public');

test('the table has public routes only where nothing of a tenant is said', () => {
  const open = api.routes.filter(({ access }) => access === 'public').map(({ path }) => path);
  expect(open.sort()).toEqual([
    '/docs',
    '/docs/page.css',
    '/docs/page.js',
    '/docs/start.js',
    '/healthz',
    '/links',
    '/links',
    '/openapi.json',
    '/readyz',
  ]);
  expect(guarded().length).toBeGreaterThan(10);
  expect(guarded().every(({ path }) => path.startsWith('/v1/') || path === '/metrics')).toBe(true);
});

test('whatever takes a body is asked with one', () => {
  const takes = guarded().filter(({ body }) => body !== undefined);
  expect(takes.map(({ id }) => id).sort()).toEqual(Object.keys(BODIES).sort());
});

test('public routes answer without a token, and with any', async () => {
  for (const route of api.routes.filter(({ access, method }) => access === 'public' && method === 'GET')) {
    for (const authorization of [undefined, 'Bearer not.a.token']) {
      expect((await ask(route, { authorization })).statusCode).toBe(200);
    }
  }
});

test.each(Object.entries(BAD_TOKENS))('a token %s enters nowhere: %s', async (state, code) => {
  for (const route of guarded()) {
    for (const tenant of TENANTS) {
      const who = { tenant, roles: ROLES };
      const response = await ask(route, { authorization: await issuer.bad(state as BadToken, who) });
      expect([route.id, told(response)]).toEqual([route.id, problem(code, 401)]);
      expect(response.headers['www-authenticate']).toMatch(/^Bearer/);
    }
  }
  expect(passed).toEqual([]);
});

describe.each(TENANTS)('a caller of %s', (tenant) => {
  test.each<{ readonly roles: readonly Role[] }>([
    ...ROLES.map((role) => ({ roles: [role] })),
    { roles: [] },
  ])('with the roles $roles enters what its rule says, and nothing else', async ({ roles }) => {
    const authorization = await issuer.good({ tenant, roles });
    for (const route of guarded()) {
      passed.splice(0);
      const response = await ask(route, { authorization });
      const rule: readonly Role[] = route.access === 'public' ? [] : route.access.roles;
      const isLetIn = roles.some((role) => rule.includes(role));
      if (!isLetIn) {
        expect([route.id, told(response)]).toEqual([route.id, problem('ROLE_MISSING', 403)]);
        expect(passed).toEqual([]);
      } else if (isWalled(route) && tenant !== 'acme') {
        expect([route.id, told(response)]).toEqual([route.id, problem('OUTCOME_UNKNOWN', 404)]);
        expect(passed).toEqual([]);
      } else {
        expect([route.id, response.statusCode]).not.toEqual([route.id, 401]);
        expect([route.id, response.statusCode]).not.toEqual([route.id, 403]);
        if (OF_NOBODY.includes(route.id)) continue;
        // It came through the door, and what it asked for was its own tenant's.
        expect([route.id, [...new Set(passed)].filter((one) => !one.startsWith('{'))]).toEqual([
          route.id,
          [tenant],
        ]);
      }
    }
  });
});

test('a review is worked on by those who review, and by nobody who works on other tasks', async () => {
  const ofReviews = guarded().flatMap((route) =>
    route.access === 'public' || route.access.reviews === undefined
      ? []
      : [{ route, rule: route.access.reviews }],
  );
  expect(ofReviews.map(({ route }) => route.id).sort()).toEqual(['claimTask', 'completeTask', 'unclaimTask']);
  for (const { route, rule } of ofReviews) {
    for (const role of ROLES) {
      const authorization = await issuer.good({ tenant: 'acme', roles: [role] });
      const { statusCode } = await ask(route, { authorization, node: 'review:manager' });
      expect([route.id, role, statusCode === 403]).toEqual([route.id, role, !rule.includes(role as never)]);
    }
  }
});

test('what belongs to another tenant is refused in the very words in which nothing is', async () => {
  const authorization = await issuer.good({ tenant: 'globex', roles: ROLES });
  const plain = (response: LightMyRequestResponse): string =>
    response.body.replaceAll(/urn:uuid:[0-9a-f-]+/g, '').replaceAll('globex', 'acme');
  for (const route of guarded().filter(isWalled)) {
    const other = await ask(route, { authorization, id: OUTCOME });
    const nothing = await ask(route, { authorization, id: 'nobody/EMP-R-001/6f1d' });
    expect([route.id, plain(other)]).toEqual([route.id, plain(nothing).replaceAll('nobody', 'acme')]);
  }
});

test('a key is taken by every route that keeps answers, with a body or without one', async () => {
  const authorization = await issuer.good({ tenant: 'acme', roles: ROLES });
  const keeps = guarded().filter(({ keepsAnswers }) => keepsAnswers === true);
  expect(keeps.length).toBeGreaterThan(10);
  for (const route of keeps) {
    const response = await ask(route, { authorization, headers: { 'idempotency-key': 'one' } });
    expect([route.id, response.statusCode === 500]).toEqual([route.id, false]);
  }
});

test('an answer tells nothing of the machine that gave it', async () => {
  const authorization = await issuer.good({ tenant: 'acme', roles: ROLES });
  const response = await ask(
    api.routes.find(({ id }) => id === 'receiveEvent')!,
    { authorization },
  );
  expect(response.headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'cache-control': 'no-store',
  });
  expect(response.headers).not.toHaveProperty('x-powered-by');
  expect(response.headers).not.toHaveProperty('access-control-allow-origin');
});
