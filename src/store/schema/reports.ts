/**
 * Reports that were made by schedule, as they were made: the log has grown since, and what somebody signed off must not change.
 * Adapter ring; data only.
 */
import { integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { Report } from '../../audit/reports/report';

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

export const keptReports = pgTable(
  'kept_reports',
  {
    tenant: text().notNull(),
    /** One of `REPORT_KINDS`. */
    kind: text().notNull(),
    /** The period: from, inclusive, and to, exclusive. */
    from: time('from_at').notNull(),
    to: time('to_at').notNull(),
    records: integer().notNull(),
    body: jsonb().$type<Report>().notNull(),
    madeAt: time('made_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.kind, table.from, table.to] })],
);
