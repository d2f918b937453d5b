/**
 * Answers kept by `Idempotency-Key` in Postgres: inserted first, so that of any number of equal requests one is worked on,
 * in whatever process they arrive.
 * Adapter ring. It knows no HTTP; a process that died in the middle leaves a claim, which is taken over after its lease.
 * @source draft-ietf-httpapi-idempotency-key-header-07
 */
import type { Json } from '../kernel/json';
import type { Database } from './database';

export interface AnswerKey {
  readonly tenant: string;
  readonly caller: string;
  readonly key: string;
}

export interface KeptAnswer {
  readonly status: number;
  readonly body: Json;
  readonly headers: Readonly<Record<string, string>>;
}

export type Claimed =
  /** It is ours to work on; the answer, or its failure, is told under this claim. */
  | { readonly kind: 'mine' }
  | { readonly kind: 'kept'; readonly answer: KeptAnswer }
  /** Somebody is working on it. */
  | { readonly kind: 'busy' }
  /** The key was sent before with another request. */
  | { readonly kind: 'other' };

export interface AnswerStore {
  /** @param claim a new, unguessable word for this try; `request` is the digest of what is asked */
  claim(key: AnswerKey, request: string, claim: string): Promise<Claimed>;
  keep(key: AnswerKey, claim: string, answer: KeptAnswer): Promise<void>;
  /** Gives the key back, so that the request may be sent again. */
  release(key: AnswerKey, claim: string): Promise<void>;
  /** Rejects where the database is down or has not this table. */
  probe(): Promise<void>;
}

/**
 * A try that has not answered for so long is taken to be lost, in seconds: twice what the longest use case waits for, so
 * that two processes do not work on one request because one of them is slow.
 */
const LEASE_SECONDS = 60;
/** Rows that one claim clears away: more than one, so that the table shrinks, and few, so that nobody waits for it. */
const CLEARED_AT_ONCE = 20;

/** Throws StoreError when the database is down or refuses. */
export function createAnswerStore(database: Database): AnswerStore {
  return {
    async claim({ tenant, caller, key }, request, claim) {
      await database.shared.query(SWEEP);
      const own = database.of(tenant);
      await own.query({ name: 'answers-clear', text: CLEAR, values: [tenant, caller, key] });
      const taken = await own.query({
        name: 'answers-claim',
        text: CLAIM,
        values: [tenant, caller, key, request, claim, LEASE_SECONDS],
      });
      if (taken.length > 0) return { kind: 'mine' };
      const [row] = await own.query<Row>({
        name: 'answers-read',
        text: READ,
        values: [tenant, caller, key],
      });
      // Given back between the two statements: whoever sends it again will have it.
      if (row === undefined) return { kind: 'busy' };
      if (row.request !== request) return { kind: 'other' };
      const { status, body, headers } = row;
      if (status === null) return { kind: 'busy' };
      return { kind: 'kept', answer: { status, body: body ?? null, headers: headers ?? {} } };
    },
    async keep({ tenant, caller, key }, claim, { status, body, headers }) {
      const values = [tenant, caller, key, claim, status, JSON.stringify(body), JSON.stringify(headers)];
      await database.of(tenant).query({ name: 'answers-keep', text: KEEP, values });
    },
    async release({ tenant, caller, key }, claim) {
      const values = [tenant, caller, key, claim];
      await database.of(tenant).query({ name: 'answers-release', text: RELEASE, values });
    },
    async probe() {
      await database.shared.query({
        name: 'shared-answers-probe',
        text: 'SELECT 1 FROM kept_answers LIMIT 1',
      });
    },
  };
}

interface Row {
  readonly request: string;
  readonly status: number | null;
  readonly body: Json | null;
  readonly headers: Readonly<Record<string, string>> | null;
}

const WHICH = 'tenant = $1 AND caller = $2 AND key = $3';

/** The days of some keys are over, whoever's they are. */
const SWEEP = { name: 'shared-answers-sweep', text: `SELECT sweep_answers(${CLEARED_AT_ONCE})` } as const;

/** The day of this key is. */
const CLEAR = `DELETE FROM kept_answers WHERE created_at < now() - interval '1 day' AND ${WHICH}`;

const CLAIM = `
  INSERT INTO kept_answers AS kept (tenant, caller, key, request, claim) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (tenant, caller, key) DO UPDATE SET claim = excluded.claim, claimed_at = now()
  WHERE kept.status IS NULL AND kept.request = excluded.request
    AND kept.claimed_at < now() - make_interval(secs => $6)
  RETURNING 1`;

const READ = `SELECT request, status, body, headers FROM kept_answers WHERE ${WHICH}`;

const KEEP = `
  UPDATE kept_answers SET status = $5, body = $6, headers = $7 WHERE ${WHICH} AND claim = $4 AND status IS NULL`;

const RELEASE = `DELETE FROM kept_answers WHERE ${WHICH} AND claim = $4 AND status IS NULL`;
