/** Times as people say them. 21 November 2026 is a Saturday. */
import { spanOf } from '../../../src/app/moments';

const now = Date.parse('2026-11-21T21:07:00Z');
const said = (text: string): readonly string[] | undefined => {
  const span = spanOf(text, now);
  return span === undefined ? undefined : [span.since, span.until].map((at) => new Date(at).toISOString());
};

test.each([
  ['tuesday 4:14', '2026-11-17T04:14:00.000Z', '2026-11-17T04:15:00.000Z'],
  ['Tue at 04:14', '2026-11-17T04:14:00.000Z', '2026-11-17T04:15:00.000Z'],
  ['saturday', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
  ['sunday', '2026-11-15T00:00:00.000Z', '2026-11-16T00:00:00.000Z'],
  ['yesterday 23:59', '2026-11-20T23:59:00.000Z', '2026-11-21T00:00:00.000Z'],
  ['2026-11-17', '2026-11-17T00:00:00.000Z', '2026-11-18T00:00:00.000Z'],
  ['2026-11-17T04:14', '2026-11-17T04:14:00.000Z', '2026-11-17T04:15:00.000Z'],
  ['2026-11-17T04:14:07Z', '2026-11-17T04:14:07.000Z', '2026-11-17T04:14:08.000Z'],
  ['2026-11-17 04:14+01:00', '2026-11-17T03:14:00.000Z', '2026-11-17T03:15:00.000Z'],
])('%s is a span as fine as it is said', (text, since, until) => {
  expect(said(text)).toEqual([since, until]);
});

test.each(['', 'someday', 'tuesday 25:00', '2026-13-17', '4:14'])('%j names no time', (text) => {
  expect(said(text)).toBeUndefined();
});
