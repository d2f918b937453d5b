/** Okta's rules that the shared battery can't ask, because the emulator is laxer. */
import { personIds, seededId } from '../../../src/sandbox';
import { oktaHttp, oktaUser } from './clients';
import { useSandbox } from './support';

const stand = useSandbox();
const ben = personIds('acme', 'ben.carter').oktaId;

beforeEach(() => stand.current.admin.reset());

const okta = (method: string, path: string, body?: unknown) =>
  oktaHttp(stand.current.sandbox)(method, `/api/v1${path}`, body);
const lifecycle = (operation: string, id = ben) => okta('POST', `/users/${id}/lifecycle/${operation}`);

describe('the status machine', () => {
  test.each([
    [['suspend', 'suspend'], 'E0000001'],
    [['unsuspend'], 'E0000001'],
    [['activate'], 'E0000016'],
    [['deactivate', 'deactivate'], 'E0000038'],
    [['deactivate', 'suspend'], 'E0000001'],
  ])('refuses the last of %j', async (operations, errorCode) => {
    const replies = [];
    for (const operation of operations) replies.push(await lifecycle(operation));
    expect(replies.slice(0, -1).every(({ status }) => status === 200)).toBe(true);
    expect(replies.at(-1)).toMatchObject({ body: { errorCode } });
    expect(replies.at(-1)?.status).toBeGreaterThanOrEqual(400);
  });

  test('activates a deactivated user again, who is still in the groups', async () => {
    await lifecycle('deactivate');
    await lifecycle('activate');
    expect((await okta('GET', `/users/${ben}`)).at('status')).toBe('ACTIVE');
    const groups = (await okta('GET', `/users/${ben}/groups`)).body as { profile: { name: string } }[];
    expect(groups.map(({ profile }) => profile.name)).toEqual(
      expect.arrayContaining(['Everyone', 'engineering', 'vpn']),
    );
  });
});

describe('a profile', () => {
  test('keeps our marker and is found by it', async () => {
    const id = (await okta('POST', '/users', oktaUser('x@acme.example', { backstepKey: 'key-1' }))).text(
      'id',
    );
    const search = encodeURIComponent('profile.backstepKey eq "key-1"');
    expect((await okta('GET', `/users?search=${search}`)).body).toMatchObject([
      { id, profile: { backstepKey: 'key-1' } },
    ]);
  });

  test('with an attribute that nobody declared, or without a required one, is refused', async () => {
    expect(await okta('POST', '/users', oktaUser('x@acme.example', { shoeSize: '43' }))).toMatchObject({
      status: 400,
    });
    const { firstName: _none, ...profile } = oktaUser('x@acme.example').profile as unknown as Record<
      string,
      string
    >;
    expect(await okta('POST', '/users', { profile })).toMatchObject({
      status: 400,
      body: {
        errorCode: 'E0000001',
        errorCauses: [{ errorSummary: 'firstName: The field cannot be left blank' }],
      },
    });
  });

  test('is updated in part by POST and as a whole by PUT', async () => {
    const id = (await okta('POST', '/users', oktaUser('x@acme.example', { title: 'Engineer' }))).text('id');
    await okta('POST', `/users/${id}`, { profile: { department: 'Design' } });
    expect((await okta('GET', `/users/${id}`)).at('profile')).toMatchObject({
      title: 'Engineer',
      department: 'Design',
    });
    await okta('PUT', `/users/${id}`, oktaUser('x@acme.example'));
    expect((await okta('GET', `/users/${id}`)).at('profile')).toEqual(oktaUser('x@acme.example').profile);
  });
});

test('the login of a deactivated user stays taken', async () => {
  const { email } = personIds('acme', 'lena.fischer');
  expect(await okta('POST', '/users', oktaUser(email))).toMatchObject({
    status: 400,
    body: { errorCauses: [{ errorSummary: expect.stringContaining('already exists') as string }] },
  });
});

test('the groups that Okta keeps itself take no members', async () => {
  const everyone = seededId.oktaGroup('acme', 'Everyone');
  expect((await okta('PUT', `/groups/${everyone}/users/${ben}`)).status).toBe(501);
});

test('a list comes in pages, each once', async () => {
  const seen: string[] = [];
  let next: string | null = `${stand.current.sandbox.urls.okta}/api/v1/users?limit=7`;
  while (next !== null) {
    const reply = await okta('GET', next.slice(next.indexOf('/api/v1') + '/api/v1'.length));
    seen.push(...(reply.body as { id: string }[]).map(({ id }) => id));
    next = /<([^>]+)>; rel="next"/.exec(reply.headers.get('link') ?? '')?.[1] ?? null;
  }
  // 18 employees and one contractor; the deprovisioned one is left out.
  expect(seen).toHaveLength(19);
  expect(new Set(seen).size).toBe(19);
});
