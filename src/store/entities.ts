/**
 * Entities in Postgres: read, searched, and changed one at a time under a lock.
 * Adapter ring. It knows no entity types and no events; `src/cortex` does.
 */
import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import type { JsonObject } from '../kernel/json';
import type { Database } from './database';
import { asStoreError } from './drizzle-error';
import { entities, type Sources } from './schema/entities';

export interface StoredEntity {
  readonly tenant: string;
  readonly id: string;
  readonly type: string;
  readonly fields: JsonObject;
  readonly relations: { readonly [relation: string]: readonly string[] };
  readonly sources: Sources;
  readonly version: number;
}

export interface EntityQuery {
  readonly tenant: string;
  readonly type?: string;
  /** Fields that must have exactly these values. */
  readonly fields?: JsonObject;
  /** Entities whose relation leads to `to`. */
  readonly related?: { readonly relation: string; readonly to: string };
  /** Id behind which the page begins. */
  readonly after?: string;
  /** Entities of one page. */
  readonly limit: number;
}

export interface EntityStore {
  get(tenant: string, id: string): Promise<StoredEntity | undefined>;
  /** Those that exist, by id. */
  getMany(tenant: string, ids: readonly string[]): Promise<ReadonlyMap<string, StoredEntity>>;
  /** Sorted by id. */
  find(query: EntityQuery): Promise<readonly StoredEntity[]>;
  /** How many there are of a type. */
  count(tenant: string, type: string): Promise<number>;
  /**
   * Hands the entity to `change` and keeps what it gives, under a lock that no other change of the same entity passes;
   * `undefined` keeps what is there. `change` is pure and must not throw.
   */
  change(
    key: { readonly tenant: string; readonly id: string },
    change: (current: StoredEntity | undefined) => StoredEntity | undefined,
  ): Promise<StoredEntity | undefined>;
}

const COLUMNS = {
  tenant: entities.tenant,
  id: entities.id,
  type: entities.type,
  fields: entities.fields,
  relations: entities.relations,
  sources: entities.sources,
  version: entities.version,
};

/** Throws StoreError when the database is down or refuses. */
export function createEntityStore(database: Database): EntityStore {
  const ormOf = (tenant: string) => database.of(tenant).orm;
  return {
    async get(tenant, id) {
      const rows = await asStoreError(
        ormOf(tenant)
          .select(COLUMNS)
          .from(entities)
          .where(and(eq(entities.tenant, tenant), eq(entities.id, id))),
      );
      return rows[0];
    },
    async count(tenant, type) {
      const statement = {
        name: 'entities-count',
        text: 'SELECT count(*)::int AS count FROM entities WHERE tenant = $1 AND type = $2',
        values: [tenant, type],
      };
      const [row] = await database.of(tenant).query<{ count: number }>(statement);
      return row?.count ?? 0;
    },
    async getMany(tenant, ids) {
      if (ids.length === 0) return new Map();
      const rows = await asStoreError(
        ormOf(tenant)
          .select(COLUMNS)
          .from(entities)
          .where(and(eq(entities.tenant, tenant), inArray(entities.id, [...ids]))),
      );
      return new Map(rows.map((row) => [row.id, row]));
    },
    find: ({ tenant, type, fields, related, after, limit }) =>
      asStoreError(
        ormOf(tenant)
          .select(COLUMNS)
          .from(entities)
          .where(
            and(
              eq(entities.tenant, tenant),
              type === undefined ? undefined : eq(entities.type, type),
              fields === undefined ? undefined : sql`${entities.fields} @> ${JSON.stringify(fields)}::jsonb`,
              related === undefined ? undefined : relatedTo(related),
              after === undefined ? undefined : gt(entities.id, after),
            ),
          )
          .orderBy(asc(entities.id))
          .limit(limit),
      ),
    change: ({ tenant, id }, change) =>
      database.of(tenant).transaction(async (client) => {
        const transaction = drizzle(client);
        // The row may not exist yet, so the lock is on its name.
        const lock = sql`select pg_advisory_xact_lock(hashtextextended(${`entity ${tenant} ${id}`}, 0))`;
        await asStoreError(transaction.execute(lock));
        const mine = and(eq(entities.tenant, tenant), eq(entities.id, id));
        const [current] = await asStoreError(transaction.select(COLUMNS).from(entities).where(mine));
        const next = change(current);
        if (next === undefined) return current;
        const { type, fields, relations, sources, version } = next;
        await asStoreError(
          transaction
            .insert(entities)
            .values({ tenant, id, type, fields, relations, sources, version })
            .onConflictDoUpdate({
              target: [entities.tenant, entities.id],
              set: { fields, relations, sources, version, updatedAt: sql`now()` },
            }),
        );
        return next;
      }),
  };
}

const relatedTo = ({ relation, to }: NonNullable<EntityQuery['related']>) =>
  sql`${entities.relations} @> ${JSON.stringify({ [relation]: [to] })}::jsonb`;
