/** What the owner of a stand writes into its lock, for those who join it and for `inspectStand`. Adapter ring; types and names. */
import type { ProcessIdentity } from './process-identity';
import type { FoundBinary } from './stand-types';

/** The lock's name in the stand's data folder. */
export const STAND_LOCK = 'stand';

export interface StandNote {
  readonly phase: 'starting' | 'ready' | 'closed';
  readonly temporal?: {
    readonly program: FoundBinary;
    readonly port: number;
    readonly uiPort?: number;
    /** Absent while the server is down. */
    readonly process?: ProcessIdentity;
  };
  readonly postgres?: ExternalPostgresNote | OwnPostgresNote;
}

export interface ExternalPostgresNote {
  readonly external: true;
  /** The owner's `DATABASE_URL`; the lock can be read by its user only. */
  readonly url: string;
}

export interface OwnPostgresNote {
  readonly external: false;
  readonly version: string;
  readonly port: number;
  /** Absent while the server is down. */
  readonly process?: ProcessIdentity;
}
