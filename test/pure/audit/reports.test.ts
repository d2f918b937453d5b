/** Reports over the records of the golden histories, and over made ones. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { emergencyName } from '../../../src/governance/emergency';
import { RECORD_KINDS, type RecordKind } from '../../../src/audit/record';
import { CONTROLS, isEvidence } from '../../../src/audit/reports/controls';
import { reportCsv } from '../../../src/audit/reports/csv';
import { reportHtml } from '../../../src/audit/reports/html';
import { lastPeriod, ReportMaker } from '../../../src/audit/reports/make';
import { readRecord } from '../../../src/audit/reports/read-record';
import {
  REPORT_KINDS,
  REPORTS,
  ROWS_MAX,
  type Report,
  type ReportKind,
  type ReportRecord,
} from '../../../src/audit/reports/report';

const folder = path.join(__dirname, '../../golden/records');
const golden = readdirSync(folder)
  .sort()
  .flatMap((file) => readFileSync(path.join(folder, file), 'utf8').split('\n'))
  .filter((line) => line.startsWith('{'))
  .map((line, seq): ReportRecord => ({ ...readRecord(line)!, seq }));

const ALL = { from: 0, to: Date.UTC(2100, 0) };
function reportOf(kind: ReportKind, records: readonly ReportRecord[], period = ALL): Report {
  const maker = new ReportMaker({ kind, tenant: 'acme', period });
  for (const record of records) maker.take(record);
  return maker.finish();
}
const figure = (report: Report, label: string): number | undefined =>
  report.figures.find((one) => one.label === label)?.value;
const table = (report: Report, id: string) => report.tables.find((one) => one.id === id)!;
const counted = (kind: RecordKind): number => golden.filter((record) => record.kind === kind).length;

const person = { kind: 'person', id: 'person:mary.major' } as const;
const engine = { kind: 'engine', id: 'automation:onboard' } as const;
const made = (
  kind: RecordKind,
  data: ReportRecord['data'],
  more: Partial<ReportRecord> = {},
): ReportRecord => ({
  ...{ seq: 0, at: Date.UTC(2026, 4, 5), kind, actor: engine, outcome: 'acme/R/1', node: 'a', data },
  ...more,
});

test('the summary tells every action that is on record, and how each outcome ended', () => {
  const report = reportOf('actions', golden);
  expect(counted('action.committed')).toBeGreaterThan(20);
  expect(figure(report, 'actions committed')).toBe(counted('action.committed'));
  const unfired = golden.filter(({ data }) =>
    /^"ACTION_(DENIED|EXPIRED)"$/.test(JSON.stringify(data['code'] ?? null)),
  ).length;
  expect(figure(report, 'actions failed')).toBe(counted('action.failed') - unfired);
  expect(figure(report, 'actions undone')).toBe(counted('action.undone'));
  expect(figure(report, 'outcomes completed')).toBe(counted('outcome.completed'));
  expect(figure(report, 'outcomes backstepped')).toBe(counted('outcome.backstepped'));
  const listed = [
    'action.committed',
    'action.failed',
    'action.held',
    'action.attested',
    'action.skipped',
  ] as const;
  expect(table(report, 'actions').rows.length).toBe(listed.reduce((sum, kind) => sum + counted(kind), 0));
});

test('the failure analysis names what failed, by its code, and what was done about it', () => {
  const report = reportOf('failures', golden);
  expect(figure(report, 'incidents opened')).toBe(counted('incident.opened'));
  expect(table(report, 'failures').rows.length).toBe(
    counted('action.failed') + counted('action.undo_failed'),
  );
  expect(table(report, 'causes').rows.map(([code]) => code)).toContain('action_restricted');
  expect(table(report, 'remediation').rows.length).toBeGreaterThan(counted('action.undone'));
});

test('the audit tells what went by itself, how well, and where people stepped in', () => {
  const auto = { automation: 'onboard', mode: 'autopilot', awf: 'okta.create_identity' };
  const report = reportOf('automation', [
    made('action.committed', auto),
    made('action.committed', { ...auto, mode: 'copilot' }),
    made('action.failed', auto),
    made('action.failed', { ...auto, code: 'ACTION_DENIED' }),
    made('action.failed', { ...auto, code: 'ACTION_EXPIRED' }),
    made('action.held', auto),
    made('gate.rejected', { reason: 'no budget' }, { actor: person }),
    made(
      'control.killed',
      { automation: 'onboard', reason: 'wrong groups' },
      { actor: person, node: undefined as never },
    ),
    made('gate.rejected', { reason: 'by rule' }),
  ]);
  expect(table(report, 'automations').rows).toEqual([['onboard', 3, 2, 2, 1, 1, 1, 1, 66.7]]);
  expect(table(report, 'interventions').rows.map(([, , who, what, , why]) => [who, what, why])).toEqual([
    [person.id, 'rejected', 'no budget'],
    [person.id, 'killed', 'wrong groups'],
  ]);
});

test('what was denied, or waited until its time was over, never was fired: it failed nowhere', () => {
  const of = { awf: 'okta.create_identity', mode: 'copilot' };
  const records = [
    made('action.committed', of),
    made('action.failed', { ...of, code: 'full' }),
    made('action.failed', { ...of, code: 'ACTION_DENIED' }),
    made('action.failed', { ...of, code: 'ACTION_EXPIRED' }),
  ];
  const ends = ['committed', 'failed', 'denied', 'expired'] as const;
  const summary = reportOf('actions', records);
  expect(ends.map((end) => figure(summary, `actions ${end}`))).toEqual([1, 1, 1, 1]);
  expect(table(summary, 'actions').rows.map((row) => row[8])).toEqual(ends);
  const failures = reportOf('failures', records);
  expect(ends.slice(1).map((end) => figure(failures, `actions ${end}`))).toEqual([1, 1, 1]);
  expect(table(failures, 'failures').rows.map(([, , , , code]) => code)).toEqual(['full']);
  expect(table(failures, 'causes').rows).toEqual([['full', 1, 0, 0]]);
  expect(table(failures, 'unfired').rows).toEqual([[of.awf, 1, 1]]);
  expect(table(reportOf('authority', records), 'modes').rows).toEqual([['copilot', 4, 1, 1, 1, 1, 0]]);
});

test('who rejected is not named among those who approved', () => {
  const approvals = [
    { by: 'person:ann', gate: 'ok' },
    { by: 'person:bob', as: 'manager', decision: 'rejected' },
    { by: 'person:cyd', as: 'admin', decision: 'approved' },
  ];
  const { rows } = table(
    reportOf('actions', [
      made('gate.approved', {}, { node: 'ok' }),
      made('action.committed', { awf: 'a.b', approvals }),
    ]),
    'actions',
  );
  expect(rows.map((row) => row[9])).toEqual(['person:ann at ok, person:cyd as admin']);
});

describe('an emergency', () => {
  const glass = { glass: true, reason: 'the building is on fire' };
  const at = { actor: person, node: 'ok' };
  const let_ = (approvals: ReportRecord['data'][string]) =>
    made('action.committed', { awf: 'a.b', approvals });
  const approvalsIn = (records: readonly ReportRecord[]) =>
    table(reportOf('actions', records), 'actions').rows.map((row) => row[9]);

  test('is told apart from an approval, of a gate and of a held action', () => {
    const gates = [
      made('gate.approved', glass, at),
      let_([{ by: person.id, gate: 'ok' }]),
      // Another outcome has a gate of the same name.
      { ...made('gate.approved', {}, at), outcome: 'acme/R/2' },
      { ...let_([{ by: person.id, gate: 'ok' }]), outcome: 'acme/R/2' },
    ];
    expect(approvalsIn(gates)).toEqual([`${person.id} at ok (in an emergency)`, `${person.id} at ok`]);
    const steps = [1, 2, 3].map((step) => ({ by: emergencyName(person.id, step), as: 'executive' }));
    expect(approvalsIn([let_([...steps, { by: 'person:ann', as: 'admin' }])])).toEqual([
      `${person.id} (in an emergency), person:ann as admin`,
    ]);
    expect(table(reportOf('actions', gates), 'approvals')).toMatchObject({
      columns: ['who', 'approved', 'in an emergency', ...Array<unknown>(5).fill(expect.any(String))],
      rows: [[person.id, 1, 1, 0, 0, 0, 0, 0]],
    });
  });

  test('that may lie before the period is not called an approval: it says that the gate was decided before', () => {
    expect(approvalsIn([let_([{ by: person.id, gate: 'ok' }])])).toEqual([
      `${person.id} at ok (decided before this period)`,
    ]);
    expect(approvalsIn(golden).filter((told) => String(told).includes('before this period'))).toEqual([]);
    expect(approvalsIn(golden).filter((told) => / at /.test(String(told))).length).toBeGreaterThan(0);
  });

  test('is counted and listed in the authority report, with what came of the look at it', () => {
    const reviewer = { kind: 'person', id: 'person:ann' } as const;
    const about = { actor: reviewer, outcome: undefined as never, node: undefined as never };
    const said = { act: 'people', row: 'reviewed:acme/R/1#ok:0123456789abcdef', reason: 'there was a fire' };
    const report = reportOf('authority', [
      made('gate.approved', glass, { ...at, seq: 7 }),
      made('gate.approved', {}, { ...at, node: 'other' }),
      made('admin.acted', { ...said, value: { verdict: 'sound' } }, about),
      made('admin.acted', { ...said, row: 'absence:person:ann', value: { until: 1 } }, about),
      made('control.failed', { ...said, value: { verdict: 'unsound' } }, about),
    ]);
    expect(figure(report, 'gates passed in an emergency')).toBe(1);
    expect(figure(report, 'emergencies reviewed')).toBe(1);
    const { rows } = table(report, 'emergencies');
    expect(rows.map(([, , ...row]) => row)).toEqual([
      [person.id, 'passed in an emergency', 'acme/R/1#ok', glass.reason],
      [reviewer.id, 'found sound', 'acme/R/1#ok', said.reason],
    ]);
    expect(rows[0]?.[0]).toBe(7);
  });
});

test('costs add up by unit and type, of what was committed or tried, not of what was held', () => {
  const cost = { awf: 'citemind.brief', cost: { llm_usd: 0.1, api_calls: 2 } };
  const report = reportOf('cost', [
    ...Array.from({ length: 3 }, () => made('action.committed', cost)),
    made('action.failed', cost),
    made('action.failed', { ...cost, code: 'ACTION_DENIED' }),
    made('action.failed', { ...cost, code: 'ACTION_EXPIRED' }),
    made('action.held', cost),
  ]);
  expect(report.figures).toEqual([
    { label: 'expected api_calls', value: 8, unit: 'api_calls' },
    { label: 'expected llm_usd', value: expect.closeTo(0.4, 9) as number, unit: 'llm_usd' },
  ]);
  expect(table(report, 'cost_llm_usd').rows).toEqual([['citemind.brief', 4, 0.4]]);
});

test('the authority report tells modes, what held, what was turned and what was refused', () => {
  const report = reportOf('authority', [
    made('action.committed', { mode: 'autopilot', riskClass: 'low' }),
    made('action.held', { mode: 'observe', riskClass: 'low', because: 'a rate limit is reached' }),
    made(
      'control.dialled',
      { automation: 'onboard', mode: 'copilot', reason: 'half a year' },
      { actor: person },
    ),
    made('gate.refused', { code: 'GATE_APPROVER_NOT_ALLOWED' }, { actor: person }),
  ]);
  expect(figure(report, 'under autopilot')).toBe(50);
  expect(table(report, 'holds').rows).toEqual([['a rate limit is reached', 1]]);
  expect(table(report, 'refusals').rows).toEqual([['GATE_APPROVER_NOT_ALLOWED', 1]]);
  expect(table(report, 'progression').rows[0]?.slice(2)).toEqual([
    ...[person.id, 'dialled', 'onboard', 'copilot', 'half a year'],
  ]);
});

test('every kind of record evidences a control of each framework', () => {
  for (const framework of ['SOX', 'SOC 2', 'ISO 27001']) {
    const own = CONTROLS.filter((control) => control.framework === framework);
    const nowhere = RECORD_KINDS.filter((kind) => !own.some((control) => isEvidence(control, kind)));
    expect([framework, nowhere]).toEqual([framework, []]);
  }
});

test('what a control names as evidence is on record at all', () => {
  for (const { id, evidence } of CONTROLS)
    for (const one of evidence)
      expect([
        id,
        one,
        RECORD_KINDS.some((kind) => isEvidence({ framework: 'SOX', id, title: '', evidence: [one] }, kind)),
      ]).toEqual([id, one, true]);
});

test('the control map counts the records of the period, with their places', () => {
  const report = reportOf('actions', golden);
  const row = report.controls.rows.find(([, id]) => id === 'A.8.15');
  expect(row?.slice(3, 6)).toEqual([golden.length, 0, golden.length - 1]);
});

test('the same records give the same report, and what is outside of the period counts nowhere', () => {
  const period = { from: golden[10]!.at, to: golden[10]!.at + 1 };
  const inside = golden.filter(({ at }) => at === period.from);
  for (const kind of REPORT_KINDS) {
    expect(reportOf(kind, golden, period)).toEqual(reportOf(kind, inside, period));
    expect(reportOf(kind, golden, period).records.count).toBe(inside.length);
  }
});

test('a log of any size fits: what is beyond the listed rows is counted', () => {
  const many = Array.from({ length: ROWS_MAX + 7 }, (_, seq) =>
    made('action.failed', { awf: `a.${seq}`, code: 'x' }, { seq }),
  );
  const report = reportOf('failures', many);
  expect([table(report, 'failures').rows.length, table(report, 'failures').more]).toEqual([ROWS_MAX, 7]);
  expect(table(report, 'by_type').rows.reduce((sum, [, failed]) => sum + Number(failed), 0)).toBe(
    many.length,
  );
});

test('whatever a record says, a page shows it as text and a sheet as a value', () => {
  fc.assert(
    fc.property(fc.constantFrom(...RECORD_KINDS), fc.string(), fc.jsonValue(), (kind, hostile, anything) => {
      const name = `=cmd()<script>${hostile}`;
      const data = {
        awf: name,
        code: name,
        because: name,
        reason: name,
        automation: name,
        mode: name,
        cost: anything,
        attempts: anything,
        approvals: anything,
      } as ReportRecord['data'];
      for (const report of REPORT_KINDS.map((one) => reportOf(one, [made(kind, data, { actor: person })]))) {
        expect(reportHtml(report)).not.toContain('<script');
        expect(reportCsv(report)).not.toMatch(/(^|[,\n])"?=cmd/);
      }
    }),
    { numRuns: 50 },
  );
});

test('a page can be printed as it is: a picture where there is something to show, and nothing that is loaded', () => {
  const page = reportHtml(reportOf('actions', golden));
  expect(page.match(/<svg /g)?.length).toBe(2);
  expect(page).not.toMatch(/https?:|src=|href=|url\(/);
  expect(reportHtml(reportOf('actions', []))).toContain('nothing in this period');
});

test.each([
  ['actions', '2026-11-20T00:00:00.000Z', '2026-11-21T00:00:00.000Z'],
  ['automation', '2026-11-09T00:00:00.000Z', '2026-11-16T00:00:00.000Z'],
  ['cost', '2026-10-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z'],
  ['authority', '2026-07-01T00:00:00.000Z', '2026-10-01T00:00:00.000Z'],
] as const)('%s is of the last whole period', (kind, from, to) => {
  const now = Date.parse('2026-11-21T18:00:00Z');
  const period = lastPeriod(REPORTS[kind].frequency, now);
  expect([period.from, period.to].map((at) => new Date(at).toISOString())).toEqual([from, to]);
});

test('the last week of a year and the last quarter reach into the year before', () => {
  const iso = (at: number): string => new Date(at).toISOString().slice(0, 10);
  const sunday = Date.parse('2027-01-03T10:00:00Z');
  expect(iso(lastPeriod('weekly', sunday).from)).toBe('2026-12-21');
  expect(iso(lastPeriod('quarterly', sunday).from)).toBe('2026-10-01');
  expect(iso(lastPeriod('monthly', sunday).to)).toBe('2027-01-01');
});
