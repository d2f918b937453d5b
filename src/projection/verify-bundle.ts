/**
 * Proves a bundle, or says exactly what is wrong with it and where: the manifest's signature, every file, the chain, the tree,
 * the signed heads, each record derived again from its history, and that no history owes a record that is not there.
 * Adapter ring. It needs no server and no network, and goes on after the first flaw.
 */
import { createHash } from 'node:crypto';
import type { PayloadCodec } from '@temporalio/common';
import { readHead, type TreeHead, type Verifier } from '../audit/checkpoint';
import { checkLog } from '../audit/log-check';
import type { Primitives } from '../audit/primitives';
import { FILES, parseManifest, type BundleFiles, type Manifest } from './bundle';
import { originOf } from './heads';
import type { BundleFlaw, BundleFlawCode, Found, Keys, ReadLog, RecordsOfRun } from './verified';
import { checkRun } from './verify-run';

export interface Verified {
  readonly tenant: string;
  readonly exportedAt: string;
  readonly records: number;
  readonly heads: number;
  readonly histories: number;
  /** Records that were derived again from their histories and came out the same. */
  readonly derived: number;
  /** Records whose history is kept no more, or whose subject's key was destroyed: the chain still holds them. */
  readonly notDerived: number;
  /** Who signed, as the manifest names them. */
  readonly signer: string;
  /** Base64 of the Ed25519 key that all was held against, as `/v1/policy-log/checkpoints` publishes it. */
  readonly publicKey: string;
  readonly flaws: readonly BundleFlaw[];
}

export interface VerifyOptions {
  readonly primitives: Primitives;
  readonly codec: PayloadCodec;
  /** Base64 of the signer's public key, where the verifier knows it; else the bundle's own is believed and shown. */
  readonly publicKey?: string;
  /** A head that the verifier has from before: the log must be its continuation. */
  readonly known?: string;
}

const MOST_FLAWS = 1_000;

/** Never throws for what a bundle holds. */
export async function verifyBundle(files: BundleFiles, options: VerifyOptions): Promise<Verified> {
  const flaws: BundleFlaw[] = [];
  const found = (code: BundleFlawCode, at: string, what: string): void => {
    if (flaws.length < MOST_FLAWS) flaws.push({ code, at, what });
  };
  const manifest = readManifest(files, options, found);
  if (manifest === undefined) return nothing(flaws);
  checkFiles(files, manifest, found);
  const verifier = { name: manifest.signer.name, publicKey: keyOf(manifest, options) };
  const heads = readHeads(files, { manifest, verifier, options }, found);
  const keys = readKeys(files, manifest, found);
  const log = readLog(files, { manifest, heads, keys, options }, found);
  if (log.records !== manifest.records)
    found(
      'RECORDS_MISCOUNTED',
      'manifest',
      `it tells of ${manifest.records} records, and ${log.records} are here`,
    );
  const named = new Set(manifest.runs.map(({ run }) => run));
  for (const [run, { seqs }] of log.runs)
    if (!named.has(run))
      found('HISTORY_MISSING', `record ${seqs[0] ?? 0}`, `no history of run ${run} is named`);
  for (const [id, key] of keys)
    if (key === null && !log.erasedKeys.has(id))
      found(
        'KEY_MISSING',
        `file ${FILES.keys}`,
        `it says that key \`${id}\` was destroyed, and no record does`,
      );
  const owedUpTo = wholeUpTo(manifest, heads);
  const context = { ...options, files, manifest, keys, log, named, owedUpTo };
  let derived = 0;
  let notDerived = 0;
  let histories = 0;
  for (const run of manifest.runs) {
    const checked = await checkRun(run, log.runs.get(run.run), context, found);
    derived += checked.derived;
    notDerived += checked.notDerived;
    if (run.file !== undefined) histories += 1;
  }
  return {
    tenant: manifest.tenant,
    exportedAt: manifest.exportedAt,
    records: log.records,
    heads: heads.length,
    ...{ histories, derived, notDerived },
    signer: verifier.name,
    publicKey: Buffer.from(verifier.publicKey).toString('base64'),
    flaws,
  };
}

/** Up to when the log must hold all that histories owe, in milliseconds since the epoch. */
function wholeUpTo({ exportedAt }: Manifest, heads: readonly TreeHead[]): number {
  // A head is never older than the one before: one clock that was ahead once leads those of all later heads.
  const at = Math.min(Date.parse(exportedAt), Math.max(0, ...heads.map((head) => head.at)));
  return at - ON_ITS_WAY_MS;
}

