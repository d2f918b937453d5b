/** A bundle of all golden histories, in memory, as a projector and an export would have made it. */
import { generateKeyPairSync } from 'node:crypto';
import { signerOf } from '../../src/app/log-key';
import { primitives } from '../../src/app/primitives';
import { signHead } from '../../src/audit/checkpoint';
import { append, EMPTY_LOG, rootAt, type LogEnd } from '../../src/audit/growing-log';
import { archiveOf } from '../../src/projection/archive';
import { linesOf, type BundleFiles } from '../../src/projection/bundle';
import { deriveFrom } from '../../src/projection/derive-history';
import { originOf } from '../../src/projection/heads';
import { writeBundle, type BundleSource, type SourceRun } from '../../src/projection/write-bundle';
import { GOLDEN_KEY, goldenRuns, readGolden } from './golden-records';

export const signer = signerOf(
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
);

export type Bundle = Map<string, Buffer>;

export const filesOf = (bundle: Bundle): BundleFiles => ({
  read: (name) => bundle.get(name),
  lines: (name) => linesOf([bundle.get(name) ?? Buffer.alloc(0)]),
  pieces: (name) => [bundle.get(name) ?? []].map((bytes) => Buffer.from(bytes)),
});

/** Records, heads and histories of one log, before they are a bundle. */
export interface Scene {
  readonly tenant: string;
  readonly records: readonly string[];
  readonly heads: readonly string[];
  readonly runs: readonly SourceRun[];
  /** Heads and runs as they were after so many runs. */
  readonly earlier: (runs: number) => { readonly records: number; readonly heads: number };
}

/** The log of one tenant: its golden runs, one behind the other, with a head after each. */
export async function goldenScene(
  tenant = 'acme',
  skip: (run: string) => boolean = () => false,
): Promise<Scene> {
  let end: LogEnd = EMPTY_LOG;
  const records: string[] = [];
  const heads: string[] = [];
  const runs: SourceRun[] = [];
  const marks: { readonly records: number; readonly heads: number }[] = [];
  for (const golden of goldenRuns()) {
    const read = await readGolden(golden, golden.history);
    if (read.kind === 'other' || read.tenant !== tenant || skip(golden.name)) continue;
    const key = read.subject === undefined ? undefined : GOLDEN_KEY;
    const hashing = key === undefined ? {} : { subjectKey: key };
    const derived = deriveFrom(read, { sha256: primitives.sha256, ...hashing });
    const { archived, entry } = archiveOf(read, golden.history, { key, records: derived.length });
    const appended = append(primitives, end, [...derived.map((one) => one.entry), entry]);
    ({ end } = appended);
    records.push(...appended.records.map(({ text }) => text));
    const { workflow, run } = golden;
    const sealed = { key: key?.id ?? null, isSealed: key !== undefined };
    runs.push({ workflow, run, ...sealed, stored: archived.stored });
    heads.push(headOf(tenant, end, heads.length));
    marks.push({ records: records.length, heads: heads.length });
  }
  return { tenant, records, heads, runs, earlier: (count) => marks[count - 1]! };
}

/** Later than any golden was recorded, by so much that nothing is on its way to the log. */
export const LONG_AFTER = Date.parse('2100-01-01T00:00:00Z');

/** @param n seconds after `LONG_AFTER` */
export const headOf = (tenant: string, end: LogEnd, n: number): string =>
  signHead(
    primitives,
    {
      origin: originOf(tenant),
      size: end.size,
      root: rootAt(primitives, end),
      at: LONG_AFTER + n * 1_000,
    },
    signer,
  );

/** @param by who signs the manifest: the owner, or somebody else */
export async function bundleOf(
  scene: Omit<Scene, 'earlier'>,
  by = signer,
  keys: BundleSource['key'] = () => Promise.resolve(GOLDEN_KEY.key),
): Promise<Bundle> {
  const bundle: Bundle = new Map();
  const source: BundleSource = {
    ...scene,
    exportedAt: LONG_AFTER + 3_600_000,
    exportedBy: 'person:audrey',
    key: keys,
  };
  await writeBundle(
    source,
    {
      write: (name, bytes) =>
        void bundle.set(name, Buffer.concat([bundle.get(name) ?? Buffer.alloc(0), bytes])),
    },
    by,
  );
  return bundle;
}
