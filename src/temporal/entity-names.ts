/**
 * How an entity, and an event in the id of its workflow, are called where Temporal can search and cannot decrypt: by themselves, or,
 * where the tenant has a key, by a digest under that key, so that nobody without it learns or guesses whom an outcome is about.
 * And how counters call an entity: always by such a digest, because what they say is shown and kept.
 * Adapter ring.
 */
import { createHmac } from 'node:crypto';
import type { SubjectKeys } from '../store/subject-keys';
import type { TenantKey, TenantKeys } from './codec';

/** The same entity of the same tenant has the same name each time. */
export type EntityName = (tenant: string, entity: string) => string;

export const inTheClear: EntityName = (_tenant, entity) => entity;

/** Characters of the digest: two entities of a tenant never meet. */
const LENGTH = 22;

/** `person:sarah.chen` as `person:~` and a digest. */
export const keyedNames =
  (keys: TenantKeys): EntityName =>
  (tenant, entity) => {
    const key = keys.naming(tenant);
    if (key === undefined) return entity;
    return `${typeOf(entity)}${digestOf(key, `entity ${tenant} ${entity}`)}`;
  };

/** The last part of an outcome's id. The same event of the same tenant has the same name each time: it starts once. */
export type EventName = (tenant: string, eventId: string) => string;

export const asItIs: EventName = (_tenant, eventId) => eventId;

/** `hired/sarah.chen` as `~` and a digest: systems put names into the ids of their events. */
export const keyedEvents =
  (keys: TenantKeys): EventName =>
  (tenant, eventId) => {
    const key = keys.naming(tenant);
    return key === undefined ? eventId : digestOf(key, `event ${tenant} ${eventId}`);
  };

/** Begins each name that is a digest. */
const MARK = '~';

/** `person:sarah.chen` as `person:~` and a digest: the same entity of the same tenant has the same name in every process. */
export type CountedName = (tenant: string, entity: string) => Promise<string>;

/** Whose key it is that entities are counted under: of nobody, and one a tenant. */
const COUNTERS = 'tenant/counters';
/** A key is believed for so long, in milliseconds: one that was destroyed meanwhile is had anew. */
const KEY_MS = 600_000;

/** Reads the tenant's key once in a while, so that counting asks the database nothing more. Rejects as the keys do. */
export function countedNames(keys: Pick<SubjectKeys, 'of'>, now: () => number): CountedName {
  const known = new Map<string, { readonly until: number; readonly key: ReturnType<SubjectKeys['of']> }>();
  return async (tenant, entity) => {
    let found = known.get(tenant);
    if (found === undefined || now() >= found.until) {
      const key = keys.of(tenant, COUNTERS);
      known.set(tenant, (found = { until: now() + KEY_MS, key }));
      key.catch(() => known.delete(tenant));
    }
    return `${typeOf(entity)}${digestOf(await found.key, `counted ${tenant} ${entity}`)}`;
  };
}

/** Where nothing is counted, and all entities of a type may have one name. */
export const uncounted: CountedName = (_tenant, entity) => Promise.resolve(`${typeOf(entity)}${MARK}`);

/** It stays, because it says nothing of anybody. */
const typeOf = (entity: string): string => entity.slice(0, entity.indexOf(':') + 1);

const digestOf = ({ key }: Pick<TenantKey, 'key'>, text: string): string =>
  `${MARK}${createHmac('sha256', key).update(text).digest('base64url').slice(0, LENGTH)}`;
