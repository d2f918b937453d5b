/** Each fault does what its name says, to the requests it is meant for and to no others, and is recorded. */
import type { FaultInput } from '../../../src/sandbox';
import {
  credentialsOf,
  graphToken,
  http,
  oktaHttp,
  oktaUser,
  serviceNowClient,
  slackHttp,
  type Reply,
} from './clients';
import { rejectionOf, useSandbox } from './support';

const stand = useSandbox();

beforeEach(() => stand.current.admin.reset());

const KIM = 'kim.doe@acme.example';
const createKim = (): Promise<Reply> =>
  oktaHttp(stand.current.sandbox)('POST', '/api/v1/users', oktaUser(KIM));
const kimExists = async () =>
  (await oktaHttp(stand.current.sandbox)('GET', `/api/v1/users/${KIM}`)).status === 200;
const onCreate = (effect: FaultInput['effect'], more: Partial<FaultInput> = {}) =>
  stand.current.admin.addFault({ match: { op: 'okta.users.create' }, times: 1, effect, ...more });

async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const start = performance.now();
  const value = await work();
  return { ms: performance.now() - start, value };
}

describe('before the effect', () => {
  test('latency delays a request and lets it happen', async () => {
    await onCreate({ kind: 'latency', ms: 150, jitterMs: 10 });
    const { ms, value } = await timed(createKim);
    expect(ms).toBeGreaterThanOrEqual(145);
    expect(value.status).toBe(200);
  });

  test('a server error prevents it', async () => {
    await onCreate({ kind: 'error_before', status: 503 });
    expect(await createKim()).toMatchObject({ status: 503, body: { errorCode: 'E0000009' } });
    expect(await kimExists()).toBe(false);
  });

  test('a cut connection prevents it', async () => {
    await onCreate({ kind: 'cut_before' });
    await rejectionOf(createKim());
    expect(await kimExists()).toBe(false);
  });

  test('a refusal speaks as the vendor does', async () => {
    const { admin, sandbox } = stand.current;
    await onCreate({ kind: 'refuse', code: 'E0000038', message: 'not now' });
    expect(await createKim()).toMatchObject({
      status: 403,
      body: { errorCode: 'E0000038', errorSummary: 'not now' },
    });
    await admin.addFault({
      match: { vendor: 'slack', op: 'slack.conversations.invite' },
      effect: { kind: 'refuse', code: 'user_is_restricted' },
    });
    expect(await slackHttp(sandbox)('conversations.invite', { channel: 'C1', users: 'U1' })).toMatchObject({
      status: 200,
      body: { ok: false, error: 'user_is_restricted' },
    });
  });

  test('an expired token is refused, and a granted one stays worthless', async () => {
    const { admin, sandbox } = stand.current;
    const token = await graphToken(sandbox.urls.graph, credentialsOf(sandbox));
    const read = (bearer: string) =>
      http('GET', `${sandbox.urls.graph}/v1.0/users`, { headers: { authorization: `Bearer ${bearer}` } });
    await admin.addFault({ match: { vendor: 'graph' }, times: 1, effect: { kind: 'expire_token' } });
    expect((await read(token)).status).toBe(401);
    expect((await read(token)).status).toBe(401);
    expect((await read(await graphToken(sandbox.urls.graph, credentialsOf(sandbox)))).status).toBe(200);
  });
});

