/** Records in the forms that other programs read. */
import { printRecords } from '../../../src/app/record-forms';
import { recordText, RECORD_KINDS, type RecordKind } from '../../../src/audit/record';

const textOf = (kind: RecordKind): string =>
  recordText({
    ...{ tenant: 'acme', seq: 7, previous: '0'.repeat(64), at: Date.UTC(2026, 4, 5), kind },
    actor: { kind: 'engine', id: 'backstep' },
    origin: { workflow: 'w', run: 'r', event: 1, part: 0 },
    data: {},
  });

async function* each(texts: readonly string[]): AsyncGenerator<string, void> {
  for (const text of texts) yield await Promise.resolve(text);
}

test('an event of OCSF tells as a failure what did not go as it was wanted, and nothing else', async () => {
  const failed: unknown[] = [];
  for await (const line of printRecords('ocsf', each(RECORD_KINDS.map(textOf)), () => undefined)) {
    const { api, status_id, severity_id } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    expect([status_id, severity_id]).toEqual(status_id === 2 ? [2, 3] : [1, 1]);
    if (status_id === 2) failed.push((api as { readonly operation: unknown }).operation);
  }
  expect(failed.sort()).toEqual([
    ...['action.failed', 'action.undo_failed', 'control.failed', 'escalation.expired', 'gate.expired'],
    ...['gate.refused', 'gate.rejected', 'outcome.refused', 'outcome.terminated'],
  ]);
});
