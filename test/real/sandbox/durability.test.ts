/** What the sandbox said is so after a crash, and nothing else is. */
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SandboxAdmin, startSandboxProcess, type SandboxProcess } from '../../../src/sandbox';
import { credentialsOf, graphToken, http, oktaHttp, oktaUser } from './clients';
import { rejectionOf } from './support';

let dataDir = '';
let running: SandboxProcess | undefined;

async function start(): Promise<{ sandbox: SandboxProcess; admin: SandboxAdmin }> {
  const sandbox = await startSandboxProcess({ dataDir });
  running = sandbox;
  return { sandbox, admin: new SandboxAdmin(sandbox.urls.admin) };
}

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'backstep-sandbox-'));
});

afterEach(async () => {
  await running?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const create = (sandbox: SandboxProcess, who: string) =>
  oktaHttp(sandbox, 'acme', `acme/R/${who}|identity|execute|1`)(
    'POST',
    '/api/v1/users',
    oktaUser(`${who}@acme.example`),
  );

const segment = (): string =>
  join(
    dataDir,
    readdirSync(dataDir)
      .filter((name) => name.endsWith('.ndjson'))
      .sort()
      .at(-1) ?? '',
  );

test('worlds, effects, faults, clock and audit log survive SIGKILL', async () => {
  const first = await start();
  await create(first.sandbox, 'one');
  await first.admin.addFault({
    id: 'later',
    match: { op: 'okta.users.create' },
    skip: 2,
    times: 1,
    effect: { kind: 'error_before' },
  });
  await create(first.sandbox, 'two');
  await first.admin.advanceClock(3_600_000);
  const look = async ({ admin }: { admin: SandboxAdmin }) => ({
    snapshot: await admin.snapshot(),
    effects: await admin.effects(),
    faults: await admin.faults(),
    requests: (await admin.requests({ changed: true })).requests,
  });
  const before = await look(first);
  expect(before.faults).toMatchObject([{ id: 'later', seen: 1, hits: 0 }]);
  await first.sandbox.kill();

  const second = await start();
  expect(await look(second)).toEqual(before);
  expect((await create(second.sandbox, 'three')).status).toBe(200);
  expect((await create(second.sandbox, 'four')).status).toBe(503);
});

test('a second crash right after the first loses nothing either', async () => {
  await create((await start()).sandbox, 'one');
  await running?.kill();
  const second = await start();
  await create(second.sandbox, 'two');
  const before = await second.admin.snapshot();
  await second.sandbox.kill();
  const third = await start();
  expect(await third.admin.snapshot()).toEqual(before);
});

test('a line that was torn by the crash never happened', async () => {
  const first = await start();
  await create(first.sandbox, 'one');
  const before = await first.admin.snapshot();
  await first.sandbox.kill();
  appendFileSync(segment(), '{"seq":99,"kind":"request","tenant":"acme","changes":[{"collec');
  const second = await start();
  expect(await second.admin.snapshot()).toEqual(before);
  expect((await create(second.sandbox, 'two')).status).toBe(200);
});

test('ids are not handed out again after a crash', async () => {
  const first = await start();
  const one = (await create(first.sandbox, 'one')).text('id');
  await first.sandbox.kill();
  const second = await start();
  expect((await create(second.sandbox, 'two')).text('id')).not.toBe(one);
});

test('a granted token is good after a restart', async () => {
  const first = await start();
  const token = await graphToken(first.sandbox.urls.graph, credentialsOf(first.sandbox));
  await first.sandbox.stop();
  const second = await start();
  const headers = { authorization: `Bearer ${token}` };
  expect((await http('GET', `${second.sandbox.urls.graph}/v1.0/users`, { headers })).status).toBe(200);
});

test('a folder that another sandbox holds is refused, and that of a dead one is taken over', async () => {
  const first = await start();
  const error = await rejectionOf(startSandboxProcess({ dataDir }));
  expect(String(error['message'])).toContain('is in use by another sandbox');
  await first.sandbox.kill();
  await expect(start()).resolves.toBeDefined();
});

test('a port that is taken is said so', async () => {
  const { sandbox } = await start();
  const other = mkdtempSync(join(tmpdir(), 'backstep-sandbox-'));
  const error = await rejectionOf(
    startSandboxProcess({ dataDir: other, port: Number(new URL(sandbox.urls.admin).port) }),
  );
  expect(String(error['message'])).toContain('EADDRINUSE');
  rmSync(other, { recursive: true, force: true });
});
