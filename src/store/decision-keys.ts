/**
 * The rows behind signed decisions: keys, and what people have granted each other. Adapter ring. It signs and judges nothing.
 * All methods throw StoreError.
 */
import type { Json } from '../kernel/json';
import type { Database } from './database';

export interface DecisionKey {
  readonly kid: string;
  /** JWK. */
  readonly publicKey: Json;
  /** JWK, sealed where there is something to seal it with; null for one that only verifies. */
  readonly privateKey: Json;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch; null for one in good standing. */
  readonly revokedAt: number | null;
}

export type NewDecisionKey = Pick<DecisionKey, 'kid' | 'publicKey' | 'privateKey'>;

/** One row of `authority_controls` in the scope of people. */
export interface PeopleRow {
  readonly kind: string;
  readonly value: Json;
  readonly by: string;
  readonly reason: string;
  readonly at: number;
}

export interface DecisionKeyStore {
  /** All of a tenant's, newest first. */
  keys(tenant: string): Promise<readonly DecisionKey[]>;
  /** Adds a key that signs from now on; the one before it only verifies. Of two at once one is the signer. */
  rotate(tenant: string, key: NewDecisionKey, at: number): Promise<void>;
  /** Adds the first key; does nothing where there is one. */
  begin(tenant: string, key: NewDecisionKey, at: number): Promise<void>;
  /** `at`: from when on it counts no more; of two such instants the earlier one stays. */
  revoke(tenant: string, kid: string, at: number): Promise<void>;
  /** Puts a private key in another seal; does nothing where another process has done so. */
  reseal(tenant: string, kid: string, key: { readonly was: Json; readonly is: Json }): Promise<void>;
  /** What people have granted, where they are absent, and what is to be reviewed. */
  people(tenant: string): Promise<readonly PeopleRow[]>;
  /** One of them, with a mark that tells how it stands from how it stood before. */
  person(tenant: string, kind: string): Promise<{ readonly value: Json; readonly mark: string } | undefined>;
  /** Puts a row where the one with this mark stands, or where none does; false where another stands there by now. */
  replace(tenant: string, row: PeopleRow, mark: string | undefined): Promise<boolean>;
  /** Who last set what an automation may do: its dial, what it overrides, the limits of the tenant. Sorted. */
  governors(tenant: string, automation: string): Promise<readonly string[]>;
  /** Who has taken an outcome over as their own, or the action of it that is named. */
  takenOverBy(tenant: string, of: { readonly outcome: string; readonly node: string }): Promise<TakenOver>;
}

export interface TakenOver {
  /** Whose the outcome is now; absent where nobody has taken it over. */
  readonly by?: string;
  /** Everybody who ever took over the outcome or the action, sorted: another who does so later takes nothing back. */
  readonly ever: readonly string[];
}

/** Scope and name under which such rows stand: no admission reads them, and they wake nobody. */
export const PEOPLE = { scope: 'system', name: 'people' } as const;

/** Begins the kind of the row that opens a review. The check of decisions writes it, and no act of control may. */
export const OPENED_REVIEW = 'review:';

/** Begins the kind of the row that says that somebody took it over, beside the one that says whose it is now. */
export const TOOK = 'took:';

