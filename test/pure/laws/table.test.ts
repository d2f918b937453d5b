/** The table of the laws shows what is broken, what could not be tried and why, and counts each. */
import { reportOf, tableOf, type Judged } from '../../laws/kit/table';
import { ENTRIES, trialsOf, type Trial } from '../../laws/kit/trials';

const trials = ENTRIES.flatMap(trialsOf);
const holds = (trial: Trial): Judged => ({ trial, finding: { result: 'holds', server: 'a server', ms: 5 } });
const cellOf = (table: string, awf: string, evidence: string): string =>
  table.split('\n').find((line) => line.startsWith(awf) && line.includes(` ${evidence} `)) ?? '';

test('one broken law among all is counted, marked in its row and told with what was wrong', () => {
  const bad = trials.find(({ name }) => name.startsWith('slack.invite_channels (sandbox) law 8'))!;
  const judged = trials.map((trial): Judged =>
    trial === bad
      ? { trial, finding: { result: 'broken', because: 'it overwrote it', server: 'a server', ms: 5 } }
      : holds(trial),
  );
  const report = reportOf(judged, 1_000);
  expect(report.totals).toEqual({ holds: trials.length - 1, broken: 1, 'n/a': 0, skipped: 0 });
  expect(report.notes).toEqual([{ name: bad.name, result: 'broken', because: 'it overwrote it' }]);
  const table = tableOf(report);
  expect(cellOf(table, 'slack.invite_channels', 'sandbox')).toContain('✗');
  expect(cellOf(table, 'slack.invite_channels', 'emulator')).not.toContain('✗');
  expect(table).toContain('it overwrote it');
});

test('what a law proves of the AWF that only undoes stands in the row of that one too', () => {
  const report = reportOf(trials.map(holds), 1_000);
  const row = report.rows.find(({ awf }) => awf === 'ldap.restore_attribute')!;
  expect(row.cells).toMatchObject({ 2: 'holds', 8: 'holds', m: 'holds' });
  expect(row.cells).not.toHaveProperty('1');
});

test('what is skipped is counted apart, with its reason and how often', () => {
  const judged = trials.map((trial): Judged =>
    trial.evidence === 'real'
      ? { trial, finding: { result: 'skipped', because: 'no slapd', server: '', ms: 0 } }
      : holds(trial),
  );
  const count = trials.filter(({ evidence }) => evidence === 'real').length;
  const report = reportOf(judged, 1_000);
  expect(report.totals.skipped).toBe(count);
  expect(tableOf(report)).toContain(`s  no slapd (${count})`);
});
