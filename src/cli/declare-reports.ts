/**
 * The command of reports.
 * Entry ring; declares only.
 */
import { Argument, Option } from 'commander';
import { REPORT_KINDS } from '../audit/reports/report';
import { action, asOption, common, type Declaring } from './declare';

export function declareReports(declaring: Declaring): void {
  const { program, context } = declaring;
  const report = common(
    program
      .command('report')
      .addArgument(new Argument('<kind>', 'which report').choices(REPORT_KINDS))
      .summary('a report of a period, for auditors')
      .description(
        `Makes a report of what the PolicyLog has of a period: actions (daily), automation (weekly), cost (monthly),
failures (on demand), authority (quarterly). Without a period, of the last whole one, in UTC. Each says which
records evidence which control of SOX, SOC 2 and ISO 27001.`,
      ),
    context,
    [
      'backstep report actions',
      'backstep report failures --from 2026-05-01 --to 2026-05-08 --format csv',
      'backstep report authority --format html --out authority.html',
      'backstep report actions --schedule on',
    ],
  )
    .addOption(new Option('--from <date>', 'from, inclusive: 2026-05-01, or 2026-05-01T12:00:00Z'))
    .addOption(new Option('--to <date>', 'to, exclusive'))
    .addOption(new Option('--format <format>', 'in place of a text').choices(['text', 'json', 'csv', 'html']))
    .addOption(new Option('--out <file>', 'write it to a file; a page, where no format is named'))
    .addOption(
      new Option('--schedule <on|off>', 'have it made by itself, and kept')
        .choices(['on', 'off'])
        .conflicts(['from', 'to', 'format', 'out']),
    )
    .addOption(asOption(context));
  action(report, declaring, async () => (await import('./commands/report.js')).report);
}
