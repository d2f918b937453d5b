/** `backstep doctor`: what was found, from where, and how to mend what is missing. Entry ring. */
import { examine, type DoctorReport, type ToolReport } from '../../app/doctor';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { counted } from '../numbers';
import { table } from '../table';
import type { Colours, Terminal } from '../terminal';

export async function doctor(
  context: CommandContext,
  _given: readonly [],
  options: CommonOptions,
): CommandResult {
  const { terminal, settings } = context;
  const report = await terminal.during('looking at programs, servers and configuration', () =>
    examine(settings, options.tenant),
  );
  if (options.json) terminal.json(report);
  else show(terminal, report);
  return report.healthy ? 0 : 1;
}

function show(terminal: Terminal, report: DoctorReport): void {
  const { colours } = terminal;
  const { stand } = report;
  const rows = [
    ...report.tools.map((tool) => toolRow(tool)),
    ...stand.programs.map(({ name, found, howToGet }) => [
      mark(found !== undefined || howToGet !== undefined),
      name,
      found?.version ?? '',
      found === undefined ? (howToGet ?? 'missing') : `${found.path} (${found.source})`,
    ]),
    [mark(true), `stand ${stand.name}`, stand.state, stand.dataDir],
    ...Object.entries({ temporal: stand.temporal, postgres: stand.postgres }).flatMap(([name, server]) =>
      server === undefined
        ? []
        : [[mark(server.answers), `  ${name}`, server.answers ? 'answers' : 'silent', server.address]],
    ),
    ...(stand.temporal === undefined && stand.postgres === undefined
      ? [[mark(true), 'ports', 'none taken', 'each start takes free ones of 127.0.0.1']]
      : []),
    [mark(true), 'disk', `${megabytes(stand.disk.freeBytes)} free`, diskUse(stand.disk)],
    [
      mark(report.config.problems.length === 0),
      `config ${report.config.tenant}`,
      report.config.problems.length === 0 ? 'valid' : counted(report.config.problems.length, 'problem'),
      report.config.dir,
    ],
  ];
  for (const line of table(rows, (cell, column) => paint(cell, column, colours))) terminal.line(line);
  for (const tool of report.tools) {
    if (!tool.isNeeded && tool.help !== undefined) {
      terminal.line(`${colours.dim('note:')} ${tool.name} is missing (${tool.what}): ${tool.help}`);
    }
  }
  for (const problem of report.problems) {
    terminal.line();
    terminal.line(`${colours.red(problem.code)} ${problem.message}`);
    terminal.line(`  ${colours.cyan('help:')} ${problem.help}`);
  }
  terminal.line();
  terminal.line(
    report.healthy
      ? colours.green('all is well: `backstep demo` tells the story')
      : colours.red(counted(report.problems.length, 'problem')),
  );
}

const toolRow = (tool: ToolReport): readonly string[] => [
  tool.version === undefined && !tool.isNeeded ? '-' : mark(tool.version !== undefined),
  tool.name,
  tool.version ?? 'missing',
  tool.path ?? tool.what,
];

const mark = (good: boolean): string => (good ? '✓' : '✗');

function paint(cell: string, column: number, colours: Colours): string {
  if (column === 0) return cell === '✓' ? colours.green(cell) : cell === '✗' ? colours.red(cell) : cell;
  return column === 3 ? colours.dim(cell) : cell;
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024).toLocaleString('en')} MB`;

const diskUse = (disk: DoctorReport['stand']['disk']): string =>
  `temporal ${megabytes(disk.temporalBytes)}, postgres ${megabytes(disk.postgresBytes)}, programs ${megabytes(disk.cacheBytes)}`;
