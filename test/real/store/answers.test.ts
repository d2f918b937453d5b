/** Answers kept by key, on a real Postgres. */
import { randomUUID } from 'node:crypto';
import { createAnswerStore, type AnswerKey, type AnswerStore } from '../../../src/store/answers';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';

let stand: TestStand;
let answers: AnswerStore;

beforeAll(async () => {
  stand = await openTestStand();
  answers = createAnswerStore(stand.database);
}, STAND_TIMEOUT_MS);

afterAll(() => stand.close(), 30_000);

const fresh = (): AnswerKey => ({ tenant: 'acme', caller: 'person:ada', key: randomUUID() });
const answer = { status: 201, body: { outcome: 'acme/EMP-R-001/1' }, headers: { location: '/v1' } };
const age = (key: AnswerKey, column: string, by: string): Promise<unknown> =>
  stand.owner.query({
    text: `UPDATE kept_answers SET ${column} = now() - interval '${by}' WHERE key = $1`,
    values: [key.key],
  });

test('of many equal requests at once one is worked on', async () => {
  const key = fresh();
  const claims = await Promise.all(
    Array.from({ length: 8 }, (_, n) => answers.claim(key, 'digest', `try ${n}`)),
  );
  expect(claims.filter(({ kind }) => kind === 'mine')).toHaveLength(1);
  expect(claims.filter(({ kind }) => kind === 'busy')).toHaveLength(7);
});

test('an answer is given again to the same request, and to no other', async () => {
  const key = fresh();
  await answers.claim(key, 'digest', 'first');
  await answers.keep(key, 'first', answer);
  expect(await answers.claim(key, 'digest', 'second')).toEqual({ kind: 'kept', answer });
  expect(await answers.claim(key, 'another', 'third')).toEqual({ kind: 'other' });
  expect(await answers.claim({ ...key, tenant: 'globex' }, 'another', 'fourth')).toEqual({ kind: 'mine' });
  expect(await answers.claim({ ...key, caller: 'person:bob' }, 'another', 'fifth')).toEqual({ kind: 'mine' });
});

test('a key that was given back is free', async () => {
  const key = fresh();
  await answers.claim(key, 'digest', 'first');
  await answers.release(key, 'somebody else');
  expect(await answers.claim(key, 'digest', 'second')).toEqual({ kind: 'busy' });
  await answers.release(key, 'first');
  expect(await answers.claim(key, 'digest', 'second')).toEqual({ kind: 'mine' });
});

test('a claim whose process died is taken over after its lease, and its late answer is not kept', async () => {
  const key = fresh();
  await answers.claim(key, 'digest', 'dead');
  await age(key, 'claimed_at', '2 minutes');
  expect(await answers.claim(key, 'another', 'other')).toEqual({ kind: 'other' });
  expect(await answers.claim(key, 'digest', 'next')).toEqual({ kind: 'mine' });
  await answers.keep(key, 'dead', { ...answer, status: 500 });
  await answers.keep(key, 'next', answer);
  expect(await answers.claim(key, 'digest', 'late')).toEqual({ kind: 'kept', answer });
});

test('a key is forgotten after a day', async () => {
  const key = fresh();
  await answers.claim(key, 'digest', 'first');
  await answers.keep(key, 'first', answer);
  await age(key, 'created_at', '25 hours');
  expect(await answers.claim(key, 'another', 'second')).toEqual({ kind: 'mine' });
});
