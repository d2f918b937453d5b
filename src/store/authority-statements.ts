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
SELECT authority_give_back($1, $2, $3, $4::bigint, $5), authority_forget($1, $2, $3) FROM lock WHERE held`,
};

export const CONTROL = {
  name: 'authority-control',
  text: `SELECT authority_control($1, $2, $3, $4, $5::jsonb, $6, $7, $8::bigint)`,
};

export const ABANDON = {
  name: 'authority-abandon',
  text: `SELECT authority_abandon($1, $2, $3, $4::int, $5::int, $6::bigint)`,
};

/**
 * $1 at, $2 after how long a claim lapses, $3 how many. One of each tenant before the second of any. A row that another claims
 * at this instant is passed over.
 */
export const CLAIM = {
  name: 'authority-claim',
  text: `
WITH open AS (
  SELECT tenant, outcome, node, seq FROM authority_waiters
  WHERE state IN ('granted', 'expired') AND coalesce(told_at + $2::bigint <= $1::bigint, true)
  FOR UPDATE SKIP LOCKED
), fair AS (
  SELECT *, row_number() OVER (PARTITION BY tenant ORDER BY seq) AS turn FROM open ORDER BY turn, seq LIMIT $3::int
), claimed AS (
  UPDATE authority_waiters w SET told_at = $1::bigint FROM fair f
  WHERE w.tenant = f.tenant AND w.outcome = f.outcome AND w.node = f.node
  RETURNING w.tenant, w.outcome, w.node, w.firing, w.wake, f.turn, w.seq
)
SELECT tenant, outcome, node, firing, wake FROM claimed ORDER BY turn, seq`,
};

/** Tenants where time has released something; each under its own lock. */
export const RELEASE = {
  name: 'authority-release',
  text: `
WITH due AS MATERIALIZED (
  SELECT DISTINCT tenant FROM authority_waiters
  WHERE state = 'queued' AND (releases_at <= $1::bigint OR expires_at <= $1::bigint) ORDER BY tenant
), locked AS MATERIALIZED (SELECT tenant, authority_lock(tenant) AS held FROM due)
SELECT authority_release(tenant, $1::bigint) FROM locked WHERE held`,
};

/** The next instant at which time releases something that waits, or a claim lapses after $2; what is past waits for something else. */
export const DUE = {
  name: 'authority-due',
  text: `SELECT min(at)::float8 AS due FROM (
  SELECT releases_at AS at FROM authority_waiters WHERE state = 'queued' AND releases_at > $1::bigint
  UNION ALL SELECT expires_at FROM authority_waiters WHERE state = 'queued'
  UNION ALL SELECT told_at + $2::bigint FROM authority_waiters WHERE state IN ('granted', 'expired')) AS next`,
};

export const IN_FLIGHT = {
  name: 'authority-in-flight',
  text: `SELECT outcome, node, awf FROM authority_reservations
WHERE tenant = $1 AND automation = $2 AND state = 'open' ORDER BY changed_at LIMIT 100`,
};

/** $2 keys, $3 buckets. */
export const COUNTERS = {
  name: 'authority-counters',
  text: `SELECT key, used::float8 AS used FROM authority_counters
WHERE tenant = $1 AND (key, bucket) IN (SELECT * FROM unnest($2::text[], $3::bigint[]))`,
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
