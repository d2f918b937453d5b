/** Signed webhooks at the door: what is not signed by a secret of its own source, now, enters nowhere. */
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApi, type Api } from '../../../src/api/app';
import { readWebhookSecrets } from '../../../src/api/webhooks';
import { doorOnly } from '../../kit/door';
import { openIssuer, type TokenIssuer } from '../../kit/tokens';

const EVENT = { specversion: '1.0', id: '1', source: '/workday', type: 'hired' };
const secret = randomBytes(32).toString('base64');
const next = randomBytes(32).toString('base64');
const other = randomBytes(32).toString('base64');

let folder: string;
let issuer: TokenIssuer;
let api: Api;
const passed: string[] = [];

function secretsOf(content: unknown): ReturnType<typeof readWebhookSecrets> {
  const file = join(folder, 'webhooks.json');
  writeFileSync(file, JSON.stringify(content));
  return readWebhookSecrets(file);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'backstep-'));
  issuer = await openIssuer();
  const webhooks = secretsOf({
    'acme/workday': [`whsec_${secret}`, `whsec_${next}`],
    'globex/workday': [other],
  });
  api = await buildApi({ ...doorOnly(issuer, passed), webhooks });
});
afterAll(async () => {
  await api.app.close();
  await issuer.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => passed.splice(0));

interface Sent {
  readonly source?: string;
  readonly key?: string;
  /** Seconds from now. */
  readonly skew?: number;
  readonly signed?: string;
  readonly body?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function send(sent: Sent = {}) {
  const {
    source = 'acme/workday',
    key = secret,
    skew = 0,
    body = JSON.stringify(EVENT),
    url = '/v1/events',
  } = sent;
  const timestamp = String(Math.floor(Date.now() / 1_000) + skew);
  const text = `msg_1.${timestamp}.${sent.signed ?? body}`;
  const digest = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
  const response = await api.app.inject({
    method: 'POST',
    url,
    payload: body,
    headers: {
      'content-type': 'application/json',
      'webhook-source': source,
      'webhook-id': 'msg_1',
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${digest}`,
      ...sent.headers,
    },
  });
  return { status: response.statusCode, code: response.json<{ code?: string }>().code };
}

/** Behind the door there is no configuration: whoever comes that far came in. */
const CAME_IN = { status: 503, code: 'CONFIG_REFUSED' };
const REFUSED = { status: 401, code: 'TOKEN_INVALID' };

test('a webhook that is signed comes in, for the tenant of its source', async () => {
  expect(await send()).toEqual(CAME_IN);
  expect(passed).toEqual(['acme']);
  expect(await send({ source: 'globex/workday', key: other })).toEqual(CAME_IN);
  expect(passed).toEqual(['acme', 'globex']);
});

test('while a secret is exchanged either is taken, and one signature of several is enough', async () => {
  expect(await send({ key: next })).toEqual(CAME_IN);
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const body = JSON.stringify(EVENT);
  const sign = (key: string): string =>
    createHmac('sha256', Buffer.from(key, 'base64')).update(`msg_1.${timestamp}.${body}`).digest('base64');
  const headers = {
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${sign(other)} v1,${sign(next)}`,
  };
  expect(await send({ headers })).toEqual(CAME_IN);
});

test.each<readonly [string, Sent]>([
  ['by the secret of another tenant’s source', { key: other }],
  ['by a source that nobody knows', { source: 'acme/okta' }],
  [
    'by a source that nobody knows, with the key of nobody',
    { source: 'acme/okta', key: Buffer.alloc(32).toString('base64') },
  ],
  ['over another body', { signed: '{}' }],
  ['over the same JSON with other bytes', { signed: JSON.stringify(EVENT, null, 2) }],
  ['for no source', { source: '' }],
  ['for a source that is a path', { source: '../acme/workday' }],
  ['by no signature at all', { headers: { 'webhook-signature': 'v1,' } }],
  ['by another scheme', { headers: { 'webhook-signature': 'v1a,AAAA' } }],
  ['at no time', { headers: { 'webhook-timestamp': 'now' } }],
  ['without an id', { headers: { 'webhook-id': '' } }],
])('a webhook signed %s is refused', async (_what, sent) => {
  expect(await send(sent)).toEqual(REFUSED);
  expect(passed).toEqual([]);
});

test('a webhook of another time is refused, on either side of the window', async () => {
  for (const skew of [-310, 310])
    expect(await send({ skew })).toEqual({ status: 401, code: 'TOKEN_EXPIRED' });
  for (const skew of [-280, 280]) expect(await send({ skew })).toEqual(CAME_IN);
});

test('whoever signs may send events, and nothing else', async () => {
  expect(await send({ url: '/v1/outcomes' })).toEqual({ status: 401, code: 'TOKEN_MISSING' });
  const authorization = await issuer.good({ tenant: 'acme', roles: ['source'], name: 'service:workday' });
  const open = api.routes.filter(({ access }) => access !== 'public' && access.roles.includes('source'));
  expect(open.map(({ id }) => id)).toEqual(['receiveEvent']);
  const response = await api.app.inject({ method: 'GET', url: '/v1/outcomes', headers: { authorization } });
  expect(response.statusCode).toBe(403);
});

test('a token stands before a signature, so that neither can hide behind the other', async () => {
  expect(await send({ headers: { authorization: 'Bearer not.a.token' } })).toEqual(REFUSED);
});

test.each([
  ['that is too short', { 'acme/workday': ['c2hvcnQ='] }],
  ['of no source', { acme: [secret] }],
  ['that is none', { 'acme/workday': [] }],
])('a secret %s is not taken, and not told', (_what, content) => {
  expect(() => secretsOf(content)).toThrow(expect.objectContaining({ code: 'WEBHOOKS_UNUSABLE' }) as Error);
});