/**
 * What happened so shortly before a head may not have been in the log then. Logs are caught up before a bundle is made, so
 * that a second would do: the rest is for clocks that differ.
 */
const ON_ITS_WAY_MS = 3_600_000;

function readManifest(files: BundleFiles, options: VerifyOptions, found: Found): Manifest | undefined {
  const bytes = files.read(FILES.manifest);
  const manifest = bytes === undefined ? undefined : parseManifest(Buffer.from(bytes).toString('utf8'));
  if (bytes === undefined || manifest === undefined) {
    found('MANIFEST_UNREADABLE', 'manifest', 'there is no manifest that can be read, so this is no bundle');
    return undefined;
  }
  const { signer } = manifest;
  if (options.publicKey !== undefined && options.publicKey !== signer.publicKey)
    found('SIGNER_UNEXPECTED', 'manifest', 'it was signed with another key than the one that was expected');
  const signed = Buffer.from(files.read(FILES.signature) ?? []).toString('latin1');
  const signature = Buffer.from(signed, 'base64');
  // Decoding passes over what is no base64, and over the bits behind the last byte: a signature has one form.
  const isAsWritten = signed === `${signature.toString('base64')}\n`;
  const text = Buffer.from(bytes).toString('utf8');
  if (!isAsWritten || !options.primitives.isSignedBy(keyOf(manifest, options), text, signature))
    found('MANIFEST_NOT_SIGNED', 'manifest', 'its signature does not fit it');
  return manifest;
}

const keyOf = ({ signer }: Manifest, { publicKey }: VerifyOptions): Uint8Array =>
  Buffer.from(publicKey ?? signer.publicKey, 'base64');

function checkFiles(files: BundleFiles, manifest: Manifest, found: Found): void {
  const read = [FILES.records, FILES.heads, FILES.keys, ...manifest.runs.flatMap(({ file }) => file ?? [])];
  for (const name of read)
    if (!Object.hasOwn(manifest.files, name))
      found('FILE_CHANGED', `file ${name}`, 'the manifest has no hash of it, so nobody signed for it');
  for (const [name, expected] of Object.entries(manifest.files)) {
    const hash = createHash('sha256');
    let isThere = false;
    for (const piece of files.pieces(name)) {
      hash.update(piece);
      isThere = true;
    }
    if (!isThere && files.read(name) === undefined) {
      found('FILE_MISSING', `file ${name}`, 'it is in the manifest, and not in the bundle');
    } else if (hash.digest('hex') !== expected) {
      found('FILE_CHANGED', `file ${name}`, 'its bytes are not those that the manifest was signed for');
    }
  }
}

interface HeadContext {
  readonly manifest: Manifest;
  readonly verifier: Verifier;
  readonly options: VerifyOptions;
}

function readHeads(files: BundleFiles, context: HeadContext, found: Found): readonly TreeHead[] {
  const { manifest, verifier, options } = context;
  const heads: TreeHead[] = [];
  let place = 0;
  for (const line of files.lines(FILES.heads)) {
    const at = `head ${place++}`;
    const head = readNote(noteIn(line), context);
    if (head === undefined) found('HEAD_NOT_SIGNED', at, 'no valid signature of the signer stands below it');
    else heads.push(head);
  }
  if (heads.length !== manifest.heads)
    found('HEAD_MISSING', 'manifest', `it tells of ${manifest.heads} heads, and ${heads.length} hold`);
  const last = heads.at(-1);
  if (last?.size !== manifest.records)
    found('HEAD_MISSING', 'manifest', 'the last head is not that of all its records');
  if (options.known !== undefined) {
    const known = readHead(options.primitives, options.known, {
      origin: originOf(manifest.tenant),
      verifier,
    });
    if (!known.ok) found('HEAD_NOT_SIGNED', 'known head', known.error);
    else if (known.value.size > manifest.records || known.value.at > (last?.at ?? 0))
      found(
        'LOG_ROLLED_BACK',
        'known head',
        `a log of ${known.value.size} records was signed, and this is an older one`,
      );
    else heads.push(known.value);
  }
  return heads;
}

function noteIn(line: string): string {
  try {
    const value = JSON.parse(line) as { readonly note?: unknown };
    return typeof value.note === 'string' ? value.note : '';
  } catch {
    return '';
  }
}

