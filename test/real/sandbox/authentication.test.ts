import { credentialsFor } from '../../../src/sandbox';
import { credentialsOf, graphToken, http, workdayToken } from './clients';
import { useSandbox } from './support';

const stand = useSandbox();
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const HOUR_MS = 3_600_000;

beforeEach(() => stand.current.admin.reset());

describe('a credential that nobody has', () => {
  test('is E0000011 at Okta', async () => {
    const url = `${stand.current.sandbox.urls.okta}/api/v1/users`;
    for (const headers of [{}, { authorization: 'SSWS wrong' }]) {
      expect(await http('GET', url, { headers })).toMatchObject({
        status: 401,
        body: { errorCode: 'E0000011' },
      });
    }
  });

  test('is ok: false with HTTP 200 at Slack, with or without a token', async () => {
    const url = `${stand.current.sandbox.urls.slack}auth.test`;
    expect(await http('POST', url, bearer('xoxb-wrong'))).toMatchObject({
      status: 200,
      body: { ok: false, error: 'invalid_auth' },
    });
    expect(await http('POST', url)).toMatchObject({ status: 200, body: { ok: false, error: 'not_authed' } });
  });

  test('is InvalidAuthenticationToken at Graph, and no token is granted for it', async () => {
    const { graph } = stand.current.sandbox.urls;
    expect(await http('GET', `${graph}/v1.0/users`, bearer('wrong'))).toMatchObject({
      status: 401,
      body: { error: { code: 'InvalidAuthenticationToken' } },
    });
    const { graph: acme } = credentialsOf(stand.current.sandbox);
    const form = {
      grant_type: 'client_credentials',
      client_id: acme.clientId,
      client_secret: 'wrong',
      scope: 'x/.default',
    };
    expect(await http('POST', `${graph}/${acme.tenantId}/oauth2/v2.0/token`, { form })).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
  });

  test('is 401 at ServiceNow and at Workday', async () => {
    const { servicenow, workday } = stand.current.sandbox.urls;
    expect(await http('GET', `${servicenow}/api/now/table/incident`)).toMatchObject({
      status: 401,
      body: { error: { message: 'User Not Authenticated' } },
    });
    expect((await http('GET', `${workday}/ccx/api/staffing/v6/acme/workers`, bearer('wrong'))).status).toBe(
      401,
    );
  });
});

describe('a granted token', () => {
  test('of Graph and of Workday expires by the sandbox clock', async () => {
    const { admin, sandbox } = stand.current;
    const credentials = credentialsOf(sandbox);
    const graph = await graphToken(sandbox.urls.graph, credentials);
    const workday = (await workdayToken(sandbox.urls.workday, credentials)).text('access_token');
    const statuses = async () => [
      (await http('GET', `${sandbox.urls.graph}/v1.0/users`, bearer(graph))).status,
      (await http('GET', `${sandbox.urls.workday}/ccx/api/staffing/v6/acme/workers`, bearer(workday))).status,
    ];
    expect(await statuses()).toEqual([200, 200]);
    await admin.advanceClock(HOUR_MS + 1_000);
    expect(await statuses()).toEqual([401, 401]);
  });

  test('of ServiceNow is good where the user and password are', async () => {
    const { servicenow } = stand.current.sandbox.urls;
    const { clientId, clientSecret, username, password } = credentialsOf(stand.current.sandbox).servicenow;
    const form = {
      grant_type: 'password',
      client_id: clientId,
      client_secret: clientSecret,
      username,
      password,
    };
    const token = (await http('POST', `${servicenow}/oauth_token.do`, { form })).text('access_token');
    expect((await http('GET', `${servicenow}/api/now/table/incident`, bearer(token))).status).toBe(200);
  });

  test('that was tampered with is refused', async () => {
    const { graph } = stand.current.sandbox.urls;
    const [header, payload, signature] = (
      await graphToken(graph, credentialsOf(stand.current.sandbox))
    ).split('.');
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8')) as object;
    const forged = Buffer.from(JSON.stringify({ ...claims, tenant: 'globex' })).toString('base64url');
    expect(
      (await http('GET', `${graph}/v1.0/users`, bearer(`${header}.${forged}.${signature}`))).status,
    ).toBe(401);
  });

  test('of one vendor opens no other', async () => {
    const { graph, workday } = stand.current.sandbox.urls;
    const token = await graphToken(graph, credentialsOf(stand.current.sandbox));
    expect((await http('GET', `${workday}/ccx/api/staffing/v6/acme/workers`, bearer(token))).status).toBe(
      401,
    );
  });
});

