/**
 * One row an action: how far its effect and its compensation have come. Not a projection: it is what makes both of them
 * safe in any order and number of arrivals.
 * Adapter ring; data only.
 */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import type { Attempt } from '../../kernel/failure';
import type { Json } from '../../kernel/json';

/**
 * `acting`: an attempt was admitted and has not been recorded as ended. `failed`: the last attempt is recorded as failed.
 * `committed`: the effect is there. `undoing`: a compensation was admitted. `undone`: it is through. `fenced`: the
 * compensation came before any effect could exist, so no execute will ever be let through.
 */
export type BarrierPhase = 'acting' | 'failed' | 'committed' | 'undoing' | 'undone' | 'fenced';

/** A JSON value in a box, so that a stored `null` differs from nothing stored. */
export interface Boxed {
  readonly v: Json;
}

export const barriers = pgTable(
  'barriers',
  {
    tenant: text().notNull(),
    outcome: text().notNull(),
    node: text().notNull(),
    phase: text().$type<BarrierPhase>().notNull(),
    /** Which asking of the workflow this is; each has retries of its own. */
    firing: integer().notNull(),
    /** Attempts that were ever admitted. */
    attempt: integer().notNull(),
    /** Who was admitted last; an attempt learns from it whether it was. */
    holder: text().notNull(),
    /** Milliseconds since the epoch, by the clock of the worker. */
    startedAt: bigint('started_at', { mode: 'number' }).notNull(),
    /** Until then the attempt at hand may still write; by the clock of the database. */
    leaseUntil: timestamp('lease_until', { withTimezone: true }).notNull(),
    /** Whether an attempt ended with its effect unknown. It stays set. */
    unclear: boolean().notNull(),
    /** Failed attempts of the firing at hand. */
    attempts: jsonb().$type<readonly Attempt[]>().notNull(),
    /** Whether the last failed attempt was the last of its firing: asked again, the firing fails again and does nothing. */
    settled: boolean().notNull().default(false),
    /** Kept where the history may never hear of the firing: what was fired, and with what. */
    awf: text(),
    input: jsonb().$type<Boxed>(),
    prior: jsonb().$type<Boxed>(),
    output: jsonb().$type<Boxed>(),
    /** Arguments of the compensation. */
    undo: jsonb().$type<Boxed>(),
    undoFiring: integer('undo_firing').notNull().default(0),
    undoAttempt: integer('undo_attempt').notNull().default(0),
    undoStartedAt: bigint('undo_started_at', { mode: 'number' }),
    undoAttempts: jsonb('undo_attempts').$type<readonly Attempt[]>().notNull().default([]),
    undoSettled: boolean('undo_settled').notNull().default(false),
    /** Whether the compensation found something to undo. */
    undoChanged: boolean('undo_changed'),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.outcome, table.node] }),
    // Attempts that left no word are found by the end of their time.
    index('barriers_acting')
      .on(table.leaseUntil)
      .where(sql`${table.phase} = 'acting'`),
  ],
);
