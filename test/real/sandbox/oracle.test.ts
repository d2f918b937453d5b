/** The second path: snapshots, effects and the audit log tell what was done, whoever did it. */
import { personIds, seededId } from '../../../src/sandbox';
import { http, oktaHttp, oktaUser, serviceNowClient, slackHttp, credentialsOf } from './clients';
import { useSandbox } from './support';

const stand = useSandbox();
const CONTRACTORS = seededId.oktaGroup('acme', 'contractors');
const sarah = personIds('acme', 'sarah.chen');

beforeEach(() => stand.current.admin.reset());

describe('two snapshots', () => {
  test('are equal after a write and its undo, and differ between', async () => {
    const { admin, sandbox } = stand.current;
    const okta = oktaHttp(sandbox);
    const before = await admin.snapshot();
    const id = (await okta('POST', '/api/v1/users', oktaUser('x@acme.example'))).text('id');
    await okta('PUT', `/api/v1/groups/${CONTRACTORS}/users/${id}`);
    expect((await admin.snapshot()).digest).not.toBe(before.digest);
    await okta('DELETE', `/api/v1/users/${id}`);
    await okta('DELETE', `/api/v1/users/${id}`);
    expect(await admin.snapshot()).toEqual(before);
  });

  test('are equal where only the times differ', async () => {
    const { admin, sandbox } = stand.current;
    const okta = oktaHttp(sandbox);
    const ben = personIds('acme', 'ben.carter').oktaId;
    const before = await admin.snapshot();
    await okta('POST', `/api/v1/users/${ben}/lifecycle/suspend`);
    await okta('POST', `/api/v1/users/${ben}/lifecycle/unsuspend`);
    expect(await admin.snapshot()).toEqual(before);
  });

  test('that leave out what is closed are equal with a deactivated user and without', async () => {
    const { admin, sandbox } = stand.current;
    const okta = oktaHttp(sandbox);
    const before = await admin.snapshot({ view: 'standing' });
    const id = (await okta('POST', '/api/v1/users', oktaUser('x@acme.example'))).text('id');
    expect((await admin.snapshot({ view: 'standing' })).digest).not.toBe(before.digest);
    await okta('POST', `/api/v1/users/${id}/lifecycle/deactivate`);
    expect(await admin.snapshot({ view: 'standing' })).toEqual(before);
  });

  test('are equal after a dump was restored', async () => {
    const { admin, sandbox } = stand.current;
    const before = await admin.snapshot();
    const dump = await admin.dump();
    await oktaHttp(sandbox)('POST', '/api/v1/users', oktaUser('x@acme.example'));
    await admin.restore(dump);
    expect(await admin.snapshot()).toEqual(before);
  });

  test('of one tenant do not show another’s change', async () => {
    const { admin, sandbox } = stand.current;
    const acme = await admin.snapshot({ tenant: 'acme' });
    await admin.change('globex', 'okta.users', personIds('globex', 'ben.carter').oktaId, {
      status: 'SUSPENDED',
    });
    expect(await admin.snapshot({ tenant: 'acme' })).toEqual(acme);
    expect(sandbox.credentials['globex']).toBeDefined();
  });
});

