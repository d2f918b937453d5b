/**
 * The statements of the barrier, kept prepared on each connection. Each is one round trip and one transaction.
 * Adapter ring; `barrier.ts` alone uses them.
 */
import type { Attempt } from '../kernel/failure';
import type { BarrierPhase, Boxed } from './schema/barriers';

/** A row as the admissions return it. */
export interface AdmittedRow {
  readonly phase: BarrierPhase;
  readonly firing: number;
  readonly attempt: number;
  readonly holder: string;
  readonly attempts: readonly Attempt[];
  readonly prior: Boxed | null;
  readonly output: Boxed | null;
  readonly undo: Boxed | null;
  readonly undo_firing: number;
  readonly undo_attempt: number;
  readonly undo_attempts: readonly Attempt[];
  readonly undo_changed: boolean | null;
  readonly settled: boolean;
  readonly undo_settled: boolean;
  readonly unclear: boolean;
  /** Negative where the lease has run out. */
  readonly lease_left_ms: number;
}

export interface StrayRow {
  readonly node: string;
  readonly firing: number;
  readonly input: Boxed | null;
  readonly undo: Boxed | null;
}

const RETURNED = `phase, firing, attempt, holder, attempts, prior, output, undo, undo_attempt, undo_attempts, undo_changed,
  settled, undo_settled, unclear, undo_firing,
  ceil(extract(epoch FROM lease_until - clock_timestamp()) * 1000)::int AS lease_left_ms`;

const KEY = 'tenant = $1 AND outcome = $2 AND node = $3';

/** Once a compensation was admitted no execute is let through, and none can commit. */
const OPEN = `phase IN ('acting', 'failed')`;

/** A firing that failed for good is asked for again only by a new one: the same asking gets the same answer. */
const ADMISSIBLE = `b.${OPEN} AND b.firing <= $4::int AND NOT (b.settled AND b.firing = $4::int)
      AND NOT ($8::boolean AND b.phase = 'acting' AND b.lease_until > clock_timestamp())`;

/**
 * $4 firing, $5 holder, $6 at, $7 leaseMs, $8 alone, $9 lost, $10 awf, $11 input. An attempt that was admitted and left no
 * record is recorded as lost by the one that comes after it; from then on the effect is unclear. `prior` is what was captured
 * ahead of the admission; what an earlier attempt captured outranks it.
 */
const admitted = (
  prior: string,
): string => `$1, $2, $3, 'acting', $4::int, 1, $5, $6::bigint, clock_timestamp() + $7::int * interval '1 ms', false, '[]'::jsonb,
  $10, $11::jsonb, ${prior}`;

const admitExecute = (rows: string): string => `
INSERT INTO barriers AS b
  (tenant, outcome, node, phase, firing, attempt, holder, started_at, lease_until, unclear, attempts, awf, input, prior)
${rows}
ON CONFLICT (tenant, outcome, node) DO UPDATE SET
  (phase, firing, attempt, holder, started_at, lease_until, unclear, attempts, settled, prior, updated_at) = (
    SELECT 'acting', $4::int, b.attempt + 1, $5, $6::bigint, clock_timestamp() + $7::int * interval '1 ms',
      b.unclear OR (b.phase = 'acting' AND $9::jsonb ->> 'effect' = 'unknown'),
      CASE WHEN b.firing < $4::int THEN '[]'::jsonb ELSE b.attempts END ||
      CASE WHEN b.phase = 'acting' AND b.firing = $4::int THEN jsonb_build_array(jsonb_build_object(
        'n', b.attempt, 'startedAt', b.started_at, 'endedAt', $6::bigint, 'failure', $9::jsonb))
      ELSE '[]'::jsonb END,
      false, COALESCE(b.prior, EXCLUDED.prior), now()
    WHERE ${ADMISSIBLE}
    UNION ALL
    SELECT b.phase, b.firing, b.attempt, b.holder, b.started_at, b.lease_until, b.unclear, b.attempts, b.settled,
      b.prior, b.updated_at
    WHERE NOT (${ADMISSIBLE})
  )
RETURNING ${RETURNED}`;

/** $12 prior */
export const ADMIT_EXECUTE = {
  name: 'barrier-admit-execute',
  text: admitExecute(`VALUES (${admitted('$12::jsonb')})`),
};

/** @param after what stands first, where something has to */
const admitting = (
  after: string,
): string => `authority AS MATERIALIZED (SELECT authority_admit($1, $2, $3, $4::int, $6::bigint, $12, $13, $14, $15, $16, $17::bigint,
    $18::jsonb, $19::jsonb, $20::text[], $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[], $25::boolean[], $26::boolean[]) AS said${after}),
  barrier AS (${admitExecute(`SELECT ${admitted('NULL::jsonb')} FROM authority WHERE said ->> 'verdict' IN ('go', 'skip')`)})`;

