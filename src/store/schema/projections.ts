/**
 * Projections: outcomes, actions and what waits for people, told from histories alone. They may be dropped at any time and are
 * rebuilt from histories and archive, row for row. Personal data stands here in the clear, where the log has only hashes.
 * Adapter ring; data only.
 */
import { sql } from 'drizzle-orm';
import {
  bigint,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import type { Json } from '../../kernel/json';

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const count = (name: string) => integer(name).notNull().default(0);

/** One row an outcome; its way back after completion is told in the same row. */
export const projectedOutcomes = pgTable(
  'projected_outcomes',
  {
    tenant: text().notNull(),
    id: text().notNull(),
    /** Outcome code. */
    outcome: text().notNull(),
    runbook: text().notNull(),
    version: text().notNull(),
    domain: text().notNull(),
    automation: text(),
    entity: text().notNull(),
    planId: text('plan_id').notNull(),
    startedBy: text('started_by').notNull(),
    /** Event id where an event caused it. */
    event: text(),
    /** Who answers for it by name; null where an event started it. */
    person: text(),
    correlation: text(),
    /** `running`, `paused`, `backstepping`, `completed`, `backstepped`, or `terminated` where it was ended by force. */
    phase: text().notNull(),
    startedAt: time('started_at').notNull(),
    /** When it was over; set anew by a later way back. */
    endedAt: time('ended_at'),
    /** Actions whose undo a person gave up. */
    residue: text().array().notNull(),
    updatedAt: time('updated_at').notNull(),
    /** Place in the log of the last record that is told here. */
    seq: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.id] }),
    index('projected_outcomes_by_start').on(table.tenant, table.startedAt),
    index('projected_outcomes_by_entity').on(table.tenant, table.entity),
    index('projected_outcomes_by_phase').on(table.tenant, table.phase, table.startedAt),
  ],
);

/** One row an action. */
export const projectedActions = pgTable(
  'projected_actions',
  {
    tenant: text().notNull(),
    outcome: text().notNull(),
    node: text().notNull(),
    awf: text().notNull(),
    runbook: text().notNull(),
    domain: text().notNull(),
    automation: text(),
    /** A state of 8.1: `proposed`, `queued`, `completed`, `failed`, `rejected`, `expired`. */
    state: text().notNull(),
    /** Mode, verdict, confidence, and risk of its last decision; null where none was asked. */
    mode: text(),
    fire: text(),
    confidence: doublePrecision(),
    riskClass: text('risk_class'),
    riskScore: doublePrecision('risk_score'),
    reversibility: text().notNull(),
    /** When it was asked for first, when it ended, and when it was undone. */
    proposedAt: time('proposed_at').notNull(),
    endedAt: time('ended_at'),
    undoneAt: time('undone_at'),
    /** `undone`, `undo_skipped` or `undo_failed`; null while nothing was undone. */
    undo: text(),
    /** Attempts of all firings, failed ones included. */
    attempts: count('attempts'),
    /** How often it was held, and why the last time. */
    holds: count('holds'),
    heldBecause: text('held_because'),
    failureCode: text('failure_code'),
    failureClass: text('failure_class'),
    /** `[{ by, verdict, at, reason }]`, oldest first. */
    approvals: jsonb().$type<Json>().notNull(),
    /** Who overrode, supplied or accepted it. */
    overriddenBy: text('overridden_by'),
    /** Expected cost of one firing, by unit. */
    cost: jsonb().$type<Json>().notNull(),
    /** The record of its last decision: facts and figures to decide again by. */
    decision: jsonb().$type<Json>(),
    updatedAt: time('updated_at').notNull(),
    seq: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.outcome, table.node] }),
    index('projected_actions_by_time').on(table.tenant, table.proposedAt),
    index('projected_actions_by_awf').on(table.tenant, table.awf),
  ],
);

/** One row a thing that waits, or waited, for a person. */
export const projectedInbox = pgTable(
  'projected_inbox',
  {
    tenant: text().notNull(),
    outcome: text().notNull(),
    node: text().notNull(),
    /** Which time it waits at this node, from 1. */
    turn: integer().notNull(),
    /** `gate`, `held`, `incident`, `escalation` or `terminated`. */
    kind: text().notNull(),
    /** What is asked: type of approval, cause of the hold, code of the failure. */
    asks: text().notNull(),
    /** Who may answer; empty where nobody is named. */
    askedOf: text('asked_of').array().notNull(),
    entity: text().notNull(),
    openedAt: time('opened_at').notNull(),
    closedAt: time('closed_at'),
    closedAs: text('closed_as'),
    closedBy: text('closed_by'),
    seq: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.outcome, table.node, table.turn] }),
    index('projected_inbox_open')
      .on(table.tenant, table.openedAt)
      .where(sql`${table.closedAt} is null`),
  ],
);
