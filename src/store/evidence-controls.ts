/**
 * Forgetting a subject: its key is destroyed, and what the tables beside the log know of it is taken out. Nothing of it touches a
 * record, so the chain holds.
 * Adapter ring.
 */
import type { PoolClient } from 'pg';
import type { Database } from './database';
import { oneAtATime } from './legal-holds';
import { DESTROY_KEY } from './subject-keys';

export interface EvidenceControls {
  /**
   * Destroys a key and takes its subject out of every table; doing it twice is doing it once. `held`: a legal hold needs it, and
   * nothing was done.
   */
  erase(tenant: string, keyId: string): Promise<'erased' | 'held'>;
  /**
   * Blanks what events said that nobody could be found for and that wait since a month before `before` (ISO 8601); nothing under a
   * legal hold that is of no entity or outcome alone.
   */
  fade(tenant: string, before: string): Promise<void>;
}

/** Throws StoreError when the database is down or refuses. */
export function createEvidenceControls(database: Database): EvidenceControls {
  return {
    erase: (tenant, keyId) =>
      database.of(tenant).transaction(async (client) => {
        await oneAtATime(client, tenant);
        const { rows } = await client.query<{ readonly held: boolean; readonly subject: string | null }>({
          name: 'erase-look',
          text: LOOK,
          values: [tenant, keyId],
        });
        const found = rows[0];
        if (found === undefined) return 'erased';
        if (found.held) return 'held';
        if (found.subject !== null) await forget(client, { tenant, keyId, subject: found.subject });
        await client.query(DESTROY_KEY, [tenant, keyId]);
        return 'erased';
      }),
    fade: (tenant, before) =>
      database.of(tenant).transaction(async (client) => {
        await oneAtATime(client, tenant);
        await client.query({ name: 'events-fade', text: FADE, values: [tenant, before] });
      }),
  };
}

async function forget(
  client: PoolClient,
  { tenant, keyId, subject }: { readonly tenant: string; readonly keyId: string; readonly subject: string },
): Promise<void> {
  const { rows } = await client.query<{ readonly outcome: string }>(OUTCOMES, [tenant, keyId]);
  const outcomes = rows.map(({ outcome }) => outcome);
  // Whoever is admitted takes from the same rows, in an order of its own.
  await client.query('SELECT authority_lock($1)', [tenant]);
  for (const text of COUNTED) await client.query(text, [tenant, outcomes, subject]);
  const marks = (await client.query<{ readonly mark: string }>(MARKS, [tenant, subject])).rows;
  await client.query(STRAYS, [tenant, wordsOf(nameOf(subject)), marks.map(({ mark }) => phraseOf(mark))]);
  for (const text of BY_SUBJECT) await client.query(text, [tenant, subject]);
  for (const text of BY_OUTCOME) await client.query(text, [tenant, outcomes]);
  await client.query(EVENTS, [tenant, subject, outcomes]);
}

const LOOK = `
  SELECT subject, key_legally_held(tenant, id) AS held FROM subject_keys
  WHERE tenant = $1 AND id = $2 AND destroyed_at IS NULL FOR UPDATE`;

const OUTCOMES = `
  SELECT DISTINCT regexp_replace(workflow, '/backstep$', '') AS outcome FROM projected_runs
  WHERE tenant = $1 AND subject_key = $2`;

/** $1 tenant, $2 subject: rows about it, what the graph says of it, who is related to it, and what was overridden for it. */
const BY_SUBJECT = [
  `UPDATE projected_outcomes SET entity = 'erased' WHERE tenant = $1 AND entity = $2`,
  `UPDATE projected_inbox SET entity = 'erased' WHERE tenant = $1 AND entity = $2`,
  `DELETE FROM entities WHERE tenant = $1 AND id = $2`,
  `UPDATE entities e SET version = e.version + 1, relations = (
     SELECT coalesce(jsonb_object_agg(r.key, (SELECT coalesce(jsonb_agg(x), '[]') FROM jsonb_array_elements(r.value) x
       WHERE x <> to_jsonb($2::text))), '{}') FROM jsonb_each(e.relations) r)
   WHERE tenant = $1 AND jsonb_path_exists(e.relations, '$.*[*] ? (@ == $who)', jsonb_build_object('who', $2::text))`,
  // Of an automation: what its overrides say ends with their hashes, so none of them stands any more.
  `DELETE FROM authority_controls
   WHERE tenant = $1 AND scope = 'automation' AND 'automation/' || name = $2 AND kind LIKE 'override:%'`,
];

/** Whether a key counts what happened about the entity of an outcome: it ends with the digest that counters know it by, or its id. */
const names = (key: string): string =>
  `(${key} ~ '^(limit:)?outcomes:.+:~' OR ${key} ~ '^(limit:)?outcomes:' AND right(${key}, length($3) + 1) = ':' || $3)`;
/** A list of what is asked for or taken, without what was counted about the entity. */
const without = (units: string): string =>
  `(SELECT coalesce(jsonb_agg(t), '[]') FROM jsonb_array_elements(${units}) t WHERE NOT ${names(`(t ->> 'k')`)})`;

/**
 * $1 tenant, $2 outcomes, $3 subject: what was counted about it, and that it was. Whoever still waits asks anew, and is told so
 * by other words.
 */