/**
 * The same behind the authority's own admission, in one round trip: from $12 on the arguments of `authority_admit`. There is no
 * row of the barrier where something holds the action; `said` tells what.
 */
export const ADMIT_GOVERNED = {
  name: 'barrier-admit-governed',
  text: `
WITH ${admitting('')}
SELECT said, barrier.* FROM authority LEFT JOIN barrier ON true`,
};

/** $4 prior */
export const KEEP_PRIOR = {
  name: 'barrier-keep-prior',
  text: `UPDATE barriers SET prior = COALESCE(prior, $4::jsonb), updated_at = now()
WHERE ${KEY} AND ${OPEN} RETURNING prior`,
};

const commit = (
  locked: string,
): string => `UPDATE barriers SET phase = 'committed', output = $4::jsonb, undo = $5::jsonb,
  lease_until = clock_timestamp(), updated_at = now()
${locked} ${KEY} AND ${OPEN} RETURNING attempts`;

const recordFailure = (
  locked: string,
): string => `UPDATE barriers SET phase = 'failed', attempts = attempts || jsonb_build_array($5::jsonb),
  unclear = unclear OR $6::boolean, settled = $7::boolean, lease_until = clock_timestamp(), updated_at = now()
${locked} ${KEY} AND phase = 'acting' AND holder = $4 RETURNING attempts, unclear`;

/** The tenant's lock first and the row's second, as admission takes them. */
const locked = (update: (locked: string) => string): string => `
WITH lock AS MATERIALIZED (SELECT authority_lock($1) AS held),
  done AS (${update('FROM lock WHERE held AND')})`;

/** What is settled is what was recorded, and once. */
const settling = (
  update: (locked: string) => string,
  answer: string,
  from: number,
): string => `${locked(update)}
SELECT ${answer}, authority_settle($1, $2, $3, $${from}::bigint, $${from + 1}::jsonb) FROM done`;

/** The same text for arguments that stand further back; the tenant stays the first. */
const movedBy = (by: number, text: string): string =>
  text.replace(/\$(\d+)/g, (all, n: string) => (n === '1' ? all : `$${Number(n) + by}`));

/** $4 output, $5 undo */
export const COMMIT = { name: 'barrier-commit', text: commit('WHERE') };

/** $6 at, $7 how it ended */
export const COMMIT_GOVERNED = {
  name: 'barrier-commit-governed',
  text: settling(commit, 'attempts', 6),
};

/** The arguments of the commit, and from $8 on those of the admission but for the tenant. */
export const COMMIT_AND_ADMIT_GOVERNED = {
  name: 'barrier-commit-and-admit-governed',
  text: `${locked(commit)},
  settled AS MATERIALIZED (SELECT attempts AS done, authority_settle($1, $2, $3, $6::bigint, $7::jsonb) AS is_settled FROM done),
  ${movedBy(6, admitting(' FROM settled WHERE is_settled IS NOT NULL'))}
SELECT settled.done, said, barrier.* FROM settled LEFT JOIN authority ON true LEFT JOIN barrier ON true`,
};

/** $4 holder, $5 attempt, $6 whether its effect is unknown, $7 whether it was the last of its firing. Only the attempt that holds the row may say that it is over. */
export const RECORD_FAILURE = { name: 'barrier-record-failure', text: recordFailure('WHERE') };

/** $8 at, $9 how it ended */
export const RECORD_FAILURE_GOVERNED = {
  name: 'barrier-record-failure-governed',
  text: settling(recordFailure, 'attempts, unclear', 8),
};

/**
 * $4 firing, $5 at, $6 lost, $7 whether the history knows of a commit. Where nothing ran, or all that ran failed without an
 * effect, the row becomes the fence. While an attempt may still write it stays as it is, and the caller waits. A history that
 * knows of a commit is believed also where the row was lost: what it says was done is undone. The tenant's lock stands first, as
 * everywhere: what an attempt left taken is given back with it.
 */
