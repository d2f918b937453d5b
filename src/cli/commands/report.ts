/** `backstep report`: what the PolicyLog says of a period, and reports that are made by themselves. Entry ring. */
import { reportOf, scheduleReport } from '../../app/reports';
import { reportCsv } from '../../audit/reports/csv';
import { reportHtml } from '../../audit/reports/html';
import type { Report, ReportKind } from '../../audit/reports/report';
import { usage, type ExitCode } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { writeOut } from '../files';
import { acceptedOf } from '../refuse';
import type { RemoteCommand } from '../remote/api';
import { withServices } from '../services';
import { table } from '../table';
import type { Terminal } from '../terminal';
import { isoOf, timeOf } from '../times';

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
  const { tenant, schedule } = options;
  const { from, to } = periodFrom(options);
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    if (schedule !== undefined) {
      const set = await scheduleReport(services, tenant, { kind, on: schedule === 'on', by: options.as });
      return showSchedule(context, options, acceptedOf(set));
    }
    const period = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    return giveReport(context, options, acceptedOf(await reportOf(services, tenant, { kind, ...period })));
  });
}

/** The same against an API. */
export const reportRemotely: RemoteCommand<readonly [kind: ReportKind], ReportOptions> = async (
  api,
  context,
  { given: [kind], options },
) => {
  const path = `/v1/reports/${kind}`;
  if (options.schedule !== undefined) {
    const set = await api.post<Scheduled>(`${path}/schedule`, { on: options.schedule === 'on' });
    return showSchedule(context, options, set);
  }
  const { from, to } = periodFrom(options);
  const period = {
    ...(from === undefined ? {} : { from: isoOf(from) }),
    ...(to === undefined ? {} : { to: isoOf(to) }),
  };
  return giveReport(context, options, await api.get<Report>(path, period));
};

interface Scheduled {
  readonly kind: ReportKind;
  readonly cron: string | null;
}

function showSchedule(
  { terminal }: CommandContext,
  { json }: CommonOptions,
  { kind, cron }: Scheduled,
): ExitCode {
  if (json) terminal.json({ kind, cron });
  else
    terminal.line(cron === null ? `${kind} is not made by itself` : `${kind} is made by itself: ${cron} UTC`);
  return 0;
}

async function giveReport({ terminal }: CommandContext, options: ReportOptions, made: Report): CommandResult {
  const format = options.format ?? (options.json ? 'json' : 'text');
  if (options.out === undefined) {
    if (format === 'text') showReport(terminal, made);
    else terminal.raw(bytesOf(made, format));
    return 0;
  }
  await writeOut(options.out, bytesOf(made, format === 'text' ? 'html' : format));
  terminal.note(`written to ${options.out}`);
  return 0;
}

/** In milliseconds since the epoch. Wrong usage where the options contradict each other: nothing is made for them. */
function periodFrom({ from, to, json, format }: ReportOptions): {
  readonly from?: number;
  readonly to?: number;
} {
  if (json === true && format !== undefined && format !== 'json')
    throw usage(`\`--json\` and \`--format ${format}\` ask for two forms`, 'give one of them');
  return {
    ...(from === undefined ? {} : { from: timeOf('--from', from) }),
    ...(to === undefined ? {} : { to: timeOf('--to', to) }),
  };
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
