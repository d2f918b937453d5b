import fc from 'fast-check';
import { outcomeIdOf } from '../../../src/kernel/ids';
import {
  outcomeSpan,
  readTraceparent,
  traceIdOf,
  traceIdOfOutcome,
  traceparentOf,
} from '../../../src/telemetry/trace-ids';

const name = fc.stringMatching(/^[a-z0-9.-]{1,20}$/);

test('whoever knows an event or its outcome knows the trace', () => {
  fc.assert(
    fc.property(name, name, name, (tenant, code, event) => {
      const id = outcomeIdOf(tenant, code, event);
      expect(traceIdOfOutcome(id)).toBe(traceIdOf(tenant, event));
      expect(traceIdOf(tenant, event)).toMatch(/^[0-9a-f]{32}$/);
    }),
  );
});

test('a way back of its own belongs to the trace of what was done, with a span of its own', () => {
  const id = 'acme/EMP-R-001/6f1d';
  expect(traceIdOfOutcome(`${id}/backstep`)).toBe(traceIdOfOutcome(id));
  expect(outcomeSpan(`${id}/backstep`)?.spanId).not.toBe(outcomeSpan(id)?.spanId);
});

test('the same event of two tenants is two traces', () => {
  expect(traceIdOf('acme', '6f1d')).not.toBe(traceIdOf('globex', '6f1d'));
  expect(traceIdOf('a', 'b/c')).not.toBe(traceIdOf('a/b', 'c'));
});

test('what is no outcome has no trace', () => {
  expect(traceIdOfOutcome('acme')).toBeUndefined();
  expect(outcomeSpan('')).toBeUndefined();
});

test('a header says what it was made of', () => {
  const ref = outcomeSpan('acme/EMP-R-001/6f1d')!;
  expect(readTraceparent(traceparentOf(ref))).toEqual(ref);
});

test.each([
  undefined,
  7,
  '',
  '00-1-2-01',
  `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  `ff-${'a'.repeat(32)}-b7ad6b7169203331-01`,
])('a malformed header is none: %s', (text) => {
  expect(readTraceparent(text)).toBeUndefined();
});
