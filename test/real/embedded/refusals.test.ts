import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { type Environment, type OpenStandOptions, type Stand } from '../../../src/embedded';
import { joinStand } from '../../../src/embedded/join-stand';
import { identify } from '../../../src/embedded/process-identity';
import { cleanUp, environment, INSTALL_TIMEOUT_MS, makeFolder, openForTest, TIMEOUT_MS } from './fixtures';

let env: Environment;
beforeAll(async () => {
  env = await environment();
}, INSTALL_TIMEOUT_MS);
afterEach(cleanUp, TIMEOUT_MS);
jest.setTimeout(TIMEOUT_MS);

const open = (options: Partial<OpenStandOptions> & { readonly dir: string }): Promise<Stand> =>
  openForTest({ env, ...options });

test('data of another Postgres version is refused, not touched', async () => {
  const dir = await makeFolder();
  const cluster = path.join(dir, 'data', 'default', 'postgres');
  await mkdir(cluster, { recursive: true });
  await writeFile(path.join(cluster, 'PG_VERSION'), '9.6\n');
  await expect(open({ dir })).rejects.toMatchObject({
    code: 'STAND_DATA_UNUSABLE',
    message: expect.stringContaining('written by Postgres 9.6') as unknown,
  });
  expect((await open({ dir, fresh: true })).owned).toBe(true);
});

test('data whose password is lost is refused', async () => {
  const dir = await makeFolder();
  const stand = await open({ dir });
  await stand.close();
  await rm(path.join(stand.dataDir, 'postgres.password'));
  await expect(open({ dir })).rejects.toMatchObject({ code: 'STAND_DATA_UNUSABLE' });
});

test('a server that ends at once is reported with its last words, and the other one is stopped', async () => {
  const dir = await makeFolder();
  const data = path.join(dir, 'data', 'default');
  await mkdir(data, { recursive: true });
  await writeFile(
    path.join(data, 'temporal.db'),
    'this is no SQLite file, but it is long enough to be taken for one '.repeat(20),
  );
  await expect(open({ dir })).rejects.toMatchObject({
    code: 'STAND_START_FAILED',
    message: expect.stringMatching(/^Temporal did not start: .*database/) as unknown,
    help: expect.stringContaining(path.join(data, 'temporal.log')) as unknown,
  });
  expect((await open({ dir, fresh: true })).owned).toBe(true);
});

test('a server whose port was taken while it was down says so', async () => {
  const stand = await open({ dir: await makeFolder() });
  const port = Number(new URL(stand.postgres.url).port);
  await stand.postgres.stop();
  const thief = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => thief.listen(port, '127.0.0.1', resolve));
  await expect(stand.postgres.start()).rejects.toMatchObject({
    code: 'STAND_PORTS_TAKEN',
    message: expect.stringContaining(String(port)) as unknown,
  });
  await new Promise((resolve) => thief.close(resolve));
  await stand.postgres.start();
  expect(stand.postgres.pid).toBeDefined();
});

test('a stand whose owner lives but whose servers are down is not joined for ever', async () => {
  const stand = await open({ dir: await makeFolder() });
  await stand.temporal.kill('SIGKILL');
  const holder = identify(process.pid)!;
  const options = { env };
  const join = joinStand({ name: 'default', dataDir: stand.dataDir, holder, options, answerPatienceMs: 300 });
  await expect(join).rejects.toMatchObject({
    code: 'STAND_UNHEALTHY',
    help: expect.stringContaining(`kill ${process.pid}`) as unknown,
  });
});

(process.getuid?.() === 0 ? test : test.skip)(
  'root without any user for Postgres is told what to do',
  async () => {
    const dir = await makeFolder();
    const bin = path.join(dir, 'bin');
    await mkdir(bin);
    // Neither `id` nor `useradd` can be found, as in an image made of next to nothing.
    await expect(open({ dir, env: { ...env, PATH: bin } })).rejects.toMatchObject({
      code: 'STAND_USER_UNUSABLE',
      help: expect.stringContaining('DATABASE_URL') as unknown,
    });
  },
);
