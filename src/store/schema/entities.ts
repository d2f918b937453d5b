/**
 * One row an entity of the graph, with where each of its fields was last said.
 * Adapter ring; data only.
 */
import { index, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { JsonObject } from '../../kernel/json';

/** When and by whom a field or relation was last said. Names are `fields.email`, `relations.manager`. */
export interface Sources {
  readonly [part: string]: {
    /** Milliseconds since the epoch: when it held, by the clock of who said it. */
    readonly at: number;
    /** `event <source> <id>`, `person:…` or `seed`. */
    readonly by: string;
  };
}

export const entities = pgTable(
  'entities',
  {
    tenant: text().notNull(),
    /** `<type>:<name>`. */
    id: text().notNull(),
    type: text().notNull(),
    fields: jsonb().$type<JsonObject>().notNull(),
    /** Ids by relation. */
    relations: jsonb().$type<Readonly<Record<string, readonly string[]>>>().notNull(),
    sources: jsonb().$type<Sources>().notNull(),
    /** 1 for the first; counts changes of fields and relations. */
    version: integer().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.id] }),
    index('entities_by_type').on(table.tenant, table.type, table.id),
    // Who reports to somebody is asked from the other side.
    index('entities_by_relation').using('gin', table.relations.op('jsonb_path_ops')),
  ],
);
