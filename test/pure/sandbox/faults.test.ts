import fc from 'fast-check';
import { FaultBook, merged, type FaultInput, type Suspect } from '../../../src/sandbox/faults';

const suspect = (more: Partial<Suspect> = {}): Suspect => ({
  vendor: 'okta',
  tenant: 'acme',
  op: 'okta.users.create',
  method: 'POST',
  url: '/okta/api/v1/users?activate=true',
  body: '{"login":"kim@acme.example"}',
  action: 'acme/R/1|identity|execute|2',
  ...more,
});

/** Which of `count` equal requests a fault hits. */
function hitsOf(input: Omit<FaultInput, 'effect'>, count: number, nowMs = 0): boolean[] {
  const book = new FaultBook();
  book.add({ effect: { kind: 'cut_before' }, ...input });
  return Array.from({ length: count }, () => book.strike(suspect(), nowMs).hits.length > 0);
}

test.each<[string, FaultInput['match'], boolean]>([
  ['everything', {}, true],
  ['the operation', { op: 'okta.users.create' }, true],
  ['operations that begin so', { op: 'okta.users.*' }, true],
  ['another operation', { op: 'okta.users' }, false],
  ['an object in the body', { object: 'kim@acme' }, true],
  ['a value in the query', { object: 'activate=true' }, true],
  ['a part of the path', { path: '/v1/users' }, true],
  ['a query, which is no part of the path', { path: 'activate' }, false],
  ['an attempt of an action', { action: '|identity|execute|2' }, true],
  ['another action', { action: '|groups|' }, false],
  ['another tenant', { tenant: 'globex' }, false],
  ['another method', { method: 'GET' }, false],
])('a fault meant for %s is matched so', (_what, match, isHit) => {
  expect(hitsOf({ match }, 1)).toEqual([isHit]);
});

test('an object is found in a form and in a path that are percent-encoded', () => {
  const book = new FaultBook();
  book.add({ match: { object: 'kim@acme.example' }, effect: { kind: 'cut_before' } });
  const struck = (more: Partial<Suspect>) => book.strike(suspect({ body: '', ...more }), 0).hits.length;
  expect(struck({ body: 'email=kim%40acme.example' })).toBe(1);
  expect(struck({ url: '/okta/api/v1/users/kim%40acme.example' })).toBe(1);
  expect(struck({ url: '/okta/api/v1/users/%zz' })).toBe(0);
});

test('a fault hits at most `times`, and nothing of what it skips', () => {
  fc.assert(
    fc.property(fc.nat(10), fc.nat(10), fc.nat(30), (skip, times, count) => {
      const hits = hitsOf({ skip, times }, count);
      expect(hits.slice(0, skip)).not.toContain(true);
      expect(hits.filter(Boolean)).toHaveLength(Math.min(times, Math.max(0, count - skip)));
    }),
  );
});

test('a share is kept over many requests, and is the same for the same seed', () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.constantFrom(10, 50, 90), (seed, percent) => {
      const hits = hitsOf({ seed, percent }, 2_000);
      expect(Math.abs(hits.filter(Boolean).length / 20 - percent)).toBeLessThan(6);
      expect(hitsOf({ seed, percent }, 2_000)).toEqual(hits);
    }),
    { numRuns: 20 },
  );
});

test('a bucket fills again with time, up to its burst', () => {
  const book = new FaultBook();
  book.add({ effect: { kind: 'rate_limit', perSecond: 2, burst: 2 } });
  const passes = (nowMs: number) => book.strike(suspect(), nowMs).hits.length === 0;
  expect([passes(0), passes(0), passes(0)]).toEqual([true, true, false]);
  expect([passes(500), passes(500)]).toEqual([true, false]);
  expect([passes(60_000), passes(60_000), passes(60_000)]).toEqual([true, true, false]);
});

test('a fault with the id of another takes its place', () => {
  const book = new FaultBook();
  book.add({ id: 'one', effect: { kind: 'cut_before' } });
  book.add({ id: 'one', effect: { kind: 'cut_after' } });
  expect(book.all().map(({ effect }) => effect.kind)).toEqual(['cut_after']);
  expect(book.remove('one')).toBe(1);
  expect(book.size).toBe(0);
});

test('what another actor sets is merged member by member', () => {
  const row = { status: 'ACTIVE', profile: { title: 'Engineer', login: 'x' }, tags: ['a'] };
  expect(merged(row, { profile: { title: null }, tags: ['b'] })).toEqual({
    status: 'ACTIVE',
    profile: { title: null, login: 'x' },
    tags: ['b'],
  });
});