function readNote(note: string, { manifest, verifier, options }: HeadContext): TreeHead | undefined {
  const head = readHead(options.primitives, note, { origin: originOf(manifest.tenant), verifier });
  return head.ok ? head.value : undefined;
}

/** Keys of 32 bytes by their id. One that is not there as it must be would pass for destroyed, and hide what its history owes. */
function readKeys(files: BundleFiles, { runs }: Manifest, found: Found): Keys {
  const given = keysIn(files);
  const keys = new Map<string, Uint8Array | null>();
  for (const id of new Set(runs.flatMap(({ key }) => key ?? []))) {
    const text = Object.hasOwn(given, id) ? given[id] : undefined;
    const key = typeof text === 'string' ? Buffer.from(text, 'base64') : null;
    if (text !== null && (key?.length !== KEY_BYTES || key.toString('base64') !== text))
      found(
        'FILE_CHANGED',
        `file ${FILES.keys}`,
        `it has neither a key \`${id}\` nor the word that it was destroyed`,
      );
    keys.set(id, key);
  }
  return keys;
}

function keysIn(files: BundleFiles): Readonly<Record<string, unknown>> {
  try {
    return membersOf(JSON.parse(Buffer.from(files.read(FILES.keys) ?? []).toString('utf8')));
  } catch {
    return {};
  }
}

/** Of a subject's key. */
const KEY_BYTES = 32;
const HASH_BYTES = 32;

function readLog(
  files: BundleFiles,
  {
    manifest,
    heads,
    keys,
    options,
  }: {
    readonly manifest: Manifest;
    readonly heads: readonly TreeHead[];
    readonly keys: Keys;
    readonly options: VerifyOptions;
  },
  found: Found,
): ReadLog {
  const erased = new Set(
    manifest.runs.filter(({ key }) => key !== null && keys.get(key) == null).map(({ run }) => run),
  );
  const open = new Set(manifest.runs.filter(({ key }) => key === null).map(({ run }) => run));
  const runs = new Map<string, RecordsOfRun>();
  const erasedKeys = new Set<string>();
  let expiredBefore = 0;
  let hashes = Buffer.alloc(HASH_BYTES * 1_024);
  const checked = checkLog(options.primitives, {
    tenant: manifest.tenant,
    records: files.lines(FILES.records),
    heads: [...heads].sort((a, b) => a.at - b.at),
    onRecord: (record, seq, { text, hash }) => {
      if ((seq + 1) * HASH_BYTES > hashes.length)
        hashes = Buffer.concat([hashes, Buffer.alloc(hashes.length)]);
      hashes.set(hash, seq * HASH_BYTES);
      if (record === undefined) return;
      const { run } = membersOf(record['origin']);
      if (typeof run !== 'string') return;
      const data = membersOf(record['data']);
      if (record['kind'] === 'log.expired') expiredBefore = Math.max(expiredBefore, cutOf(data));
      // An act of erasing is under no key: one whose history nobody can read vouches for nothing.
      if (record['kind'] === 'log.erased' && open.has(run) && typeof data['key'] === 'string')
        erasedKeys.add(data['key']);
      let of = runs.get(run);
      if (of === undefined) runs.set(run, (of = { seqs: [], texts: [] }));
      if (record['kind'] === 'log.archived') of.archived = { seq, data };
      of.seqs.push(seq);
      if (erased.has(run)) of.texts.push(text);
    },
  });
  for (const { code, seq, what } of checked.flaws)
    found(code, code.startsWith('HEAD') ? `head of size ${seq}` : `record ${seq}`, what);
  return {
    records: checked.records,
    hashOf: (seq) => hashes.subarray(seq * HASH_BYTES, (seq + 1) * HASH_BYTES),
    ...{ runs, expiredBefore, erasedKeys },
  };
}

/** What a record says there, or nothing: whoever tampered with it may have put anything in its place. */
const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

function cutOf({ before }: Readonly<Record<string, unknown>>): number {
  return typeof before === 'string' ? Date.parse(before) || 0 : 0;
}

const nothing = (flaws: readonly BundleFlaw[]): Verified => ({
  ...{
    tenant: '',
    exportedAt: '',
    records: 0,
    heads: 0,
    histories: 0,
    derived: 0,
    notDerived: 0,
    signer: '',
    publicKey: '',
  },
  flaws,
});
