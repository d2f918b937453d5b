/**
 * Histories as they are kept for years: compressed, and sealed with the key of their subject, so that destroying the key ends
 * them while their hash in the log still holds.
 * Adapter ring. The bytes are fixed by `format`: another form is another number.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { temporal } from '@temporalio/proto';
import type { Entry } from '../audit/record';
import type { ArchivedHistory } from '../store/evidence';
import { seal, unseal } from '../store/sealed-bytes';
import type { ReadHistory } from './derive-history';

type History = temporal.api.history.v1.IHistory;
const { History: HistoryProto } = temporal.api.history.v1;

/** Raw deflate of the protobuf of Temporal's `History`; sealed: nonce, tag, AES-256-GCM of that. */
const ARCHIVE_FORMAT = 1;
/** How long a history is kept, in years. @source execution model 7.1 */
const KEPT_YEARS = 7;
const KEY_BYTES = 32;
/** Longest history when it is inflated, in bytes: Temporal ends a workflow at 50 MiB. */
const LARGEST = 256 * 1024 * 1024;

interface Key {
  readonly id: string;
  readonly key: Uint8Array;
}

export interface RunName {
  readonly tenant: string;
  readonly workflow: string;
  readonly run: string;
}

export function packHistory(of: RunName, history: History, key: Key | undefined): Uint8Array {
  const small = deflateRawSync(HistoryProto.encode(HistoryProto.fromObject(history)).finish(), { level: 6 });
  return key === undefined ? small : seal(small, sealKey(key), labelOf(of));
}

/** Throws where the bytes are not those that were packed, or the key is another. */
export function unpackHistory(of: RunName, stored: Uint8Array, key: Key | undefined): History {
  const small = key === undefined ? stored : unseal(stored, sealKey(key), labelOf(of));
  return HistoryProto.decode(inflateRawSync(small, { maxOutputLength: LARGEST }));
}

/** Sealing and hashing use keys of their own, both from the subject's. */
const sealKey = ({ key }: Key): Uint8Array => createHmac('sha256', key).update('archive').digest();

const labelOf = ({ tenant, workflow, run }: RunName): string => `${tenant}\n${workflow}\n${run}`;

/** Without `key` it was destroyed while the run went on. */
interface SealingKey {
  readonly id: string;
  readonly key?: Uint8Array;
}

/** Whoever was forgotten is not told of in the clear afterwards: nobody has the key that stands in for the one that is gone. */
const sealingWith = ({ id, key }: SealingKey): Key => ({ id, key: key ?? randomBytes(KEY_BYTES) });

type Owing = Extract<ReadHistory, { readonly tenant: string }>;

/** What goes to the archive of a run that has ended, and the entry that says so; its hash is then in the log. */
export function archiveOf(
  read: Owing,
  history: History,
  { key, records }: { readonly key: SealingKey | undefined; readonly records: number },
): { readonly archived: ArchivedHistory; readonly entry: Entry } {
  const { tenant, workflow, run, ended } = read;
  if (ended === undefined) throw new TypeError('a run that goes on is not archived');
  const stored = packHistory({ tenant, workflow, run }, history, key && sealingWith(key));
  const sealedWith = key?.id ?? null;
  const { entry, sha256, keepUntil } = entryOf(read, { ended, stored, sealedWith, records });
  return {
    archived: {
      ...{ workflow, run, format: ARCHIVE_FORMAT, events: read.lastEvent, stored, sha256, sealedWith },
      closedAt: ended.at,
      keepUntil,
    },
    entry,
  };
}

interface Archiving {
  /** As they are kept. */
  readonly stored: Uint8Array;
  readonly sealedWith: string | null;
  /** How many the run owes beside this one. */
  readonly records: number;
}

/** What the archiving of bytes owes the log; `undefined` of a run that goes on. */
export const archiveEntryOf = (read: ReadHistory, archiving: Archiving): Entry | undefined =>
  read.kind === 'other' || read.ended === undefined
    ? undefined
    : entryOf(read, { ...archiving, ended: read.ended }).entry;

function entryOf(
  read: Owing,
  { ended, stored, sealedWith, records }: Archiving & { readonly ended: NonNullable<Owing['ended']> },
): { readonly entry: Entry; readonly sha256: string; readonly keepUntil: number } {
  const { tenant, workflow, run, nextRun } = read;
  const sha256 = createHash('sha256').update(stored).digest('hex');
  const keepUntil = new Date(ended.at);
  keepUntil.setUTCFullYear(keepUntil.getUTCFullYear() + KEPT_YEARS);
  const outcome = read.kind === 'outcome' ? { outcome: read.of.start.of ?? workflow } : {};
  const entry: Entry = {
    tenant,
    at: ended.at,
    kind: 'log.archived',
    actor: { kind: 'engine', id: 'backstep' },
    // Behind all that the event owes itself.
    origin: { workflow, run, event: ended.eventId, part: ARCHIVE_PART },
    ...outcome,
    data: {
      sha256,
      format: ARCHIVE_FORMAT,
      bytes: stored.length,
      events: read.lastEvent,
      records,
      how: ended.how,
      key: sealedWith,
      keepUntil: keepUntil.toISOString(),
      ...(nextRun === undefined ? {} : { nextRun }),
    },
  };
  return { entry, sha256, keepUntil: keepUntil.getTime() };
}

/** Part of the last event that names its archive: no event owes so many others. */
export const ARCHIVE_PART = 1_000_000;
