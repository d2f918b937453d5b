/**
 * Legal holds: what they name neither leaves the archive nor loses its key until they are lifted. The database itself says no as
 * well: functions and triggers of the migrations judge by the same rows.
 * Adapter ring.
 */
import type { PoolClient } from 'pg';
import type { Database } from './database';

export const HOLD_SCOPES = ['tenant', 'outcome', 'entity', 'time'] as const;

export interface LegalHold {
  readonly id: string;
  /** `time`: everything of a run of which something happened then. */
  readonly scope: (typeof HOLD_SCOPES)[number];
  /** Outcome id; of an entity the id of its key, so that no act names somebody; else empty or the tenant. */
  readonly name: string;
  /** Of `time`: from, inclusive, and until, in milliseconds since the epoch. */
  readonly from?: number;
  readonly until?: number;
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface KnownHold extends Omit<LegalHold, 'from' | 'until'> {
  readonly from: number | null;
  readonly until: number | null;
  /** Whom the key of its name belongs to; null where it is of no entity. */
  readonly subject: string | null;
  readonly liftedAt: number | null;
}

export interface LegalHolds {
  hold(tenant: string, hold: LegalHold): Promise<void>;
  /** Nothing happens where it is lifted already. */
  lift(tenant: string, id: string, at: number): Promise<void>;
  /** Those in force, or all that ever were; oldest first. */
  list(tenant: string, all?: boolean): Promise<readonly KnownHold[]>;
  /** Whether one needs the key of a subject. */
  needsKey(tenant: string, key: string): Promise<boolean>;
}

/** Throws StoreError when the database is down or refuses. */
export function createLegalHolds(database: Database): LegalHolds {
  return {
    hold: (tenant, { id, scope, name, from, until, by, reason, at }) =>
      database.of(tenant).transaction(async (client) => {
        await oneAtATime(client, tenant);
        const time = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(ms));
        const values = [tenant, id, scope, name, time(from), time(until), by, reason, new Date(at)];
        await client.query({ name: 'legal-hold', text: HOLD, values });
      }),
    async lift(tenant, id, at) {
      await database.of(tenant).query({ name: 'legal-lift', text: LIFT, values: [tenant, id, new Date(at)] });
    },
    list: (tenant, all = false) =>
      database.of(tenant).query<KnownHold>({ name: 'legal-holds', text: LIST, values: [tenant, all] }),
    async needsKey(tenant, key) {
      const found = await database.of(tenant).query<{ readonly held: boolean }>({
        name: 'legal-key',
        text: 'SELECT key_legally_held($1, $2) AS held',
        values: [tenant, key],
      });
      return found[0]?.held === true;
    },
  };
}

/** What is held, erased or dropped goes one after the other, so that a hold holds from the instant it is on. */
export async function oneAtATime(client: PoolClient, tenant: string): Promise<void> {
  const text = 'SELECT pg_advisory_xact_lock(1096111191, hashtext($1))';
  await client.query({ name: 'legal-turn', text, values: [tenant] });
}

const HOLD = `
  INSERT INTO legal_holds (tenant, id, scope, name, from_at, until_at, by, reason, at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  ON CONFLICT (tenant, id) DO UPDATE SET lifted_at = NULL`;
const LIFT = 'UPDATE legal_holds SET lifted_at = $3 WHERE tenant = $1 AND id = $2 AND lifted_at IS NULL';

const ms = (column: string): string => `(extract(epoch FROM h.${column}) * 1000)::float8`;
const LIST = `
  SELECT h.id, h.scope, h.name, ${ms('from_at')} AS "from", ${ms('until_at')} AS until, h.by, h.reason, ${ms('at')} AS at,
    ${ms('lifted_at')} AS "liftedAt", k.subject
  FROM legal_holds h LEFT JOIN subject_keys k ON h.scope = 'entity' AND k.tenant = h.tenant AND k.id = h.name
  WHERE h.tenant = $1 AND ($2 OR h.lifted_at IS NULL) ORDER BY h.at, h.id LIMIT 1000`;