const COUNTED = [
  `DELETE FROM authority_counters WHERE tenant = $1 AND key IN (
     SELECT t ->> 'k' FROM authority_reservations r, jsonb_array_elements(r.taken) t
     WHERE r.tenant = $1 AND r.outcome = ANY($2) AND ${names(`(t ->> 'k')`)}
     UNION SELECT t ->> 'k' FROM authority_waiters w, jsonb_array_elements(w.asks) t
     WHERE w.tenant = $1 AND w.outcome = ANY($2) AND ${names(`(t ->> 'k')`)})`,
  `UPDATE authority_reservations SET taken = ${without('taken')}
   WHERE tenant = $1 AND outcome = ANY($2) AND EXISTS (SELECT FROM jsonb_array_elements(taken) t WHERE ${names(`(t ->> 'k')`)})`,
  `UPDATE authority_waiters SET because = 'erased', asks_again = true, asks = ${without('asks')},
     causes = ARRAY(SELECT c FROM unnest(causes) c WHERE NOT ${names('c')}),
     waits_for = ARRAY(SELECT c FROM unnest(waits_for) c WHERE NOT ${names('c')})
   WHERE tenant = $1 AND outcome = ANY($2)`,
];

/**
 * $1 tenant, $2 outcomes: what was fired with, found and answered; why something waited, and what people were told. Without the
 * state from before nothing can be taken back, so no compensation is let through either.
 */
const BY_OUTCOME = [
  `UPDATE barriers SET phase = 'fenced', input = NULL, prior = NULL, output = NULL, undo = NULL, attempts = '[]',
     undo_attempts = '[]' WHERE tenant = $1 AND outcome = ANY($2)`,
  `UPDATE projected_actions SET decision = NULL, held_because = NULL WHERE tenant = $1 AND outcome = ANY($2)`,
  `UPDATE projected_inbox SET asks = 'erased' WHERE tenant = $1 AND outcome = ANY($2) AND kind = 'held'`,
  `UPDATE authority_reservations SET decision = NULL WHERE tenant = $1 AND outcome = ANY($2)`,
  `UPDATE notices SET body = body - 'because' - 'card' WHERE tenant = $1 AND body ->> 'outcome' = ANY($2)`,
];

/** What of an event stays: that it came, and is not to count again. */
const BLANKED = `entity = 'erased', reasons = '[]', event = jsonb_strip_nulls(jsonb_build_object('specversion', event -> 'specversion',
    'id', event -> 'id', 'source', event -> 'source', 'type', event -> 'type'))`;

/** Those about a subject, or that started an outcome about it. */
const EVENTS = `
  UPDATE received_events SET ${BLANKED} WHERE tenant = $1 AND (entity = $2 OR outcome_id = ANY($3))`;

/**
 * Those for which nobody was found, and that say the name of a subject (all its words, $2) or one of its marks ($3). Rather one too
 * many: nothing was begun for them.
 */
const STRAYS = `
  UPDATE received_events SET ${BLANKED} WHERE tenant = $1 AND entity IS NULL AND (
    cardinality($2::text[]) > 0 AND NOT EXISTS (SELECT FROM unnest($2::text[]) w WHERE lower(event::text || reasons::text) !~ w)
    OR EXISTS (SELECT FROM unnest($3::text[]) m WHERE lower(event::text || reasons::text) ~ m))`;

/** Addresses and numbers, not days, that the graph has of a subject, and of nobody else in the same field. */
const MARKS = `
  SELECT f.value #>> '{}' AS mark FROM entities e, jsonb_each(e.fields) f
  WHERE e.tenant = $1 AND e.id = $2 AND jsonb_typeof(f.value) IN ('string', 'number')
    AND f.value #>> '{}' ~ '^[^\\s]*[0-9@][^\\s]*$' AND f.value #>> '{}' !~ '^\\d{4}-\\d\\d-\\d\\d'
    AND length(f.value #>> '{}') >= 4
    AND NOT EXISTS (SELECT FROM entities o WHERE o.tenant = $1 AND o.id <> $2 AND o.fields -> f.key = f.value)`;

const FADE = `
  UPDATE received_events SET ${BLANKED}
  WHERE tenant = $1 AND entity IS NULL AND status IN ('unselected', 'ambiguous', 'failed')
    AND updated_at <= $2::timestamptz - interval '30 days'
    AND NOT EXISTS (SELECT FROM legal_holds WHERE tenant = $1 AND scope IN ('tenant', 'time') AND lifted_at IS NULL)`;

/** `sarah.chen` of `person:sarah.chen`; nothing of a subject that is no entity. */
const nameOf = (subject: string): string => subject.slice(subject.indexOf(':') + 1 || subject.length);

const EDGE = { before: '(^|[^[:alnum:]])', after: '($|[^[:alnum:]])' } as const;
const splitWords = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
/** A pattern for each word of a name, wherever it stands. */
const wordsOf = (name: string): readonly string[] =>
  splitWords(name).map((word) => `${EDGE.before}${word}${EDGE.after}`);
/** A pattern for all words of a text, one behind the other. */
const phraseOf = (text: string): string =>
  `${EDGE.before}${splitWords(text).join('[^[:alnum:]]+')}${EDGE.after}`;
