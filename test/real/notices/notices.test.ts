/** The outbox against a real Postgres, a real mail server, a receiver of signed calls and the sandbox's Slack. */
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildApi, type Api } from '../../../src/api/app';
import { loadConfig, type TenantConfig } from '../../../src/app/configuration';
import { followLink, startNotices } from '../../../src/app/notices';
import { readSettings } from '../../../src/app/settings';
import type { NoticeSettings } from '../../../src/config/notices';
import { makeLink } from '../../../src/notices/links';
import { noticeIdOf, type Notice, type NoticeBody } from '../../../src/notices/notice';
import { sendDue, SENDER_LIMITS, type SenderParts } from '../../../src/notices/sender';
import { SandboxAdmin, startSandboxProcess, type SandboxProcess } from '../../../src/sandbox';
import { createNoticeStore, enqueueNotice, type NoticeStore } from '../../../src/store/notices';
import { createLogger } from '../../../src/telemetry/logger';
import { createMetrics } from '../../../src/telemetry/metrics';
import { noTelemetry } from '../../../src/telemetry/telemetry';
import { doorOnly } from '../../kit/door';
import { openMailServer, openReceiver, type MailServer, type Receiver } from '../../kit/receivers';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';
import { openIssuer, type TokenIssuer } from '../../kit/tokens';

jest.setTimeout(60_000);

const SECRET = 'whsec-of-a-test';
let folder: string;
let stand: TestStand;
let mail: MailServer;
let receiver: Receiver;
let sandbox: SandboxProcess;
let store: NoticeStore;
/** Outcomes of which nobody has told Temporal: the notice says what its record said. */
const linked = {
  outcomes: { runs: () => Promise.reject(new Error('no such outcome')) },
  get notices() {
    return store;
  },
};
const logger = createLogger({ level: 'error', write: () => undefined, now: Date.now });

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'backstep-notices-'));
  [stand, mail, receiver, sandbox] = await Promise.all([
    openTestStand('test-notices'),
    openMailServer(),
    openReceiver(),
    startSandboxProcess({ dataDir: path.join(folder, 'sandbox') }),
  ]);
  store = createNoticeStore(stand.database);
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  await Promise.all([mail.close(), receiver.close(), sandbox.stop()]);
  await stand.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const channels = (...only: readonly ('email' | 'webhook')[]): NoticeSettings => ({
  link: 'https://console.test/',
  mail: { server: mail.url, from: 'Backstep <backstep@acme.test>' },
  channels: [
    { id: 'mail', kind: 'email' as const, to: ['mary@acme.test'] },
    { id: 'hook', kind: 'webhook' as const, url: receiver.url, secret: SECRET },
  ].filter(({ kind }) => only.includes(kind)),
});

const partsWith = (settings: NoticeSettings, more: Partial<SenderParts> = {}): SenderParts => ({
  store,
  settingsOf: () => Promise.resolve(settings),
  slack: () => Promise.reject(new Error('nobody posts here')),
  logger,
  metrics: createMetrics(),
  now: Date.now,
  ...more,
});

/** A notice of a tenant that no other test has. */
function notice(more: Partial<NoticeBody> = {}): Notice {
  const tenant = `t${randomUUID().slice(0, 8)}`;
  const body: NoticeBody = {
    kind: 'approval_asked',
    outcome: `${tenant}/EMP-R-001/6f1d`,
    node: 'manager',
    at: Date.UTC(2026, 4, 5),
    title: 'onboard.contractor for person:sarah.chen',
    because: 'the plan asks for a manager',
    asked: ['manager'],
    card: [{ label: 'Risk', value: 'high' }],
    ...more,
  };
  return { tenant, id: noticeIdOf(body, 7), body };
}

const forTenant = ({ tenant }: Notice) => ({
  mails: () => mail.mails.filter((one) => one.replace(/=\r\n/g, '').includes(`${tenant}/EMP-R-001`)),
  calls: () => receiver.calls.filter(({ body }) => body.includes(`"tenant":"${tenant}"`)),
});

