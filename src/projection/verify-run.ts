/**
 * One run of a bundle: its history is the one whose hash is in the log, every record of the run is what the history owes, and
 * nothing that it owes is missing.
 * Adapter ring.
 */
import { createHash } from 'node:crypto';
import type { PayloadCodec } from '@temporalio/common';
import { hexOf } from '../audit/hex';
import { areEqual, type Primitives } from '../audit/primitives';
import { FIRST_PREVIOUS, recordHash, recordText, type Entry } from '../audit/record';
import { archiveEntryOf, unpackHistory } from './archive';
import type { BundledRun, BundleFiles, Manifest } from './bundle';
import { deriveFrom, UNKNOWABLE, type ReadHistory } from './derive-history';
import { readForeign, whatIsWrong } from './foreign-history';
import type { Found, Keys, ReadLog, RecordsOfRun } from './verified';

interface Context {
  readonly primitives: Primitives;
  readonly codec: PayloadCodec;
  readonly files: BundleFiles;
  readonly manifest: Manifest;
  readonly keys: Keys;
  readonly log: ReadLog;
  /** Ids of the runs that the manifest names. */
  readonly named: ReadonlySet<string>;
  /** A history that ends no later owes all of its records, in milliseconds since the epoch. */
  readonly owedUpTo: number;
}

interface CheckedRun {
  readonly derived: number;
  readonly notDerived: number;
}

export async function checkRun(
  run: BundledRun,
  records: RecordsOfRun | undefined,
  context: Context,
  found: Found,
): Promise<CheckedRun> {
  const at = `history ${run.workflow} ${run.run}`;
  const count = records?.seqs.length ?? 0;
  const stored = run.file === undefined ? undefined : context.files.read(run.file);
  const archived = records?.archived;
  if (stored === undefined) {
    if (!isExpired(records, context.log))
      found('HISTORY_MISSING', at, 'it is not in the bundle, and no record says that its time was over');
    if (archived !== undefined) checkCount(at, count, archived, found);
    return { derived: 0, notDerived: count };
  }
  if (archived !== undefined && archived.data['sha256'] !== createHash('sha256').update(stored).digest('hex'))
    found('HISTORY_CHANGED', at, `its hash is not the one in record ${archived.seq}`);
  const key = run.key === null ? undefined : context.keys.get(run.key);
  if (run.isSealed && key == null) {
    if (archived !== undefined) checkCount(at, count, archived, found);
    return { derived: 0, notDerived: count };
  }
  try {
    return { derived: await derive(run, stored, { ...context, at, records }, found), notDerived: 0 };
  } catch (error) {
    found('HISTORY_UNREADABLE', at, whatIsWrong(error));
    return { derived: 0, notDerived: count };
  }
}

/** Where the history cannot be read, the record of its archive still says how many stand before it. */
function checkCount(
  at: string,
  count: number,
  { seq, data: { records } }: NonNullable<RecordsOfRun['archived']>,
  found: Found,
): void {
  if (records === count - 1) return;
  const code = typeof records === 'number' && records >= count ? 'RECORD_MISSING' : 'RECORD_NOT_OWED';
  found(code, at, `record ${seq} tells of ${String(records)} records before it, and ${count - 1} are here`);
}

interface Deriving extends Context {
  readonly at: string;
  readonly records: RecordsOfRun | undefined;
}

