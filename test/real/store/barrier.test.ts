/** The barrier against a real Postgres: any order, any number of arrivals, any number of workers. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { createBarrier, type ActionKey, type Barrier, type ExecuteRequest } from '../../../src/store/barrier';
import { migrate } from '../../../src/store/database';
import { lostFailure } from '../../../src/temporal/retry-budget';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';

let stand: TestStand;
let barrier: Barrier;
beforeAll(async () => {
  stand = await openTestStand();
  barrier = createBarrier(stand.database);
}, STAND_TIMEOUT_MS);
afterAll(() => stand.close());

const newKey = (node = 'box'): ActionKey => ({ tenant: 'acme', outcome: `acme/TOY/${randomUUID()}`, node });
const asked = (key: ActionKey, rest: Partial<ExecuteRequest> = {}): ExecuteRequest => ({
  key,
  firing: 1,
  leaseMs: 60_000,
  isAlone: false,
  lost: lostFailure(true),
  at: 1_000,
  ...rest,
});
const go = async (key: ActionKey, rest: Partial<ExecuteRequest> = {}) => {
  const admission = await barrier.admitExecute(asked(key, rest));
  if (admission.kind !== 'go') throw new Error(`expected go, got ${admission.kind}`);
  return admission;
};
const undo = (key: ActionKey, rest: { firing?: number; isCommitted?: boolean; at?: number } = {}) =>
  barrier.admitCompensate({
    key,
    firing: 1,
    isCommitted: false,
    lost: lostFailure(true),
    at: 2_000,
    ...rest,
  });
const failure = (effect: 'none' | 'unknown') => ({
  n: 1,
  startedAt: 1_000,
  endedAt: 1_500,
  failure: { class: 'transient', code: 'SYSTEM_UNAVAILABLE', message: 'down', effect } as const,
});

describe('barrier: execute', () => {
  test('the first arrival goes, and what it commits is what every later one is told', async () => {
    const key = newKey();
    expect(await go(key)).toMatchObject({ attempt: 1, prior: undefined, attempts: [] });
    expect(await barrier.commit(key, { output: { id: 7 }, undo: null })).toEqual({ attempts: [] });
    expect(await barrier.admitExecute(asked(key))).toEqual({
      kind: 'done',
      output: { id: 7 },
      undo: null,
      attempts: [],
    });
  });

  test('an attempt that left no record is recorded as lost by the next', async () => {
    const key = newKey();
    await go(key, { at: 1_000 });
    const second = await go(key, { at: 5_000 });
    expect(second.attempt).toBe(2);
    expect(second.attempts).toEqual([{ n: 1, startedAt: 1_000, endedAt: 5_000, failure: lostFailure(true) }]);
  });

  test('a recorded failure is kept, and the next attempt finds it', async () => {
    const key = newKey();
    const first = await go(key);
    const recorded = await barrier.recordFailure(key, failure('none'), {
      holder: first.holder,
      isLast: false,
    });
    expect(recorded).toEqual({ attempts: [failure('none')], isUnclear: false });
    expect((await go(key)).attempts).toEqual([failure('none')]);
  });

  test('a new firing begins with no attempts, but stays unclear', async () => {
    const key = newKey();
    const first = await go(key);
    await barrier.recordFailure(key, failure('unknown'), { holder: first.holder, isLast: false });
    const second = await go(key, { firing: 2 });
    expect(second).toMatchObject({ attempt: 2, attempts: [] });
    const again = { ...failure('none'), n: 2 };
    expect(await barrier.recordFailure(key, again, { holder: second.holder, isLast: false })).toEqual({
      attempts: [again],
      isUnclear: true,
    });
  });

  test('an attempt of an older firing is refused', async () => {
    const key = newKey();
    await go(key, { firing: 2 });
    expect(await barrier.admitExecute(asked(key, { firing: 1 }))).toEqual({ kind: 'fenced' });
  });

  test('the first capture is the one that is kept, also where it is null', async () => {
    const key = newKey();
    await go(key);
    expect(await barrier.keepPrior(key, null)).toEqual({ prior: null });
    expect(await barrier.keepPrior(key, 'our own work')).toEqual({ prior: null });
    expect((await go(key)).prior).toBeNull();
  });

  test('what was captured ahead goes with the admission, and what an earlier attempt captured outranks it', async () => {
    const key = newKey();
    expect((await go(key, { prior: 'before' })).prior).toBe('before');
    expect((await go(key, { prior: 'our own work' })).prior).toBe('before');
    expect(await barrier.keepPrior(key, 'our own work')).toEqual({ prior: 'before' });
    const bare = newKey();
    await go(bare);
    expect((await go(bare, { prior: null })).prior).toBeNull();
  });

  test('an effect unfit to run twice at once waits until a forgotten attempt can write no more', async () => {
    const key = newKey();
    await go(key, { leaseMs: 300 });
    const wait = await barrier.admitExecute(asked(key, { isAlone: true }));
    expect(wait.kind).toBe('wait');
    if (wait.kind === 'wait') await new Promise((done) => setTimeout(done, wait.ms));
    expect((await go(key, { isAlone: true })).attempt).toBe(2);
  });

  test('an attempt that was overtaken records nothing', async () => {
    const key = newKey();
    const zombie = await go(key);
    await go(key);
    expect(
      await barrier.recordFailure(key, failure('none'), { holder: zombie.holder, isLast: false }),
    ).toBeUndefined();
  });
});

describe('barrier: compensate', () => {
  test('compensating what never ran is a harmless success, and fences the execute that comes late', async () => {
    const key = newKey();
    expect(await undo(key)).toEqual({ kind: 'neverRan' });
    expect(await undo(key)).toEqual({ kind: 'neverRan' });
    expect(await barrier.admitExecute(asked(key, { firing: 9 }))).toEqual({ kind: 'fenced' });
  });

  test('a commit is undone once, with its output, prior and arguments', async () => {
    const key = newKey();
    await go(key);
    await barrier.keepPrior(key, 'before');
    await barrier.commit(key, { output: 'out', undo: 'args' });
    expect(await undo(key)).toMatchObject({
      kind: 'undo',
      attempt: 1,
      prior: 'before',
      output: 'out',
      args: 'args',
    });
    await barrier.commitCompensate(key, true);
    expect(await undo(key)).toEqual({ kind: 'done', changed: true, attempts: [] });
  });

  test('a firing that had committed is told the same again, but a new one is refused, once it was undone', async () => {
    const key = newKey();
    await go(key);
    await barrier.commit(key, { output: 'out', undo: 'args' });
    await undo(key);
    expect(await barrier.admitExecute(asked(key))).toMatchObject({ kind: 'done', output: 'out' });
    await barrier.commitCompensate(key, true);
    expect(await barrier.admitExecute(asked(key))).toMatchObject({ kind: 'done', output: 'out' });
    expect(await barrier.admitExecute(asked(key, { firing: 2 }))).toEqual({ kind: 'fenced' });
  });

  test('a firing and an undo that failed for good fail again when they are asked again, and are open to a new asking', async () => {
    const key = newKey();
    const { holder } = await go(key);
    await barrier.recordFailure(key, failure('unknown'), { holder, isLast: true });
    const same = { kind: 'failed', attempts: [failure('unknown')], isUnclear: true };
    expect(await barrier.admitExecute(asked(key))).toEqual(same);
    await undo(key);
    expect(await barrier.admitExecute(asked(key))).toEqual(same);
    await barrier.recordUndoFailure(key, failure('unknown'), { isLast: true });
    expect(await undo(key)).toEqual({ kind: 'failed', attempts: [failure('unknown')] });
    expect(await undo(key, { firing: 2 })).toMatchObject({ kind: 'undo', attempt: 2, attempts: [] });
  });

  test('what acted in a firing that the workflow knows nothing of is found, oldest first', async () => {
    const key = newKey('known');
    const input = { box: 'b' };
    const keep = { awf: 'toy.put', input };
    const of = (node: string): ActionKey => ({ ...key, node });
    await go(key, { keep });
    await go(of('committed'), { keep, at: 10 });
    await barrier.commit(of('committed'), { output: 1, undo: 'args' });
    await go(of('acting'), { keep, at: 20 });
    const clean = await go(of('clean'), { keep });
    await barrier.recordFailure(of('clean'), failure('none'), { holder: clean.holder, isLast: true });
    await go(of('undone'), { keep, leaseMs: 0, at: 40 });
    await undo(of('undone'));
    await barrier.commitCompensate(of('undone'), true);
    const again = await go(of('again'), { keep, at: 30 });
    await barrier.recordFailure(of('again'), failure('none'), { holder: again.holder, isLast: true });
    await go(of('again'), { keep, firing: 2, at: 30 });
    await go(of('remote'));
    expect(await barrier.strays(key, { asked: { known: 1, again: 1 }, fence: [] })).toEqual([
      { node: 'committed', firing: 1, input, args: 'args' },
      { node: 'acting', firing: 1, input },
      { node: 'again', firing: 2, input },
      { node: 'undone', firing: 1, input },
    ]);
    expect(
      await barrier.strays(key, {
        asked: { again: 2, acting: 1, undone: 3, committed: 1, known: 1 },
        fence: [],
      }),
    ).toEqual([]);
  });

  test('what is fenced never acts, and what acts already is left to its compensation', async () => {
    const key = newKey('never');
    const of = (node: string): ActionKey => ({ ...key, node });
    const clean = await go(of('clean'));
    await barrier.recordFailure(of('clean'), failure('none'), { holder: clean.holder, isLast: true });
    await go(of('acting'));
    await barrier.strays(key, { asked: {}, fence: ['never', 'clean', 'acting'] });
    expect(await barrier.admitExecute(asked(key))).toEqual({ kind: 'fenced' });
    expect(await barrier.admitExecute(asked(of('clean'), { firing: 2 }))).toEqual({ kind: 'fenced' });
    expect(await barrier.commit(of('acting'), { output: 1, undo: null })).toEqual({ attempts: [] });
  });

  test('it waits while a forgotten attempt may still write, and then undoes without output', async () => {
    const key = newKey();
    await go(key, { leaseMs: 300 });
    const wait = await undo(key);
    expect(wait.kind).toBe('wait');
    if (wait.kind === 'wait') await new Promise((done) => setTimeout(done, wait.ms));
    expect(await undo(key)).toMatchObject({ kind: 'undo', output: undefined, args: undefined });
  });

  test('a clean failure leaves nothing to undo, an unclear one does', async () => {
    const clean = newKey();
    await barrier.recordFailure(clean, failure('none'), { holder: (await go(clean)).holder, isLast: true });
    expect(await undo(clean)).toEqual({ kind: 'neverRan' });
    const unclear = newKey();
    await barrier.recordFailure(unclear, failure('unknown'), {
      holder: (await go(unclear)).holder,
      isLast: true,
    });
    expect(await undo(unclear)).toMatchObject({ kind: 'undo', output: undefined });
  });

  test('an execute that was overtaken by its compensation cannot commit', async () => {
    const key = newKey();
    await go(key, { leaseMs: 0 });
    expect((await undo(key)).kind).toBe('undo');
    expect(await barrier.commit(key, { output: 1, undo: 1 })).toBeUndefined();
    expect(await barrier.keepPrior(key, 1)).toBeUndefined();
  });

  test('what the history says was committed is undone even where the row was lost', async () => {
    const key = newKey();
    expect(await undo(key, { isCommitted: true })).toMatchObject({ kind: 'undo', attempt: 1 });
  });

  test('every failed attempt at undoing is kept, lost ones too, and a new asking begins anew', async () => {
    const key = newKey();
    await go(key);
    await barrier.commit(key, { output: 1, undo: 1 });
    await undo(key, { at: 10 });
    expect(await barrier.recordUndoFailure(key, failure('unknown'), { isLast: false })).toEqual([
      failure('unknown'),
    ]);
    await undo(key, { at: 20 });
    expect(await undo(key, { at: 30 })).toMatchObject({
      attempt: 3,
      attempts: [failure('unknown'), { n: 2, startedAt: 20, endedAt: 30, failure: lostFailure(true) }],
    });
    expect(await undo(key, { at: 40, firing: 2 })).toMatchObject({ attempt: 4 });
  });
});

describe('barrier: many workers', () => {
  test('parallel arrivals get attempts of their own, and one row comes of them', async () => {
    const key = newKey();
    const all = await Promise.all(Array.from({ length: 20 }, () => go(key)));
    expect(all.map((one) => one.attempt).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  test('of parallel arrivals one alone is admitted where two must not run at once', async () => {
    const key = newKey();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => barrier.admitExecute(asked(key, { isAlone: true }))),
    );
    expect(all.map((one) => one.kind).sort()).toEqual(['go', ...Array.from({ length: 19 }, () => 'wait')]);
  });

  test('in any interleaving no execute goes once a compensation was answered, and nothing is undone twice', async () => {
    const step = fc.constantFrom('execute', 'commit', 'fail', 'unclear', 'compensate', 'undo', 'crash');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, step, step), { maxLength: 6 }), async (rounds) => {
        const key = newKey();
        let isFenced = false;
        let undone = 0;
        const perform = async (what: string): Promise<void> => {
          switch (what) {
            case 'execute':
            case 'crash': {
              const wasFenced = isFenced;
              const admission = await barrier.admitExecute(asked(key, { leaseMs: 0 }));
              if (wasFenced) expect(admission.kind).not.toBe('go');
              return;
            }
            case 'commit': {
              const wasFenced = isFenced;
              const done = await barrier.commit(key, { output: 1, undo: 1 });
              if (wasFenced) expect(done).toBeUndefined();
              return;
            }
            case 'fail':
            case 'unclear': {
              const admission = await barrier.admitExecute(asked(key, { leaseMs: 0 }));
              if (admission.kind !== 'go') return;
              const effect = what === 'fail' ? 'none' : 'unknown';
              await barrier.recordFailure(key, failure(effect), { holder: admission.holder, isLast: false });
              return;
            }
            case 'compensate':
            case 'undo': {
              const admission = await undo(key);
              if (admission.kind !== 'wait') isFenced = true;
              if (admission.kind === 'undo' && what === 'undo') {
                await barrier.commitCompensate(key, true);
                undone += 1;
              }
              if (admission.kind === 'neverRan') expect(undone).toBe(0);
              return;
            }
          }
        };
        for (const round of rounds) await Promise.all(round.map(perform));
        const last = await undo(key);
        if (undone > 0) expect(last.kind).toBe('done');
        else expect(['undo', 'neverRan']).toContain(last.kind);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('any number of processes migrate at once', async () => {
    const options = { url: stand.stand.postgres.url };
    await Promise.all([migrate(options), migrate(options), migrate(options)]);
  });
});
