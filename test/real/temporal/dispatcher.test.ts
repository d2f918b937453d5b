/** The dispatcher with a real barrier: what comes of an attempt, and what is told of it. */
import { randomUUID } from 'node:crypto';
import { trustOf } from '../../../src/app/control';
import { createRulebook, tenantFigures } from '../../../src/app/rulebook';
import type { FireResult, UndoResult } from '../../../src/engine/effects';
import { createBarrier } from '../../../src/store/barrier';
import { openDatabase } from '../../../src/store/database';
import { StoreError } from '../../../src/store/store-error';
import { createAuthorityRobot } from '../../../src/temporal/authority-robot';
import {
  createDispatcher,
  type Again,
  type Dispatcher,
  type DispatcherParts,
  type FireRequest,
  type UndoRequest,
} from '../../../src/temporal/dispatcher';
import { newTenant } from '../../kit/governed';
import { seasoned } from '../../kit/open-rules';
import { toyPlan } from '../../kit/plans';
import { refusal, Shelf } from '../../kit/shelf';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';
import { bundleOf, file } from '../../pure/config/fixtures';

let stand: TestStand;
beforeAll(async () => {
  stand = await openTestStand();
}, STAND_TIMEOUT_MS);
afterAll(() => stand.close());

type AnyEffect = Awaited<ReturnType<Shelf['effects']>>;
const { retry } = toyPlan([]);
const silent = { info: () => undefined, warn: () => undefined };

const shelfAnd = (
  database = stand.database,
  rest: Partial<DispatcherParts> = {},
): { shelf: Shelf; dispatcher: Dispatcher } => {
  const shelf = new Shelf();
  const dispatcher = createDispatcher({
    barrier: createBarrier(database),
    effects: shelf.effects,
    connections: () => ({ baseUrl: '', secrets: {} }),
    now: Date.now,
    log: silent,
    ...rest,
  });
  return { shelf, dispatcher };
};
const host = (signal = new AbortController().signal) => ({ signal, heartbeat: () => undefined });

const put = (rest: Partial<FireRequest> = {}): FireRequest => ({
  key: { tenant: 'acme', outcome: `acme/TOY/${randomUUID()}`, node: 'box' },
  awf: 'toy.put',
  input: { box: 'b' },
  firing: 1,
  retry,
  timeoutMs: 1_000,
  ...rest,
});
const take = (of: FireRequest, rest: Partial<UndoRequest> = {}): UndoRequest => ({
  key: of.key,
  awf: 'toy.take',
  of: 'toy.put',
  ofInput: of.input,
  firing: 1,
  retry,
  timeoutMs: 1_000,
  ...rest,
});
const committed = (undo: unknown) => ({ kind: 'committed', output: { box: 'b', colour: 'red' }, undo });
const failureIn = (result: FireResult | UndoResult | Again) =>
  result.kind === 'failed' || result.kind === 'again' ? result.failure : undefined;

