/**
 * Keys of subjects: what personal data in the log is hashed with and what archived histories are sealed with. A key that is
 * destroyed is gone from the database; what was made with it stays and says nothing any more.
 * Adapter ring.
 */
import { randomBytes } from 'node:crypto';
import type { Database } from './database';

export interface SubjectKey {
  /** Random; it stands in records. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

export interface SubjectKeys {
  /** The key of a subject, made when it is asked for first. */
  of(tenant: string, subject: string): Promise<SubjectKey>;
  /** `undefined` where it was destroyed. */
  byId(tenant: string, id: string): Promise<SubjectKey | undefined>;
  /** Id of the key that a subject has; `undefined` where it has none. */
  find(tenant: string, subject: string): Promise<string | undefined>;
}

const KEY_BYTES = 32;
const ID_BYTES = 8;

/** Throws StoreError when the database is down or refuses. */
export function createSubjectKeys(database: Database): SubjectKeys {
  const query = <Row extends object>(tenant: string, name: string, text: string, values: unknown[]) =>
    database.of(tenant).query<Row>({ name, text, values });
  const ofSubject = async (tenant: string, subject: string): Promise<SubjectKey | undefined> =>
    (await query<SubjectKey>(tenant, 'subject-key', OF_SUBJECT, [tenant, subject]))[0];
  return {
    async of(tenant, subject) {
      const before = await ofSubject(tenant, subject);
      if (before !== undefined) return before;
      const id = `k${randomBytes(ID_BYTES).toString('hex')}`;
      await query(tenant, 'subject-key-make', MAKE, [tenant, id, subject, randomBytes(KEY_BYTES)]);
      // Another process may have made one just now: whoever was first has it.
      const made = await ofSubject(tenant, subject);
      if (made === undefined) return this.of(tenant, subject);
      return made;
    },
    async byId(tenant, id) {
      return (await query<SubjectKey>(tenant, 'subject-key-by-id', BY_ID, [tenant, id]))[0];
    },
    async find(tenant, subject) {
      return (await ofSubject(tenant, subject))?.id;
    },
  };
}

const OF_SUBJECT =
  'SELECT id, key FROM subject_keys WHERE tenant = $1 AND subject = $2 AND destroyed_at IS NULL';
const BY_ID = 'SELECT id, key FROM subject_keys WHERE tenant = $1 AND id = $2 AND destroyed_at IS NULL';
const MAKE = `
  INSERT INTO subject_keys (tenant, id, subject, key) VALUES ($1, $2, $3, $4)
  ON CONFLICT (tenant, subject) WHERE destroyed_at IS NULL DO NOTHING`;
/** $1 tenant, $2 id: destroys a key and what says whose it was. */
export const DESTROY_KEY = `
  UPDATE subject_keys SET key = NULL, subject = NULL, destroyed_at = now()
  WHERE tenant = $1 AND id = $2 AND destroyed_at IS NULL RETURNING 1`;
