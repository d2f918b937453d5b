/** What dashboard, alerts and the page say of metrics and log events is what the catalogues have. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { LOG_EVENTS } from '../../../src/telemetry/log-events';
import { METRICS, TEMPORAL_METRICS } from '../../../src/telemetry/metrics';

const read = (file: string): string => readFileSync(path.join(__dirname, '../../..', file), 'utf8');
const page = read('docs/telemetry.md');
const alerts = (
  parse(read('docker/monitoring/alerts.yaml')) as {
    groups: {
      rules: {
        alert: string;
        expr: string;
        labels: { severity: string };
        annotations: { summary: string };
      }[];
    }[];
  }
).groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(read('docker/monitoring/grafana-dashboard.json')) as {
  panels: { targets?: { expr: string }[] }[];
  templating: { list: { query?: string }[] };
};
const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

/** Names of ours and of the SDK in an expression, as the catalogue has them. */
const metricsIn = (expression: string): readonly string[] =>
  [...expression.matchAll(/\b(?:backstep|temporal)_\w+/g)].map(([name]) => {
    const base = name.replace(/_(bucket|sum|count)$/, '');
    return base in METRICS || isTemporal(base) ? base : name;
  });
const isTemporal = (name: string): boolean => (TEMPORAL_METRICS as readonly string[]).includes(name);

/** The rows of the table whose first column is headed so. */
function rowsOf(head: string): readonly (readonly string[])[] {
  const lines = page.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${head} `));
  const end = lines.findIndex((line, n) => n > at && line === '');
  return lines.slice(at + 2, end).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}

test('the page lists every metric with its type, labels and meaning, and no other', () => {
  const expected = Object.entries(METRICS).map(([name, { type, labels, help }]) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    help,
  ]);
  expect(rowsOf('Metric')).toEqual(expected);
});

test('the page lists every log event, and no other', () => {
  const expected = Object.entries(LOG_EVENTS).map(([name, { level, meaning }]) => [
    `\`${name}\``,
    level,
    meaning,
  ]);
  expect(rowsOf('Event')).toEqual(expected);
});

test('the page says of every alert what to do, and of no other', () => {
  expect(rowsOf('Alert').map(([name]) => name)).toEqual(alerts.map(({ alert }) => `\`${alert}\``));
});

test('alerts and dashboard read only what is counted', () => {
  const variables = dashboard.templating.list.map(({ query = '' }) => query);
  const named = [...shown, ...variables, ...alerts.map(({ expr }) => expr)].flatMap(metricsIn);
  expect(named.length).toBeGreaterThan(30);
  expect([...new Set(named)].filter((name) => !(name in METRICS) && !isTemporal(name))).toEqual([]);
});

test('whatever is counted is shown on the dashboard', () => {
  const named = new Set(shown.flatMap(metricsIn));
  expect([...Object.keys(METRICS), ...TEMPORAL_METRICS].filter((name) => !named.has(name))).toEqual([]);
});

test('a label that an expression reads is one that its metric has', () => {
  for (const expression of [...shown, ...alerts.map(({ expr }) => expr)]) {
    for (const [, name = '', selector = ''] of expression.matchAll(/\b(backstep_\w+)\{([^}]*)\}/g)) {
      const [known] = metricsIn(name);
      const { labels } = METRICS[known as keyof typeof METRICS];
      for (const [, label = ''] of selector.matchAll(/(\w+)\s*=~?/g))
        expect([name, labels]).toEqual([name, expect.arrayContaining([label])]);
    }
  }
});

test('each alert says what is wrong and how urgent it is', () => {
  for (const { labels, annotations } of alerts) {
    expect(['page', 'ticket']).toContain(labels.severity);
    expect(Object.keys(annotations)).toEqual(['summary']);
    expect(annotations.summary).toMatch(/^[^A-Z].*[^.]$/);
  }
});
