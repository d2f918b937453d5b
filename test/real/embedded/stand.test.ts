import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import {
  inspectStand,
  openStand,
  SEARCH_ATTRIBUTES,
  type Environment,
  type OpenStandOptions,
  type Stand,
} from '../../../src/embedded';
import { startGuard } from '../../../src/embedded/daemon';
import { providePostgres } from '../../../src/embedded/postgres-programs';
import { createCluster, startPostgres } from '../../../src/embedded/postgres-server';
import { chooseUser } from '../../../src/embedded/postgres-user';
import { startTemporal } from '../../../src/embedded/temporal-server';
import {
  cleanUp,
  environment,
  INSTALL_TIMEOUT_MS,
  isOpen,
  later,
  makeFolder,
  openForTest,
  query,
  standProcess,
  TIMEOUT_MS,
} from './fixtures';

let env: Environment;
beforeAll(async () => {
  env = await environment();
}, INSTALL_TIMEOUT_MS);
afterEach(cleanUp, TIMEOUT_MS);
jest.setTimeout(TIMEOUT_MS);

const open = (options: Partial<OpenStandOptions> & { readonly dir: string }): Promise<Stand> =>
  openForTest({ env, ...options });

async function withClient<T>(stand: Stand, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: stand.temporal.address });
  try {
    return await use(new Client({ connection, namespace: stand.temporal.namespace }));
  } finally {
    await connection.close();
  }
}

/** Starts a workflow that no worker takes, so it stays as it is. */
const startWorkflow = (stand: Stand, workflowId: string): Promise<unknown> =>
  withClient(stand, (client) => client.workflow.start('waits', { workflowId, taskQueue: 'nobody' }));

const statusOf = (stand: Stand, workflowId: string): Promise<string> =>
  withClient(stand, async (client) => (await client.workflow.getHandle(workflowId).describe()).status.name);

test('a stand is a Temporal with the search attributes and a Postgres that only this machine reaches', async () => {
  const stand = await open({ dir: await makeFolder() });
  const attributes = await withClient(stand, async (client) => {
    const request = { namespace: stand.temporal.namespace };
    return (await client.connection.operatorService.listSearchAttributes(request)).customAttributes;
  });
  expect(Object.keys(attributes)).toEqual(expect.arrayContaining([...SEARCH_ATTRIBUTES]));
  expect(await query(stand.postgres.url, 'show listen_addresses')).toEqual([
    { listen_addresses: '127.0.0.1' },
  ]);
  const password = await stat(path.join(stand.dataDir, 'postgres.password'));
  expect(password.mode & 0o777).toBe(0o600);
  const wrong = new URL(stand.postgres.url);
  wrong.password = 'guessed';
  await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
});

test('rows, histories and ports survive closing and opening', async () => {
  const dir = await makeFolder();
  const first = await open({ dir });
  await query(first.postgres.url, 'create table kept (n int); insert into kept values (42)');
  await startWorkflow(first, 'kept');
  await first.close();
  const second = await open({ dir });
  expect(await query(second.postgres.url, 'select n from kept')).toEqual([{ n: 42 }]);
  expect(await statusOf(second, 'kept')).toBe('RUNNING');
  expect([second.temporal.address, second.postgres.url]).toEqual([
    first.temporal.address,
    first.postgres.url,
  ]);
});

test('a fresh stand has neither rows nor histories', async () => {
  const dir = await makeFolder();
  const first = await open({ dir });
  await query(first.postgres.url, 'create table kept (n int)');
  await startWorkflow(first, 'kept');
  await first.close();
  const second = await open({ dir, fresh: true });
  await expect(query(second.postgres.url, 'select n from kept')).rejects.toThrow('does not exist');
  await expect(statusOf(second, 'kept')).rejects.toThrow('not found');
});

test('a Temporal that was killed comes back at its address with its workflows', async () => {
  const stand = await open({ dir: await makeFolder() });
  await startWorkflow(stand, 'kept');
  const before = stand.temporal.pid;
  await stand.temporal.kill('SIGKILL');
  expect(stand.temporal.pid).toBeUndefined();
  await stand.temporal.restart();
  expect(stand.temporal.pid).not.toBe(before);
  expect(await statusOf(stand, 'kept')).toBe('RUNNING');
});

