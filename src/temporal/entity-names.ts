/**
 * How an entity, and an event in the id of its workflow, are called where Temporal can search and cannot decrypt: by themselves, or,
 * where the tenant has a key, by a digest under that key, so that nobody without it learns or guesses whom an outcome is about.
 * Adapter ring; pure.
 */
import { createHmac } from 'node:crypto';
import type { TenantKey, TenantKeys } from './codec';

/** The same entity of the same tenant has the same name each time. */
export type EntityName = (tenant: string, entity: string) => string;

export const inTheClear: EntityName = (_tenant, entity) => entity;

/** Characters of the digest: two entities of a tenant never meet. */
const LENGTH = 22;

/** `person:sarah.chen` as `person:~` and a digest: the type stays, because it says nothing of anybody. */
export const keyedNames =
  (keys: TenantKeys): EntityName =>
  (tenant, entity) => {
    const key = keys.naming(tenant);
    if (key === undefined) return entity;
    const type = entity.slice(0, entity.indexOf(':') + 1);
    return `${type}${digestOf(key, `entity ${tenant} ${entity}`)}`;
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

const digestOf = ({ key }: TenantKey, text: string): string =>
  `${MARK}${createHmac('sha256', key).update(text).digest('base64url').slice(0, LENGTH)}`;
