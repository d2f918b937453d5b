/** Whoever holds the key of the log and rewrites it with its tree still leaves out nothing that a history owes, and hides nothing. */
import { primitives } from '../../../src/app/primitives';
import { append, EMPTY_LOG } from '../../../src/audit/growing-log';
import type { Entry, LogRecord } from '../../../src/audit/record';
import { verifyBundle, type VerifyOptions } from '../../../src/projection/verify-bundle';
import { createCodec } from '../../../src/temporal/codec';
import { bundleOf, filesOf, goldenScene, headOf, LONG_AFTER, signer, type Scene } from '../../kit/bundles';
import { GOLDEN_KEY } from '../../kit/golden-records';

const options: VerifyOptions = { primitives, codec: createCodec() };
const SHOWN = /^(onboarding-local|continued-local|control-dial|control-erase)/;

let scene: Scene;
let entries: readonly Entry[];

beforeAll(async () => {
  scene = await goldenScene('acme', (run) => !SHOWN.test(run));
  entries = scene.records
    .map((text) => JSON.parse(text) as LogRecord)
    .map((record) => ({ ...record, at: Date.parse(String(record.at)) }));
});

interface Forged {
  readonly runs?: Scene['runs'];
  readonly key?: Uint8Array | null;
  /** Of the head. */
  readonly at?: number;
}

/** What is found of a log of these entries, with a chain and a head of its own. */
async function flawsOf(
  forged: readonly Entry[],
  { runs = scene.runs, key = GOLDEN_KEY.key, at = LONG_AFTER }: Forged = {},
): Promise<readonly string[]> {
  const { records, end } = append(primitives, EMPTY_LOG, forged);
  const heads = [headOf('acme', end, (at - LONG_AFTER) / 1_000)];
  const changed = { ...scene, runs, heads, records: records.map(({ text }) => text) };
  const bundle = await bundleOf(changed, signer, () => Promise.resolve(key));
  const { flaws } = await verifyBundle(filesOf(bundle), options);
  return flaws.map(({ code, what }) => `${code} ${/`(?:\w+\.)+\w+`/.exec(what)?.[0] ?? ''}`.trim());
}

const runOf = (part: string): Scene['runs'][number] =>
  scene.runs.find(({ workflow }) => workflow.includes(part))!;
const ofRun = (run: string): readonly Entry[] => entries.filter(({ origin }) => origin.run === run);
const without = (gone: readonly Entry[]): readonly Entry[] =>
  entries.filter((entry) => !gone.includes(entry));

test('as it was made it holds, whatever a log has', async () => {
  expect(await flawsOf(entries)).toEqual([]);
  const all = await verifyBundle(filesOf(await bundleOf(await goldenScene())), options);
  expect(all).toMatchObject({ flaws: [], notDerived: 0 });
});

test('the record of an archive cannot be left out, nor can the end of a run together with it', async () => {
  const own = ofRun(runOf('onboarding').run);
  expect(await flawsOf(without(own.slice(-1)))).toEqual(['RECORD_MISSING `log.archived`']);
  expect(await flawsOf(without(own.slice(1)))).toEqual(
    own.slice(1).map(({ kind }) => `RECORD_MISSING \`${kind}\``),
  );
});

test('nor is it another one, or there twice', async () => {
  const archived = entries.findIndex(({ kind }) => kind === 'log.archived');
  const { data, ...rest } = entries[archived]!;
  const others: readonly Partial<Entry>[] = [
    { at: rest.at - 86_400_000 },
    { actor: { kind: 'person', id: 'person:mallory' } },
    { data: { ...data, keepUntil: '2026-12-01T00:00:00.000Z' } },
    { data: { ...data, how: 'terminated' } },
    { data: { ...data, records: 1 } },
    { data: { ...data, nextRun: 'another' } },
  ];
  for (const other of others)
    expect(await flawsOf(entries.with(archived, { ...rest, data, ...other }))).toEqual(['RECORD_DIFFERS']);
  expect(await flawsOf(entries.toSpliced(archived, 0, entries[archived]!))).toEqual(['RECORD_NOT_OWED']);
});

test('what happened shortly before a head may be on its way to the log, archived or not', async () => {
  const last = ofRun(runOf('onboarding').run);
  const at = last.at(-1)!.at + 60_000;
  for (let kept = 1; kept <= last.length; kept++)
    expect(await flawsOf(without(last.slice(kept)), { at })).toEqual([]);
});

test.each([0, 1, 2, 3])('of an outcome that grew long no run is left out: run %i', async (which) => {
  const long = scene.runs.filter(({ workflow }) => workflow.includes('continued'));
  expect(long).toHaveLength(4);
  const { run } = long[which]!;
  const flaws = await flawsOf(without(ofRun(run)), { runs: scene.runs.filter((one) => one.run !== run) });
  expect(new Set(flaws)).toEqual(new Set(['RUN_MISSING']));
});

test('a key is not said to be destroyed where no record says so, and of one that is the counts must still be right', async () => {
  expect(await flawsOf(entries, { key: null })).toEqual(['KEY_MISSING']);
  // The golden act of erasing names a key of its own, so that its record is changed here for the one of all others.
  const erased = entries.map((entry) =>
    entry.kind === 'log.erased' ? { ...entry, data: { ...entry.data, key: GOLDEN_KEY.id } } : entry,
  );
  const own = await flawsOf(erased, { key: null });
  expect(own).toEqual(['RECORD_DIFFERS']);
  const sealed = scene.runs.map((run) => ({ ...run, key: GOLDEN_KEY.id, isSealed: true }));
  expect(await flawsOf(erased, { runs: sealed, key: null })).toEqual(['KEY_MISSING']);
  const committed = erased.find(({ kind }) => kind === 'action.committed')!;
  const fewer = await flawsOf(
    erased.filter((entry) => entry !== committed),
    { key: null },
  );
  expect(fewer).toEqual(['RECORD_MISSING', ...own]);
  const more = await flawsOf(erased.toSpliced(erased.indexOf(committed), 0, committed), { key: null });
  expect(more).toEqual(['RECORD_NOT_OWED', ...own]);
});
