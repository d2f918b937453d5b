/**
 * One row an `Idempotency-Key` that a caller sent, with the answer it got. Not a projection: it is what makes a request that
 * is sent again count once. Rows live for a day.
 * Adapter ring; data only.
 */
import { index, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { Json } from '../../kernel/json';

export const keptAnswers = pgTable(
  'kept_answers',
  {
    tenant: text().notNull(),
    /** Who sent it: two callers may choose the same key. */
    caller: text().notNull(),
    key: text().notNull(),
    /** SHA-256 of method, path and body: a key names one request. */
    request: text().notNull(),
    /** HTTP status; null while the request is worked on. */
    status: integer(),
    body: jsonb().$type<Json>(),
    headers: jsonb().$type<Readonly<Record<string, string>>>(),
    /** Which try has it: a try whose process died is taken over, and must not answer for its successor. */
    claim: text().notNull(),
    claimedAt: timestamp('claimed_at', { withTimezone: true }).notNull().defaultNow(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.caller, table.key] }),
    index('kept_answers_by_age').on(table.createdAt),
  ],
);
