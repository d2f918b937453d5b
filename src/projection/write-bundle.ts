/**
 * Writes a bundle: the files, their hashes, and the signed manifest that names them all.
 * Adapter ring. Where files go to is the caller's.
 */
import { createHash } from 'node:crypto';
import type { Signer } from '../audit/checkpoint';
import { canonicalJson } from '../kernel/json';
import { BUNDLE_FORMAT, FILES, type BundledRun, type Manifest } from './bundle';

export interface BundleSource {
  readonly tenant: string;
  /** Milliseconds since the epoch. */
  readonly exportedAt: number;
  readonly exportedBy: string;
  /** From the first on. */
  readonly records: AsyncIterable<string> | Iterable<string>;
  /** Signed notes, oldest first. */
  readonly heads: readonly string[];
  readonly runs: AsyncIterable<SourceRun> | Iterable<SourceRun>;
  /** Of the runs; `null` where it was destroyed. */
  key(id: string): Promise<Uint8Array | null>;
}

export interface SourceRun {
  readonly workflow: string;
  readonly run: string;
  readonly key: string | null;
  readonly isSealed: boolean;
  /** Its history, packed; absent where there is none any more. */
  readonly stored?: Uint8Array;
}

export interface BundleSink {
  /** Adds to a file, which is made with its first bytes. */
  write(name: string, bytes: Uint8Array): Promise<void> | void;
}

export interface WrittenBundle {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest, and so of all: lower-case hex. */
  readonly sha256: string;
}

/** Records that are written at once. */
const GATHERED = 1_000;

export async function writeBundle(
  source: BundleSource,
  sink: BundleSink,
  signer: Signer,
): Promise<WrittenBundle> {
  const hashes = new Map<string, ReturnType<typeof createHash>>();
  const write = async (name: string, bytes: Uint8Array): Promise<void> => {
    let hash = hashes.get(name);
    if (hash === undefined) hashes.set(name, (hash = createHash('sha256')));
    hash.update(bytes);
    await sink.write(name, bytes);
  };
  const records = await writeLines(write, FILES.records, source.records);
  const heads = await writeLines(
    write,
    FILES.heads,
    source.heads.map((note) => JSON.stringify({ note })),
  );
  const runs = await writeHistories(source, write);
  const keys: Record<string, string | null> = {};
  for (const id of new Set(runs.flatMap(({ key }) => key ?? []))) {
    const key = await source.key(id);
    keys[id] = key === null ? null : Buffer.from(key).toString('base64');
  }
  await write(FILES.keys, Buffer.from(`${canonicalJson(keys)}\n`));
  const manifest: Manifest = {
    format: BUNDLE_FORMAT,
    tenant: source.tenant,
    exportedAt: new Date(source.exportedAt).toISOString(),
    exportedBy: source.exportedBy,
    records,
    heads,
    signer: { name: signer.name, publicKey: Buffer.from(signer.publicKey).toString('base64') },
    runs,
    files: Object.fromEntries([...hashes].map(([name, hash]) => [name, hash.digest('hex')])),
  };
  const text = `${canonicalJson(manifest)}\n`;
  await sink.write(FILES.manifest, Buffer.from(text));
  await sink.write(FILES.signature, Buffer.from(`${Buffer.from(signer.sign(text)).toString('base64')}\n`));
  return { manifest, sha256: createHash('sha256').update(text).digest('hex') };
}

async function writeLines(
  write: (name: string, bytes: Uint8Array) => Promise<void>,
  name: string,
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<number> {
  let count = 0;
  let gathered: string[] = [];
  const flush = async (): Promise<void> => {
    await write(name, Buffer.from(gathered.map((line) => `${line}\n`).join('')));
    gathered = [];
  };
  for await (const line of lines) {
    count += 1;
    gathered.push(line);
    if (gathered.length >= GATHERED) await flush();
  }
  await flush();
  return count;
}

async function writeHistories(
  source: BundleSource,
  write: (name: string, bytes: Uint8Array) => Promise<void>,
): Promise<BundledRun[]> {
  const runs: BundledRun[] = [];
  for await (const { workflow, run, key, isSealed, stored } of source.runs) {
    const file = `${FILES.histories}/${String(runs.length + 1).padStart(6, '0')}.bin`;
    if (stored !== undefined) await write(file, stored);
    runs.push({ workflow, run, key, isSealed, ...(stored === undefined ? {} : { file }) });
  }
  return runs;
}