test('a notice is told once on each channel, however often it is said', async () => {
  const one = notice();
  const seen = forTenant(one);
  await Promise.all([1, 2, 3].map(() => store.say(one)));
  const parts = partsWith(channels('email', 'webhook'));
  await Promise.all([1, 2, 3, 4].map(() => sendDue(parts)));
  await store.say(one);
  await sendDue(parts);
  expect([seen.mails().length, seen.calls().length]).toEqual([1, 1]);
  expect(await store.backlog(one.tenant)).toEqual({ waiting: 0, dead: 0 });
});

test('a notice is told if what it tells of commits, and not otherwise', async () => {
  const [kept, lost] = [notice(), notice()];
  const of = (tenant: string) => stand.database.of(tenant);
  await of(kept.tenant).transaction((tx) => enqueueNotice(tx, kept));
  await expect(
    of(lost.tenant).transaction(async (tx) => {
      await enqueueNotice(tx, lost);
      throw new Error('it did not happen');
    }),
  ).rejects.toThrow('it did not happen');
  await sendDue(partsWith(channels('webhook')));
  expect([forTenant(kept).calls().length, forTenant(lost).calls().length]).toEqual([1, 0]);
});

test('a tenant says nothing in the name of another', async () => {
  const [one, other] = [notice(), notice()];
  await expect(stand.database.of(other.tenant).transaction((tx) => enqueueNotice(tx, one))).rejects.toThrow();
  await sendDue(partsWith(channels('webhook')));
  expect(forTenant(one).calls()).toEqual([]);
});

