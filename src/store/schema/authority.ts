/**
 * What admission reads and writes: controls that people set, counters, reservations, waiters, breakers and the memory of what
 * really happened. `migrations/functions/authority.sql` holds the functions that work on them, under one lock a tenant.
 * Adapter ring; data only.
 */
import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from 'drizzle-orm/pg-core';
import type { TrustLedger } from '../../governance/trust';
import type { Json } from '../../kernel/json';

const time = (name: string) => bigint(name, { mode: 'number' });

/** One row a tenant. */
export const authorityTenants = pgTable('authority_tenants', {
  tenant: text().primaryKey(),
  /** Counts acts of control: a hold that was decided before the last one asks again. */
  version: integer().notNull().default(0),
  /** Absent before the first execution. */
  trust: jsonb().$type<TrustLedger>(),
  /** Where the trust was not earned here: who imported it, and why. */
  trustImported: jsonb('trust_imported').$type<Json>(),
});

/** What people have set: each row is the last word of a control workflow, which keeps the history. */
export const controls = pgTable(
  'authority_controls',
  {
    tenant: text().notNull(),
    /** `tenant`, `domain`, `runbook`, `automation`, `outcome`, `action`, `node` or `system`. */
    scope: text().notNull(),
    name: text().notNull(),
    /** `dial`, `kill`, `pause`, `passive`, `limit:<guardrail>`, `calendar:<id>`, `person`, `took:<person>`, `approval:<person>`, `breach:<guardrail>`, `breach:undo:<action>` or `stopped`. */
    kind: text().notNull(),
    value: jsonb().$type<Json>().notNull(),
    by: text().notNull(),
    reason: text().notNull(),
    at: time('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.scope, table.name, table.kind] })],
);

/** Units in use, per key and UTC calendar window. */
export const counters = pgTable(
  'authority_counters',
  {
    tenant: text().notNull(),
    /** A guardrail, `outcomes:…` of an automation and of an entity by its digest, or `fired:`, `flight:`, `failed:`, `finished:` of one. */
    key: text().notNull(),
    /** Start of the window in milliseconds since the epoch; 0 for what is counted at once. */
    bucket: time('bucket').notNull(),
    used: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.key, table.bucket] })],
);

/** `open`: an attempt is under way. `granted`: units are kept for one who waits. `resting`: between attempts. */
export type ReservationState = 'open' | 'granted' | 'resting' | 'settled';

/** One row an action: what it has taken. The row with an empty node holds what its whole outcome has taken once. */
export const reservations = pgTable(
  'authority_reservations',
  {
    tenant: text().notNull(),
    outcome: text().notNull(),
    node: text().notNull(),
    firing: integer().notNull(),
    state: text().$type<ReservationState>().notNull(),
    automation: text(),
    awf: text().notNull(),
    /** `[{ k, b, u }]`: key, bucket, units. */
    taken: jsonb().$type<Json>().notNull(),
    /** When it was asked for first. */
    since: time('since').notNull(),
    changedAt: time('changed_at').notNull(),
    /** The decision that fired it, as the bytes that were decided. */
    decision: text(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.outcome, table.node] })],
);

/** `queued`: held. `granted`, `expired`: to be told so. `told`: it knows, and will ask again. */
export type WaiterState = 'queued' | 'granted' | 'expired' | 'told';

/** One row a held action, until it asks again. */
export const waiters = pgTable(
  'authority_waiters',
  {
    tenant: text().notNull(),
    outcome: text().notNull(),
    node: text().notNull(),
    /** The order of the queue. */
    seq: bigserial({ mode: 'number' }).notNull(),
    firing: integer().notNull(),
    state: text().$type<WaiterState>().notNull(),
    automation: text(),
    runbook: text().notNull(),
    domain: text().notNull(),
    system: text().notNull(),
    awf: text().notNull(),
    causes: text().array().notNull(),
    because: text().notNull(),
    /** Keys whose room alone it waits for; empty where something else holds it too. */
    waitsFor: text('waits_for').array().notNull(),
    /** What it asks for: `[{ k, w, u, l, p, o }]`. */
    asks: jsonb().$type<Json>().notNull(),
    since: time('since').notNull(),
    /** When its cause ends by itself. */
    releasesAt: time('releases_at'),
    expiresAt: time('expires_at').notNull(),
    /** Since when its patience counts, where it was paused meanwhile: as long as it was, its time stood still. */
    patientFrom: time('patient_from'),
    /** An act of control touched it: it is to ask again. */
    asksAgain: boolean('asks_again').notNull().default(false),
    /** Counts grants: names the message that tells of one. */
    wake: integer().notNull().default(0),
    /** When a releaser took it up; after a while another may. */
    toldAt: time('told_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.outcome, table.node] }),
    index('authority_waiters_queue')
      .on(table.tenant, table.seq)
      .where(sql`${table.state} = 'queued'`),
    index('authority_waiters_outbox')
      .on(table.seq)
      .where(sql`${table.state} in ('granted', 'expired')`),
    index('authority_waiters_told')
      .on(table.toldAt)
      .where(sql`${table.state} = 'told'`),
  ],
);

/** One row a tenant and system. */
export const breakers = pgTable(
  'authority_breakers',
  {
    tenant: text().notNull(),
    system: text().notNull(),
    state: text().$type<'closed' | 'open' | 'half_open'>().notNull(),
    windowFrom: time('window_from').notNull(),
    calls: integer().notNull(),
    failures: integer().notNull(),
    /** When the next probe may go. */
    probeAt: time('probe_at'),
    /** `<outcome>#<node>` of the probe under way. */
    probe: text(),
    /** Earliest call that the system asked for (429). */
    retryAt: time('retry_at'),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.system] })],
);

/** How firings of an action type, or under a runbook, have ended. */
export const memory = pgTable(
  'authority_memory',
  {
    tenant: text().notNull(),
    /** `awf` or `runbook`. */
    scope: text().notNull(),
    name: text().notNull(),
    successes: doublePrecision().notNull(),
    failures: doublePrecision().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.scope, table.name] })],
);
