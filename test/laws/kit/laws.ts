/**
 * The laws of an AWF, each as a function that throws where it is broken. They know no system: what a world looks like and
 * what was written to it comes from the stand, by a second path.
 * @source DESIGN 4, the nine AWF laws
 */
import { strict as assert } from 'node:assert';
import type { AwfContract, World } from '../../../src/dsl/awf';
import type { FireResult } from '../../../src/engine/effects';
import type { Json } from '../../../src/kernel/json';
import { ModelWorld } from '../../../src/simulator/model-world';
import type { Barrier } from '../../../src/store/barrier';
import { Driver, eyes, isAgain, type Eyes } from './driver';
import type { Fault, LawFixture, LawStand, LawWorld, Side, Situation, Write } from './world';

/** One AWF at one stand. */
export interface Subject {
  readonly contract: AwfContract;
  /** The contract of its compensation. */
  readonly undoneBy: AwfContract;
  readonly fixture: LawFixture<never>;
  readonly stand: LawStand;
  readonly barrier: Barrier;
  /** Which effects are blind in this run. */
  readonly eyes?: Eyes;
}

/** What a law says of itself where the stand or the AWF leaves nothing to test. */
export class NotApplicable extends Error {}

export interface Law {
  /** Number in DESIGN 4, or a letter for the fault battery. */
  readonly id: string;
  readonly title: string;
  readonly run: (subject: Subject) => Promise<void>;
}

interface Case extends Situation {
  readonly world: LawWorld;
  readonly drive: Driver;
  readonly of: { readonly awf: string; readonly undoneBy: string; readonly input: Json };
  readonly before: Json;
}

/** Runs `act` in a world of its own. */
async function inFreshWorld(subject: Subject, act: (at: Case) => Promise<void>): Promise<void> {
  const world = await subject.stand.world();
  try {
    const situation = await subject.fixture.prepare(world as never);
    const drive = new Driver(subject.barrier, world, subject.eyes ?? eyes());
    const of = {
      awf: subject.contract.name,
      undoneBy: subject.undoneBy.name,
      input: situation.input,
    };
    await act({ ...situation, world, drive, of, before: await world.state() });
  } finally {
    await world.close();
  }
}

type Committed = Extract<FireResult, { kind: 'committed' }>;

function committed(result: FireResult): Committed {
  assert.equal(result.kind, 'committed', `expected a commit, got ${JSON.stringify(result)}`);
  return result;
}

const fire = async (at: Case, key = at.drive.newKey()): Promise<Committed> =>
  committed(await at.drive.execute(key, at.of.awf, at.input));

const undone = (result: { readonly kind: string }, what = 'the undo'): void =>
  assert.equal(result.kind, 'undone', `${what} failed: ${JSON.stringify(result)}`);

const sameWorld = async (at: Case, expected: Json, what: string): Promise<void> =>
  assert.deepEqual(await at.world.state(), expected, what);

async function sameWrites(at: Case, side: Side, expected: readonly Write[] | undefined): Promise<void> {
  if (expected === undefined) return;
  const found = await at.world.writes(side);
  assert.deepEqual([...(found ?? [])].sort(), [...expected].sort(), `writes of ${side}`);
}

/** What a run without any trouble writes, measured once for each AWF and stand. */
type Usual = Readonly<Record<Side, readonly Write[] | undefined>>;

const baselines = new Map<string, Promise<Usual>>();

function baselineOf(subject: Subject): Promise<Usual> {
  const key = `${subject.contract.name} ${subject.stand.evidence}`;
  let found = baselines.get(key);
  if (!found) {
    found = (async () => {
      let measured: Usual | undefined;
      await inFreshWorld({ ...subject, eyes: eyes() }, async (at) => {
        const id = at.drive.newKey();
        const { undo } = await fire(at, id);
        const execute = await at.world.writes('execute');
        undone(await at.drive.undo(id, at.of, undo));
        measured = { execute, compensate: await at.world.writes('compensate') };
      });
      return measured!;
    })();
    baselines.set(key, found);
  }
  return found;
}

