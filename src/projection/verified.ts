/**
 * What a proof of a bundle finds, and what its parts hand each other.
 * Adapter ring; types only.
 */
import type { FlawCode } from '../audit/log-check';

export type BundleFlawCode =
  | FlawCode
  | 'HISTORY_MISSING'
  | 'HISTORY_CHANGED'
  | 'HISTORY_UNREADABLE'
  | 'RECORD_DIFFERS'
  | 'RECORD_NOT_OWED'
  | 'RECORD_MISSING'
  | 'RUN_MISSING'
  | 'KEY_MISSING'
  | 'MANIFEST_UNREADABLE'
  | 'MANIFEST_NOT_SIGNED'
  | 'SIGNER_UNEXPECTED'
  | 'FILE_MISSING'
  | 'FILE_CHANGED'
  | 'RECORDS_MISCOUNTED'
  | 'HEAD_NOT_SIGNED'
  | 'HEAD_MISSING'
  | 'LOG_ROLLED_BACK';

export interface BundleFlaw {
  readonly code: BundleFlawCode;
  /** Where: `record 12`, `head of size 40`, `history acme/EMP-R-001/7f… <run>`, `manifest`, `file keys.json`. */
  readonly at: string;
  readonly what: string;
}

export type Found = (code: BundleFlawCode, at: string, what: string) => void;

/** By id; `null` where the key was destroyed. */
export type Keys = ReadonlyMap<string, Uint8Array | null>;

/** Where the records of one run stand, and what is needed to compare them. */
export interface RecordsOfRun {
  readonly seqs: number[];
  /** Kept only where the run's key is gone. */
  readonly texts: string[];
  /** The newest record of its archive, which is one of `seqs`, too; its data as found, which may be anything. */
  archived?: { readonly seq: number; readonly data: Readonly<Record<string, unknown>> };
}

export interface ReadLog {
  readonly records: number;
  /** Hashes of the records, 32 bytes each, in order. */
  readonly hashOf: (seq: number) => Uint8Array;
  readonly runs: ReadonlyMap<string, RecordsOfRun>;
  /** Up to which instant archived histories may have been let go, as the log has it; milliseconds since the epoch, 0 for none. */
  readonly expiredBefore: number;
  /** Ids of keys whose destruction is on record. */
  readonly erasedKeys: ReadonlySet<string>;
}
