/** Whom the records of the golden histories would wake. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Entry } from '../../../src/audit/record';
import { noticeOfRecord } from '../../../src/notices/from-records';
import type { Notice } from '../../../src/notices/notice';
import { countRecord } from '../../../src/telemetry/count-records';
import { createMetrics } from '../../../src/telemetry/metrics';

const folder = path.join(__dirname, '../../golden/records');
const entries = readdirSync(folder)
  .flatMap((file) => readFileSync(path.join(folder, file), 'utf8').split('\n'))
  .filter((line) => line.startsWith('{'))
  .map((line): Entry => {
    const read = JSON.parse(line) as Omit<Entry, 'at'> & { readonly at: string };
    return { ...read, at: Date.parse(read.at) };
  });
const noticesAt = (ageMs: number): readonly Notice[] =>
  entries.flatMap((entry) => noticeOfRecord(entry, entry.at + ageMs) ?? []);

test('people are told of each gate, hold, incident and way back, once each', () => {
  const told = noticesAt(0);
  const count = (kind: string): number => entries.filter((entry) => entry.kind === kind).length;
  const kinds = told.map(({ body }) => body.kind);
  expect(kinds.filter((kind) => kind === 'approval_asked').length).toBe(count('gate.opened'));
  expect(kinds.filter((kind) => kind === 'incident_opened').length).toBe(count('incident.opened'));
  expect(kinds.filter((kind) => kind === 'outcome_backstepped').length).toBe(count('outcome.backstepped'));
  expect(count('gate.opened') * count('incident.opened') * count('outcome.backstepped')).toBeGreaterThan(0);
  expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
});

test('who is asked, and for what, is said', () => {
  const asked = noticesAt(0).find(({ body }) => body.kind === 'approval_asked');
  expect(asked?.body).toMatchObject({
    title: 'TOY-R-001 at ok',
    asked: ['manager'],
    card: [{ label: 'Approval', value: 'approve' }],
  });
});

test('of an outcome that was ended by force people are told what stands, and how to take it back', () => {
  const terminated: Entry = {
    tenant: 'acme',
    at: 0,
    kind: 'outcome.terminated',
    actor: { kind: 'system', id: 'temporal' },
    origin: { workflow: 'acme/TOY-R-001/1', run: 'r', event: 9, part: 0 },
    outcome: 'acme/TOY-R-001/1',
    data: { how: 'terminated', reason: 'pulled the plug', phase: 'running', standing: ['a', 'b'] },
  };
  expect(noticeOfRecord(terminated, 0)?.body).toMatchObject({
    kind: 'outcome_terminated',
    title: 'TOY-R-001',
    because:
      'Its workflow was terminated (pulled the plug), and left a, b standing. To take it back: backstep backstep acme/TOY-R-001/1 --reason …',
  });
});

test('of a chain that was passed in an emergency people are told that it is to be reviewed, and of no other approval', () => {
  const approved: Entry = {
    tenant: 'acme',
    at: 0,
    kind: 'gate.approved',
    actor: { kind: 'person', id: 'person:ada.admin' },
    origin: { workflow: 'acme/TOY-R-001/1', run: 'r', event: 9, part: 0 },
    outcome: 'acme/TOY-R-001/1',
    node: 'ok',
    data: { glass: true, reason: 'the building is on fire' },
  };
  expect(noticeOfRecord(approved, 0)?.body).toEqual({
    ...{ kind: 'review_due', outcome: 'acme/TOY-R-001/1', node: 'review:ok', at: 0, card: [] },
    ...{ title: 'TOY-R-001 at ok', because: 'the building is on fire' },
  });
  expect(noticeOfRecord({ ...approved, data: { reason: 'looked at it' } }, 0)).toBeUndefined();
});

test('a log that is written late wakes nobody', () => {
  expect(noticesAt(86_400_001)).toEqual([]);
});

test('what is on record is counted by its kind, and outcomes by how they ended', async () => {
  const metrics = createMetrics();
  for (const entry of entries) countRecord(metrics, entry);
  const text = await metrics.text();
  const completed = entries.filter(({ kind }) => kind === 'outcome.completed').length;
  expect(text).toContain(`backstep_outcomes_ended_total{tenant="acme",result="completed"} ${completed}`);
  const begun = entries.filter(({ kind, tenant }) => kind === 'backstep.begun' && tenant === 'acme').length;
  expect(text).toContain(`backstep_backsteps_total{tenant="acme"} ${begun}`);
});