export function createDecisionKeyStore(database: Database): DecisionKeyStore {
  return {
    keys: (tenant) =>
      database.of(tenant).query<DecisionKey & Record<string, unknown>>({
        name: 'decision-keys',
        text: KEYS,
        values: [tenant],
      }),
    async rotate(tenant, key, at) {
      await database.of(tenant).transaction(async (client) => {
        await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 7))', [tenant]);
        await client.query('UPDATE decision_keys SET private_key = NULL WHERE tenant = $1', [tenant]);
        await client.query(ADD, valuesOf(tenant, key, at));
      });
    },
    async begin(tenant, key, at) {
      await database.of(tenant).transaction(async (client) => {
        await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 7))', [tenant]);
        const { rowCount } = await client.query(
          'SELECT 1 FROM decision_keys WHERE tenant = $1 AND private_key IS NOT NULL AND revoked_at IS NULL',
          [tenant],
        );
        if (rowCount === 0) await client.query(ADD, valuesOf(tenant, key, at));
      });
    },
    async revoke(tenant, kid, at) {
      await database.of(tenant).query({ text: REVOKE, values: [tenant, kid, at] });
    },
    async reseal(tenant, kid, { was, is }) {
      const values = [tenant, kid, JSON.stringify(was), JSON.stringify(is)];
      await database.of(tenant).query({ text: RESEAL, values });
    },
    people: (tenant) =>
      database.of(tenant).query<PeopleRow & Record<string, unknown>>({
        name: 'people-rows',
        text: ROWS,
        values: [tenant, PEOPLE.scope, PEOPLE.name],
      }),
    async person(tenant, kind) {
      const [found] = await database.of(tenant).query<{ value: Json; mark: string }>({
        name: 'people-row',
        text: ROW,
        values: [tenant, PEOPLE.scope, PEOPLE.name, kind],
      });
      return found;
    },
    async replace(tenant, { kind, value, by, reason, at }, mark) {
      const rows = await database.of(tenant).query<{ kind: string }>({
        name: 'people-replace',
        text: REPLACE,
        values: [
          tenant,
          PEOPLE.scope,
          PEOPLE.name,
          kind,
          JSON.stringify(value),
          by,
          reason,
          at,
          mark ?? null,
        ],
      });
      return rows.length > 0;
    },
    async governors(tenant, automation) {
      const rows = await database.of(tenant).query<{ by: string }>({
        name: 'governors',
        text: GOVERNORS,
        values: [tenant, automation],
      });
      return rows.map(({ by }) => by);
    },
    async takenOverBy(tenant, { outcome, node }) {
      const rows = await database.of(tenant).query<{ by: string; scope: string; kind: string }>({
        name: 'taken-over-by',
        text: TAKEN,
        values: [tenant, outcome, `${outcome}#${node}`, `${TOOK}%`],
      });
      const now = rows.find(({ scope, kind }) => scope === 'outcome' && kind === 'person');
      const ever = [...new Set(rows.map(({ by }) => by))];
      return { ...(now === undefined ? {} : { by: now.by }), ever };
    },
  };
}

const valuesOf = (tenant: string, { kid, publicKey, privateKey }: NewDecisionKey, at: number) => [
  tenant,
  kid,
  JSON.stringify(publicKey),
  JSON.stringify(privateKey),
  at,
];

const KEYS = `SELECT kid, public_key AS "publicKey", private_key AS "privateKey",
  created_at::float8 AS "createdAt", revoked_at::float8 AS "revokedAt"
FROM decision_keys WHERE tenant = $1 ORDER BY created_at DESC, kid`;

const ADD = `INSERT INTO decision_keys (tenant, kid, public_key, private_key, created_at) VALUES ($1, $2, $3, $4, $5)`;

const REVOKE = `UPDATE decision_keys SET revoked_at = least(revoked_at, $3), private_key = NULL
WHERE tenant = $1 AND kid = $2`;

const RESEAL = `UPDATE decision_keys SET private_key = $4
WHERE tenant = $1 AND kid = $2 AND private_key = $3::jsonb`;

const TAKEN = `SELECT by, scope, kind FROM authority_controls
WHERE tenant = $1 AND (scope = 'outcome' AND name = $2 OR scope = 'action' AND name = $3) AND (kind = 'person' OR kind LIKE $4)
ORDER BY by`;

const GOVERNORS = `SELECT DISTINCT by FROM authority_controls WHERE tenant = $1
AND (scope = 'automation' AND name = $2 AND (kind = 'dial' OR kind LIKE 'override:%') OR scope = 'tenant' AND kind LIKE 'limit:%')
ORDER BY by`;

const ROWS = `SELECT kind, value, by, reason, at::float8 AS at FROM authority_controls
WHERE tenant = $1 AND scope = $2 AND name = $3 ORDER BY at, kind`;

const ROW = `SELECT value, md5(value::text) AS mark FROM authority_controls
WHERE tenant = $1 AND scope = $2 AND name = $3 AND kind = $4`;

const REPLACE = `INSERT INTO authority_controls AS c (tenant, scope, name, kind, value, by, reason, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant, scope, name, kind) DO UPDATE
SET value = excluded.value, by = excluded.by, reason = excluded.reason, at = excluded.at WHERE md5(c.value::text) = $9
RETURNING kind`;
