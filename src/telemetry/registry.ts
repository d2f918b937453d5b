/**
 * Counters, gauges and histograms of one process, and their text for Prometheus. What is counted stands in a catalogue; a
 * metric that does not stand there is a type error, and so is a label.
 * Adapter ring; no I/O, no clock.
 * @source Prometheus text exposition format 0.0.4
 */

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, rising; the last, without a bound, is added. */
  readonly buckets?: readonly number[];
}

export type MetricCatalogue = Readonly<Record<string, MetricDefinition>>;

type Labels<C extends MetricCatalogue, N extends keyof C> = Readonly<Record<C[N]['labels'][number], string>>;

export interface Registry<C extends MetricCatalogue> {
  /** Adds to a counter, by default one. */
  count<N extends keyof C & string>(name: N, labels: Labels<C, N>, by?: number): void;
  /** Sets a gauge. */
  set<N extends keyof C & string>(name: N, labels: Labels<C, N>, value: number): void;
  /** Puts a value into a histogram. */
  observe<N extends keyof C & string>(name: N, labels: Labels<C, N>, value: number): void;
  /** Is asked for gauges each time that the text is made. */
  onCollect(collect: () => void | Promise<void>): void;
  /**
   * The text of all that was counted.
   * @param only samples that have this tenant's label, and nothing that has none: what a tenant may see
   */
  text(only?: { readonly tenant: string }): Promise<string>;
}

/** Combinations of labels of one metric. A label that takes any value would fill the memory: what comes on top is left out. */
const SERIES_MAX = 10_000;

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
  /** Of a histogram: by bucket, values at most its bound. */
  readonly counts: number[];
  observed: number;
}

export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function createRegistry<C extends MetricCatalogue>(catalogue: C): Registry<C> {
  return new MemoryRegistry(catalogue);
}

class MemoryRegistry<C extends MetricCatalogue> implements Registry<C> {
  private readonly metrics = new Map<string, Map<string, Series>>();
  private readonly collectors: (() => void | Promise<void>)[] = [];

  constructor(private readonly catalogue: C) {}

  count(name: string, labels: Readonly<Record<string, string>>, by = 1): void {
    const series = this.seriesOf(name, labels);
    if (series !== undefined) series.value += by;
  }

  set(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    const series = this.seriesOf(name, labels);
    if (series !== undefined) series.value = value;
  }

  observe(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    const series = this.seriesOf(name, labels);
    if (series === undefined) return;
    series.value += value;
    series.observed += 1;
    const { buckets = [] } = this.catalogue[name]!;
    for (const [at, bound] of buckets.entries()) {
      if (value <= bound) series.counts[at] = (series.counts[at] ?? 0) + 1;
    }
  }

  onCollect(collect: () => void | Promise<void>): void {
    this.collectors.push(collect);
  }

  async text(only?: { readonly tenant: string }): Promise<string> {
    // A gauge that cannot be had now is left as it was: the others are still worth reading.
    await Promise.allSettled(this.collectors.map(async (collect) => collect()));
    const lines: string[] = [];
    for (const [name, definition] of Object.entries(this.catalogue)) {
      const series = [...(this.metrics.get(name)?.values() ?? [])].filter(
        ({ labels }) => only === undefined || labels['tenant'] === only.tenant,
      );
      if (series.length === 0) continue;
      lines.push(`# HELP ${name} ${definition.help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`);
      lines.push(`# TYPE ${name} ${definition.type}`);
      for (const one of series) lines.push(...linesOf(name, definition, one));
    }
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }

  private seriesOf(name: string, labels: Readonly<Record<string, string>>): Series | undefined {
    let known = this.metrics.get(name);
    if (known === undefined) this.metrics.set(name, (known = new Map<string, Series>()));
    const { labels: names, buckets = [] } = this.catalogue[name]!;
    const key = names.map((label) => labels[label]).join('\u0000');
    let series = known.get(key);
    if (series === undefined && known.size < SERIES_MAX) {
      series = { labels: { ...labels }, value: 0, counts: buckets.map(() => 0), observed: 0 };
      known.set(key, series);
    }
    return series;
  }
}

function linesOf(
  name: string,
  { type, labels: names, buckets = [] }: MetricDefinition,
  { labels, value, counts, observed }: Series,
): readonly string[] {
  const pairs = names.map((label): readonly [string, string] => [label, labels[label] ?? '']);
  if (type !== 'histogram') return [`${name}${labelText(pairs)} ${numberText(value)}`];
  const bucket = (bound: string, count: number): string =>
    `${name}_bucket${labelText([...pairs, ['le', bound]])} ${count}`;
  return [
    ...buckets.map((bound, at) => bucket(numberText(bound), counts[at] ?? 0)),
    bucket('+Inf', observed),
    `${name}_sum${labelText(pairs)} ${numberText(value)}`,
    `${name}_count${labelText(pairs)} ${observed}`,
  ];
}

function labelText(pairs: readonly (readonly [string, string])[]): string {
  if (pairs.length === 0) return '';
  const escaped = (value: string): string =>
    value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
  return `{${pairs.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`;
}

const numberText = (value: number): string =>
  Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN';
