/**
 * The statements of the authority beside those that are fused with the barrier's. Each is one round trip.
 * Adapter ring; `authority.ts` alone uses them.
 */

export const HOLD = {
  name: 'authority-hold',
  text: `SELECT authority_hold($1, $2, $3, $4::int, $5::bigint, $6, $7::jsonb, $8::jsonb, $9::jsonb)`,
};

/** The lock stands first, as everywhere. */
export const GIVE_BACK = {
  name: 'authority-give-back',
  text: `WITH lock AS MATERIALIZED (SELECT authority_lock($1) AS held)
SELECT authority_give_back($1, $2, $3, $4::bigint, $5), authority_forget($1, $2, $3), authority_release($1, $4::bigint)
FROM lock WHERE held`,
};

/** $2 controls, in the order in which they are set. */
export const CONTROL = {
  name: 'authority-control',
  text: `SELECT authority_control($1, c.scope, c.name, c.kind, nullif(c.value, 'null'), c.by, c.reason, c.at)
FROM jsonb_to_recordset($2::jsonb) AS c(scope text, name text, kind text, value jsonb, by text, reason text, at bigint)`,
};

export const ABANDON = {
  name: 'authority-abandon',
  text: `SELECT authority_abandon($1, $2, $3, $4::int, $5::int, $6::bigint)`,
};

/** $1 at, $2 after how long a claim lapses, $3 how many. Of all tenants, so a function of the owner's. */
export const CLAIM = {
  name: 'shared-authority-claim',
  text: 'SELECT * FROM sweep_claim($1::bigint, $2::bigint, $3::int)',
} as const;

/** Tenants where time has released something. */
export const DUE_TENANTS = {
  name: 'shared-authority-due-tenants',
  text: 'SELECT sweep_due_tenants($1::bigint) AS tenant',
} as const;

/** What time has released in one tenant, under its lock. */
export const RELEASE = {
  name: 'authority-release',
  text: `WITH lock AS MATERIALIZED (SELECT authority_lock($1) AS held)
SELECT authority_lost($1, $2::bigint), authority_release($1, $2::bigint) FROM lock WHERE held`,
};

/** The next instant at which time releases something that waits, or a claim lapses after $2. */
export const DUE = {
  name: 'shared-authority-due',
  text: 'SELECT sweep_next_due($1::bigint, $2::bigint) AS due',
} as const;

export const IN_FLIGHT = {
  name: 'authority-in-flight',
  text: `SELECT outcome, node, awf FROM authority_reservations
WHERE tenant = $1 AND automation = $2 AND state = 'open' ORDER BY changed_at LIMIT 100`,
};

/**
 * $2 automation, $3 key of its counter. Units that are kept for one who was granted and has not asked yet are nobody's who
 * executes.
 */
export const COUNT_IN_FLIGHT = {
  name: 'authority-count-in-flight',
  text: `SELECT (coalesce((SELECT used FROM authority_counters WHERE tenant = $1 AND key = $3 AND bucket = 0), 0) -
  (SELECT count(*) FROM authority_waiters w JOIN authority_reservations r USING (tenant, outcome, node)
    WHERE w.tenant = $1 AND w.automation = $2 AND w.state IN ('granted', 'expired', 'told') AND r.state = 'granted'))::int AS used`,
};

/** Counters of the windows that hold $2. */
export const STANDING = {
  name: 'authority-standing',
  text: `SELECT key, bucket::float8 AS bucket, used::float8 AS used FROM authority_counters
WHERE tenant = $1 AND bucket IN (0, authority_bucket('hour', $2::bigint), authority_bucket('day', $2::bigint),
  authority_bucket('month', $2::bigint)) ORDER BY key, bucket`,
};

export const CONTROLS = {
  name: 'authority-controls',
  text: `SELECT scope, name, kind, value, by, reason, at::float8 AS at FROM authority_controls WHERE tenant = $1
ORDER BY scope, name, kind`,
};

export const QUEUE = {
  name: 'authority-queue',
  text: `SELECT outcome, node, awf, automation, state, causes, because, since::float8 AS since,
  releases_at::float8 AS "releasesAt" FROM authority_waiters WHERE tenant = $1 AND state <> 'told' ORDER BY seq LIMIT $2`,
};

export const IMPORT_TRUST = {
  name: 'authority-import-trust',
  text: `SELECT authority_import_trust($1, $2::jsonb, $3::jsonb, $4::jsonb, $5::bigint)`,
};

export const FORGET = {
  name: 'authority-forget',
  text: `WITH tenants AS (DELETE FROM authority_tenants WHERE tenant = $1), controls AS (DELETE FROM authority_controls WHERE tenant = $1),
  counters AS (DELETE FROM authority_counters WHERE tenant = $1), reservations AS (DELETE FROM authority_reservations WHERE tenant = $1),
  waiters AS (DELETE FROM authority_waiters WHERE tenant = $1), breakers AS (DELETE FROM authority_breakers WHERE tenant = $1)
DELETE FROM authority_memory WHERE tenant = $1`,
};
