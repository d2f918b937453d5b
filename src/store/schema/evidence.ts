/**
 * The PolicyLog and what keeps it honest: one chain a tenant, its tree, its signed heads, the archive of closed histories, and
 * the keys that personal data in them is hashed and sealed with.
 * Adapter ring; data only. The migration says what this file cannot: `policy_log` is partitioned by the
 * month of `at`, and triggers keep what is here from being changed.
 */
import { sql } from 'drizzle-orm';
import {
  bigint,
  customType,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const size = (name: string) => bigint(name, { mode: 'number' });

/** One row a tenant: where its log ends. Whoever appends has this row's lock, so the chain has one writer at a time. */
export const policyLogs = pgTable('policy_logs', {
  tenant: text().primaryKey(),
  /** Records in the log; the place of the next. */
  size: size('size').notNull().default(0),
  /** Hash of the last record. */
  head: bytes().notNull(),
  /** Hashes of the perfect subtrees that the tree ends in, 32 bytes a level, zeros where there is none. */
  frontier: bytes().notNull(),
  changedAt: time('changed_at').notNull().defaultNow(),
});

/** One row a record. `text` is what is hashed; the other columns are what lists look for in it. */
export const policyLog = pgTable(
  'policy_log',
  {
    tenant: text().notNull(),
    seq: size('seq').notNull(),
    /** When it happened, as the history has it. */
    at: time('at').notNull(),
    /** One of `RECORD_KINDS`. */
    kind: text().notNull(),
    /** `person`, `engine` or `system`. */
    actorKind: text('actor_kind').notNull(),
    actor: text().notNull(),
    /** Outcome id, and node in it; null where it is about neither. */
    outcome: text(),
    node: text(),
    /** Where it comes from: workflow, run, event from 1, part from 0. */
    workflow: text().notNull(),
    run: text().notNull(),
    event: integer().notNull(),
    part: integer().notNull(),
    /** Canonical JSON of the record. */
    text: text().notNull(),
    /** Hash of the text as the tree's leaf; the next record names it. */
    hash: bytes().notNull(),
    /** When it was written here. */
    recordedAt: time('recorded_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.seq, table.at] }),
    index('policy_log_by_time').on(table.tenant, table.at),
    index('policy_log_by_outcome').on(table.tenant, table.outcome, table.seq),
    index('policy_log_by_kind').on(table.tenant, table.kind, table.seq),
    index('policy_log_by_run').on(table.tenant, table.run, table.event, table.part),
  ],
);

/** Hashes of the perfect subtrees over 2^level records, for levels that are multiples of 8: proofs need no more. */
export const policyLogTiles = pgTable(
  'policy_log_tiles',
  {
    tenant: text().notNull(),
    level: integer().notNull(),
    index: size('index').notNull(),
    hash: bytes().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.level, table.index] })],
);

/** Signed heads, oldest first by `at`; made at intervals, also when nothing happened. */
export const policyLogCheckpoints = pgTable(
  'policy_log_checkpoints',
  {
    tenant: text().notNull(),
    at: time('at').notNull(),
    size: size('size').notNull(),
    root: bytes().notNull(),
    /** The signed note, C2SP checkpoint. */
    note: text().notNull(),
    /** Who signed: name, and Ed25519 public key of 32 bytes. */
    signer: text().notNull(),
    publicKey: bytes('public_key').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.at] })],
);

/** One row a run of a workflow: how far it has been projected. */
export const projectedRuns = pgTable(
  'projected_runs',
  {
    tenant: text().notNull(),
    workflow: text().notNull(),
    run: text().notNull(),
    /** `outcome` or `control`. */
    kind: text().notNull(),
    /** Records of this run in the log. */
    records: integer().notNull(),
    /** Last event of the history that was read, and when it happened. */
    lastEvent: integer('last_event').notNull(),
    lastEventAt: time('last_event_at').notNull(),
    /** How it ended (`completed`, `continued`, `failed`, `canceled`, `terminated`, `timedOut`); null while it runs. */
    ended: text(),
    /** The run that it went on in. */
    nextRun: text('next_run'),
    /** The subject key that its records hash with; null where they hash nothing. */
    subjectKey: text('subject_key'),
    firstSeenAt: time('first_seen_at').notNull().defaultNow(),
    projectedAt: time('projected_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.workflow, table.run] }),
    index('projected_runs_open')
      .on(table.tenant, table.projectedAt)
      .where(sql`${table.ended} is null`),
    index('projected_runs_by_key')
      .on(table.tenant, table.subjectKey)
      .where(sql`${table.subjectKey} is not null`),
  ],
);

/** One row a closed run: its whole history, compressed and sealed. Its hash stands in the log as `log.archived`. */
export const archivedHistories = pgTable(
  'archived_histories',
  {
    tenant: text().notNull(),
    workflow: text().notNull(),
    run: text().notNull(),
    /** How `stored` is to be read; 1: raw deflate of the protobuf of Temporal's `History`, sealed where `sealed_with` says so. */
    format: integer().notNull(),
    events: integer().notNull(),
    /** Null once it lies at `place`; until then it waits here to be brought there, where there is such a place. */
    stored: bytes(),
    /** Where it lies outside the database: `s3://<bucket>/<key>?versionId=<version>`. */
    place: text(),
    /** Of `stored`, lower-case hex. */
    sha256: text().notNull(),
    /** The subject key it is sealed with; null where it is not sealed. */
    sealedWith: text('sealed_with'),
    closedAt: time('closed_at').notNull(),
    archivedAt: time('archived_at').notNull().defaultNow(),
    /** Until then it is kept, and longer under a legal hold. */
    keepUntil: time('keep_until').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.workflow, table.run] }),
    index('archived_histories_by_end').on(table.tenant, table.closedAt),
    index('archived_histories_by_keep').on(table.keepUntil),
    index('archived_histories_unplaced')
      .on(table.tenant, table.archivedAt)
      .where(sql`${table.stored} is not null`),
  ],
);

/** Stops the end of retention for what it names. Set and lifted by acts of control. */
export const legalHolds = pgTable(
  'legal_holds',
  {
    tenant: text().notNull(),
    id: text().notNull(),
    /**
     * `tenant`; `outcome` with its id as name; `entity` with the id of its key as name, because acts are kept longer than
     * names; `time` for what happened from `from_at`, inclusive, to `until_at`.
     */
    scope: text().notNull(),
    name: text().notNull(),
    fromAt: time('from_at'),
    untilAt: time('until_at'),
    by: text().notNull(),
    reason: text().notNull(),
    at: time('at').notNull(),
    liftedAt: time('lifted_at'),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.id] })],
);

/**
 * One row a key. Personal values stand in the log as hashes under their subject's key, and histories in the archive sealed
 * with it: once the key is destroyed both say nothing any more, and not one byte of the log has changed.
 */
export const subjectKeys = pgTable(
  'subject_keys',
  {
    tenant: text().notNull(),
    /** Random; it stands in records. */
    id: text().notNull(),
    /** Entity id, such as `person:sarah.chen`; null once destroyed. */
    subject: text(),
    /** 32 bytes, wrapped with the tenant's key where `wrapped_with` names one; null once destroyed. */
    key: bytes(),
    wrappedWith: text('wrapped_with'),
    createdAt: time('created_at').notNull().defaultNow(),
    destroyedAt: time('destroyed_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.id] }),
    uniqueIndex('subject_keys_by_subject')
      .on(table.tenant, table.subject)
      .where(sql`${table.destroyedAt} is null`),
  ],
);
