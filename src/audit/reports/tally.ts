/**
 * Counts by name, for tables and pictures; bounded, so that a log of any size fits.
 * Pure ring.
 */
import { ROWS_MAX, type Cell, type Chart, type Table } from './report';

/** Names that are told apart; what is beyond is counted under one. */
const NAMES_MAX = 2_000;
const OTHERS = 'others';
/** Bars of one picture. */
const BARS_MAX = 20;

export class Tally<Column extends string> {
  private readonly counts = new Map<string, Map<Column, number>>();

  add(name: string, column: Column, by = 1): void {
    const known = this.counts.has(name) || this.counts.size < NAMES_MAX ? name : OTHERS;
    const row = this.counts.get(known) ?? new Map<Column, number>();
    row.set(column, (row.get(column) ?? 0) + by);
    this.counts.set(known, row);
  }

  get(name: string, column: Column): number {
    return this.counts.get(name)?.get(column) ?? 0;
  }

  total(column: Column): number {
    return [...this.counts.values()].reduce((sum, row) => sum + (row.get(column) ?? 0), 0);
  }

  /** Sorted by name, in code units: the same on every machine. */
  names(): readonly string[] {
    return [...this.counts.keys()].sort();
  }

  /** @param share adds a column that is worked out of the others */
  table(
    of: Pick<Table, 'id' | 'title'> & { readonly name: string; readonly columns: readonly Column[] },
    share?: { readonly title: string; readonly of: (get: (column: Column) => number) => Cell },
  ): Table {
    const rows = this.names().map((name) => {
      const get = (column: Column): number => this.get(name, column);
      return [
        name,
        ...of.columns.map((column) => tidy(get(column))),
        ...(share === undefined ? [] : [share.of(get)]),
      ];
    });
    return bounded({
      id: of.id,
      title: of.title,
      columns: [of.name, ...of.columns, ...(share === undefined ? [] : [share.title])],
      rows,
    });
  }

  /** The largest first, then by name. */
  chart(title: string, unit: string, column: Column): Chart {
    const bars = this.names()
      .map((label) => ({ label, value: tidy(this.get(label, column)) }))
      .filter(({ value }) => value > 0)
      .sort((a, b) => b.value - a.value || (a.label < b.label ? -1 : 1))
      .slice(0, BARS_MAX);
    return { title, unit, bars };
  }
}

/** Sums of prices are no sums of binary fractions. */
const tidy = (value: number): number => Math.round(value * 1e6) / 1e6;

/** A share in per cent with one decimal; null of nothing. */
export const percent = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 1_000) / 10;

function bounded(table: Omit<Table, 'more'>): Table {
  const { rows } = table;
  return { ...table, rows: rows.slice(0, ROWS_MAX), more: Math.max(0, rows.length - ROWS_MAX) };
}

/** Rows that are listed one by one, without keeping those beyond the bound. */
export class Listing {
  private readonly rows: (readonly Cell[])[] = [];
  private more = 0;

  constructor(private readonly of: Omit<Table, 'rows' | 'more'>) {}

  add(row: readonly Cell[]): void {
    if (this.rows.length < ROWS_MAX) this.rows.push(row);
    else this.more += 1;
  }

  table(): Table {
    return { ...this.of, rows: this.rows, more: this.more };
  }
}
