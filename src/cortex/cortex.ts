/**
 * Cortex, the entity graph of the tenants: what is known of people, devices, articles, and how they belong together.
 * Adapter ring. Which types and fields there are is configuration; a bundle comes with every call that needs to know.
 */
import type { Bundle, RelationContent } from '../config/bundle';
import { entityTypeOf } from '../config/entity-id';
import { entityMistakes, sizeMistakes, type EntityUpdate } from '../config/entity-model';
import { ENTITY_LIMITS } from '../config/limits';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import { err, ok, type Result } from '../kernel/result';
import type { EntityQuery, EntityStore, StoredEntity } from '../store/entities';
import { mergeEntity, type Word } from './merge';

export type Entity = StoredEntity;

export interface Upserted {
  readonly entity: Entity;
  readonly isNew: boolean;
  /** Whether a field or a relation has another value than before. */
  readonly isChanged: boolean;
}

/** Where a chain of relations ends. */
export type ChainEnd =
  /** The last one has no such relation. */
  | 'top'
  /** It leads back to one it came through. */
  | 'cycle'
  /** It leads to an entity that is not in the graph. */
  | 'unknown'
  /** It is longer than it may be. */
  | 'bound';

export interface Chain {
  /** Nearest first; without the entity it begins at. */
  readonly entities: readonly Entity[];
  readonly end: ChainEnd;
}

export interface Cortex {
  get(tenant: string, id: string): Promise<Entity | undefined>;
  /** As `get`. Errors: `ENTITY_UNKNOWN`. */
  need(tenant: string, id: string): Promise<Result<Entity, Diagnostic>>;
  getMany(tenant: string, ids: readonly string[]): Promise<ReadonlyMap<string, Entity>>;
  /** Sorted by id, in pages of at most `ENTITY_LIMITS.page`. */
  find(query: Omit<EntityQuery, 'limit'> & { readonly limit?: number }): Promise<readonly Entity[]>;
  /**
   * Says something of an entity, and makes it where it does not exist. A word that is older than what is known changes
   * nothing. Errors: `ENTITY_…`; a new entity needs its required fields.
   */
  upsert(bundle: Bundle, update: EntityUpdate, word: Word): Promise<Result<Upserted, readonly Diagnostic[]>>;
  /** Entities a relation leads to, the inverse ones included. Errors: `ENTITY_UNKNOWN`, `ENTITY_FIELD_UNKNOWN`. */
  related(bundle: Bundle, id: string, relation: string): Promise<Result<readonly Entity[], Diagnostic>>;
  /** Follows a relation that leads to one entity, such as `manager`, to its end. Errors: as `related`. */
  chain(bundle: Bundle, id: string, relation: string): Promise<Result<Chain, Diagnostic>>;
}

/** Its methods throw StoreError when the database is down. */
export function createCortex(store: EntityStore): Cortex {
  const need: Cortex['need'] = async (tenant, id) => {
    const entity = await store.get(tenant, id);
    return entity === undefined ? err(unknownEntity(id)) : ok(entity);
  };
  return {
    get: (tenant, id) => store.get(tenant, id),
    need,
    getMany: (tenant, ids) => store.getMany(tenant, ids),
    find: ({ limit = ENTITY_LIMITS.page, ...query }) =>
      store.find({ ...query, limit: Math.max(1, Math.min(limit, ENTITY_LIMITS.page)) }),
    upsert: (bundle, update, word) => upsert(store, bundle, { update, word }),
    async related(bundle, id, relation) {
      const start = await need(bundle.tenant, id);
      if (!start.ok) return start;
      const declared = relationOf(bundle, id, relation);
      return declared.ok
        ? ok(await followed(store, start.value, { relation, declared: declared.value }))
        : declared;
    },
    async chain(bundle, id, relation) {
      const start = await need(bundle.tenant, id);
      if (!start.ok) return start;
      const declared = relationOf(bundle, id, relation);
      return declared.ok ? ok(await chainFrom(store, start.value, relation)) : declared;
    },
  };
}

async function upsert(
  store: EntityStore,
  bundle: Bundle,
  { update, word }: { readonly update: EntityUpdate; readonly word: Word },
): Promise<Result<Upserted, readonly Diagnostic[]>> {
  const types = bundle.content.entityTypes;
  const { tenant } = bundle;
  let result: Result<Upserted, readonly Diagnostic[]> = err([unknownEntity(update.id)]);
  await store.change({ tenant, id: update.id }, (current) => {
    const { entity, isChanged } = mergeEntity(current, update, { tenant, ...word });
    // What was stored under an earlier configuration is not judged again; what is said now is.
    const wrong = entityMistakes(types, update, { isWhole: current === undefined });
    const mistakes = wrong.length > 0 ? wrong : sizeMistakes(entity);
    if (mistakes.length > 0) {
      result = err(mistakes);
      return undefined;
    }
    result = ok({ entity, isNew: current === undefined, isChanged });
    return entity;
  });
  return result;
}

function relationOf(bundle: Bundle, id: string, relation: string): Result<RelationContent, Diagnostic> {
  const relations = bundle.content.entityTypes[entityTypeOf(id)]?.relations ?? {};
  if (Object.hasOwn(relations, relation)) return ok(relations[relation]!);
  const help = didYouMean(relation, Object.keys(relations));
  const message = `\`${relation}\` is no relation of this type`;
  return err({ code: 'ENTITY_FIELD_UNKNOWN', at: id, message, ...(help === undefined ? {} : { help }) });
}

async function followed(
  store: EntityStore,
  from: Entity,
  { relation, declared }: { readonly relation: string; readonly declared: RelationContent },
): Promise<readonly Entity[]> {
  const { tenant, id } = from;
  if ('inverse' in declared) {
    const related = { relation: declared.inverse, to: id };
    return store.find({ tenant, type: declared.to, related, limit: ENTITY_LIMITS.page });
  }
  const ids = targets(from, relation);
  const found = await store.getMany(tenant, ids);
  return ids.flatMap((one) => found.get(one) ?? []);
}

async function chainFrom(store: EntityStore, start: Entity, relation: string): Promise<Chain> {
  const chain: Entity[] = [];
  const seen = new Set([start.id]);
  let at = start;
  while (chain.length < ENTITY_LIMITS.chainLength) {
    const [next] = targets(at, relation);
    if (next === undefined) return { entities: chain, end: 'top' };
    if (seen.has(next)) return { entities: chain, end: 'cycle' };
    const entity = await store.get(start.tenant, next);
    if (entity === undefined) return { entities: chain, end: 'unknown' };
    seen.add(next);
    chain.push(entity);
    at = entity;
  }
  return { entities: chain, end: targets(at, relation).length === 0 ? 'top' : 'bound' };
}

const targets = (entity: Entity, relation: string): readonly string[] =>
  Object.hasOwn(entity.relations, relation) ? entity.relations[relation]! : [];

const unknownEntity = (id: string): Diagnostic => ({
  code: 'ENTITY_UNKNOWN',
  at: id,
  message: `there is no entity \`${id}\``,
  help: 'seed it, or send the event that makes it known',
});
