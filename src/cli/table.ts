/**
 * Columns for people: as wide as their widest cell, two spaces between, nothing behind the last.
 * Entry ring; pure.
 */

/** Lines of a table. `paint` colours a cell after its width was taken. */
export function table(
  rows: readonly (readonly string[])[],
  paint: (cell: string, column: number) => string = (cell) => cell,
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const last = column === row.length - 1;
        return paint(cell, column) + (last ? '' : ' '.repeat(widths[column]! - cell.length + 2));
      })
      .join('')
      .trimEnd(),
  );
}