describe('a credential that may only read', () => {
  const readOnly = credentialsFor('acme', 'readOnly');

  test('is refused a write in each vendor’s words, and changes nothing', async () => {
    const { admin, sandbox } = stand.current;
    const before = await admin.snapshot();
    const { urls } = sandbox;
    const okta = { headers: { authorization: `SSWS ${readOnly.okta.token}` } };
    expect((await http('GET', `${urls.okta}/api/v1/users`, okta)).status).toBe(200);
    expect(await http('POST', `${urls.okta}/api/v1/users`, { ...okta, body: {} })).toMatchObject({
      status: 403,
      body: { errorCode: 'E0000006' },
    });
    const slack = { ...bearer(readOnly.slack.token), form: { channel: 'C1', users: 'U1' } };
    expect(await http('POST', `${urls.slack}conversations.invite`, slack)).toMatchObject({
      status: 200,
      body: { ok: false, error: 'missing_scope', needed: 'channels:write.invites' },
    });
    const graph = bearer(await graphToken(urls.graph, readOnly));
    expect(await http('POST', `${urls.graph}/v1.0/users`, { ...graph, body: {} })).toMatchObject({
      status: 403,
      body: { error: { code: 'Authorization_RequestDenied' } },
    });
    const workday = bearer((await workdayToken(urls.workday, readOnly)).text('access_token'));
    expect(
      (
        await http('POST', `${urls.workday}/ccx/api/staffing/v6/acme/workers/x/jobChanges`, {
          ...workday,
          body: {},
        })
      ).status,
    ).toBe(403);
    expect(await admin.snapshot()).toEqual(before);
  });
});

describe('a tenant', () => {
  test('sees its own world only, and changes no other', async () => {
    const { admin, sandbox } = stand.current;
    const acme = await admin.snapshot({ tenant: 'acme' });
    const headers = { authorization: `SSWS ${credentialsOf(sandbox, 'globex').okta.token}` };
    const url = `${sandbox.urls.okta}/api/v1/users`;
    expect((await http('GET', `${url}/ben.carter@acme.example`, { headers })).status).toBe(404);
    expect((await http('GET', `${url}/ben.carter@globex.example`, { headers })).status).toBe(200);
    const profile = { login: 'x@acme.example', email: 'x@acme.example', firstName: 'X', lastName: 'Y' };
    expect((await http('POST', url, { headers, body: { profile } })).status).toBe(200);
    expect(await admin.snapshot({ tenant: 'acme' })).toEqual(acme);
  });

  test('of the path must be the tenant of the token, at Workday', async () => {
    const { workday } = stand.current.sandbox.urls;
    const token = (await workdayToken(workday, credentialsOf(stand.current.sandbox))).text('access_token');
    expect((await http('GET', `${workday}/ccx/api/staffing/v6/globex/workers`, bearer(token))).status).toBe(
      401,
    );
  });

  test('is made by seeding it', async () => {
    const { admin, sandbox } = stand.current;
    const { okta } = await admin.seed('initech', 3);
    const headers = { authorization: `SSWS ${okta.token}` };
    expect((await http('GET', `${sandbox.urls.okta}/api/v1/groups?q=vpn`, { headers })).body).toHaveLength(1);
    const world = (await admin.snapshot({ tenant: 'initech' })).world['initech'] as Record<string, object>;
    expect(Object.keys(world['workday.workers'] ?? {})).toHaveLength(24 + 3);
  });
});