test('a sender that dies between sending and saying so doubles a delivery, which has the same key, and loses none', async () => {
  const one = notice();
  const seen = forTenant(one);
  await store.say(one);
  const dying = {
    ...store,
    sent: () => Promise.reject(new Error('killed')),
    failed: () => Promise.reject(new Error('killed')),
  };
  await sendDue(partsWith(channels('email', 'webhook'), { store: dying }));
  // Its claim still holds: nobody else sends it meanwhile.
  await sendDue(partsWith(channels('email', 'webhook')));
  expect([seen.mails().length, seen.calls().length]).toEqual([1, 1]);
  await lapse(one.tenant);
  await sendDue(partsWith(channels('email', 'webhook')));
  await sendDue(partsWith(channels('email', 'webhook')));
  expect([seen.mails().length, seen.calls().length]).toEqual([2, 2]);
  const ids = seen.mails().map((text) => /^message-id: (\S+)/im.exec(text)?.[1]);
  expect(ids[0]).toMatch(/^<[0-9a-f]{32}@acme\.test>$/);
  expect(new Set(ids).size).toBe(1);
  expect(new Set(seen.calls().map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

test('who claimed a delivery that lapsed says nothing of it any more', async () => {
  const one = notice();
  await store.say(one);
  await store.spread(one.tenant, () => ['hook'], 10);
  const [slow] = await store.claim(one.tenant, { claim: 'slow', leaseSeconds: 60, limit: 1 });
  await lapse(one.tenant);
  const [quick] = await store.claim(one.tenant, { claim: 'quick', leaseSeconds: 60, limit: 1 });
  expect(await store.sent(slow!)).toBe(false);
  await store.failed(slow!, 'too late', undefined);
  expect(await store.backlog(one.tenant)).toEqual({ waiting: 1, dead: 0 });
  expect(await store.sent(quick!)).toBe(true);
});

/** As if the time of all claims of a tenant were over, and all delays. */
const lapse = (tenant: string): Promise<unknown> =>
  stand.database.of(tenant).query({
    text: `UPDATE notice_deliveries SET claimed_until = now() - interval '1 s', due_at = now() - interval '1 s' WHERE tenant = $1`,
    values: [tenant],
  });

test('what is refused for now is tried again later, and what is refused for good is dead and seen', async () => {
  const one = notice();
  await store.say(one);
  mail.refusals.push(451);
  receiver.refusals.push(503);
  const parts = partsWith(channels('email', 'webhook'));
  await sendDue(parts);
  // Not at once: the delay is the database's.
  expect(await sendDue(parts)).toBe(0);
  expect(await store.backlog(one.tenant)).toEqual({ waiting: 2, dead: 0 });
  await lapse(one.tenant);
  mail.refusals.push(550);
  receiver.refusals.push(422);
  await sendDue(parts);
  expect(await store.backlog(one.tenant)).toEqual({ waiting: 0, dead: 2 });
  const dead = await store.dead(one.tenant, 10);
  expect(dead.map(({ channel, attempts, failure }) => [channel, attempts, failure]).sort()).toEqual([
    ['hook', 2, 'HTTP_422'],
    ['mail', 2, 'SMTP_550'],
  ]);
  expect(await parts.metrics.text({ tenant: one.tenant })).toContain(
    `backstep_notices_dead{tenant="${one.tenant}"} 2`,
  );
  expect(await store.revive(one.tenant)).toBe(2);
  await sendDue(parts);
  expect(await store.backlog(one.tenant)).toEqual({ waiting: 0, dead: 0 });
});

test('attempts are bounded, also those that kill whoever makes them', async () => {
  const one = notice();
  await store.say(one);
  await store.spread(one.tenant, () => ['hook'], 10);
  await stand.database.of(one.tenant).query({
    text: 'UPDATE notice_deliveries SET attempts = $2 WHERE tenant = $1',
    values: [one.tenant, SENDER_LIMITS.attempts],
  });
  await sendDue(partsWith(channels('webhook')));
  expect((await store.dead(one.tenant, 1))[0]).toMatchObject({ failure: 'NOTICE_ATTEMPTS_LOST' });
  expect(forTenant(one).calls()).toEqual([]);
});

test('a call is signed over its id, its instant and its body', async () => {
  const one = notice();
  await store.say(one);
  await sendDue(partsWith(channels('webhook')));
  const [call] = forTenant(one).calls();
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = call!.headers;
  const signed = `${String(id)}.${String(at)}.${call!.body}`;
  expect(signature).toBe(`v1,${createHmac('sha256', SECRET).update(signed).digest('base64')}`);
  expect(Math.abs(Number(at) - Date.now() / 1_000)).toBeLessThan(60);
  expect(JSON.parse(call!.body)).toMatchObject({
    type: 'backstep.approval_asked',
    data: { tenant: one.tenant, node: 'manager', card: [{ label: 'Risk', value: 'high' }] },
  });
});

test('a mail cannot be given other headers or markup by what somebody is called', async () => {
  const one = notice({ title: 'x\r\nBcc: everybody@acme.test\r\n\r\n<img src=x onerror=alert(1)>' });
  await store.say(one);
  await sendDue(partsWith(channels('email')));
  const [text = ''] = forTenant(one).mails();
  expect(text).not.toMatch(/^bcc:/im);
  const [, html = ''] = text.replace(/=\r\n/g, '').split('text/html');
  expect(html).toContain('&#60;img');
  expect(html).not.toContain('<img');
  expect(text).toMatch(/^auto-submitted: auto-generated/im);
});

test('of those who follow a link at once one is shown the card', async () => {
  const one = notice();
  await store.say(one);
  await sendDue(partsWith(channels('webhook')));
  const { data } = JSON.parse(forTenant(one).calls()[0]!.body) as { data: { link: string } };
  const token = new URL(data.link).searchParams.get('token') ?? '';
  expect(data.link).toMatch(/^https:\/\/console\.test\/links\?token=/);
  const found = await Promise.all([1, 2, 3].map(() => followLink(linked, token)));
  expect(found.map((each) => each?.state).sort()).toEqual(['fresh', 'used', 'used']);
  expect(found[0]?.body.title).toBe(one.body.title);
});

test('a link that is too old, of nobody, or of another tenant leads nowhere', async () => {
  const [one, other] = [notice(), notice()];
  await store.say(one);
  const old = makeLink('https://console.test', one.tenant);
  await store.keepLink(one.tenant, {
    digest: old.digest,
    notice: one.id,
    channel: 'hook',
    expiresAt: Date.now() - 1,
  });
  const token = new URL(old.url).searchParams.get('token')!;
  expect((await followLink(linked, token))?.state).toBe('expired');
  expect(await followLink(linked, token.replace(one.tenant, other.tenant))).toBeUndefined();
  expect(await followLink(linked, 'nonsense')).toBeUndefined();
});

describe('the page behind a link', () => {
  let api: Api;
  let issuer: TokenIssuer;
  beforeAll(async () => {
    issuer = await openIssuer();
    const deps = doorOnly(issuer, []);
    api = await buildApi({ ...deps, services: { ...deps.services, notices: store } });
  });
  afterAll(async () => {
    await api.app.close();
    await issuer.close();
  });

  const sent = (token: string, type = 'application/x-www-form-urlencoded') =>
    api.app.inject({
      method: 'POST',
      url: '/links',
      headers: { 'content-type': type },
      payload: new URLSearchParams({ token }).toString(),
    });

  test('opening it any number of times uses nothing up and says nothing; its form shows the card once', async () => {
    const one = notice();
    await store.say(one);
    const { url, digest } = makeLink('https://console.test', one.tenant);
    await store.keepLink(one.tenant, {
      digest,
      notice: one.id,
      channel: 'mail',
      expiresAt: Date.now() + 60_000,
    });
    const token = new URL(url).searchParams.get('token')!;
    for (let times = 0; times < 3; times++) {
      const opened = await api.app.inject({ method: 'GET', url: `/links?token=${token}` });
      expect([opened.statusCode, opened.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(opened.body).not.toContain(one.body.title);
    }
    const first = await sent(token);
    expect(first.statusCode).toBe(200);
    expect(first.body).toContain(one.body.title);
    expect(first.headers['cache-control']).toBe('no-store');
    expect((await sent(token)).statusCode).toBe(410);
    expect((await sent(`${one.tenant}.${'x'.repeat(32)}`)).statusCode).toBe(404);
  });

  test('what a token holds is text on the page', async () => {
    const hostile = '"><script>alert(1)</script>';
    const opened = await api.app.inject({
      method: 'GET',
      url: `/links?token=${encodeURIComponent(hostile)}`,
    });
    expect(opened.body).not.toContain('<script');
    expect(opened.headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('forms are taken there and nowhere else', async () => {
    expect((await sent('x', 'application/json')).statusCode).toBeGreaterThanOrEqual(400);
    const authorization = await issuer.good({ tenant: 'acme', roles: ['operator'] });
    const elsewhere = await api.app.inject({
      method: 'POST',
      url: '/v1/outcomes',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'outcome=EMP-R-001&entity=person:ada',
    });
    expect(elsewhere.statusCode).toBe(415);
  });
});

describe('as robots send them', () => {
  let sender: ReturnType<typeof startNotices>;

  beforeAll(async () => {
    const admin = new SandboxAdmin(sandbox.urls.admin);
    await admin.seed('acme');
    const loaded = await loadConfig(readSettings({}), 'acme');
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const config: TenantConfig = {
      ...loaded.value,
      notices: {
        channels: [
          { id: 'ops', kind: 'slack', channel: '#engineering' },
          { id: 'hook', kind: 'webhook', url: 'env:HOOK_URL', secret: 'env:HOOK_SECRET' },
        ],
      },
    };
    sender = startNotices({
      settings: readSettings({ HOOK_URL: receiver.url, HOOK_SECRET: SECRET }),
      wiring: {
        temporalAddress: '',
        temporalNamespace: '',
        databaseUrl: stand.stand.postgres.url,
        sandboxUrl: sandbox.urls.admin.replace(/\/__admin$/, ''),
      },
      database: stand.database,
      configOf: () => Promise.resolve(config),
      telemetry: noTelemetry(),
      logger,
      now: Date.now,
    });
  });
  afterAll(() => sender.stop());

  test('Slack has the card, and hears of a notice as soon as it commits', async () => {
    const admin = new SandboxAdmin(sandbox.urls.admin);
    const one: Notice = { ...notice(), tenant: 'acme' };
    const began = Date.now();
    await store.say(one);
    while ((await store.backlog('acme')).waiting > 0 || (await posted(admin)).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(Date.now() - began).toBeLessThan(SENDER_LIMITS.everyMs);
    const [message] = await posted(admin);
    expect(message).toMatchObject({
      text: 'Approval asked: onboard.contractor for person:sarah.chen',
    });
    expect(JSON.stringify(message)).toContain('backstep_notice');
    expect(JSON.stringify(message)).toContain('*Risk*: high');
  });

  const posted = async (admin: SandboxAdmin): Promise<readonly unknown[]> => {
    const { requests } = await admin.requests({ tenant: 'acme', op: 'slack.chat.postMessage' });
    return requests.flatMap(({ changes = [] }) => changes.map(({ after }) => after));
  };
});
