/**
 * The nine laws of an AWF, each as a function that throws where it is broken, and the battery of faults beside them.
 * @source DESIGN 4, the AWF laws
 */
import { strict as assert } from 'node:assert';
import type { AwfContract } from '../../../src/dsl/awf';
import type { FireResult } from '../../../src/engine/effects';
import { BATTERY } from './battery';
import { atEachWrite, baselineOf, fire, inFreshWorld, sameWorld, sameWrites, undone, type Law } from './case';
import { isAgain } from './driver';
import { predicted } from './prediction';

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
      const never = at.drive.newKey();
      undone(await at.drive.undo(never, at.of));
      refused(await at.drive.execute(never, at.of.awf, at.input), 'what was never let through');
      await sameWorld(at, at.before, 'the late execute changed something');

      const ran = at.drive.newKey();
      const first = await fire(at, ran);
      undone(await at.drive.undo(ran, at.of, first.undo));
      // The very asking that was answered before gets its answer again, as a workflow that is replayed needs it.
      assert.deepEqual((await fire(at, ran)).output, first.output);
      await sameWorld(at, at.before, 'the repeated answer changed something');
      const again = await at.drive.execute(ran, at.of.awf, at.input, { firing: 2 });
      refused(again, 'another asking after the undo');
      await sameWorld(at, at.before, 'the late execute changed something');
    }),
};

const refused = (result: FireResult, what: string): void =>
  assert.equal(result.kind === 'failed' && result.failure.code, 'ACTION_FENCED', what);

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
  needs: { fault },
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
  needs: { fault: 'cutBefore' },
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
  needs: { already: true },
  run: async (subject) => {
    const usual = await baselineOf(subject);
    for (const unclear of [false, true]) {
      await inFreshWorld(subject, async (at) => {
        await at.already!();
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

const cutAnswer = lostAnswer(
  'cutAfter',
  '7',
  'a cut answer, then a retry or an undo, ends as if nothing had been cut',
);

/** All laws, in the order in which the table shows them. */
export const LAWS: readonly Law[] = [
  once,
  twoAtOnce,
  undoneOnce,
  restores,
  neverRan,
  fenced,
  twoOutcomes,
  cutAnswer,
  lostAnswer('errorAfter', '7b', 'a server error after the effect ends as if there had been none'),
  lostRequest,
  meddled,
  alreadySo,
  ...BATTERY,
  predicted,
];

/**
 * The laws that a blind AWF can break, those that show it soonest first. One that searches before it creates must be seen to
 * create twice after a cut answer, for that is what its search is for.
 */
export const tellingOf = (blind: AwfContract): readonly Law[] =>
  blind.idempotency === 'search-before-create' && blind.compensation !== undefined
    ? [cutAnswer]
    : [alreadySo, meddled, cutAnswer, twoOutcomes, undoneOnce, restores, once];