describe('effects', () => {
  test('count a key once over all its attempts, and what changed nothing not at all', async () => {
    const { admin, sandbox } = stand.current;
    const attempt = (n: number) => oktaHttp(sandbox, 'acme', `acme/R/1|groups|execute|${n}`);
    const path = `/api/v1/groups/${CONTRACTORS}/users/${personIds('acme', 'ben.carter').oktaId}`;
    await attempt(1)('GET', `/api/v1/groups/${CONTRACTORS}/users`);
    await attempt(1)('PUT', path);
    await attempt(2)('PUT', path);
    const { actions, doubled } = await admin.effects({ key: 'acme/R/1|groups|execute' });
    expect(actions).toMatchObject([{ key: 'acme/R/1|groups|execute', calls: 3, writes: 1 }]);
    expect(Object.values(actions[0]?.objects ?? {})).toEqual([1]);
    expect(doubled).toEqual([]);
  });

  test('show an order that was sent twice under one key', async () => {
    const { admin, sandbox } = stand.current;
    const { username, password } = credentialsOf(sandbox).servicenow;
    const order = () =>
      http(
        'POST',
        `${sandbox.urls.servicenow}/api/sn_sc/servicecatalog/items/${seededId.catalogueItem('acme', 'MacBook Pro 14')}/order_now`,
        {
          headers: {
            authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
            'x-backstep-action': 'acme/R/1|device|execute|1',
          },
          body: {
            sysparm_quantity: 1,
            sysparm_requested_for: sarah.serviceNowId,
            variables: { justification: 'x' },
          },
        },
      );
    await order();
    expect((await admin.effects({ key: '|device|' })).doubled).toEqual([]);
    await order();
    expect((await admin.effects({ key: '|device|' })).doubled).toMatchObject([
      { key: 'acme/R/1|device|execute', count: 2, target: expect.stringContaining('order_now') as string },
    ]);
  });

  test('tell two channels invited to from one invited to twice', async () => {
    const { admin, sandbox } = stand.current;
    const invite = (name: string) =>
      slackHttp(
        sandbox,
        'acme',
        'acme/R/1|channels|execute|1',
      )('conversations.invite', {
        channel: seededId.slackChannel('acme', name),
        users: sarah.slackId,
      });
    await invite('engineering');
    await invite('contractors');
    await invite('contractors');
    expect(await admin.effects({ key: '|channels|' })).toMatchObject({ calls: 3, writes: 2, doubled: [] });
  });

  test('count every object, whoever changed it', async () => {
    const { admin } = stand.current;
    const id = personIds('acme', 'ben.carter').oktaId;
    const okta = oktaHttp(stand.current.sandbox);
    await okta('POST', `/api/v1/users/${id}/lifecycle/suspend`);
    await okta('POST', `/api/v1/users/${id}/lifecycle/unsuspend`);
    expect((await admin.effects({ object: id })).objects).toEqual({ [`okta.users/${id}`]: 2 });
  });

  test('the action header never makes a second request harmless', async () => {
    const { admin, sandbox } = stand.current;
    const now = serviceNowClient(sandbox);
    const { requests } = await admin.requests();
    expect(requests).toEqual([]);
    const okta = oktaHttp(sandbox, 'acme', 'acme/R/1|identity|execute|1');
    expect((await okta('POST', '/api/v1/users', oktaUser('x@acme.example'))).status).toBe(200);
    expect((await okta('POST', '/api/v1/users', oktaUser('x@acme.example'))).status).toBe(400);
    expect((await now('GET', '/api/now/table/incident')).at('result')).toEqual([]);
  });
});

describe('the audit log', () => {
  test('has every request with what it changed, in pages', async () => {
    const { admin, sandbox } = stand.current;
    const okta = oktaHttp(sandbox, 'acme', 'acme/R/1|identity|execute|1');
    await okta('GET', '/api/v1/users/nobody@acme.example');
    await okta('POST', '/api/v1/users', oktaUser('x@acme.example'));
    await slackHttp(sandbox)('auth.test', {});
    const first = await admin.requests({ limit: 2 });
    expect(first.requests).toMatchObject([
      { op: 'okta.users.get', status: 404, tenant: 'acme' },
      {
        op: 'okta.users.create',
        target: 'x@acme.example',
        changes: [{ before: null, after: { status: 'PROVISIONED' } }],
      },
    ]);
    const rest = await admin.requests({ after: first.next ?? 0, limit: 2 });
    expect(rest).toMatchObject({ requests: [{ op: 'slack.auth.test' }], next: null });
    expect((await admin.requests({ key: 'R/1|identity', changed: true })).requests).toHaveLength(1);
    expect((await admin.requests({ vendor: 'slack' })).requests).toHaveLength(1);
  });

  test('has the requests of nobody, too', async () => {
    const { admin, sandbox } = stand.current;
    await http('GET', `${sandbox.urls.okta}/api/v1/users`);
    expect((await admin.requests()).requests).toMatchObject([{ status: 401, tenant: '' }]);
  });
});

test('a change by another actor is in the world and in the log', async () => {
  const { admin, sandbox } = stand.current;
  const id = personIds('acme', 'ben.carter').oktaId;
  await admin.change('acme', 'okta.users', id, { profile: { title: 'Director' } });
  expect((await oktaHttp(sandbox)('GET', `/api/v1/users/${id}`)).at('profile.title')).toBe('Director');
  expect((await admin.requests({ op: 'admin.change' })).requests).toMatchObject([
    { tenant: 'acme', target: `okta.users/${id}` },
  ]);
});

test('a path that the vendor does not have is refused in its words', async () => {
  const { urls } = stand.current.sandbox;
  expect(await http('GET', `${urls.okta}/api/v1/nothing`)).toMatchObject({
    status: 404,
    body: { errorCode: 'E0000022' },
  });
  expect(await http('POST', `${urls.slack}nothing.at.all`)).toMatchObject({
    body: { ok: false, error: 'unknown_method' },
  });
});

test('a body that can not be read is refused in the vendor’s words', async () => {
  const { urls } = stand.current.sandbox;
  const response = await fetch(`${urls.okta}/api/v1/users`, {
    method: 'POST',
    headers: {
      authorization: `SSWS ${credentialsOf(stand.current.sandbox).okta.token}`,
      'content-type': 'application/json',
    },
    body: '{"profile":',
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errorCode: 'E0000003' });
});