/** Holds the records against what the history owes; says how many came out the same. Throws for what is no such history. */
async function derive(
  run: BundledRun,
  stored: Uint8Array,
  { at, records, ...context }: Deriving,
  found: Found,
): Promise<number> {
  const { read, owed } = await owedBy(run, stored, context);
  const isSure = run.key === null || context.keys.get(run.key) != null;
  if (read.kind !== 'other' && read.tenant !== context.manifest.tenant)
    found('HISTORY_CHANGED', at, 'it is the history of another tenant');
  // What goes on, or has ended just now, may owe more than was written by then; what was archived has said all.
  const isWhole = records?.archived !== undefined || read.lastAt <= context.owedUpTo;
  const same = compare(owed, records ?? { seqs: [], texts: [] }, { at, context, isSure, isWhole }, found);
  const { nextRun, previousRun } = read;
  if (nextRun !== undefined && read.lastAt <= context.owedUpTo && !context.named.has(nextRun))
    found('RUN_MISSING', at, `it went on in run ${nextRun}, and nothing of that is here`);
  if (previousRun !== undefined && !context.named.has(previousRun))
    found('RUN_MISSING', at, `it goes on from run ${previousRun}, and nothing of that is here`);
  return same;
}

/** What its history says, and what that owes the log. It throws for bytes that are no such history. */
async function owedBy(
  { workflow, run, key: keyId, isSealed }: BundledRun,
  stored: Uint8Array,
  { keys, manifest, codec, primitives }: Context,
): Promise<{ readonly read: ReadHistory; readonly owed: readonly Entry[] }> {
  const key = keyId === null ? undefined : keys.get(keyId);
  const name = { tenant: manifest.tenant, workflow, run };
  const sealing = !isSealed || key == null || keyId === null ? undefined : { id: keyId, key };
  const read = await readForeign({ workflow, run }, unpackHistory(name, stored, sealing), codec);
  const subjectKey = keyId === null ? {} : { subjectKey: { id: keyId, ...(key == null ? {} : { key }) } };
  const owed = deriveFrom(read, { sha256: primitives.sha256, ...subjectKey }).map(({ entry }) => entry);
  const sealedWith = isSealed ? keyId : null;
  const archived = archiveEntryOf(read, { stored, sealedWith, records: owed.length });
  return { read, owed: archived === undefined ? owed : [...owed, archived] };
}

interface Comparing {
  readonly at: string;
  readonly context: Context;
  /** Whether every byte can be derived: not where a key is gone. */
  readonly isSure: boolean;
  /** Whether all that is owed must be there. */
  readonly isWhole: boolean;
}

/** Says how many came out the same. */
function compare(
  owed: readonly Entry[],
  records: RecordsOfRun,
  { at, context, isSure, isWhole }: Comparing,
  found: Found,
): number {
  const { log, primitives } = context;
  const { seqs, texts } = records;
  let same = 0;
  for (const [i, seq] of seqs.entries()) {
    const entry = owed[i];
    if (entry === undefined) {
      found('RECORD_NOT_OWED', `record ${seq}`, `no event of ${at} owes it`);
      continue;
    }
    const previous = seq === 0 ? FIRST_PREVIOUS : hexOf(log.hashOf(seq - 1));
    const text = recordText({ ...entry, seq, previous });
    const isSame = isSure
      ? areEqual(recordHash(primitives, text), log.hashOf(seq))
      : withoutHashes(text) === withoutHashes(texts[i] ?? '');
    if (isSame) {
      same += 1;
    } else {
      const { event, part } = entry.origin;
      found('RECORD_DIFFERS', `record ${seq}`, `event ${event} (part ${part}) of ${at} owes another record`);
    }
  }
  for (const { kind, origin } of isWhole ? owed.slice(seqs.length) : [])
    found(
      'RECORD_MISSING',
      at,
      `event ${origin.event} (part ${origin.part}) owes a record \`${kind}\` that is not in the log`,
    );
  return same;
}

/** Hashes under a key that is gone cannot be made again; all else of the record still can. */
const withoutHashes = (text: string): string =>
  text.replace(/"(k[0-9a-f]{16}):(?:[0-9a-f]{64}|\?)"/g, `"$1:${UNKNOWABLE}"`);

/** Whether the log says that it was let go, and that it might be. */
function isExpired(records: RecordsOfRun | undefined, { expiredBefore }: ReadLog): boolean {
  const keepUntil = records?.archived?.data['keepUntil'];
  return typeof keepUntil === 'string' && Date.parse(keepUntil) <= expiredBefore;
}
