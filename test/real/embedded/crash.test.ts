import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inspectStand, openStand, type Environment, type Stand } from '../../../src/embedded';
import { commandLineOf, processesNaming, sendSignal } from '../../../src/embedded/process-identity';
import {
  cleanUp,
  environment,
  eventually,
  INSTALL_TIMEOUT_MS,
  isFailed,
  isOpen,
  makeFolder,
  openForTest,
  query,
  standProcess,
  TIMEOUT_MS,
  type ChildEvent,
} from './fixtures';

let env: Environment;
beforeAll(async () => {
  env = await environment();
}, INSTALL_TIMEOUT_MS);
afterEach(cleanUp, TIMEOUT_MS);
jest.setTimeout(TIMEOUT_MS);

const open = (dir: string, lines: string[] = []): Promise<Stand> =>
  openForTest({ dir, env, onProgress: (line) => lines.push(line) });

/** Servers on the data of the stand `default` under `dir`. */
async function serversUnder(dir: string): Promise<readonly number[]> {
  const data = await realpath(path.join(dir, 'data', 'default'));
  const places = [path.join(data, 'temporal.db'), path.join(data, 'postgres')];
  return places.flatMap((place) => processesNaming(place)).map((each) => each.pid);
}

const gone = (pids: readonly number[]): boolean =>
  pids.every((pid) => !existsSync(`/proc/${pid}/cmdline`) || commandLineOf(pid).length === 0);

const isAlmostThere = (event: ChildEvent): event is ChildEvent & { event: 'progress' } =>
  event.event === 'progress' && event.line.includes('creating the Postgres data');

const onLinux = process.platform === 'linux' ? test : test.skip;

test('servers end when the process that runs them is killed', async () => {
  const dir = await makeFolder();
  const owner = standProcess({ dir, env });
  const { pids } = await owner.until(isOpen);
  owner.child.kill('SIGKILL');
  expect(await eventually(() => gone(pids))).toBe(true);
  expect(await inspectStand({ dir, env })).toMatchObject({ state: 'abandoned', orphans: [] });
});

onLinux(
  'servers that outlive their owner and its guard are stopped by the next start, which keeps the data',
  async () => {
    const dir = await makeFolder();
    const owner = standProcess({ dir, env });
    const { pids, url } = await owner.until(isOpen);
    await query(url, 'create table kept (n int); insert into kept values (42)');
    const guards = childrenOf(owner.pid).filter((pid) => commandLineOf(pid)[0] === 'sh');
    expect(guards).toHaveLength(1);
    for (const guard of guards) sendSignal(guard, 'SIGKILL');
    owner.child.kill('SIGKILL');
    await owner.ended;
    expect(gone(pids.slice(0, 1)) || gone(pids.slice(1))).toBe(false);
    const report = await inspectStand({ dir, env });
    expect(report).toMatchObject({ state: 'abandoned' });
    expect([...report.orphans].sort()).toEqual([...pids].sort());

    const lines: string[] = [];
    const stand = await open(dir, lines);
    expect(lines).toContain('stopped 2 server(s) that an earlier start had left behind');
    expect(gone(pids)).toBe(true);
    expect(await query(stand.postgres.url, 'select n from kept')).toEqual([{ n: 42 }]);
  },
);

test('whoever joined a stand whose owner is killed opens it anew', async () => {
  const dir = await makeFolder();
  const owner = standProcess({ dir, env });
  await owner.until(isOpen);
  expect((await openStand({ dir, env })).owned).toBe(false);
  owner.child.kill('SIGKILL');
  await owner.ended;
  expect((await open(dir)).owned).toBe(true);
});

test('a pid file whose number another program has got does not keep Postgres from starting', async () => {
  const dir = await makeFolder();
  const first = await open(dir);
  await first.close();
  const cluster = path.join(first.dataDir, 'postgres');
  // This very process is alive, and is no Postgres.
  await writeFile(
    path.join(cluster, 'postmaster.pid'),
    `${process.pid}\n${cluster}\n1\n1\n\n127.0.0.1\n0 0\nready\n`,
  );
  const second = await open(dir);
  expect(await query(second.postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a lock of a dead process, named by a pid that another program has got, is taken over', async () => {
  const dir = await makeFolder();
  const data = path.join(dir, 'data', 'default');
  await mkdir(data, { recursive: true });
  const holder = { pid: process.pid, started: 'another boot:17' };
  await writeFile(path.join(data, 'stand.9.lock'), JSON.stringify({ holder, note: { phase: 'ready' } }));
  expect((await open(dir)).owned).toBe(true);
});

test('a Postgres whose creation was cut short is created again', async () => {
  const dir = await makeFolder();
  const draft = path.join(dir, 'data', 'default', 'postgres.draft-1');
  await mkdir(draft, { recursive: true });
  await writeFile(path.join(draft, 'PG_VERSION'), '18\n');
  const stand = await open(dir);
  expect(await query(stand.postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect((await readdir(stand.dataDir)).filter((name) => name.includes('draft'))).toEqual([]);
});

test.each([
  ['a careful process', 'abort'],
  ['a careless process', 'die'],
] as const)('Ctrl-C in the middle of a start of %s leaves no server and no lock', async (_, onSigint) => {
  const dir = await makeFolder();
  const starting = standProcess({ dir, env, onSigint });
  await starting.until(isAlmostThere);
  starting.child.kill('SIGINT');
  if (onSigint === 'abort')
    expect(await starting.until(isFailed)).toMatchObject({ code: 'STAND_INTERRUPTED' });
  await starting.ended;
  const servers = await serversUnder(dir);
  expect(await eventually(() => gone(servers))).toBe(true);
  expect((await inspectStand({ dir, env })).owner).toBeUndefined();
  const stand = await open(dir);
  expect(stand.owned).toBe(true);
  expect(await query(stand.postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test("a signal to the terminal's whole group spares the servers until the owner closes them", async () => {
  const dir = await makeFolder();
  const owner = standProcess({ dir, env });
  const { pids } = await owner.until(isOpen);
  const groupOf = (pid: number): string | undefined =>
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
  if (process.platform === 'linux') {
    for (const pid of pids) expect(groupOf(pid)).not.toBe(groupOf(owner.pid));
  }
  await owner.close();
  expect(gone(pids)).toBe(true);
});

function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1] === String(parent);
      } catch {
        return false;
      }
    });
}
