/** The way back beside the authority, in the real database: trust that is lost with an effect, and whose lock comes first. */
import { SPEC_FIGURES } from '../../../src/governance/figures';
import { freshTrust } from '../../../src/governance/trust';
import { createAuthority, type Authority } from '../../../src/store/authority';
import { createBarrier, type ActionKey, type Barrier } from '../../../src/store/barrier';
import { end, keyOf, lost, newTenant, NOW, perDay, request, scope } from '../../kit/asks';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';

let stand: TestStand;
let authority: Authority;
let barrier: Barrier;
beforeAll(async () => {
  stand = await openTestStand();
  authority = createAuthority(stand.database);
  barrier = createBarrier(stand.database);
}, STAND_TIMEOUT_MS);
afterAll(() => stand.close());

const commit = (key: ActionKey) =>
  authority.commit(key, { output: null, undo: null }, { at: NOW, end: end() });

describe('an effect that could not be undone', () => {
  test('is marked with its record, once, and counted by whoever comes next', async () => {
    const tenant = newTenant();
    const key = keyOf(tenant);
    await authority.admit(request(key), scope, [perDay(5)]);
    await commit(key);
    const undo = { key, at: NOW, isCommitted: true, lost };
    const failure = { ...lost, class: 'permanent', code: 'ACTION_DIVERGED' } as const;
    const record = { n: 1, startedAt: NOW, endedAt: NOW, failure };
    const folded = async (): Promise<number> => {
      let count = 0;
      await authority.foldBreaches(tenant, (_, breaches) => ((count = breaches), freshTrust(SPEC_FIGURES)));
      return count;
    };
    await barrier.admitCompensate({ ...undo, firing: 1 });
    await barrier.recordUndoFailure(key, record, { isLast: false, isBreach: true });
    expect(await folded()).toBe(0);
    await barrier.admitCompensate({ ...undo, firing: 1 });
    for (let again = 0; again < 2; again++)
      await barrier.recordUndoFailure(key, { ...record, n: 2 }, { isLast: true, isBreach: true });
    // Whoever recorded it died before it told anybody: the next decision sees it.
    const { admission } = await authority.admit(request(keyOf(tenant)), scope, [perDay(5)]);
    if (admission.kind !== 'let') throw new Error(`it is ${admission.kind}`);
    expect(admission.said.controls.filter(({ k }) => k.startsWith('breach:'))).toHaveLength(1);
    expect(await folded()).toBe(1);
    expect(await folded()).toBe(0);
  });

  test('a way back that overtakes a late commit waits for it, and neither is a deadlock', async () => {
    const tenant = newTenant();
    const keys = Array.from({ length: 40 }, () => keyOf(tenant));
    for (const key of keys) await authority.admit(request(key, { leaseMs: 1 }), scope, [perDay(1_000)]);
    await new Promise((done) => setTimeout(done, 20));
    const overtaken = (key: ActionKey) => [
      barrier.admitCompensate({ key, firing: 1, at: NOW, isCommitted: false, lost }),
      commit(key),
    ];
    const all = await Promise.all<unknown>(keys.flatMap(overtaken));
    expect(all).toHaveLength(2 * keys.length);
  });
});