describe('dispatcher: execute', () => {
  test('executed twice under one key is executed once, and answers the same', async () => {
    const { shelf, dispatcher } = shelfAnd();
    const request = put();
    expect(await dispatcher.execute(request, host())).toEqual(committed({ box: 'b' }));
    expect(await dispatcher.execute(request, host())).toEqual(committed({ box: 'b' }));
    expect(shelf.calls).toHaveLength(1);
  });

  test('retries follow the table of the plan, and every failed attempt comes with the result', async () => {
    const { shelf, dispatcher } = shelfAnd();
    const down = { refuse: refusal('SYSTEM_UNAVAILABLE', 'transient') };
    shelf.fail('toy.put', 'b', down, down, down, down);
    const request = put();
    const delays: unknown[] = [];
    for (let n = 1; n <= 3; n++) delays.push(await dispatcher.execute(request, host()));
    expect(delays).toMatchObject([{ afterMs: 1_000 }, { afterMs: 2_000 }, { afterMs: 4_000 }]);
    const last = await dispatcher.execute(request, host());
    expect(last).toMatchObject({ kind: 'failed', failure: { code: 'SYSTEM_UNAVAILABLE', effect: 'none' } });
    expect(last.kind === 'failed' && last.attempts?.map((attempt) => attempt.n)).toEqual([1, 2, 3, 4]);
  });

  test('a system that asks to wait longer than the table is waited for', async () => {
    const { shelf, dispatcher } = shelfAnd();
    shelf.fail('toy.put', 'b', {
      refuse: { ...refusal('SYSTEM_RATE_LIMITED', 'transient'), retryAfterMs: 30_000 },
    });
    expect(await dispatcher.execute(put(), host())).toMatchObject({ kind: 'again', afterMs: 30_000 });
  });

  test('a permanent failure is told at once', async () => {
    const { shelf, dispatcher } = shelfAnd();
    shelf.fail('toy.put', 'b', { refuse: refusal('full') });
    expect(await dispatcher.execute(put(), host())).toMatchObject({
      kind: 'failed',
      failure: { code: 'full', class: 'permanent', effect: 'none' },
    });
  });

  test('once an effect was unclear the action stays unclear, whatever is answered later', async () => {
    const { shelf, dispatcher } = shelfAnd();
    shelf.fail('toy.put', 'b', { cutAfter: true }, { refuse: refusal('full') });
    const request = put();
    expect(await dispatcher.execute(request, host())).toMatchObject({ kind: 'again', afterMs: 300_000 });
    expect(failureIn(await dispatcher.execute(request, host()))).toMatchObject({
      code: 'full',
      effect: 'unknown',
    });
  });

  test.each([{}, { isFirst: true }])(
    'what is captured before the first write is what every later attempt and the compensation get (%j)',
    async (rest) => {
      const { shelf, dispatcher } = shelfAnd();
      shelf.boxes.set('b', 'somebody else');
      shelf.fail('toy.put', 'b', { cutAfter: true });
      const request = put(rest);
      await dispatcher.execute(request, host());
      // A workflow task that was lost asks again as if it were the first to ask; by now the shelf holds our own work.
      shelf.boxes.clear();
      expect(await dispatcher.execute(request, host())).toMatchObject(committed(null));
      expect(await dispatcher.compensate(take(request), host())).toMatchObject({ changed: false });
      expect([...shelf.boxes.keys()]).toEqual(['b']);
    },
  );

  test.each(['before', 'after'] as const)(
    'an attempt that does not answer (%s its effect) times out, its effect unknown',
    async (hang) => {
      const { shelf, dispatcher } = shelfAnd();
      shelf.fail('toy.put', 'b', { hang });
      expect(failureIn(await dispatcher.execute(put({ timeoutMs: 60 }), host()))).toMatchObject({
        code: 'ACTION_TIMED_OUT',
        class: 'unknown',
        effect: 'unknown',
      });
    },
  );

  test.each(['a\u0000b', 'half of a \ud83d'])(
    'an answer with text that no row takes is refused once, and what it did can be undone (%j)',
    async (colour) => {
      const { shelf, dispatcher } = shelfAnd();
      shelf.colour = colour;
      const request = put();
      expect(failureIn(await dispatcher.execute(request, host()))).toMatchObject({
        code: 'SYSTEM_ANSWER_UNREADABLE',
        effect: 'unknown',
      });
      expect(shelf.calls).toHaveLength(1);
      expect(await dispatcher.compensate(take(request), host())).toMatchObject({ kind: 'undone' });
      expect([...shelf.boxes.keys()]).toEqual([]);
    },
  );

  test('whatever a system says of its failure, the attempt is on record', async () => {
    const { shelf, dispatcher } = shelfAnd();
    const message = `\u0000${'x'.repeat(298)}\u{1f600}`;
    shelf.fail('toy.put', 'b', { refuse: { ...refusal('full'), message } });
    const result = await dispatcher.execute(put(), host());
    expect(result).toMatchObject({ kind: 'failed', failure: { code: 'full' }, attempts: [{ n: 1 }] });
  });

  test('a crash is a failure of unknown effect', async () => {
    const { shelf, dispatcher } = shelfAnd();
    shelf.fail('toy.put', 'b', { crash: true });
    expect(failureIn(await dispatcher.execute(put(), host()))).toMatchObject({
      code: 'ACTION_CRASHED',
      effect: 'unknown',
    });
  });

  test('an attempt that the worker interrupts is tried again at once and uses up no retry', async () => {
    const { shelf, dispatcher } = shelfAnd();
    shelf.fail('toy.put', 'b', { hang: 'before' });
    const stop = new AbortController();
    const request = put();
    setTimeout(() => stop.abort(), 30);
    expect(await dispatcher.execute(request, host(stop.signal))).toMatchObject({ kind: 'again', afterMs: 0 });
    const result = await dispatcher.execute(request, host());
    expect(result).toMatchObject({ kind: 'committed' });
    expect(result.kind === 'committed' && result.attempts?.[0]?.failure?.code).toBe('ACTION_ATTEMPT_LOST');
  });

  test('an effect that kills every worker is given up, its effect unknown', async () => {
    const { dispatcher } = shelfAnd();
    const barrier = createBarrier(stand.database);
    const request = put();
    const lost = { class: 'transient', code: 'ACTION_ATTEMPT_LOST', message: '', effect: 'unknown' } as const;
    for (let n = 0; n < 10; n++) {
      await barrier.admitExecute({ ...request, leaseMs: 0, isAlone: false, lost, at: 0 });
    }
    expect(await dispatcher.execute(request, host())).toMatchObject({
      kind: 'failed',
      failure: { code: 'ACTION_ATTEMPT_LOST', effect: 'unknown' },
    });
  });

  test('an input against the contract fails before anything is written', async () => {
    const { shelf, dispatcher } = shelfAnd();
    const result = await dispatcher.execute(put({ input: { box: 7 } }), host());
    expect(failureIn(result)).toMatchObject({
      code: 'ACTION_INPUT_INVALID',
      message: '`toy.put` does not take this input: box: invalid_type',
    });
    expect(shelf.calls).toEqual([]);
  });

  test('an AWF that the robot does not have is refused', async () => {
    const { dispatcher } = shelfAnd();
    expect(failureIn(await dispatcher.execute(put({ awf: 'toy.nothing' }), host()))?.code).toBe(
      'ACTION_NOT_IMPLEMENTED',
    );
  });

  test('while the database is down nothing fires and no attempt is counted', async () => {
    const nowhere = openDatabase({ url: 'postgres://nobody:x@127.0.0.1:1/none' });
    const { shelf, dispatcher } = shelfAnd(nowhere);
    await expect(dispatcher.execute(put(), host())).rejects.toBeInstanceOf(StoreError);
    await expect(dispatcher.compensate(take(put()), host())).rejects.toBeInstanceOf(StoreError);
    expect(shelf.calls).toEqual([]);
    await nowhere.close();
  });
});

