/**
 * A report as CSV: each table with its name, empty lines between them.
 * Pure ring.
 * @source RFC 4180
 */
import type { Cell, Report, Table } from './report';

export function reportCsv(report: Report): string {
  const { title, tenant, period, records, figures, tables, controls } = report;
  const head: Omit<Table, 'more'> = {
    id: 'report',
    title,
    columns: ['report', 'tenant', 'from', 'to', 'records', 'first seq', 'last seq'],
    rows: [[report.kind, tenant, period.from, period.to, records.count, records.first, records.last]],
  };
  const summary: Omit<Table, 'more'> = {
    id: 'figures',
    title: 'Figures',
    columns: ['figure', 'value', 'unit'],
    rows: figures.map(({ label, value, unit }) => [label, value, unit]),
  };
  return [head, summary, ...tables, controls].map(tableCsv).join('\r\n');
}

const tableCsv = ({ id, columns, rows }: Omit<Table, 'more'>): string =>
  [[id], columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');

/** A text that begins as a formula is none: what people are called must not run in whoever opens the file. @source OWASP CSV injection */
function cell(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
