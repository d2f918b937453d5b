/**
 * Keys that decisions of people are signed with: one that signs a tenant, and those before it, which still verify.
 * Adapter ring; data only. No history holds a key, and whoever reaches Temporal alone reaches none.
 */
import { bigint, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Json } from '../../kernel/json';

const time = (name: string) => bigint(name, { mode: 'number' });

export const decisionKeys = pgTable(
  'decision_keys',
  {
    tenant: text().notNull(),
    /** RFC 7638 thumbprint of the public key. */
    kid: text().notNull(),
    /** JWK. */
    publicKey: jsonb('public_key').$type<Json>().notNull(),
    /** JWK, sealed with a key that is not here; null once it has been retired: it verifies, and nobody can sign with it. */
    privateKey: jsonb('private_key').$type<Json>(),
    createdAt: time('created_at').notNull(),
    /** From then on nothing that it signed counts, and nothing that arrives later: it was in other hands. */
    revokedAt: time('revoked_at'),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.kid] })],
);