test('a Postgres that was stopped refuses connections, and comes back at its address with its rows', async () => {
  const stand = await open({ dir: await makeFolder() });
  await query(stand.postgres.url, 'create table kept (n int); insert into kept values (42)');
  await stand.postgres.stop();
  await expect(query(stand.postgres.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
  await stand.postgres.start();
  expect(await query(stand.postgres.url, 'select n from kept')).toEqual([{ n: 42 }]);
});

test('two processes that open a stand at once start it once', async () => {
  const dir = await makeFolder();
  const processes = [standProcess({ dir, env }), standProcess({ dir, env })];
  const opened = await Promise.all(processes.map((each) => each.until(isOpen)));
  expect(opened.map((each) => each.owned).sort()).toEqual([false, true]);
  expect(opened[0]!.address).toBe(opened[1]!.address);
  expect(opened[0]!.url).toBe(opened[1]!.url);
  expect(opened[0]!.pids).toEqual(opened[1]!.pids);
  const joined = processes[opened.findIndex((each) => !each.owned)]!;
  await joined.close();
  expect(await query(opened[0]!.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await processes.find((each) => each !== joined)!.close();
});

test('a joined stand can be used but neither stopped nor emptied', async () => {
  const dir = await makeFolder();
  const owned = await open({ dir });
  const joined = await openStand({ dir, env });
  expect({ ...joined, temporal: joined.temporal.address, postgres: joined.postgres.url }).toMatchObject({
    owned: false,
    temporal: owned.temporal.address,
    postgres: owned.postgres.url,
  });
  await expect(joined.temporal.restart()).rejects.toMatchObject({ code: 'STAND_IN_USE' });
  await expect(joined.postgres.stop()).rejects.toMatchObject({ code: 'STAND_IN_USE' });
  await expect(openStand({ dir, env, fresh: true })).rejects.toMatchObject({ code: 'STAND_IN_USE' });
  await joined.close();
  expect(await query(owned.postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('stands of different names run side by side', async () => {
  const dir = await makeFolder();
  const [a, b] = await Promise.all([open({ dir, name: 'a' }), open({ dir, name: 'b' })]);
  expect(a.owned && b.owned).toBe(true);
  expect(a.temporal.address).not.toBe(b.temporal.address);
});

/** A port that somebody else listens on. */
async function takenPort(): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  return typeof address === 'object' ? address!.port : 0;
}

test('ports that are taken are passed over', async () => {
  const ports = { temporal: await takenPort(), postgres: await takenPort(), ui: await takenPort() };
  const stand = await open({ dir: await makeFolder(), ports, ui: true });
  expect(stand.temporal.address).not.toContain(String(ports.temporal));
  expect(stand.postgres.url).not.toContain(String(ports.postgres));
  expect((await fetch(stand.temporal.uiUrl!)).status).toBe(200);
});

test('a port that is taken between the look and the start is reported by either server', async () => {
  const dataDir = await makeFolder();
  const guard = startGuard(env);
  later(() => guard.dismiss());
  const port = await takenPort();
  const temporal = {
    program: env['BACKSTEP_TEMPORAL_BIN']!,
    dataDir,
    durability: 'process',
    env,
    guard,
  } as const;
  expect(await startTemporal(temporal, { temporal: port })).toBe('port taken');
  const programs = await providePostgres(env, dataDir);
  const as = await chooseUser(env, programs.postgres, dataDir, () => undefined);
  const postgres = { programs, as, dataDir, durability: 'process', env, guard } as const;
  await createCluster(postgres, () => undefined);
  expect(await startPostgres(postgres, port)).toBe('port taken');
});

test('a Postgres named by `DATABASE_URL` is used and left alone', async () => {
  const other = await open({ dir: await makeFolder() });
  const stand = await open({ dir: await makeFolder(), env: { ...env, DATABASE_URL: other.postgres.url } });
  expect(stand.postgres).toMatchObject({ url: other.postgres.url, external: true });
  await expect(stand.postgres.stop()).rejects.toThrow('not ours');
  await stand.close();
  expect(await query(other.postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('an inspection follows a stand from absent to running to stopped, and starts nothing', async () => {
  const dir = path.join(await makeFolder(), 'project');
  expect(await inspectStand({ dir, env })).toMatchObject({ state: 'absent', problems: [] });
  await expect(stat(dir)).rejects.toThrow('ENOENT');
  const stand = await open({ dir });
  const running = await inspectStand({ dir, env });
  expect(running).toMatchObject({
    state: 'running',
    owner: process.pid,
    temporal: { address: stand.temporal.address, pid: stand.temporal.pid, answers: true },
    postgres: { pid: stand.postgres.pid, answers: true, external: false },
    orphans: [],
    problems: [],
  });
  expect(JSON.stringify(running)).not.toContain(new URL(stand.postgres.url).password);
  expect(running.disk.postgresBytes).toBeGreaterThan(10_000_000);
  await stand.postgres.stop();
  expect((await inspectStand({ dir, env })).problems).toMatchObject([{ code: 'STAND_UNHEALTHY' }]);
  await stand.close();
  expect(await inspectStand({ dir, env })).toMatchObject({ state: 'stopped', problems: [] });
});
