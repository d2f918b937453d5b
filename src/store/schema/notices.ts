/**
 * What people are to be told, and how far that has come: an outbox. A notice says what happened and is as good as its history; a
 * delivery is one way on which one of the tenant's channels is told of it; a link is one that was sent along.
 * Adapter ring; data only. Deliveries and links are no projection: what has been sent was sent.
 */
import { sql } from 'drizzle-orm';
import { customType, index, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { NoticeBody } from '../../notices/notice';

const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

export const notices = pgTable(
  'notices',
  {
    tenant: text().notNull(),
    /** What it is told once for, however often it is said: made of what happened, where and when. */
    id: text().notNull(),
    body: jsonb().$type<NoticeBody>().notNull(),
    createdAt: time('created_at').notNull().defaultNow(),
    /** When its deliveries were made; null until then. */
    spreadAt: time('spread_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.id] }),
    index('notices_open')
      .on(table.tenant, table.createdAt)
      .where(sql`${table.spreadAt} IS NULL`),
  ],
);

export const noticeDeliveries = pgTable(
  'notice_deliveries',
  {
    tenant: text().notNull(),
    notice: text().notNull(),
    /** Id of the channel in the tenant's configuration. */
    channel: text().notNull(),
    /** `waiting`, `sent` or `dead`. */
    state: text().notNull().default('waiting'),
    /** Attempts begun. */
    attempts: integer().notNull().default(0),
    /** Not before this. */
    dueAt: time('due_at').notNull().defaultNow(),
    /** Which attempt has it, and until when: an attempt whose process died lapses. */
    claim: text(),
    claimedUntil: time('claimed_until'),
    /** Code and words of the last failure. */
    failure: text(),
    sentAt: time('sent_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.notice, table.channel] }),
    index('notice_deliveries_open')
      .on(table.tenant, table.dueAt)
      .where(sql`${table.state} = 'waiting'`),
    index('notice_deliveries_dead')
      .on(table.tenant)
      .where(sql`${table.state} = 'dead'`),
  ],
);

export const noticeLinks = pgTable(
  'notice_links',
  {
    tenant: text().notNull(),
    /** SHA-256 of the token: who reads this table can not follow a link. */
    digest: bytes().notNull(),
    notice: text().notNull(),
    channel: text().notNull(),
    expiresAt: time('expires_at').notNull(),
    usedAt: time('used_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.digest] }),
    index('notice_links_by_age').on(table.expiresAt),
  ],
);
