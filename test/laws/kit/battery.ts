/** What a server can do to an AWF beside the nine laws: refuse its account, limit it, fail before the effect, trouble its undo. */
import { strict as assert } from 'node:assert';
import { atEachWrite, fire, inFreshWorld, sameWorld, sameWrites, undone, type Law } from './case';
import { isAgain } from './driver';
import { TRAITS } from './world';

const refusedAccount = (as: 'nobody' | 'reader', id: string, title: string): Law => ({
  id,
  title,
  needs: { accounts: true },
  run: (subject) =>
    inFreshWorld(subject, async (at) => {
      const result = await at.drive.execute(at.drive.newKey(), at.of.awf, at.input, { as });
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
  needs: { fault: 'rateLimit' },
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
  needs: { fault: 'errorBefore' },
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
    const { faults } = TRAITS[subject.stand.evidence];
    for (const fault of faults.filter((one) => one !== 'cutAfter')) {
      await atEachWrite(subject, fault, 'compensate', async (at, _usual, arm) => {
        const key = at.drive.newKey();
        const { undo } = await fire(at, key);
        await arm();
        undone(await at.drive.undo(key, at.of, undo));
        await sameWorld(at, at.before, `after ${fault} the undo does not restore what was there`);
      });
    }
  },
};

export const BATTERY: readonly Law[] = [
  refusedAccount('nobody', 'a', 'a bad credential is permanent and clean'),
  refusedAccount('reader', 'b', 'a missing right is permanent and clean'),
  rateLimited,
  errorBefore,
  troubledUndo,
];
