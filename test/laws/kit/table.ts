/** What the laws found, as one table for a person and as one object for a program. */
import type { Finding, Result } from './court';
import { BLIND, subjectsOf, type Trial } from './trials';
import { LAWS } from './laws';

export interface Judged {
  readonly trial: Trial;
  readonly finding: Finding;
}

/** One AWF at one server; laws that prove two AWFs at once stand in the rows of both. */
interface Row {
  readonly awf: string;
  readonly evidence: string;
  readonly server: string;
  readonly idempotency: string;
  readonly cells: Readonly<Record<string, Result>>;
  readonly ms: number;
}

const COLUMNS: readonly { readonly id: string; readonly title: string }[] = [...LAWS, BLIND];
const MARKS: Readonly<Record<Result, string>> = { holds: '✓', broken: '✗', 'n/a': '·', skipped: 's' };

export interface Report {
  readonly laws: readonly { readonly id: string; readonly title: string }[];
  readonly rows: readonly Row[];
  readonly totals: Readonly<Record<Result, number>>;
  /** Everything but what simply holds. */
  readonly notes: readonly { readonly name: string; readonly result: Result; readonly because: string }[];
  readonly ms: number;
}

/** @param ms how long the whole took, in milliseconds */
export function reportOf(judged: readonly Judged[], ms: number): Report {
  const totals: Record<Result, number> = { holds: 0, broken: 0, 'n/a': 0, skipped: 0 };
  const rows = new Map<string, { -readonly [Key in keyof Row]: Row[Key] }>();
  for (const { trial, finding } of judged) {
    totals[finding.result] += 1;
    const { evidence, law } = trial;
    for (const { name, idempotency } of subjectsOf(trial)) {
      const key = `${name} ${evidence}`;
      const row = rows.get(key) ?? { awf: name, evidence, server: '', idempotency, cells: {}, ms: 0 };
      row.cells = { ...row.cells, [law.id]: finding.result };
      row.ms += finding.ms;
      row.server ||= finding.server;
      rows.set(key, row);
    }
  }
  return {
    laws: COLUMNS.map(({ id, title }) => ({ id, title })),
    rows: [...rows.values()],
    totals,
    notes: judged.flatMap(({ trial, finding }) =>
      finding.result === 'holds'
        ? []
        : [{ name: trial.name, result: finding.result, because: finding.because ?? '' }],
    ),
    ms,
  };
}

export function tableOf(report: Report): string {
  const { rows, laws, totals, notes } = report;
  const widths = {
    awf: width(rows.map(({ awf }) => awf)),
    idempotency: width(rows.map(({ idempotency }) => idempotency)),
  };
  const cell = (text: string): string => text.padStart(3);
  const head = `${'AWF'.padEnd(widths.awf)}  ${'evidence'.padEnd(8)} ${laws.map(({ id }) => cell(id)).join('')}  ${'idempotency'.padEnd(widths.idempotency)}   time`;
  const lines = rows.map(
    (row) =>
      `${row.awf.padEnd(widths.awf)}  ${row.evidence.padEnd(8)} ${laws.map(({ id }) => cell(markOf(row, id))).join('')}  ` +
      `${row.idempotency.padEnd(widths.idempotency)}  ${seconds(row.ms).padStart(5)}`,
  );
  const servers = [...new Set(rows.map(({ evidence, server }) => `${evidence}: ${server || 'none'}`))];
  const blocks = [
    [head, ...lines],
    ['✓ holds   ✗ broken   · nothing to try there   s skipped   blank: proved with the AWF that it undoes'],
    laws.map(({ id, title }) => `${id.padStart(3)}  ${title}`),
    servers,
    reasons(notes),
    [
      `${totals.holds} hold, ${totals.broken} broken, ${totals['n/a']} with nothing to try, ${totals.skipped} skipped, in ${seconds(report.ms)}`,
    ],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

const markOf = ({ cells }: Row, law: string): string => {
  const result = cells[law];
  return result === undefined ? '' : MARKS[result];
};

/** What is broken one by one; what could not be tried by its reason. */
function reasons(notes: Report['notes']): string[] {
  const broken = notes.filter(({ result }) => result === 'broken');
  const rest = new Map<string, number>();
  for (const { result, because } of notes) {
    const why = `${result === 'skipped' ? 's' : '·'}  ${because}`;
    if (result !== 'broken') rest.set(why, (rest.get(why) ?? 0) + 1);
  }
  return [
    ...broken.map(({ name, because }) => `✗  ${name}\n   ${because.replaceAll('\n', '\n   ')}`),
    ...[...rest].map(([why, count]) => `${why} (${count})`),
  ];
}

const width = (texts: readonly string[]): number => Math.max(11, ...texts.map(({ length }) => length));
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)}s`;
