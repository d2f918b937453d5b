/** What the API refuses before any use case is asked, and what it says of itself. */
import Ajv2020 from 'ajv/dist/2020';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildApi, type Api } from '../../../src/api/app';
import { createIdentify, STANDARD_CLAIMS } from '../../../src/api/identity';
import { API_LIMITS } from '../../../src/api/limits';
import { ROLES } from '../../../src/api/roles';
import type { ApiDeps } from '../../../src/api/route';
import { StoreError } from '../../../src/store/store-error';
import { doorOnly } from '../../kit/door';
import { openIssuer, type TokenIssuer } from '../../kit/tokens';

/** Keys are made and some thousand requests asked, on a machine that may be busy. */
jest.setTimeout(60_000);

let issuer: TokenIssuer;
let authorization: string;
const open: Api[] = [];

beforeAll(async () => {
  issuer = await openIssuer();
  authorization = await issuer.good({ tenant: 'acme', roles: ROLES });
});
afterEach(() => Promise.all(open.splice(0).map(({ app }) => app.close())));
afterAll(() => issuer.close());

async function api(more: Partial<ApiDeps> = {}, options: Parameters<typeof buildApi>[1] = {}): Promise<Api> {
  const built = await buildApi({ ...doorOnly(issuer, []), ...more }, options);
  open.push(built);
  return built;
}

const START = { outcome: 'EMP-R-001', entity: 'person:ada' };