describe('a rate limit', () => {
  const limit = (vendor: 'okta' | 'slack' | 'graph' | 'servicenow' | 'workday') =>
    stand.current.admin.addFault({ match: { vendor }, effect: { kind: 'rate_limit', retryAfterSeconds: 7 } });

  test('has the reset time of Okta', async () => {
    await limit('okta');
    const reply = await createKim();
    expect(reply).toMatchObject({ status: 429, body: { errorCode: 'E0000047' } });
    expect(reply.headers.get('x-rate-limit-remaining')).toBe('0');
    const wait =
      Number(reply.headers.get('x-rate-limit-reset')) - Date.parse(reply.headers.get('date') ?? '') / 1_000;
    expect(wait).toBeGreaterThanOrEqual(7);
    expect(wait).toBeLessThanOrEqual(9);
    expect(reply.headers.get('retry-after')).toBeNull();
  });

  test('has the Retry-After of Slack and of Graph', async () => {
    const { sandbox } = stand.current;
    const authorization = `Bearer ${await graphToken(sandbox.urls.graph, credentialsOf(sandbox))}`;
    await limit('slack');
    await limit('graph');
    const slack = await slackHttp(sandbox)('auth.test', {});
    expect(slack).toMatchObject({ status: 429, body: { ok: false, error: 'ratelimited' } });
    const graph = await http('GET', `${sandbox.urls.graph}/v1.0/users`, { headers: { authorization } });
    expect(graph).toMatchObject({ status: 429, body: { error: { code: 'TooManyRequests' } } });
    expect([slack, graph].map(({ headers }) => headers.get('retry-after'))).toEqual(['7', '7']);
  });

  test('has the X-RateLimit headers of ServiceNow', async () => {
    await limit('servicenow');
    const reply = await serviceNowClient(stand.current.sandbox)('GET', '/api/now/table/incident');
    expect(reply.status).toBe(429);
    expect(reply.headers.get('x-ratelimit-rule')).toBe('backstep');
    expect(Number(reply.headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1_000);
  });

  test('with a bucket lets the burst pass and stops what comes after', async () => {
    await stand.current.admin.addFault({
      match: { vendor: 'okta' },
      effect: { kind: 'rate_limit', perSecond: 0.001, burst: 3 },
    });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      statuses.push((await oktaHttp(stand.current.sandbox)('GET', '/api/v1/groups?q=vpn')).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });
});

describe('after the effect', () => {
  test('a server error hides it', async () => {
    await onCreate({ kind: 'error_after' });
    expect((await createKim()).status).toBe(500);
    expect(await kimExists()).toBe(true);
  });

  test('a cut connection hides it', async () => {
    await onCreate({ kind: 'cut_after' });
    await rejectionOf(createKim());
    expect(await kimExists()).toBe(true);
    const { requests } = await stand.current.admin.requests({ faulted: true });
    expect(requests).toMatchObject([
      { op: 'okta.users.create', lost: true, changes: [{ collection: 'okta.users' }] },
    ]);
  });

  test('a torn body can not be read', async () => {
    await onCreate({ kind: 'truncated_body' });
    await rejectionOf(createKim());
    expect(await kimExists()).toBe(true);
  });

  test('a slow body arrives whole', async () => {
    await onCreate({ kind: 'slow_body', ms: 150 });
    const { ms, value } = await timed(createKim);
    expect(ms).toBeGreaterThanOrEqual(145);
    expect(value).toMatchObject({ status: 200, body: { profile: { login: KIM } } });
  });
});

describe('the world around', () => {
  test('another actor changes the object just before the request', async () => {
    const id = (await createKim()).text('id');
    await stand.current.admin.addFault({
      match: { op: 'okta.users.get', object: id },
      times: 1,
      effect: { kind: 'change', collection: 'okta.users', id, set: { profile: { title: 'Director' } } },
    });
    const read = await oktaHttp(stand.current.sandbox)('GET', `/api/v1/users/${id}`);
    expect(read.at('profile')).toMatchObject({ login: KIM, title: 'Director' });
    const { requests } = await stand.current.admin.requests({ op: 'admin.change' });
    expect(requests).toHaveLength(1);
  });

  test('another actor removes the object just after the request', async () => {
    const id = (await createKim()).text('id');
    await stand.current.admin.addFault({
      match: { op: 'okta.users.get' },
      times: 1,
      effect: { kind: 'change', collection: 'okta.users', id, set: null, when: 'after' },
    });
    expect(await kimExists()).toBe(true);
    expect(await kimExists()).toBe(false);
  });

  test('a request delivered twice happens twice, and the second answer arrives', async () => {
    await onCreate({ kind: 'duplicate' });
    expect(await createKim()).toMatchObject({ status: 400, body: { errorCode: 'E0000001' } });
    expect(await kimExists()).toBe(true);
  });

  test('a lagging read sees the world as it was', async () => {
    const id = (await createKim()).text('id');
    await stand.current.admin.addFault({
      match: { op: 'okta.users.get' },
      times: 2,
      effect: { kind: 'lag', ms: 60_000 },
    });
    expect((await oktaHttp(stand.current.sandbox)('GET', `/api/v1/users/${id}`)).status).toBe(404);
    expect(await kimExists()).toBe(false);
    expect(await kimExists()).toBe(true);
  });
});

describe('a fault', () => {
  test('hits only what it is meant for', async () => {
    const { admin, sandbox } = stand.current;
    await admin.addFault({ match: { object: KIM }, effect: { kind: 'error_before' } });
    await admin.addFault({ match: { action: '|groups|' }, effect: { kind: 'error_before' } });
    await admin.addFault({ match: { tenant: 'globex' }, effect: { kind: 'error_before' } });
    expect((await createKim()).status).toBe(503);
    expect((await oktaHttp(sandbox)('POST', '/api/v1/users', oktaUser('lee@acme.example'))).status).toBe(200);
    const groups = (node: string) =>
      oktaHttp(sandbox, 'acme', `acme/R/1|${node}|execute|1`)('GET', '/api/v1/groups');
    expect((await groups('groups')).status).toBe(503);
    expect((await groups('identity')).status).toBe(200);
    expect((await oktaHttp(sandbox, 'globex')('GET', '/api/v1/groups')).status).toBe(503);
  });

  test('skips, then hits as often as it was told, and counts', async () => {
    const { admin, sandbox } = stand.current;
    await admin.addFault({ match: { vendor: 'okta' }, skip: 1, times: 2, effect: { kind: 'error_before' } });
    const statuses: number[] = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await oktaHttp(sandbox)('GET', '/api/v1/groups')).status);
    expect(statuses).toEqual([200, 503, 503, 200]);
    expect(await admin.faults()).toMatchObject([{ seen: 4, hits: 2 }]);
  });

  test('of a share hits the same requests for the same seed', async () => {
    const { admin, sandbox } = stand.current;
    const run = async (seed: number) => {
      await admin.clearFaults();
      await admin.addFault({
        match: { vendor: 'okta' },
        percent: 40,
        seed,
        effect: { kind: 'error_before' },
      });
      const statuses: number[] = [];
      for (let n = 0; n < 30; n += 1)
        statuses.push((await oktaHttp(sandbox)('GET', '/api/v1/groups?q=vpn')).status);
      return statuses;
    };
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 503]));
  });

  test('that is not one is refused, with what is wrong', async () => {
    const reply = await http('POST', `${stand.current.sandbox.urls.admin}/faults`, {
      body: { effect: { kind: 'flood' } },
    });
    expect(reply.status).toBe(400);
    expect(reply.text('error')).toContain('effect');
  });
});
