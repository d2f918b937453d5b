import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { peekLock, tryLock, type LockAttempt } from '../../../src/embedded/lock';
import { identify } from '../../../src/embedded/process-identity';
import { cleanUp, makeFolder, TIMEOUT_MS } from './fixtures';

const CONTENDERS = 20;
const contend = (folder: string): Promise<LockAttempt<string>[]> =>
  Promise.all(Array.from({ length: CONTENDERS }, () => tryLock<string>(folder, 'thing')));
const heldOf = (attempts: readonly LockAttempt<string>[]) =>
  attempts.flatMap((each) => (each.held ? [each.lock] : []));

afterEach(cleanUp);

test('of many that try at once exactly one gets the lock, and again after each release', async () => {
  const folder = await makeFolder();
  for (let round = 0; round < 5; round++) {
    const held = heldOf(await contend(folder));
    expect(held).toHaveLength(1);
    await held[0]!.release();
  }
});

test('a lock whose holder died is taken by exactly one', async () => {
  const folder = await makeFolder();
  const dead = { pid: 1, started: 'some other boot:1' };
  await writeFile(path.join(folder, 'thing.7.lock'), JSON.stringify({ holder: dead, note: 'left' }));
  const held = heldOf(await contend(folder));
  expect(held).toHaveLength(1);
  expect(held[0]!.left).toBe('left');
});

test('a pid that the system gave to another process does not hold the lock', async () => {
  const folder = await makeFolder();
  const reused = { pid: process.pid, started: 'before' };
  await writeFile(path.join(folder, 'thing.1.lock'), JSON.stringify({ holder: reused }));
  expect((await peekLock(folder, 'thing')).stale).toBe(true);
  expect((await tryLock(folder, 'thing')).held).toBe(true);
});

test('a lock file that a stopped machine left half-written is taken over', async () => {
  const folder = await makeFolder();
  await writeFile(path.join(folder, 'thing.3.lock'), '{"holder":{"pi');
  expect((await tryLock(folder, 'thing')).held).toBe(true);
});

test('whoever finds the lock taken learns who holds it and what they note', async () => {
  const folder = await makeFolder();
  const [lock] = heldOf([await tryLock<string>(folder, 'thing')]);
  await lock!.write('ready');
  expect(await tryLock(folder, 'thing')).toEqual({
    held: false,
    holder: identify(process.pid),
    note: 'ready',
  });
});

test('one file is left of many generations', async () => {
  const folder = await makeFolder();
  for (let i = 0; i < 4; i++) await heldOf([await tryLock<string>(folder, 'thing')])[0]!.release();
  expect(await readdir(folder)).toEqual(['thing.4.lock']);
});

test(
  'no two processes are ever inside together',
  async () => {
    const folder = await makeFolder();
    const register = path.join(__dirname, '../../../bench/embedded-register.cjs');
    const run = () =>
      promisify(execFile)(process.execPath, [
        '-r',
        register,
        path.join(__dirname, 'lock-process.ts'),
        folder,
      ]);
    const outputs = await Promise.all(Array.from({ length: 4 }, run));
    const entries = outputs.map(({ stdout }) => Number(stdout));
    expect(entries).toEqual([40, 40, 40, 40]);
  },
  TIMEOUT_MS,
);
