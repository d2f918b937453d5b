/**
 * How an entity is called where Temporal can search and cannot decrypt: by itself, or, where its tenant has a key, by a digest
 * under that key, so that nobody without it learns or guesses whom an outcome is about.
 * Adapter ring; pure.
 */
import { createHmac } from 'node:crypto';
import type { TenantKeys } from './codec';

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
    const digest = createHmac('sha256', key.key).update(`entity ${tenant} ${entity}`).digest('base64url');
    return `${type}~${digest.slice(0, LENGTH)}`;
  };