describe('dispatcher: compensate', () => {
  test('an undo that finds nothing is believed, but not after one that may have been ours', async () => {
    const shelf = new Shelf();
    const telling = async (awf: string): Promise<AnyEffect> => {
      const effect = await shelf.effects(awf);
      if (effect === undefined || awf !== 'toy.take') return effect;
      return {
        ...effect,
        execute: async (input, context) => {
          const changed = shelf.boxes.has((input as { box: string }).box);
          await effect.execute(input, context);
          return { changed };
        },
      };
    };
    const dispatcher = createDispatcher({
      barrier: createBarrier(stand.database),
      effects: telling,
      connections: () => ({ baseUrl: '', secrets: {} }),
      now: Date.now,
      log: silent,
    });
    const [cut, gone] = [put(), put({ input: { box: 'gone' } })];
    for (const request of [cut, gone]) await dispatcher.execute(request, host());
    shelf.fail('toy.take', 'b', { cutAfter: true });
    shelf.boxes.delete('gone');
    expect(await dispatcher.compensate(take(gone), host())).toMatchObject({ changed: false });
    expect(await dispatcher.compensate(take(cut), host())).toMatchObject({ kind: 'again' });
    expect(await dispatcher.compensate(take(cut), host())).toMatchObject({ kind: 'undone', changed: true });
  });

  test('compensated twice is compensated once', async () => {
    const { shelf, dispatcher } = shelfAnd();
    const request = put();
    await dispatcher.execute(request, host());
    const undo = take(request, { args: { box: 'b' } });
    expect(await dispatcher.compensate(undo, host())).toEqual({ kind: 'undone', changed: true });
    expect(await dispatcher.compensate(undo, host())).toEqual({ kind: 'undone', changed: true });
    expect(shelf.changesOf('b')).toEqual(['+b', '-b']);
  });

  test('an execute that arrives after its compensation is refused', async () => {
    const { shelf, dispatcher } = shelfAnd();
    const request = put();
    expect(await dispatcher.compensate(take(request), host())).toEqual({ kind: 'undone', changed: false });
    expect(failureIn(await dispatcher.execute(request, host()))).toMatchObject({
      code: 'ACTION_FENCED',
      class: 'permanent',
      effect: 'none',
    });
    expect(shelf.calls).toEqual([]);
  });

  test.each([{ cutAfter: true } as const, { hang: 'before' } as const, { hang: 'after' } as const])(
    'an unclear effect is undone without its output (%j)',
    async (fault) => {
      const { shelf, dispatcher } = shelfAnd();
      shelf.fail('toy.put', 'b', fault);
      const request = put({ timeoutMs: 60 });
      await dispatcher.execute(request, host());
      expect(await dispatcher.compensate(take(request), host())).toMatchObject({ kind: 'undone' });
      expect([...shelf.boxes]).toEqual([]);
    },
  );

  test('a compensation waits for an attempt that may still write, and the attempt then cannot commit', async () => {
    const { shelf, dispatcher } = shelfAnd();
    const request = put({ timeoutMs: 200 });
    let during: UndoResult | Again | undefined;
    shelf.fail('toy.put', 'b', {
      at: 'before',
      run: async () => void (during = await dispatcher.compensate(take(request), host())),
    });
    await dispatcher.execute(request, host());
    expect(during).toMatchObject({ kind: 'again' });
    expect(await dispatcher.compensate(take(request), host())).toMatchObject({
      kind: 'undone',
      changed: true,
    });
    expect([...shelf.boxes]).toEqual([]);
  });

  test('a compensation that fails has retries of its own, and is told with every attempt', async () => {
    const { shelf, dispatcher } = shelfAnd();
    const request = put();
    await dispatcher.execute(request, host());
    const down = { refuse: refusal('SYSTEM_UNAVAILABLE', 'transient') };
    shelf.fail('toy.take', 'b', down, { refuse: refusal('ACTION_DIVERGED') });
    const undo = take(request, { args: { box: 'b' } });
    expect(await dispatcher.compensate(undo, host())).toMatchObject({ kind: 'again', afterMs: 1_000 });
    const last = await dispatcher.compensate(undo, host());
    expect(last).toMatchObject({ kind: 'failed', failure: { code: 'ACTION_DIVERGED' } });
    expect(last.kind === 'failed' && last.attempts).toHaveLength(2);
    expect(await dispatcher.compensate({ ...undo, firing: 2 }, host())).toEqual({
      kind: 'undone',
      changed: true,
    });
  });

  test('one that fails for good never raises trust: it is folded, and shown, by the figures of the tenant', async () => {
    const tenant = newTenant();
    const figures = Object.entries({ established: 300, proven: 600, veteran: 1_000 })
      .map(([level, successes]) => `  figures.trust.levels.${level}.successes: ${successes}\n`)
      .join('');
    const bundle = { ...bundleOf(file('tiers/pro.yaml', `values:\n${figures}`)), tenant };
    const { database } = stand;
    const { authority, undoFailed } = createAuthorityRobot({
      ...{ database, controls: database, databaseUrl: stand.stand.postgres.url },
      ...{ barrier: createBarrier(database), now: Date.now, log: silent },
      rulebook: createRulebook(
        () => Promise.resolve(bundle),
        () => Promise.resolve(1),
      ),
      figuresOf: () => Promise.resolve(tenantFigures(bundle)),
    });
    const trust = () => trustOf({ authority, now: Date.now }, { bundle });
    const { ledger } = seasoned(Date.now(), { awfs: [], runbook: 'toys' });
    const label = { by: 'person:ada', reason: 'test', at: Date.now() };
    await authority.importTrust(tenant, { ledger: { ...ledger, successes: 150 }, memory: [] }, label);
    // By the spec's own figures 150 successes are more than enough for the second level.
    expect(await trust()).toMatchObject({ value: { earned: 'new', successes: 150 } });

    const { shelf, dispatcher } = shelfAnd(database, { undoFailed });
    const request = put({ key: { tenant, outcome: `${tenant}/TOY/1`, node: 'box' } });
    await dispatcher.execute(request, host());
    shelf.fail('toy.take', 'b', { refuse: refusal('ACTION_DIVERGED') });
    const undone = await dispatcher.compensate(take(request, { args: { box: 'b' } }), host());
    expect(undone).toMatchObject({ kind: 'failed' });
    expect(await trust()).toMatchObject({ value: { earned: 'new', successes: 0 } });
    expect((await authority.standing(tenant)).trust).toMatchObject({ base: 'new' });
  });
});
