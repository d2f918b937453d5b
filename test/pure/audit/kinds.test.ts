/**
 * Every kind of record comes of what Temporal itself has written: goldens, recorded on real servers. What only happenings that
 * were made by hand could bring about would be a kind that no log ever has.
 */
import { RECORD_KINDS, type RecordKind } from '../../../src/audit/record';
import { goldenScene } from '../../kit/bundles';
import { deriveGolden, GOLDEN_KEY, goldenRuns } from '../../kit/golden-records';

/** Kinds that no golden owes, each with the reason why none can. */
const NOT_RECORDED: { readonly [Kind in RecordKind]?: string } = {};

test('every kind of record is owed by a history that Temporal has written', async () => {
  const { records } = await goldenScene();
  const owed = new Set(records.map((text) => (JSON.parse(text) as { readonly kind: string }).kind));
  expect(RECORD_KINDS.filter((kind) => !owed.has(kind))).toEqual(Object.keys(NOT_RECORDED));
});

test('what an automation is overridden with stands in its record as a hash, and where, how and until when in the clear', async () => {
  const golden = goldenRuns().find(({ name }) => name === 'control-override')!;
  const [owed, ...more] = await deriveGolden(golden);
  expect(more).toEqual([]);
  expect(owed?.entry.data['override']).toEqual({
    ...{ node: 'box', do: 'edit', until: expect.any(Number) as number },
    change: expect.stringMatching(new RegExp(`^${GOLDEN_KEY.id}:[0-9a-f]{64}$`)) as string,
  });
  expect(JSON.stringify(owed)).not.toContain('secret of golden');
});
