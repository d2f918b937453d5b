/**
 * A place outside the database where archived histories lie, written once and locked until their time is over. Bytes stand in the
 * database first and are brought there afterwards, so that a place that is down loses nothing and holds nobody up.
 * Adapter ring; types only.
 */

/** What is brought there. */
export interface Placed {
  readonly tenant: string;
  readonly run: string;
  readonly stored: Uint8Array;
  /** Of `stored`, lower-case hex. */
  readonly sha256: string;
  /** Milliseconds since the epoch: when the run ended, and until when nobody may remove it. */
  readonly closedAt: number;
  readonly keepUntil: number;
}

/** Every call throws StoreError: `ARCHIVE_UNAVAILABLE` passes by itself, `ARCHIVE_REFUSED` and `ARCHIVE_CHANGED` do not. */
export interface ArchivePlace {
  /** For people: `s3://histories/acme`. */
  readonly name: string;
  /** Where it lies now. The same bytes again are no error and no second object; others under one name are refused. */
  put(history: Placed): Promise<string>;
  get(place: string): Promise<Uint8Array>;
  /** Sets or takes off the place's own legal hold, which outlasts its lock; nothing happens where a place has none. */
  hold(place: string, on: boolean): Promise<void>;
  /** For good, and with its hold: nothing happens where it is gone. Refused before its time. */
  remove(place: string): Promise<void>;
}
