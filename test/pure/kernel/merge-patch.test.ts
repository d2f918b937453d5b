/** Merge patches as RFC 7396 prints them, and differences that a patch can make good. */
import fc from 'fast-check';
import type { Json } from '../../../src/kernel/json';
import { differences, mergePatch } from '../../../src/kernel/merge-patch';

/** @source RFC 7396, appendix A */
test.each<[Json, Json, Json]>([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('%j patched with %j is %j', (value, patch, result) => {
  expect(mergePatch(value, patch)).toEqual(result);
});

const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);

test('two values differ if and only if there is a difference', () => {
  fc.assert(
    fc.property(json, json, (was, is) => {
      expect(differences(was, was)).toEqual([]);
      expect(differences(was, mergePatch(was, is)).length === 0).toBe(
        JSON.stringify(sorted(was)) === JSON.stringify(sorted(mergePatch(was, is))),
      );
    }),
  );
});

test('a member named like a prototype is a member like others', () => {
  const patch = JSON.parse('{"__proto__":{"polluted":true}}') as Json;
  const patched = mergePatch({ a: 1 }, patch);
  expect(JSON.stringify(patched)).toBe('{"a":1,"__proto__":{"polluted":true}}');
  expect(({} as { polluted?: true }).polluted).toBeUndefined();
});

test('paths are JSON pointers', () => {
  expect(differences({ 'a/b': { '~': 1 } }, { 'a/b': {} })).toEqual([{ path: '/a~1b/~0', was: 1 }]);
});

/** Members in one order, outside lists: there the order of the members is left as it is. */
function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value as Readonly<Record<string, Json>>)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