async function send(
  { app }: Api,
  request: {
    readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';
    readonly url?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly payload?: string | object;
  },
) {
  const { method = 'POST', url = '/v1/outcomes', headers = {}, payload } = request;
  const response = await app.inject({
    method,
    url,
    headers: { authorization, ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
  const said = response.body.startsWith('{') ? response.json<Readonly<Record<string, unknown>>>() : {};
  return { status: response.statusCode, code: said['code'], said, headers: response.headers };
}

describe('a request', () => {
  const json = { 'content-type': 'application/json' };
  it.each([
    ['no JSON', { payload: '{"outcome":', headers: json }, 400, 'REQUEST_INVALID'],
    ['nothing', {}, 400, 'REQUEST_INVALID'],
    ['another prototype', { payload: '{"__proto__":{"a":1}}', headers: json }, 400, 'REQUEST_INVALID'],
    ['a member that nobody knows', { payload: { ...START, tenant: 'globex' } }, 400, 'REQUEST_INVALID'],
    [
      'a form',
      { payload: 'a=b', headers: { 'content-type': 'text/plain' } },
      415,
      'REQUEST_TYPE_UNSUPPORTED',
    ],
    ['too much', { payload: { a: 'x'.repeat(API_LIMITS.bodyBytes) } }, 413, 'REQUEST_TOO_LARGE'],
    ['an unusable key', { payload: START, headers: { 'idempotency-key': 'a b' } }, 400, 'REQUEST_INVALID'],
    ['a reason that cannot be kept', { payload: { ...START, entity: 'a\u0000b' } }, 400, 'REQUEST_INVALID'],
    [
      'half of a pair deep inside',
      { payload: `{"outcome":"A","entity":"b","params":{"a":[{"\\ud800":1}]}}`, headers: json },
      400,
      'REQUEST_INVALID',
    ],
    ['a name that cannot be looked up', { method: 'GET', url: '/v1/entities/a%00b' }, 400, 'REQUEST_INVALID'],
    ['a filter of nothing', { method: 'GET', url: '/v1/outcomes?entity=%00' }, 400, 'REQUEST_INVALID'],
    ['a page of nothing', { method: 'GET', url: '/v1/outcomes?limit=0' }, 400, 'REQUEST_INVALID'],
    ['a path that is not there', { url: '/v1/nothing' }, 404, 'ROUTE_UNKNOWN'],
    ['a method that is not there', { method: 'DELETE' }, 405, 'METHOD_NOT_ALLOWED'],
    ['an id that cannot be decoded', { method: 'GET', url: '/v1/outcomes/%E0%A4%A' }, 400, 'REQUEST_INVALID'],
  ] as const)('with %s is refused', async (_what, request, status, code) => {
    const response = await send(await api(), request);
    expect([response.status, response.code]).toEqual([status, code]);
    expect(response.headers['content-type']).toContain('application/problem+json');
  });

  it('that does not fit is told every place at which it does not', async () => {
    const { said } = await send(await api(), {
      url: `/v1/outcomes/${encodeURIComponent('acme/EMP-R-001/1')}/resolve`,
      payload: { node: '', resolution: { as: 'accept' } },
    });
    expect((said['errors'] as { readonly pointer: string }[]).map(({ pointer }) => pointer)).toEqual([
      '/body/node',
      '/body/resolution/reason',
    ]);
  });

  it.each(['%20', '%09%C2%A0', '%20freeze', 'freeze%20', 'a%0A'])(
    'for a name of blanks, or with blanks around it, is told so: %s',
    async (id) => {
      const name = decodeURIComponent(id);
      const payload = { scope: 'tenant', name, kind: 'freeze', windows: null, reason: 'books close' };
      const built = await api();
      const url = `/v1/calendars/${id}`;
      const { status, said } = await send(built, { method: 'PUT', url, payload });
      const message = 'it is blank, or has a blank at its begin or end';
      expect([status, said['errors']]).toEqual([400, [{ pointer: '/params/id', message }]]);
      const { said: ofBody } = await send(built, { method: 'PUT', url: '/v1/calendars/year-end', payload });
      expect(ofBody['errors']).toEqual([{ pointer: '/body/name', message }]);
    },
  );

  it('whose head is too long is told so, though it never becomes one', async () => {
    const { app } = await api();
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const response = await fetch(`${url}/v1/outcomes?cursor=${'x'.repeat(API_LIMITS.headBytes)}`);
    expect([response.status, ((await response.json()) as { readonly code: string }).code]).toEqual([
      431,
      'REQUEST_HEAD_TOO_LARGE',
    ]);
  });

  it('by a method that only the framework knows is told which there are', async () => {
    const { app } = await api();
    const response = await app.inject({ method: 'QUERY' as 'GET', url: '/v1/outcomes' });
    expect([response.statusCode, response.headers['allow']]).toEqual([405, 'POST, GET']);
  });

  it('to a path with other methods is told which', async () => {
    expect((await send(await api(), { method: 'DELETE' })).headers['allow']).toBe('POST, GET');
  });

  it.each([
    ['the database', new StoreError('STORE_UNAVAILABLE'), 503, 'DEPENDENCY_DOWN'],
    [
      'Temporal',
      Object.assign(new Error('14 UNAVAILABLE: 10.0.0.7:7233'), { code: 14 }),
      503,
      'DEPENDENCY_DOWN',
    ],
    ['our own code', new TypeError('SELECT secret FROM 10.0.0.7'), 500, 'API_UNEXPECTED'],
  ])('that fails because of %s says so, and nothing of the machine', async (_what, error, status, code) => {
    const response = await send(await api({ configOf: () => Promise.reject(error) }), { payload: START });
    expect([response.status, response.code]).toEqual([status, code]);
    expect(JSON.stringify(response.said)).not.toMatch(/10\.0\.0\.7|SELECT|\.[jt]s:/);
  });
});

describe('limits', () => {
  it('hold each caller to so many requests a minute, and say when to come again', async () => {
    const limited = await api({}, { perMinute: { caller: 2 } });
    const statuses: number[] = [];
    for (let n = 0; n < 3; n++) statuses.push((await send(limited, { method: 'GET' })).status);
    expect(statuses).toEqual([200, 200, 429]);
    const refused = await send(limited, { method: 'GET' });
    expect(refused.code).toBe('REQUEST_TOO_OFTEN');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const other = await issuer.good({ tenant: 'acme', roles: ROLES, name: 'bob' });
    expect((await send(limited, { method: 'GET', headers: { authorization: other } })).status).toBe(200);
  });

  it('hold an address as well, before its tokens are judged', async () => {
    const limited = await api({}, { perMinute: { address: 2 } });
    const statuses: number[] = [];
    for (let n = 0; n < 3; n++) {
      statuses.push(
        (await send(limited, { method: 'GET', headers: { authorization: 'Bearer a.b.c' } })).status,
      );
    }
    expect(statuses).toEqual([401, 401, 429]);
  });
});

describe('what is kept of callers', () => {
  it('is kept for each of them alone: a key that another has sent is another key', async () => {
    const asked: object[] = [];
    const answers: ApiDeps['answers'] = {
      claim: (key) => Promise.resolve(void asked.push(key)).then(() => ({ kind: 'mine' })),
      keep: () => Promise.resolve(),
      release: () => Promise.resolve(),
      probe: () => Promise.resolve(),
    };
    const built = await api({ answers });
    for (const name of ['person:ada', 'person:bob']) {
      const bearer = await issuer.good({ tenant: 'acme', roles: ROLES, name });
      await send(built, { headers: { authorization: bearer, 'idempotency-key': 'one' }, payload: START });
    }
    expect(asked).toEqual([
      { tenant: 'acme', caller: 'person:ada', key: 'one' },
      { tenant: 'acme', caller: 'person:bob', key: 'one' },
    ]);
  });

  it('is told no longer than the token lasts: a stream ends with it', async () => {
    const deps = doorOnly(issuer, []);
    const untilMs = endOf(authorization);
    const now = (): number => untilMs - 200;
    const built = await api({ services: { ...deps.services, now } });
    const headers = { accept: 'text/event-stream' };
    const { status, headers: said } = await send(built, { method: 'GET', url: '/v1/feed', headers });
    expect([status, said['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
  });
});

/** When a bearer token ends, in milliseconds since the epoch. */
function endOf(bearer: string): number {
  const claims = Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(claims) as { readonly exp: number }).exp * 1_000;
}

describe('browsers', () => {
  const preflight = {
    method: 'OPTIONS',
    headers: { origin: 'https://console.test', 'access-control-request-method': 'POST' },
  } as const;
  const allowed = 'access-control-allow-origin';

  it('of no origin may call, unless it is named', async () => {
    expect((await send(await api(), preflight)).headers).not.toHaveProperty(allowed);
    const named = await api({ origins: ['https://console.test'] });
    expect((await send(named, preflight)).headers[allowed]).toBe('https://console.test');
    const other = { ...preflight, headers: { ...preflight.headers, origin: 'https://evil.test' } };
    expect((await send(named, other)).headers).not.toHaveProperty(allowed);
  });
});

describe('a probe', () => {
  const ready = { method: 'GET', url: '/readyz' } as const;

  it('that is refused or not answered says that the API is not ready, and which it was', async () => {
    const probes = {
      postgres: () => Promise.reject(new Error('down')),
      temporal: () => new Promise<void>(() => undefined),
      other: () => Promise.resolve(),
    };
    const { status, said } = await send(await api({ probes }), ready);
    expect(status).toBe(503);
    expect(said).toEqual({
      status: 'not_ready',
      dependencies: { postgres: 'down', temporal: 'down', other: 'up' },
    });
  });

  it('is asked once however many ask', async () => {
    let asked = 0;
    const probed = await api({ probes: { postgres: () => Promise.resolve(void (asked += 1)) } });
    const all = await Promise.all(Array.from({ length: 20 }, () => send(probed, ready)));
    expect([...new Set(all.map(({ status }) => status))]).toEqual([200]);
    expect(asked).toBe(1);
  });

  it('says no once the API is to stop, while the process still says that it lives', async () => {
    const stopping = await api();
    stopping.drain();
    expect((await send(stopping, ready)).said).toMatchObject({ status: 'stopping' });
    expect((await send(stopping, { method: 'GET', url: '/healthz' })).status).toBe(200);
  });
});

describe('the table of routes', () => {
  it('is all that is served: nothing can be added beside it', async () => {
    const { app } = await api();
    expect(() => app.get('/v1/secret', () => 'open')).toThrow('stands in no table');
  });

  it('stands in docs/api.md, with the roles of each', async () => {
    const text = readFileSync(join(__dirname, '../../../docs/api.md'), 'utf8');
    const listed = [...text.matchAll(/^\| `(GET|POST|PUT) (\S+)` +\| (.*?) +\|/gm)].map(
      ([, method = '', path = '', roles = '']) => `${method} ${path} ${roles}`,
    );
    const { routes } = await api();
    const rows = routes.map(({ method, path, access }) => {
      if (access === 'public') return `${method} ${path} everybody`;
      const ofReviews = access.reviews === undefined ? '' : `; of a review ${access.reviews.join(', ')}`;
      return `${method} ${path} ${access.roles.join(', ')}${ofReviews}`;
    });
    expect(listed.sort()).toEqual(rows.sort());
  });

  it('stands in docs/api.md by its path where it is sent again without a kept answer', async () => {
    const text = readFileSync(join(__dirname, '../../../docs/api.md'), 'utf8');
    const [said = ''] = /Every `POST` takes an `Idempotency-Key` but [^]*?\. /.exec(text) ?? [];
    const { routes } = await api();
    const unkept = routes.filter(({ method, keepsAnswers }) => method === 'POST' && keepsAnswers !== true);
    const named = [...said.matchAll(/`(\/[^`]+)`/g)].map(([, path = '']) => path);
    expect(named.sort()).toEqual(unkept.map(({ path }) => path).sort());
  });
});

describe('the OpenAPI document', () => {
  const read = async (): Promise<Readonly<Record<string, unknown>>> =>
    (await send(await api(), { method: 'GET', url: '/openapi.json' })).said;

  it('has every route, with a name of its own, and every reference leads somewhere', async () => {
    const document = await read();
    const { routes } = await api();
    const paths = document['paths'] as Record<string, Record<string, { readonly operationId: string }>>;
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`,
      ),
    );
    expect(operations.sort()).toEqual(routes.map(({ method, path, id }) => `${method} ${path} ${id}`).sort());
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, to = '']) => to.split('/'));
    expect(references.length).toBeGreaterThan(0);
    for (const steps of references) {
      const found = steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document);
      expect(found).toBeDefined();
    }
  });

  it('holds only schemas that a validator of another house takes', async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const document = await read();
    const schemas: unknown[] = [];
    JSON.stringify(document, (key, value: unknown) => {
      if (key === 'schema') schemas.push(value);
      return value;
    });
    expect(schemas.length).toBeGreaterThan(40);
    for (const schema of schemas) {
      expect(ajv.validateSchema(schema as object)).toBe(true);
    }
  });
});

describe('keys of an issuer that cannot be read', () => {
  it('are no reason to call a token wrong', async () => {
    const identify = createIdentify({
      issuer: 'https://issuer.test/',
      audience: 'backstep',
      keys: new URL('http://127.0.0.1:1/keys'),
      claims: STANDARD_CLAIMS,
      now: Date.now,
    });
    const { status, code } = await send(await api({ identify }), { method: 'GET' });
    expect([status, code]).toEqual([503, 'ISSUER_UNAVAILABLE']);
  });
});