export const ADMIT_COMPENSATE = {
  name: 'barrier-admit-compensate',
  text: `
WITH lock AS MATERIALIZED (SELECT authority_lock($1) AS held)
INSERT INTO barriers AS b
  (tenant, outcome, node, phase, firing, attempt, holder, started_at, lease_until, unclear, attempts,
   undo_firing, undo_attempt, undo_started_at, undo_changed)
SELECT $1, $2, $3, CASE WHEN $7::boolean THEN 'undoing' ELSE 'fenced' END, 0, 0, '', $5::bigint, now(), false, '[]',
  $4::int, $7::boolean::int, CASE WHEN $7::boolean THEN $5::bigint END, CASE WHEN $7::boolean THEN NULL ELSE false END
FROM lock WHERE held
ON CONFLICT (tenant, outcome, node) DO UPDATE SET
  (phase, undo_firing, undo_attempt, undo_started_at, undo_attempts, undo_changed, undo_settled, updated_at) = (
    SELECT
      next.phase,
      greatest(b.undo_firing, $4::int),
      CASE WHEN next.goes THEN b.undo_attempt + 1 ELSE b.undo_attempt END,
      CASE WHEN next.goes THEN $5::bigint ELSE b.undo_started_at END,
      CASE WHEN NOT next.goes THEN b.undo_attempts ELSE
        CASE WHEN b.undo_firing < $4::int THEN '[]'::jsonb ELSE b.undo_attempts END ||
        CASE WHEN b.phase = 'undoing' AND b.undo_started_at IS NOT NULL THEN jsonb_build_array(jsonb_build_object(
          'n', b.undo_attempt, 'startedAt', b.undo_started_at, 'endedAt', $5::bigint, 'failure', $6::jsonb))
        ELSE '[]'::jsonb END
      END,
      CASE WHEN next.phase = 'fenced' THEN false ELSE b.undo_changed END,
      b.undo_settled AND NOT next.goes,
      now()
    FROM (SELECT wanted.phase, wanted.phase = 'undoing' AND NOT (b.undo_settled AND b.undo_firing = $4::int) AS goes
    FROM (SELECT CASE
      WHEN b.phase IN ('committed', 'undoing') THEN 'undoing'
      WHEN b.phase = 'failed' AND (b.unclear OR $7::boolean) THEN 'undoing'
      WHEN b.phase = 'failed' THEN 'fenced'
      WHEN b.phase = 'acting' AND b.lease_until <= clock_timestamp() THEN 'undoing'
      ELSE b.phase END AS phase) AS wanted) AS next
  )
RETURNING ${RETURNED}`,
};

/** $4 changed */
export const COMMIT_COMPENSATE = {
  name: 'barrier-commit-compensate',
  text: `UPDATE barriers SET phase = 'undone', undo_changed = $4::boolean, undo_started_at = NULL, updated_at = now()
WHERE ${KEY} AND phase = 'undoing' RETURNING undo_attempts`,
};

/**
 * $4 attempt, $5 whether it was the last of its asking, $6 whether that is a breach of trust: it is marked with the record, and
 * folded by whoever comes next. A lost mark of the same attempt, set by one that came after, is not doubled.
 */
export const RECORD_UNDO_FAILURE = {
  name: 'barrier-record-undo-failure',
  text: `WITH failed AS (UPDATE barriers SET undo_attempts = undo_attempts || jsonb_build_array($4::jsonb), undo_started_at = NULL,
    undo_settled = $5::boolean, updated_at = now()
  WHERE ${KEY} AND phase = 'undoing' AND undo_attempt = ($4::jsonb ->> 'n')::int RETURNING undo_attempts),
marked AS (INSERT INTO authority_controls (tenant, scope, name, kind, value, by, reason, at)
  SELECT $1, 'tenant', $1, 'breach:undo:' || $2 || '#' || $3, 'true', 'engine', 'its effect could not be undone',
    ($4::jsonb ->> 'endedAt')::bigint FROM failed WHERE $5::boolean AND $6::boolean ON CONFLICT DO NOTHING)
SELECT undo_attempts FROM failed`,
};

/**
 * $3 nodes and $4 how often the workflow has fired each. What acted in a later firing, or may have, oldest first: local actions
 * of a workflow task that was lost, of which the history never heard. What was undone since is among them: the history has not
 * heard of that either, and an undo that is asked for again says what it said.
 */
export const STRAYS = {
  name: 'barrier-strays',
  text: `SELECT node, firing, input, undo FROM barriers AS b
WHERE tenant = $1 AND outcome = $2 AND awf IS NOT NULL
  AND (phase IN ('acting', 'committed', 'undoing', 'undone') OR phase = 'failed' AND unclear)
  AND NOT EXISTS (SELECT 1 FROM unnest($3::text[], $4::int[]) AS known (node, firing)
    WHERE known.node = b.node AND known.firing >= b.firing)
ORDER BY started_at, node`,
};

/** $3 nodes. None of them will ever be let through, unless it was already: nor will one that has failed without an effect. */
export const FENCE = {
  name: 'barrier-fence',
  text: `INSERT INTO barriers AS b
  (tenant, outcome, node, phase, firing, attempt, holder, started_at, lease_until, unclear, attempts, undo_changed)
SELECT $1, $2, node, 'fenced', 0, 0, '', 0, now(), false, '[]', false FROM unnest($3::text[]) AS node
ON CONFLICT (tenant, outcome, node) DO UPDATE SET phase = 'fenced', undo_changed = false, updated_at = now()
WHERE b.phase = 'failed' AND NOT b.unclear`,
};

/** What a firing was asked for with, where that was kept. */
export const KEPT = { name: 'barrier-kept', text: `SELECT awf, input FROM barriers WHERE ${KEY}` };

export const READ = { name: 'barrier-read', text: `SELECT ${RETURNED} FROM barriers WHERE ${KEY}` };
