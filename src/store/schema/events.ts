/**
 * One row an event that was received, whatever became of it. Not a projection: it is what makes the same event count once.
 * Adapter ring; data only.
 */
import { sql } from 'drizzle-orm';
import {
  bigserial,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { Diagnostic } from '../../kernel/diagnostic';
import type { Json } from '../../kernel/json';

/**
 * `received`: kept, and not looked at to the end. `selected`: one automation takes it. `started`: its outcome runs or ran.
 * `unselected`, `ambiguous`: none or several take it. `failed`: something else is wrong. The last three wait for a person
 * and can be retried.
 */
export type EventStatus = 'received' | 'selected' | 'started' | 'unselected' | 'ambiguous' | 'failed';

export const receivedEvents = pgTable(
  'received_events',
  {
    tenant: text().notNull(),
    source: text().notNull(),
    id: text().notNull(),
    /** In the order of arrival; pages of a list go by it. */
    seq: bigserial({ mode: 'number' }).notNull(),
    type: text().notNull(),
    /** The whole CloudEvent, as it was parsed. */
    event: jsonb().$type<Json>().notNull(),
    status: text().$type<EventStatus>().notNull(),
    /** Why it was not selected or failed; empty otherwise. */
    reasons: jsonb().$type<readonly Diagnostic[]>().notNull().default([]),
    automation: text(),
    /** Outcome code. */
    outcome: text(),
    entity: text(),
    outcomeId: text('outcome_id'),
    /** How often it was looked at. */
    tries: integer().notNull().default(0),
    receivedAt: timestamp('received_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.source, table.id] }),
    uniqueIndex('received_events_by_seq').on(table.seq),
    index('received_events_by_status').on(table.tenant, table.status, table.seq),
    // An outcome's id holds the event's id and not its source, so two sources must not share one.
    uniqueIndex('received_events_outcome')
      .on(table.tenant, table.outcome, table.id)
      .where(sql`${table.outcome} is not null`),
  ],
);
