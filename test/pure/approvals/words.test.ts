/** Rows of signed words: whoever sends what in whatever order, the newest stands. Here a token is its payload, under its kind. */
import fc from 'fast-check';
import { createWords } from '../../../src/approvals/words';
import type { Json } from '../../../src/kernel/json';
import { err, ok } from '../../../src/kernel/result';
import type { PeopleRow } from '../../../src/store/decision-keys';
import { runs } from '../../kit/runs';

const ROW = 'grant:person:lead:person:peer';

type Kind = 'grant' | 'withdrawal' | 'act';
const PAIR = { v: 1, from: 'person:lead', to: 'person:peer', by: 'person:lead' };

function word(kind: Kind, at: number, rest: object = {}): PeopleRow {
  const said =
    kind === 'grant' ? { ...PAIR, id: 'g', level: null, when: 'always', until: 9_000 } : { ...PAIR };
  const value = { token: JSON.stringify({ kind, said: { ...said, at, ...rest } }) };
  return { kind: ROW, value, by: 'person:lead', reason: 'a test', at };
}

/** A table of rows that lets others in between each look and each write, as a database does. */
function table() {
  const rows = new Map<string, Json>();
  const markOf = (kind: string): string | undefined =>
    rows.has(kind) ? JSON.stringify(rows.get(kind)) : undefined;
  const words = createWords(
    {
      async person(_tenant, kind) {
        await Promise.resolve();
        const mark = markOf(kind);
        return mark === undefined ? undefined : { value: rows.get(kind)!, mark };
      },
      async replace(_tenant, { kind, value }, mark) {
        await Promise.resolve();
        if (markOf(kind) !== mark) return false;
        rows.set(kind, value);
        return true;
      },
    },
    {
      verify(_tenant, kind, token) {
        if (!token.startsWith('{')) return Promise.resolve(err('GATE_SIGNATURE_INVALID'));
        const read = JSON.parse(token) as { readonly kind: string; readonly said: Json };
        return Promise.resolve(read.kind === kind ? ok(read.said) : err('GATE_SIGNATURE_INVALID'));
      },
    },
    () => 0,
  );
  return { rows, take: (row: PeopleRow) => words.take('acme', row), words };
}

test('of words that come at once, in any order, the newest stands', async () => {
  const said = fc.uniqueArray(
    fc.record({ kind: fc.constantFrom<Kind>('grant', 'withdrawal'), at: fc.nat(1_000) }),
    { selector: ({ at }) => at, minLength: 1, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(said, async (all) => {
      const { rows, take } = table();
      const took = await Promise.all(all.map(({ kind, at }) => take(word(kind, at))));
      const newest = all.reduce((one, other) => (other.at > one.at ? other : one));
      expect(rows.get(ROW)).toEqual(word(newest.kind, newest.at).value);
      expect(took[all.indexOf(newest)]).toBe('taken');
      // Each of them sent again changes nothing.
      for (const { kind, at } of all)
        expect(await take(word(kind, at))).toBe(at === newest.at ? 'taken' : 'older');
    }),
    { numRuns: runs(100) },
  );
});

test('a word of another kind, of another row or without a signature takes no place', async () => {
  const { rows, take } = table();
  const forged = { ...word('grant', 1), value: { at: 9, token: 'a.b.c' } };
  for (const row of [word('act', 1), word('grant', 1, { to: 'person:other' }), forged])
    expect(await take(row)).toBe('unsigned');
  expect(await take({ ...word('grant', 1), kind: `grant:x:${ROW}` })).toBe('unsigned');
  expect(rows.size).toBe(0);
});

test('what stands there without a signature keeps nobody out, however late it says that it was said', async () => {
  const { rows, take, words } = table();
  rows.set(ROW, { at: 9_000, token: 'a.b.c' });
  expect(await words.standing('acme', ROW)).toBeUndefined();
  expect(await take(word('withdrawal', 1))).toBe('taken');
  expect(await words.standing('acme', ROW)).toMatchObject({ at: 1 });
});
