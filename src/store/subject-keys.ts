/**
 * Keys of subjects: what personal data in the log is hashed with and what archived histories are sealed with. A key that is
 * destroyed is gone from the database; what was made with it stays and says nothing any more. Where the tenant has a key of its
 * own they lie here wrapped with it: whoever reads the database alone reads nobody's.
 * Adapter ring.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Database } from './database';
import { seal, unseal } from './sealed-bytes';
import { StoreError } from './store-error';

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
  /** All that there are now, whatever is destroyed afterwards. */
  snapshot(tenant: string): Promise<KeySnapshot>;
}

/** Keys as they were at one moment. */
export interface KeySnapshot {
  /** `undefined` where it was destroyed by then, or made since. Throws StoreError `STORE_KEY_MISSING`. */
  byId(id: string): SubjectKey | undefined;
  /** Ids of those that were destroyed within the minute before: the record of it may still be on its way. */
  readonly destroyedLately: readonly string[];
}

/** Keys of tenants, 32 bytes each: the one to wrap with, and any that was ever used. */
export interface WrappingKeys {
  current(tenant: string): SubjectKey | undefined;
  byId(id: string): SubjectKey | undefined;
}

interface StoredKey {
  readonly id: string;
  readonly key: Uint8Array;
  readonly wrappedWith: string | null;
}

/** `key`: null once destroyed. */
type SnapshotRow = Omit<StoredKey, 'key'> & { readonly key: Uint8Array | null };

const KEY_BYTES = 32;
const ID_BYTES = 8;

/**
 * Throws StoreError when the database is down or refuses; `STORE_KEY_MISSING` for a key that was wrapped with one that is not
 * there.
 * @param wrapping absent: keys lie as they are
 */
export function createSubjectKeys(database: Database, wrapping?: WrappingKeys): SubjectKeys {
  const query = <Row extends object>(tenant: string, name: string, text: string, values: unknown[]) =>
    database.of(tenant).query<Row>({ name, text, values });
  const opened = async (tenant: string, stored: StoredKey): Promise<SubjectKey> => {
    const { id, wrappedWith } = stored;
    const key = unwrap(tenant, stored, wrapping);
    const current = wrapping?.current(tenant);
    if (current !== undefined && current.id !== wrappedWith) {
      // It lay in the clear, or under a key that has been replaced since.
      const values = [tenant, id, wrap(tenant, { id, key }, current), current.id, stored.key];
      await query(tenant, 'subject-key-wrap', REWRAP, values);
    }
    return { id, key };
  };
  const ofSubject = async (tenant: string, subject: string): Promise<StoredKey | undefined> =>
    (await query<StoredKey>(tenant, 'subject-key', OF_SUBJECT, [tenant, subject]))[0];
  return {
    async of(tenant, subject) {
      const before = await ofSubject(tenant, subject);
      if (before !== undefined) return opened(tenant, before);
      const fresh = { id: `k${randomBytes(ID_BYTES).toString('hex')}`, key: randomBytes(KEY_BYTES) };
      const current = wrapping?.current(tenant);
      const stored = current === undefined ? fresh.key : wrap(tenant, fresh, current);
      await query(tenant, 'subject-key-make', MAKE, [tenant, fresh.id, subject, stored, current?.id ?? null]);
      // Another process may have made one just now: whoever was first has it.
      const made = await ofSubject(tenant, subject);
      if (made === undefined) return this.of(tenant, subject);
      return opened(tenant, made);
    },
    async byId(tenant, id) {
      const stored = (await query<StoredKey>(tenant, 'subject-key-by-id', BY_ID, [tenant, id]))[0];
      return stored === undefined ? undefined : opened(tenant, stored);
    },
    async find(tenant, subject) {
      return (await ofSubject(tenant, subject))?.id;
    },
    async snapshot(tenant) {
      const rows = await query<SnapshotRow>(tenant, 'subject-keys', SNAPSHOT, [tenant]);
      const live = new Map(
        rows.flatMap(({ key, ...rest }) => (key === null ? [] : [[rest.id, { ...rest, key }]])),
      );
      return {
        byId: (id) => {
          const stored = live.get(id);
          return stored && { id, key: unwrap(tenant, stored, wrapping) };
        },
        destroyedLately: rows.flatMap(({ id, key }) => (key === null ? [id] : [])),
      };
    },
  };
}

/** A key of a tenant encrypts payloads too, so what wraps is made from it. */
const wrap = (tenant: string, { id, key }: SubjectKey, by: SubjectKey): Uint8Array =>
  seal(key, wrappingKey(by), labelOf(tenant, id));

function unwrap(tenant: string, stored: StoredKey, wrapping: WrappingKeys | undefined): Uint8Array {
  const { id, key, wrappedWith } = stored;
  if (wrappedWith === null) return key;
  const by = wrapping?.byId(wrappedWith);
  if (by === undefined) throw new StoreError('STORE_KEY_MISSING');
  return unseal(key, wrappingKey(by), labelOf(tenant, id));
}

const wrappingKey = ({ key }: SubjectKey): Uint8Array =>
  createHmac('sha256', key).update('subject keys').digest();

const labelOf = (tenant: string, id: string): string => `${tenant}\n${id}`;

const COLUMNS = 'id, key, wrapped_with AS "wrappedWith"';
const OF_SUBJECT = `SELECT ${COLUMNS} FROM subject_keys WHERE tenant = $1 AND subject = $2 AND destroyed_at IS NULL`;
const BY_ID = `SELECT ${COLUMNS} FROM subject_keys WHERE tenant = $1 AND id = $2 AND destroyed_at IS NULL`;
const SNAPSHOT = `
  SELECT ${COLUMNS} FROM subject_keys
  WHERE tenant = $1 AND (destroyed_at IS NULL OR destroyed_at > now() - interval '1 minute')`;
const MAKE = `
  INSERT INTO subject_keys (tenant, id, subject, key, wrapped_with) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (tenant, subject) WHERE destroyed_at IS NULL DO NOTHING`;
/** $5: what lay there; whoever wrapped it in the meantime, or destroyed it, stays right. */
const REWRAP = `
  UPDATE subject_keys SET key = $3, wrapped_with = $4 WHERE tenant = $1 AND id = $2 AND key = $5`;
/** $1 tenant, $2 id: destroys a key and what says whose it was. */
export const DESTROY_KEY = `
  UPDATE subject_keys SET key = NULL, wrapped_with = NULL, subject = NULL, destroyed_at = now()
  WHERE tenant = $1 AND id = $2 AND destroyed_at IS NULL RETURNING 1`;