/** Runs `act` once for each write of a side; `arm` makes that write suffer the fault. */
async function atEachWrite(
  subject: Subject,
  fault: Fault,
  side: Side,
  act: (at: Case, expected: Usual, arm: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const usual = await baselineOf(subject);
  // Where nobody counts writes the first one has to stand for all.
  const count = usual[side]?.length ?? 1;
  if (count === 0) throw new NotApplicable(`nothing is written to ${side}`);
  for (let n = 0; n < count; n++) {
    await inFreshWorld(subject, (at) =>
      act(at, usual, async () => {
        const armed = await at.world.arm(fault, side, { n, usual: usual[side] });
        if (!armed) throw new NotApplicable(`${subject.stand.server} has no such fault`);
      }),
    );
  }
}

const once: Law = {
  id: '1',
  title: 'executed twice under one key is executed once',
  run: async (subject) => {
    const baseline = await baselineOf(subject);
    await inFreshWorld(subject, async (at) => {
      const key = at.drive.newKey();
      const first = await fire(at, key);
      const after = await at.world.state();
      assert.notDeepEqual(after, at.before, 'the action changes the world');
      assert.deepEqual((await fire(at, key)).output, first.output);
      await sameWorld(at, after, 'the second execution changed something');
      await sameWrites(at, 'execute', baseline.execute);
    });
  },
};

const twoAtOnce: Law = {
  id: '1b',
  title: 'two executions at once under one key have one effect',
  run: async (subject) => {
    const baseline = await baselineOf(subject);
    await inFreshWorld(subject, async (at) => {
      const key = at.drive.newKey();
      const [first, second] = await Promise.all([fire(at, key), fire(at, key)]);
      assert.deepEqual(first.output, second.output);
      await sameWrites(at, 'execute', baseline.execute);
      undone(await at.drive.undo(key, at.of, first.undo));
      await sameWorld(at, at.before, 'the undo does not restore what was there');
    });
  },
};

const undoneOnce: Law = {
  id: '2',
  title: 'compensated twice is compensated once, also when the first answer was lost',
  run: async (subject) => {
    const baseline = await baselineOf(subject);
    await inFreshWorld(subject, async (at) => {
      const key = at.drive.newKey();
      const { undo } = await fire(at, key);
      const answers = [
        await at.drive.undo(key, at.of, undo),
        await at.drive.undo(key, at.of, undo, { firing: 2 }),
      ];
      for (const answer of answers) undone(answer);
      await sameWorld(at, at.before, 'the undo does not restore what was there');
      await sameWrites(at, 'compensate', baseline.compensate);
    });
    await atEachWrite(subject, 'cutAfter', 'compensate', async (at, _usual, arm) => {
      const key = at.drive.newKey();
      const { undo } = await fire(at, key);
      await arm();
      undone(await at.drive.undo(key, at.of, undo));
      await sameWorld(at, at.before, 'the undo does not restore what was there');
      await sameWrites(at, 'compensate', baseline.compensate);
    });
  },
};

const restores: Law = {
  id: '3',
  title: 'execute then compensate restores the state that was there before',
  run: (subject) =>
    inFreshWorld(subject, async (at) => {
      const key = at.drive.newKey();
      const { undo } = await fire(at, key);
      const result = await at.drive.undo(key, at.of, undo);
      assert.deepEqual(
        { kind: result.kind, changed: 'changed' in result && result.changed },
        {
          kind: 'undone',
          changed: true,
        },
      );
      await sameWorld(at, at.before, 'the undo does not restore what was there');
    }),
};

const neverRan: Law = {
  id: '4',
  title: 'compensating what never ran is a harmless success',
  run: (subject) =>
    inFreshWorld(subject, async (at) => {
      const result = await at.drive.undo(at.drive.newKey(), at.of);
      assert.deepEqual(result, { kind: 'undone', changed: false });
      await sameWorld(at, at.before, 'it changed something');
    }),
};

const fenced: Law = {
  id: '5',
  title: 'an execute that arrives after its compensation is refused',
  run: (subject) =>
    inFreshWorld(subject, async (at) => {
      for (const ranBefore of [false, true]) {
        const key = at.drive.newKey();
        const undo = ranBefore ? (await fire(at, key)).undo : undefined;
        undone(await at.drive.undo(key, at.of, undo));
        const late = await at.drive.execute(key, at.of.awf, at.input);
        assert.equal(late.kind === 'failed' && late.failure.code, 'ACTION_FENCED');
        await sameWorld(at, at.before, 'the late execute changed something');
      }
    }),
};

const twoOutcomes: Law = {
  id: '6',
  title: "two outcomes never undo each other's work",
  run: async (subject) => {
    await inFreshWorld(subject, async (at) => {
      const [first, second] = [at.drive.newKey(), at.drive.newKey()];
      const ours = await fire(at, first);
      const afterFirst = await at.world.state();
      const theirs = await at.drive.execute(second, at.of.awf, at.input);
      undone(await at.drive.undo(second, at.of, theirs.kind === 'committed' ? theirs.undo : undefined));
      await sameWorld(at, afterFirst, "the second outcome's undo took away the first one's work");
      undone(await at.drive.undo(first, at.of, ours.undo));
      await sameWorld(at, at.before, 'the first outcome can no longer undo its own');
    });
    await inFreshWorld(subject, async (at) => {
      const keys = [at.drive.newKey(), at.drive.newKey()];
      const results = await Promise.all(keys.map((key) => at.drive.execute(key, at.of.awf, at.input)));
      // Whose change lies below the other's may have to wait: it stops as diverged, and a person asks again later.
      const stopped: typeof keys = [];
      for (const firing of [1, 2]) {
        for (const key of firing === 1 ? keys : stopped) {
          const result = results[keys.indexOf(key)]!;
          const args = result.kind === 'committed' ? result.undo : undefined;
          const undo = await at.drive.undo(key, at.of, args, { firing });
          const waits = firing === 1 && undo.kind === 'failed' && undo.failure.code === 'ACTION_DIVERGED';
          if (waits) stopped.push(key);
          else undone(undo);
        }
      }
      await sameWorld(at, at.before, 'two at once, both undone, leave something behind');
    });
  },
};

const lostAnswer = (fault: 'cutAfter' | 'errorAfter', id: string, title: string): Law => ({
  id,
  title,
  run: async (subject) => {
    await atEachWrite(subject, fault, 'execute', async (at, baseline, arm) => {
      await arm();
      const key = at.drive.newKey();
      const { undo } = await fire(at, key);
      await sameWrites(at, 'execute', baseline.execute);
      undone(await at.drive.undo(key, at.of, undo));
      await sameWorld(at, at.before, 'after a lost answer the undo does not restore what was there');
    });
    await atEachWrite(subject, fault, 'execute', async (at, _usual, arm) => {
      await arm();
      const key = at.drive.newKey();
      const first = await at.drive.attempt(key, at.of.awf, at.input);
      assert.equal(isAgain(first) && first.failure?.effect, 'unknown', JSON.stringify(first));
      await at.world.disarm();
      undone(await at.drive.undo(key, at.of));
      await sameWorld(at, at.before, 'an effect in doubt is not found and undone');
    });
  },
});

const lostRequest: Law = {
  id: '7c',
  title: 'a lost request ends in the same state as a lost answer',
  run: async (subject) => {
    await atEachWrite(subject, 'cutBefore', 'execute', async (at, baseline, arm) => {
      await arm();
      const key = at.drive.newKey();
      const { undo } = await fire(at, key);
      await sameWrites(at, 'execute', baseline.execute);
      undone(await at.drive.undo(key, at.of, undo));
      await sameWorld(at, at.before, 'the undo does not restore what was there');
    });
    await atEachWrite(subject, 'cutBefore', 'execute', async (at, _usual, arm) => {
      await arm();
      const key = at.drive.newKey();
      await at.drive.attempt(key, at.of.awf, at.input);
      await at.world.disarm();
      undone(await at.drive.undo(key, at.of));
      await sameWorld(at, at.before, 'undoing what never arrived changed something');
    });
  },
};

const meddled: Law = {
  id: '8',
  title: 'if somebody else changed the object meanwhile, the compensation overwrites nothing',
  run: async (subject) => {
    const world = await subject.stand.world();
    const count = (await subject.fixture.prepare(world as never)).meddlings.length;
    await world.close();
    assert.ok(count > 0, 'a fixture names at least one change by somebody else');
    for (let n = 0; n < count; n++) {
      await inFreshWorld(subject, async (at) => {
        const { what, act, then } = at.meddlings[n]!;
        const key = at.drive.newKey();
        const { undo } = await fire(at, key);
        await act();
        const theirs = await at.world.state();
        const result = await at.drive.undo(key, at.of, undo);
        if (then === 'diverged') {
          assert.equal(
            result.kind === 'failed' && result.failure.code,
            'ACTION_DIVERGED',
            `${what}: ${JSON.stringify(result)}`,
          );
        } else {
          assert.deepEqual(result, { kind: 'undone', changed: false }, what);
        }
        await sameWorld(at, theirs, `${what}: the compensation overwrote it`);
      });
    }
  },
};

const alreadySo: Law = {
  id: '9',
  title: 'what was already so before is not undone, also when an attempt was unclear',
  run: async (subject) => {
    const usual = await baselineOf(subject);
    for (const unclear of [false, true]) {
      await inFreshWorld(subject, async (at) => {
        if (typeof at.already !== 'function') throw new NotApplicable(at.already.impossible);
        await at.already();
        const theirs = await at.world.state();
        if (unclear) await at.world.arm('cutAfter', 'execute', { n: 0, usual: usual.execute });
        const key = at.drive.newKey();
        const { undo } = await fire(at, key);
        await at.world.disarm();
        await sameWorld(at, theirs, 'the action changed what was so already');
        assert.equal(undo, null, 'it says there is something to undo');
        assert.deepEqual(await at.drive.undo(key, at.of, undo), { kind: 'undone', changed: false });
        await sameWorld(at, theirs, 'the compensation took away what was so already');
      });
    }
  },
};

const refusedAccount = (as: 'nobody' | 'reader', id: string, title: string): Law => ({
  id,
  title,
  run: (subject) =>
    inFreshWorld(subject, async (at) => {
      if (!at.world.connection(as))
        throw new NotApplicable(`${subject.stand.server} tells no accounts apart`);
      const result = await at.drive.execute(at.drive.newKey(), at.of.awf, at.input, as);
      assert.equal(result.kind, 'failed');
      const { failure } = result;
      assert.deepEqual(
        { code: failure.code, class: failure.class, effect: failure.effect },
        { code: 'SYSTEM_UNAUTHORISED', class: 'permanent', effect: 'none' },
      );
      await sameWorld(at, at.before, 'a refused account changed something');
      const key = at.drive.newKey();
      const { undo } = await fire(at, key);
      const refused = await at.drive.undo(key, at.of, undo, { as });
      assert.equal(refused.kind === 'failed' && refused.failure.code, 'SYSTEM_UNAUTHORISED');
      undone(await at.drive.undo(key, at.of, undo, { firing: 2 }), 'the undo with good credentials');
      await sameWorld(at, at.before, 'the undo does not restore what was there');
    }),
});

const rateLimited: Law = {
  id: 'c',
  title: 'a rate limit is clean, names the wait and costs no effect',
  run: (subject) =>
    atEachWrite(subject, 'rateLimit', 'execute', async (at, baseline, arm) => {
      await arm();
      const key = at.drive.newKey();
      const first = await at.drive.attempt(key, at.of.awf, at.input);
      assert.ok(isAgain(first) && first.failure, JSON.stringify(first));
      assert.deepEqual(
        { code: first.failure.code, class: first.failure.class },
        { code: 'SYSTEM_RATE_LIMITED', class: 'transient' },
      );
      const { undo } = await fire(at, key);
      await sameWrites(at, 'execute', baseline.execute);
      undone(await at.drive.undo(key, at.of, undo));
      await sameWorld(at, at.before, 'the undo does not restore what was there');
    }),
};

const errorBefore: Law = {
  id: 'd',
  title: 'a server error before the effect, then a retry, has one effect',
  run: (subject) =>
    atEachWrite(subject, 'errorBefore', 'execute', async (at, baseline, arm) => {
      await arm();
      const key = at.drive.newKey();
      const { undo } = await fire(at, key);
      await sameWrites(at, 'execute', baseline.execute);
      undone(await at.drive.undo(key, at.of, undo));
      await sameWorld(at, at.before, 'the undo does not restore what was there');
    }),
};

const troubledUndo: Law = {
  id: 'e',
  title: 'an undo that meets a lost request, a server error or a limit restores all the same',
  run: async (subject) => {
    let tried = 0;
    for (const fault of ['cutBefore', 'errorBefore', 'errorAfter', 'rateLimit'] as const) {
      try {
        await atEachWrite(subject, fault, 'compensate', async (at, _usual, arm) => {
          const key = at.drive.newKey();
          const { undo } = await fire(at, key);
          await arm();
          undone(await at.drive.undo(key, at.of, undo));
          await sameWorld(at, at.before, `after ${fault} the undo does not restore what was there`);
        });
        tried += 1;
      } catch (error) {
        if (!(error instanceof NotApplicable)) throw error;
      }
    }
    assert.ok(tried > 0, 'no fault could be had');
  },
};

const predicted: Law = {
  id: 'p',
  title: 'the prediction agrees with what happens: what changes, what comes out, what is to be undone',
  run: async (subject) => {
    for (const isAlready of [false, true]) {
      await inFreshWorld(subject, async (at) => {
        if (isAlready && typeof at.already !== 'function') return;
        if (isAlready && typeof at.already === 'function') await at.already();
        const before = await at.world.state();
        const key = at.drive.newKey();
        const real = await fire(at, key);
        const hasChanged = JSON.stringify(await at.world.state()) !== JSON.stringify(before);
        const model = modelThat(subject, at.input, hasChanged);
        assert.ok(model, `no model world in which the prediction ${hasChanged ? 'changes' : 'leaves'} it`);
        assert.deepEqual(shapeOf(model.output), shapeOf(real.output), 'the shape of the output');
        assert.deepEqual(shapeOf(model.undo), shapeOf(real.undo), 'the shape of the arguments of the undo');
        assert.equal(model.isRestored, true, 'undone in the model, the model is not as before');
        undone(await at.drive.undo(key, at.of, real.undo));
        await sameWorld(at, before, 'the undo does not restore what was there');
      });
    }
  },
};

interface Modelled {
  readonly output: Json;
  readonly undo: Json;
  readonly isRestored: boolean;
}

/** The prediction in the first of the plausible worlds in which it changes as much as the real action did. */
function modelThat(subject: Subject, input: Json, changes: boolean): Modelled | undefined {
  const { contract, undoneBy } = subject;
  const parsed = contract.input.parse(input);
  const seeds: ((world: World) => unknown)[] = [
    () => undefined,
    (world) => contract.predict(world, parsed),
    (world) => {
      const seed = undoneBy.input.safeParse(input);
      return seed.success ? undoneBy.predict(world, seed.data) : undefined;
    },
  ];
  for (const seed of seeds) {
    const model = new ModelWorld();
    model.predict(seed);
    const before = model.snapshot();
    const { output, prior } = model.predict((world) => contract.predict(world, parsed));
    if ((model.snapshot() !== before) !== changes) continue;
    const known = { input: parsed, output, ...(prior === undefined ? {} : { prior }) };
    const undo = contract.compensation!.input(known);
    if (undo !== null) model.predict((world) => undoneBy.predict(world, undoneBy.input.parse(undo)));
    return { output, undo, isRestored: model.snapshot() === before };
  }
  return undefined;
}

/** Names of the members, all the way down; elements of lists and values do not count. */
function shapeOf(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return value === null ? null : true;
  const members = Object.entries(value as Readonly<Record<string, Json>>).map(
    ([name, member]): [string, Json] => [
      name,
      member === null || typeof member !== 'object' ? true : shapeOf(member),
    ],
  );
  return Object.fromEntries(members);
}

/** All laws, in the order in which the table shows them. */
export const LAWS: readonly Law[] = [
  once,
  twoAtOnce,
  undoneOnce,
  restores,
  neverRan,
  fenced,
  twoOutcomes,
  lostAnswer('cutAfter', '7', 'a cut answer, then a retry or an undo, ends as if nothing had been cut'),
  lostAnswer('errorAfter', '7b', 'a server error after the effect ends as if there had been none'),
  lostRequest,
  meddled,
  alreadySo,
  refusedAccount('nobody', 'a', 'a bad credential is permanent and clean'),
  refusedAccount('reader', 'b', 'a missing right is permanent and clean'),
  rateLimited,
  errorBefore,
  troubledUndo,
  predicted,
];

/** The laws that a blind AWF can break, those that show it soonest first. */
export const TELLING: readonly Law[] = [
  alreadySo,
  meddled,
  LAWS.find(({ id }) => id === '7')!,
  twoOutcomes,
  undoneOnce,
  restores,
  once,
];
