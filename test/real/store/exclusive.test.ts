/** Turns between processes, on a real Postgres: two pools stand for two processes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, type Database } from '../../../src/store/database';
import { createExclusive } from '../../../src/store/exclusive';
import { StoreError } from '../../../src/store/store-error';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';

let stand: TestStand;
let here: Database;
let there: Database;

beforeAll(async () => {
  stand = await openTestStand();
  const { url } = stand.stand.postgres;
  here = openDatabase({ url });
  there = openDatabase({ url, poolSize: 1, applicationName: 'backstep-exclusive-test' });
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  await Promise.all([here.close(), there.close()]);
  await stand.close();
}, 30_000);

test('nobody has a thing while another process has it, and others are not held up', async () => {
  const [mine, other] = [createExclusive(here), createExclusive(there)];
  const seen: string[] = [];
  const work = (name: string) => async (): Promise<string> => {
    seen.push(`${name} begins`);
    await sleep(100);
    seen.push(`${name} ends`);
    return name;
  };
  const first = mine('profile a', work('first'));
  await sleep(50);
  const results = await Promise.all([first, other('profile a', work('second'))]);
  expect(results).toEqual(['first', 'second']);
  expect(seen).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);

  const [long, quick] = [mine('profile a', () => sleep(200, 'long')), other('profile b', work('free'))];
  expect(await Promise.race([long, quick])).toBe('free');
  await long;
});

test('what the work threw comes out, and the thing is free again', async () => {
  const exclusive = createExclusive(here);
  const failing = exclusive('profile c', () => Promise.reject(new TypeError('no')));
  await expect(failing).rejects.toEqual(new TypeError('no'));
  expect(await exclusive('profile c', () => Promise.resolve('free'))).toBe('free');
});

test('work whose connection is lost half-way is done all the same, and its process lives on', async () => {
  const exclusive = createExclusive(there);
  const done = await exclusive('profile d', async () => {
    await here.shared.query({
      name: 'shared-kill',
      text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`,
      values: ['backstep-exclusive-test'],
    });
    await sleep(50);
    return 'done';
  });
  expect(done).toBe('done');
  expect(await exclusive('profile d', () => Promise.resolve('again'))).toBe('again');
});

test('without a database no work begins', async () => {
  const nowhere = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none' });
  const work = jest.fn(() => Promise.resolve('done'));
  await expect(createExclusive(nowhere)('profile e', work)).rejects.toBeInstanceOf(StoreError);
  expect(work).not.toHaveBeenCalled();
  await nowhere.close();
});
