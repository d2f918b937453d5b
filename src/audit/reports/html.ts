/**
 * A report as one page that can be printed: no script, nothing loaded from anywhere, pictures drawn in the page itself.
 * Pure ring.
 */
import type { Cell, Chart, Report, Table } from './report';

export function reportHtml(report: Report): string {
  const { title, tenant, period, records, figures, charts, tables, controls } = report;
  const span = `${period.from.slice(0, 16).replace('T', ' ')} to ${period.to.slice(0, 16).replace('T', ' ')} UTC`;
  const of =
    records.count === 0
      ? 'no records of the PolicyLog'
      : `${records.count} records of the PolicyLog, ${String(records.first)} to ${String(records.last)}`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<title>${text(`${title}, ${tenant}`)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${text(title)}</h1><p>${text(tenant)} · ${span} · made of ${of}</p>`,
    `<dl>${figures.map(({ label, value, unit }) => `<div><dt>${text(label)}</dt><dd>${String(value)} ${text(unit)}</dd></div>`).join('')}</dl>`,
    ...charts.filter(({ bars }) => bars.length > 0).map(chartSvg),
    ...[...tables, controls].map(tableHtml),
    '</body></html>',
    '',
  ].join('\n');
}

const STYLE = [
  'body{font:14px/1.4 system-ui,sans-serif;max-width:75em;margin:2em auto;padding:0 1em;color:#1b1b1b}',
  'dl{display:flex;flex-wrap:wrap;gap:1em}dl div{border:1px solid #ccc;border-radius:4px;padding:.5em 1em}',
  'dt{color:#555}dd{margin:0;font-size:1.4em}table{border-collapse:collapse;width:100%;margin-bottom:2em}',
  'caption{text-align:left;font-weight:600;font-size:1.1em;padding:.5em 0}td,th{border-bottom:1px solid #ddd;padding:.25em .5em;text-align:left;vertical-align:top}td.w{overflow-wrap:anywhere}',
  '.n{text-align:right;font-variant-numeric:tabular-nums}svg{margin:1em 0;max-width:100%}thead{display:table-header-group}tr,svg,dl div{break-inside:avoid}',
  '@media print{body{margin:0;max-width:none;font-size:11px}}',
].join('');

function tableHtml({ title, columns, rows, more }: Table): string {
  const isOfNumbers = (at: number): boolean => rows.some((row) => typeof row[at] === 'number');
  const head = columns
    .map((column, at) => `<th scope="col"${isOfNumbers(at) ? ' class="n"' : ''}>${text(column)}</th>`)
    .join('');
  const body = rows.map((row) => `<tr>${row.map(cellHtml).join('')}</tr>`).join('\n');
  const empty =
    rows.length === 0 ? `<tr><td colspan="${columns.length}">nothing in this period</td></tr>` : '';
  const rest = more === 0 ? '' : `<p>and ${more} more, which the log has</p>`;
  return `<table><caption>${text(title)}</caption><thead><tr>${head}</tr></thead><tbody>${body}${empty}</tbody></table>${rest}`;
}

/** Characters from which on a word is broken, so that a table stays within its page; shorter ones never are. */
const LONG = 22;
/** Decimals of a share that are shown; the JSON form has all of them. */
const DECIMALS = 4;

function cellHtml(value: Cell): string {
  if (typeof value === 'number') return `<td class="n">${Number(value.toFixed(DECIMALS))}</td>`;
  const isLong = (value ?? '').split(' ').some((word) => word.length > LONG);
  return `<td${isLong ? ' class="w"' : ''}>${text(value ?? '')}</td>`;
}

const WIDTH = 760;
const LABEL = 260;
const BAR = 20;
const TOP = 28;

/** Bars from the left, each with its name before and its value behind it. */
function chartSvg({ title, unit, bars }: Chart): string {
  const most = Math.max(...bars.map(({ value }) => value));
  const height = TOP + bars.length * BAR + 8;
  const lines = bars.map(({ label, value }, at) => {
    const y = TOP + at * BAR;
    const width = most === 0 ? 0 : Math.max(1, Math.round((value / most) * (WIDTH - LABEL - 90)));
    const name = label.length > 38 ? `${label.slice(0, 37)}…` : label;
    return [
      `<text x="${LABEL - 8}" y="${y + 14}" text-anchor="end">${text(name)}</text>`,
      `<rect x="${LABEL}" y="${y + 2}" width="${width}" height="${BAR - 5}" fill="#3b6ea5"/>`,
      `<text x="${LABEL + width + 6}" y="${y + 14}">${value}</text>`,
    ].join('');
  });
  return [
    `<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-size="12">`,
    `<title>${text(`${title}, in ${unit}`)}</title>`,
    `<text x="0" y="16" font-weight="600">${text(title)}</text>${lines.join('')}</svg>`,
  ].join('');
}

const text = (value: string): string => value.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
