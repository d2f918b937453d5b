import fc from 'fast-check';
import { readAddress } from '../../../src/telemetry/metrics-server';
import { createRegistry } from '../../../src/telemetry/registry';

const catalogue = {
  seen_total: { type: 'counter', help: 'what was seen', labels: ['tenant', 'what'] },
  lag_seconds: { type: 'gauge', help: 'how far behind', labels: [] },
  took_seconds: { type: 'histogram', help: 'how long', labels: ['tenant'], buckets: [0.1, 1] },
} as const;

test('what was counted is told in the form that Prometheus reads', async () => {
  const registry = createRegistry(catalogue);
  registry.count('seen_total', { tenant: 'acme', what: 'a "b"\\\n' });
  registry.count('seen_total', { tenant: 'acme', what: 'a "b"\\\n' }, 2);
  registry.set('lag_seconds', {}, 0.5);
  for (const value of [0.05, 0.5, 5]) registry.observe('took_seconds', { tenant: 'acme' }, value);
  expect(await registry.text()).toBe(
    [
      '# HELP seen_total what was seen',
      '# TYPE seen_total counter',
      'seen_total{tenant="acme",what="a \\"b\\"\\\\\\n"} 3',
      '# HELP lag_seconds how far behind',
      '# TYPE lag_seconds gauge',
      'lag_seconds 0.5',
      '# HELP took_seconds how long',
      '# TYPE took_seconds histogram',
      'took_seconds_bucket{tenant="acme",le="0.1"} 1',
      'took_seconds_bucket{tenant="acme",le="1"} 2',
      'took_seconds_bucket{tenant="acme",le="+Inf"} 3',
      'took_seconds_sum{tenant="acme"} 5.55',
      'took_seconds_count{tenant="acme"} 3',
      '',
    ].join('\n'),
  );
});

test('a tenant is shown its own samples, and nothing that has no tenant', async () => {
  const registry = createRegistry(catalogue);
  registry.set('lag_seconds', {}, 1);
  registry.count('seen_total', { tenant: 'acme', what: 'x' });
  registry.count('seen_total', { tenant: 'globex', what: 'secret' });
  const text = await registry.text({ tenant: 'acme' });
  expect(text).toContain('what="x"');
  expect(text).not.toMatch(/globex|secret|lag_seconds/);
});

test('the buckets of a histogram rise to its count', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: 0, max: 10, noNaN: true })), async (values) => {
      const registry = createRegistry(catalogue);
      for (const value of values) registry.observe('took_seconds', { tenant: 'a' }, value);
      const counts = [...(await registry.text()).matchAll(/_bucket\{.*\} (\d+)/g)].map(([, n]) => Number(n));
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      expect(counts.at(-1) ?? 0).toBe(values.length);
    }),
  );
});

test('labels that take any value do not fill the memory', async () => {
  const registry = createRegistry(catalogue);
  for (let n = 0; n < 10_050; n++) registry.count('seen_total', { tenant: 'acme', what: String(n) });
  const text = await registry.text();
  expect(text.split('\n').filter((line) => line.startsWith('seen_total')).length).toBe(10_000);
});

test('a gauge that cannot be read now leaves the others', async () => {
  const registry = createRegistry(catalogue);
  registry.onCollect(() => Promise.reject(new Error('the database is down')));
  registry.onCollect(() => registry.set('lag_seconds', {}, 2));
  expect(await registry.text()).toContain('lag_seconds 2');
});

test.each([
  ['9464', { host: '127.0.0.1', port: 9464 }],
  [':9464', { host: '127.0.0.1', port: 9464 }],
  ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
  ['[::1]:9464', { host: '::1', port: 9464 }],
  ['host', undefined],
  ['host:99999', undefined],
])('the address %s is read as it is meant', (text, expected) => {
  expect(readAddress(text)).toEqual(expected);
});
