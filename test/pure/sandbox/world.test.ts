import fc from 'fast-check';
import type { JsonObject } from '../../../src/kernel/json';
import { seedWorld } from '../../../src/sandbox/seed';
import { digestOf, World, type Transaction } from '../../../src/sandbox/world';

const GROUPS = ['g1', 'g2', 'g3'];
const USERS = ['u1', 'u2'];

/** One write on memberships: in, out, or a new id. */
const write = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    group: fc.constantFrom(...GROUPS),
    user: fc.constantFrom(...USERS),
  }),
  fc.record({
    kind: fc.constant('remove' as const),
    group: fc.constantFrom(...GROUPS),
    user: fc.constantFrom(...USERS),
  }),
  fc.constant({ kind: 'id' as const, group: '', user: '' }),
);

function play(
  transaction: Transaction,
  writes: readonly { kind: string; group: string; user: string }[],
): void {
  for (const { kind, group, user } of writes) {
    if (kind === 'put') transaction.put('okta.members', `${group}:${user}`, { group, user });
    else if (kind === 'remove') transaction.remove('okta.members', `${group}:${user}`);
    else transaction.nextId();
  }
}

function worldAfter(writes: Parameters<typeof play>[1]): World {
  const world = new World('acme');
  play(world.begin(), writes);
  return world;
}

/** What the index says of each group, to compare with what the rows say. */
const byIndex = (world: World): string[][] =>
  GROUPS.map((group) =>
    world
      .begin()
      .find<JsonObject>('okta.members', 'group', group)
      .map(({ id }) => id)
      .sort(),
  );

const byRows = (world: World): string[][] =>
  GROUPS.map((group) =>
    world
      .begin()
      .all<JsonObject>('okta.members')
      .filter(({ row }) => row['group'] === group)
      .map(({ id }) => id)
      .sort(),
  );

test('an index always says what the rows say', () => {
  fc.assert(
    fc.property(fc.array(write), (writes) => {
      const world = worldAfter(writes);
      expect(byIndex(world)).toEqual(byRows(world));
    }),
  );
});

test('a rolled back transaction leaves everything as it was', () => {
  fc.assert(
    fc.property(fc.array(write), fc.array(write), (before, during) => {
      const world = worldAfter(before);
      const dump = world.dump();
      const transaction = world.begin();
      play(transaction, during);
      transaction.rollback();
      expect(world.dump()).toEqual(dump);
      expect(byIndex(world)).toEqual(byRows(world));
    }),
  );
});

test('applying the changes of a transaction elsewhere gives the same world', () => {
  fc.assert(
    fc.property(fc.array(write), fc.array(write), (before, during) => {
      const world = worldAfter(before);
      const copy = World.from('acme', world.dump());
      const transaction = world.begin();
      play(transaction, during);
      copy.apply(transaction.changes());
      expect(copy.snapshot('full')).toEqual(world.snapshot('full'));
    }),
  );
});

test('a transaction that ends where it began has no changes', () => {
  const world = worldAfter([{ kind: 'put', group: 'g1', user: 'u1' }]);
  const transaction = world.begin();
  play(transaction, [
    { kind: 'put', group: 'g1', user: 'u1' },
    { kind: 'put', group: 'g2', user: 'u1' },
    { kind: 'remove', group: 'g2', user: 'u1' },
    { kind: 'remove', group: 'g3', user: 'u1' },
  ]);
  expect(transaction.changes()).toEqual([]);
});

test('a lagging read finds by index what was there, not what is', () => {
  const world = worldAfter([{ kind: 'put', group: 'g1', user: 'u1' }]);
  const past = new Map<string, JsonObject | null>([
    ['okta.members/g1:u1', null],
    ['okta.members/g1:u2', { group: 'g1', user: 'u2' }],
  ]);
  expect(
    world
      .begin(past)
      .find('okta.members', 'group', 'g1')
      .map(({ id }) => id),
  ).toEqual(['g1:u2']);
});

test('a snapshot does not tell when a row was written', () => {
  const world = new World('acme');
  const put = (lastUpdated: string, status: string) => {
    world.begin().put('okta.users', 'u', { status, lastUpdated, profile: {} });
    return digestOf(world.snapshot('full'));
  };
  const first = put('2026-01-01', 'ACTIVE');
  expect(put('2027-01-01', 'ACTIVE')).toBe(first);
  expect(put('2027-01-01', 'SUSPENDED')).not.toBe(first);
});

test('a seed is the same each time, and another for another tenant', () => {
  const digest = (tenant: string, people: number) => digestOf(seedWorld(tenant, people).snapshot('full'));
  expect(digest('acme', 5)).toBe(digest('acme', 5));
  expect(digest('acme', 5)).not.toBe(digest('acme', 6));
  expect(digest('acme', 5)).not.toBe(digest('globex', 5));
});
