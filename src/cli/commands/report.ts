/** `backstep report`: what the PolicyLog says of a period, and reports that are made by themselves. Entry ring. */
import { writeFile } from 'node:fs/promises';
import { reportOf, scheduleReport } from '../../app/reports';
import { reportCsv } from '../../audit/reports/csv';
import { reportHtml } from '../../audit/reports/html';
import type { Report, ReportKind } from '../../audit/reports/report';
import { usage } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { acceptedOf } from '../refuse';
import { withServices } from '../services';
import { table } from '../table';
import type { Terminal } from '../terminal';

interface ReportOptions extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
  readonly format?: 'text' | 'json' | 'csv' | 'html';
  readonly out?: string;
  readonly schedule?: 'on' | 'off';
  readonly as: string;
}

export async function report(
  context: CommandContext,
  [kind]: readonly [kind: ReportKind],
  options: ReportOptions,
): CommandResult {
  const { terminal } = context;
  const { tenant, schedule, from, to } = options;
  const period = {
    ...(from === undefined ? {} : { from: instant('--from', from) }),
    ...(to === undefined ? {} : { to: instant('--to', to) }),
  };
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    if (schedule !== undefined) {
      const set = await scheduleReport(services, tenant, { kind, on: schedule === 'on', by: options.as });
      const { cron } = acceptedOf(set);
      if (options.json) terminal.json({ kind, cron });
      else
        terminal.line(
          cron === null ? `${kind} is not made by itself` : `${kind} is made by itself: ${cron} UTC`,
        );
      return 0;
    }
    const made = acceptedOf(await reportOf(services, tenant, { kind, ...period }));
    const format = options.format ?? (options.json ? 'json' : 'text');
    if (options.out === undefined) {
      if (format === 'text') showReport(terminal, made);
      else terminal.raw(bytesOf(made, format));
      return 0;
    }
    await writeFile(options.out, bytesOf(made, format === 'text' ? 'html' : format));
    terminal.note(`written to ${options.out}`);
    return 0;
  });
}

function instant(option: string, text: string): number {
  const at = /^\d{4}-\d\d-\d\d(T|$)/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw usage(`\`${option}\` is no date`, 'write it as 2026-05-01, or as an instant in UTC');
  return at;
}

const bytesOf = (made: Report, format: 'json' | 'csv' | 'html'): string =>
  format === 'json' ? `${JSON.stringify(made)}\n` : format === 'csv' ? reportCsv(made) : reportHtml(made);

/** Rows of a table on a terminal; the other formats have all. */
const SHOWN = 20;

function showReport(
  terminal: Terminal,
  { title, tenant, period, records, figures, tables, controls }: Report,
): void {
  const { bold, dim } = terminal.colours;
  terminal.line(`${bold(title)}  ${tenant}  ${period.from} to ${period.to}`);
  const places = records.first === null ? '' : `, ${records.first} to ${String(records.last)}`;
  terminal.line(dim(`${records.count} records of the PolicyLog${places}`));
  terminal.line();
  for (const line of table([
    ['figure', 'value'],
    ...figures.map(({ label, value, unit }) => [label, `${value} ${unit}`.trim()]),
  ]))
    terminal.line(line);
  for (const one of [...tables, controls]) {
    if (one.rows.length === 0) continue;
    terminal.line();
    terminal.line(bold(one.title));
    const rows = one.rows.slice(0, SHOWN).map((row) => row.map((cell) => String(cell ?? '')));
    for (const line of table([one.columns, ...rows])) terminal.line(line);
    const left = one.rows.length - rows.length + one.more;
    if (left > 0) terminal.line(dim(`and ${left} more: --format csv has them`));
  }
}
