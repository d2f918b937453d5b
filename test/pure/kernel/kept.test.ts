/** What can be kept is what has one text, here and everywhere; what others have said has a text, whatever it is. */
import { canBeKept, canonicalJson, KEPT_LEVELS, recordedJson } from '../../../src/kernel/json';

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
const nestedObjects = (levels: number): unknown =>
  JSON.parse('{"a":'.repeat(levels) + '1' + '}'.repeat(levels));

test.each<[string, unknown]>([
  ['U+0000', 'a\u0000'],
  ['half of a surrogate pair', ['\ud800']],
  ['a name with U+0000', { 'a\u0000': 1 }],
  ['a name with half of a surrogate pair', { a: [{ '\ud800': 1 }] }],
  ['a number that JSON reads and cannot print', JSON.parse('{"a":[1e999]}')],
  ['a list of one level too many', nested(KEPT_LEVELS + 1)],
  ['an object of one level too many', nestedObjects(KEPT_LEVELS + 1)],
  ['a tower that no stack has room for', nested(100_000)],
])('%s cannot be kept', (_, value) => {
  expect(canBeKept(value)).toBe(false);
});

test.each<[string, unknown]>([
  ['every kind of JSON', { a: [null, true, 0, -1.5, 'é😀', {}] }],
  ['a member named `__proto__`', JSON.parse('{"__proto__":{"a":1}}')],
  ['as many lists as may be', nested(KEPT_LEVELS)],
  ['as many objects as may be', nestedObjects(KEPT_LEVELS)],
])('%s can', (_, value) => {
  expect(canBeKept(value)).toBe(true);
  expect(JSON.parse(canonicalJson(value))).toEqual(value);
});

test('what others have said has a text, whatever it is, and only what has none is changed', () => {
  const said = { a: Infinity, b: ['x\ud800', NaN], c: 'whole', d: -1.5 };
  expect(recordedJson(said)).toBe('{"a":null,"b":["x\uFFFD",null],"c":"whole","d":-1.5}');
  for (const tower of [nested(100_000), nestedObjects(100_000)])
    expect(canBeKept(JSON.parse(recordedJson({ tower })))).toBe(true);
});
