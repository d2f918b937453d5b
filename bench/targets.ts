/** What a run of the benchmark must show, and whether it did. Pure. */

/** Figures by name; the ratios are to the saga written by hand, within the same run. */
export type Figures = Readonly<Record<string, number>>;

export interface Target {
  readonly figure: string;
  readonly what: string;
  readonly bound: { readonly atMost: number } | { readonly atLeast: number };
}

/** @source issue 3, must show 8 */
export const TARGETS: readonly Target[] = [
  { figure: 'latency.remote.ratio', what: 'latency p50, remote lane', bound: { atMost: 1.15 } },
  { figure: 'latency.local.ratio', what: 'latency p50, local lane', bound: { atMost: 0.5 } },
  { figure: 'latency.shipped.ratio', what: 'latency p50, EMP-R-001 as shipped', bound: { atMost: 0.4 } },
  { figure: 'throughput.remote.ratio', what: 'outcomes a second, remote lane', bound: { atLeast: 0.9 } },
  { figure: 'throughput.local.ratio', what: 'outcomes a second, local lane', bound: { atLeast: 1.8 } },
  { figure: 'history.remote.ratio', what: 'history bytes, remote lane', bound: { atMost: 1.5 } },
  { figure: 'history.local.ratio', what: 'history bytes, local lane', bound: { atMost: 0.8 } },
  { figure: 'compile.1000.median.ms', what: 'compile of 1,000 nodes, ms', bound: { atMost: 50 } },
  { figure: 'compile.ratio', what: '10,000 nodes against 1,000', bound: { atMost: 12 } },
  { figure: 'memory.rss.slope', what: 'worker memory, MB per 1,000 outcomes', bound: { atMost: 1 } },
];

export interface Verdict extends Target {
  /** Absent where this run did not measure it. */
  readonly found?: number;
  readonly isMet?: boolean;
}

export function judge(figures: Figures): readonly Verdict[] {
  return TARGETS.map((target) => {
    const found = figures[target.figure];
    if (found === undefined) return target;
    const { bound } = target;
    return { ...target, found, isMet: 'atMost' in bound ? found <= bound.atMost : found >= bound.atLeast };
  });
}
