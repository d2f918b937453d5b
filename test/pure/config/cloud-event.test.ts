/** CloudEvents 1.0 in structured JSON mode: what is taken, and what is wrong with what is not. */
import fc from 'fast-check';
import { eventKey, parseCloudEvent } from '../../../src/config/cloud-event';
import { EVENT_LIMITS } from '../../../src/config/limits';
import { printDiagnostic } from '../../../src/kernel/diagnostic';

const GOOD = { specversion: '1.0', id: 'a-1', source: '/hr', type: 'hr.hired', data: { email: 'a@b' } };

const mistakes = (sent: unknown): string[] => {
  const parsed = parseCloudEvent(sent);
  return parsed.ok ? [] : parsed.error.map(printDiagnostic);
};
const codes = (sent: unknown): string[] => mistakes(sent).map((text) => text.split(':')[0]!);

test('an event of the standard is taken with all its attributes', () => {
  const sent = {
    ...GOOD,
    subject: 'sarah',
    time: '2026-11-23T08:00:00.5+01:00',
    datacontenttype: 'application/json; charset=utf-8',
    dataschema: 'https://acme.example/hired.json',
    traceparent: '00-1-2-01',
    sampled: 1,
  };
  expect(parseCloudEvent(sent)).toEqual({
    ok: true,
    value: {
      ...sent,
      extensions: { sampled: 1, traceparent: '00-1-2-01' },
      traceparent: undefined,
      sampled: undefined,
    },
  });
});

test('an event without data has none, and absent attributes may be null', () => {
  const { data: _data, ...bare } = GOOD;
  expect(parseCloudEvent({ ...bare, subject: null, ext: null })).toEqual({
    ok: true,
    value: { ...bare, data: null, extensions: {} },
  });
});

test('EVENT_MALFORMED: what is no object', () => {
  for (const sent of [null, 'x', 7, [GOOD], undefined])
    expect(codes(sent)).toEqual(['EVENT_MALFORMED event']);
});

test('EVENT_MALFORMED: data that is too deep, holds half a character, or a NUL', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(codes({ ...GOOD, data: deep })).toEqual(['EVENT_MALFORMED event › data']);
  expect(codes({ ...GOOD, data: { x: '\ud800' } })).toEqual(['EVENT_MALFORMED event']);
  expect(codes({ ...GOOD, data: { x: 'a\u0000' } })).toEqual(['EVENT_MALFORMED event']);
  expect(codes({ ...GOOD, data: { x: '\\u0000', '\\': '\\\\u0000' } })).toEqual([]);
});

test('EVENT_ATTRIBUTE_MISSING: all that are missing are told, with what may have been meant', () => {
  expect(mistakes({ specversion: '1.0', soruce: '/hr', Type: 'x' })).toEqual([
    'EVENT_ATTRIBUTE_MISSING event › id: `id` is required',
    'EVENT_ATTRIBUTE_MISSING event › source: `source` is required (`soruce` was sent; did you mean `source`?)',
    'EVENT_ATTRIBUTE_MISSING event › type: `type` is required (`Type` was sent; did you mean `type`?)',
    'EVENT_ATTRIBUTE_INVALID event › Type: `Type` is no name of an attribute: they are lower-case letters and digits (did you mean `type`?)',
  ]);
});

test.each([
  ['specversion', '0.3'],
  ['id', ''],
  ['id', 7],
  ['id', 'a\nb'],
  ['source', 'two words'],
  ['source', '%zz'],
  ['type', ''],
  ['time', 'yesterday'],
  ['time', '2026-02-30T00:00:00Z'],
  ['time', '2026-01-01T24:00:00Z'],
  ['datacontenttype', 'text/xml'],
  ['dataschema', '/relative'],
  ['data_base64', 'AAAA'],
  ['Extension', 'x'],
  ['extension', { a: 1 }],
  ['extension', 1.5],
])('EVENT_ATTRIBUTE_INVALID: `%s` cannot be %j', (name, value) => {
  expect(codes({ ...GOOD, [name]: value })).toEqual([`EVENT_ATTRIBUTE_INVALID event › ${name}`]);
});

test('a leap day exists in leap years alone', () => {
  expect(codes({ ...GOOD, time: '2028-02-29T00:00:00Z' })).toEqual([]);
  expect(codes({ ...GOOD, time: '2027-02-29T00:00:00Z' })).toHaveLength(1);
});

test('EVENT_TOO_LARGE: bytes, characters and attributes are bounded', () => {
  expect(codes({ ...GOOD, id: 'x'.repeat(EVENT_LIMITS.idLength + 1) })).toEqual([
    'EVENT_TOO_LARGE event › id',
  ]);
  expect(codes({ ...GOOD, subject: 'x'.repeat(EVENT_LIMITS.attributeLength + 1) })).toEqual([
    'EVENT_TOO_LARGE event › subject',
  ]);
  // Two bytes each in UTF-8, so half as many characters are too many.
  expect(codes({ ...GOOD, data: 'é'.repeat(EVENT_LIMITS.eventBytes / 2) })).toEqual([
    'EVENT_TOO_LARGE event',
  ]);
  expect(codes({ ...GOOD, data: 'e'.repeat(EVENT_LIMITS.eventBytes / 2) })).toEqual([]);
  const extensions = Object.fromEntries(
    Array.from({ length: EVENT_LIMITS.extensions + 1 }, (_, i) => [`x${i}`, 1]),
  );
  expect(codes({ ...GOOD, ...extensions })).toEqual(['EVENT_TOO_LARGE event']);
});

test('data that is as wide as it is long is measured, and no stack has to hold it', () => {
  const wide = Array<number>(300_000).fill(0);
  expect(codes({ ...GOOD, data: wide })).toEqual(['EVENT_TOO_LARGE event']);
  expect(codes({ ...GOOD, data: { a: [wide] } })).toEqual(['EVENT_TOO_LARGE event']);
  const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
  expect(codes({ ...GOOD, data: nested(EVENT_LIMITS.dataDepth) })).toEqual([]);
  expect(codes({ ...GOOD, data: nested(EVENT_LIMITS.dataDepth + 1) })).toEqual([
    'EVENT_MALFORMED event › data',
  ]);
  expect(codes({ ...GOOD, data: nested(100_000) })).toEqual(['EVENT_MALFORMED event › data']);
});

test('reading never throws, whatever is sent', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }), (value) => {
      expect(typeof parseCloudEvent(value).ok).toBe('boolean');
      expect(typeof parseCloudEvent({ ...GOOD, data: value }).ok).toBe('boolean');
    }),
  );
});

test('what was read reads the same again', () => {
  fc.assert(
    // JSON writes no negative zero.
    fc.property(fc.jsonValue(), fc.string({ minLength: 1, maxLength: 20 }), (sent, id) => {
      const data: unknown = JSON.parse(JSON.stringify(sent));
      const parsed = parseCloudEvent({ ...GOOD, data, id });
      if (!parsed.ok) return;
      const { extensions: _none, ...event } = parsed.value;
      expect(parseCloudEvent(JSON.parse(JSON.stringify(event)))).toEqual(parsed);
    }),
  );
});

test('tenant, source and id make the key, however they are cut', () => {
  expect(eventKey('a', { source: 'b', id: 'c' })).toBe(eventKey('a', { source: 'b', id: 'c' }));
  expect(eventKey('a', { source: 'b,c', id: 'd' })).not.toBe(eventKey('a', { source: 'b', id: 'c,d' }));
});
