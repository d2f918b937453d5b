import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspectStand, openStand, type Environment } from '../../../src/embedded';
import { processesNaming } from '../../../src/embedded/process-identity';
import {
  cleanUp,
  environment,
  INSTALL_TIMEOUT_MS,
  later,
  makeFolder,
  openForTest,
  query,
  TIMEOUT_MS,
} from './fixtures';

let env: Environment;
beforeAll(async () => {
  env = await environment();
}, INSTALL_TIMEOUT_MS);
afterEach(cleanUp, TIMEOUT_MS);
jest.setTimeout(TIMEOUT_MS);

/** Real small and real read-only disks need root and the right to mount; elsewhere these tests are counted as skipped. */
const canMount = ((): boolean => {
  const folder = mkdtempSync(path.join(tmpdir(), 'backstep-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'backstep', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
})();
const withMounts = canMount ? test : test.skip;
const asRoot = process.getuid?.() === 0 ? test : test.skip;

async function mountSmallDisk(size: string): Promise<string> {
  const folder = await makeFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'backstep', folder]);
  later(() => execFileSync('umount', ['--lazy', folder]));
  return folder;
}

// Too small for a few notes, for the data of Temporal, for the data of Postgres.
withMounts.each(['4k', '2m', '20m'])(
  'a disk of %s is too small for a stand, which says so and leaves no server',
  async (size) => {
    const dir = await mountSmallDisk(size);
    await expect(openStand({ dir, env })).rejects.toMatchObject({
      code: 'STAND_DISK_FULL',
      message: expect.stringContaining(dir) as unknown,
      help: expect.stringContaining('free some space') as unknown,
    });
    const data = path.join(dir, 'data', 'default');
    expect(processesNaming(path.join(data, 'temporal.db'))).toEqual([]);
    expect(processesNaming(path.join(data, 'postgres'))).toEqual([]);
    expect((await inspectStand({ dir, env })).problems).toContainEqual(
      expect.objectContaining({ code: 'STAND_DISK_FULL' }),
    );
  },
);

withMounts('a start that failed for want of space works once there is space', async () => {
  const dir = await mountSmallDisk('20m');
  await expect(openStand({ dir, env })).rejects.toMatchObject({ code: 'STAND_DISK_FULL' });
  execFileSync('mount', ['-o', 'remount,size=300m', dir]);
  const stand = await openForTest({ dir, env });
  expect(await query(stand.postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

withMounts.each([
  ['a folder', []],
  ['a stand', ['data/default']],
])('on a read-only disk with %s nothing starts, and the message says why', async (_, folders) => {
  const dir = await mountSmallDisk('10m');
  for (const folder of folders) await mkdir(path.join(dir, folder), { recursive: true });
  execFileSync('mount', ['-o', 'remount,ro', dir]);
  await expect(openStand({ dir, env })).rejects.toMatchObject({
    code: 'STAND_DISK_READ_ONLY',
    message: expect.stringContaining(dir) as unknown,
  });
  expect(await readdir(dir)).toEqual(folders.map((folder) => folder.split('/', 1)[0]));
  expect((await inspectStand({ dir, env })).problems).toContainEqual(
    expect.objectContaining({ code: 'STAND_DISK_READ_ONLY' }),
  );
});

asRoot('a stand of root runs in a folder that nobody else may enter', async () => {
  const folder = await makeFolder();
  await chmod(folder, 0o700);
  const dir = path.join(folder, 'project', '.backstep');
  const stand = await openForTest({ dir, env });
  expect(await query(stand.postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});
