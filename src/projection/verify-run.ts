/**
 * One run of a bundle: its history is the one whose hash is in the log, every record of the run is what the history owes, and
 * nothing that it owes is missing.
 * Adapter ring.
 */
import { createHash } from 'node:crypto';
import type { PayloadCodec } from '@temporalio/common';
import type { Derived } from '../audit/derived';
import { hexOf } from '../audit/hex';
import { areEqual, type Primitives } from '../audit/primitives';
import { FIRST_PREVIOUS, recordHash, recordText } from '../audit/record';
import { unpackHistory } from './archive';
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
  if (stored === undefined) {
    if (!isExpired(records, context.log))
      found('HISTORY_MISSING', at, 'it is not in the bundle, and no record says that its time was over');
    return { derived: 0, notDerived: count };
  }
  const archived = records?.archived;
  if (archived !== undefined && archived.data['sha256'] !== createHash('sha256').update(stored).digest('hex'))
    found('HISTORY_CHANGED', at, `its hash is not the one in record ${archived.seq}`);
  const key = run.key === null ? undefined : context.keys.get(run.key);
  if (run.isSealed && key == null) return { derived: 0, notDerived: count };
  try {
    const derived = await derive(run, stored, { ...context, at, records }, found);
    return { derived: Math.min(count, derived), notDerived: 0 };
  } catch (error) {
    found('HISTORY_UNREADABLE', at, whatIsWrong(error));
    return { derived: 0, notDerived: count };
  }
}

interface Deriving extends Context {
  readonly at: string;
  readonly records: RecordsOfRun | undefined;
}

/** Holds the records against what the history owes; says how many it owes. Throws for what is no such history. */
async function derive(
  run: BundledRun,
  stored: Uint8Array,
  { at, records, ...context }: Deriving,
  found: Found,
): Promise<number> {
  const { read, derived } = await owedBy(run, stored, context);
  const isSure = run.key === null || context.keys.get(run.key) != null;
  if (read.kind !== 'other' && read.tenant !== context.manifest.tenant)
    found('HISTORY_CHANGED', at, 'it is the history of another tenant');
  compare(derived, records ?? { seqs: [], texts: [] }, { at, context, isSure }, found);
  if (records?.archived !== undefined && read.nextRun !== undefined && !context.named.has(read.nextRun))
    found('RUN_MISSING', at, `it went on in run ${read.nextRun}, and nothing of that is here`);
  return derived.length;
}

/** What its history says, and what that owes the log. It throws for bytes that are no such history. */
async function owedBy(
  { workflow, run, key: keyId, isSealed }: BundledRun,
  stored: Uint8Array,
  { keys, manifest, codec, primitives }: Context,
): Promise<{ readonly read: ReadHistory; readonly derived: readonly Derived[] }> {
  const key = keyId === null ? undefined : keys.get(keyId);
  const name = { tenant: manifest.tenant, workflow, run };
  const sealing = !isSealed || key == null || keyId === null ? undefined : { id: keyId, key };
  const read = await readForeign({ workflow, run }, unpackHistory(name, stored, sealing), codec);
  const subjectKey = keyId === null ? {} : { subjectKey: { id: keyId, ...(key == null ? {} : { key }) } };
  return { read, derived: deriveFrom(read, { sha256: primitives.sha256, ...subjectKey }) };
}

interface Comparing {
  readonly at: string;
  readonly context: Context;
  /** Whether every byte can be derived: not where a key is gone. */
  readonly isSure: boolean;
}

function compare(
  derived: readonly Derived[],
  records: RecordsOfRun,
  { at, context, isSure }: Comparing,
  found: Found,
): void {
  const { log, primitives } = context;
  const { seqs, archived } = records;
  for (const [i, seq] of seqs.entries()) {
    const owed = derived[i];
    if (owed === undefined) {
      found('RECORD_NOT_OWED', `record ${seq}`, `no event of ${at} owes it`);
      continue;
    }
    const previous = seq === 0 ? FIRST_PREVIOUS : hexOf(log.hashOf(seq - 1));
    const text = recordText({ ...owed.entry, seq, previous });
    const isSame = isSure
      ? areEqual(recordHash(primitives, text), log.hashOf(seq))
      : withoutHashes(text) === withoutHashes(records.texts[i] ?? '');
    if (!isSame) {
      const { event, part } = owed.entry.origin;
      found('RECORD_DIFFERS', `record ${seq}`, `event ${event} (part ${part}) of ${at} owes another record`);
    }
  }
  // What goes on may owe more than was written by then; what was archived has said all.
  if (archived === undefined) return;
  for (const { entry } of derived.slice(seqs.length))
    found(
      'RECORD_MISSING',
      at,
      `event ${entry.origin.event} (part ${entry.origin.part}) owes a record \`${entry.kind}\` that is not in the log`,
    );
}

/** Hashes under a key that is gone cannot be made again; all else of the record still can. */
const withoutHashes = (text: string): string =>
  text.replace(/"(k[0-9a-f]{16}):(?:[0-9a-f]{64}|\?)"/g, `"$1:${UNKNOWABLE}"`);

/** Whether the log says that it was let go, and that it might be. */
function isExpired(records: RecordsOfRun | undefined, { expiredBefore }: ReadLog): boolean {
  const keepUntil = records?.archived?.data['keepUntil'];
  return typeof keepUntil === 'string' && Date.parse(keepUntil) <= expiredBefore;
}
