/** The few statistics that the benchmark's figures are made of. Pure. */

/** The smallest value that a share `q` of 0 to 1 of all lies at or below; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Slope of the straight line that fits best: by how much y grows for each one of x. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const n = points.length;
  const meanX = sum(points.map(({ x }) => x)) / n;
  const meanY = sum(points.map(({ y }) => y)) / n;
  const spread = sum(points.map(({ x }) => (x - meanX) ** 2));
  return sum(points.map(({ x, y }) => (x - meanX) * (y - meanY))) / spread;
}
