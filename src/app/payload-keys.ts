/**
 * The keys that tenants' payloads are encrypted with in Temporal, from a file; a tenant without one is stored compressed and in
 * the clear.
 * Entry ring.
 */
import type { PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { createCodec, type TenantKeys } from '../temporal/codec';
import {
  asItIs,
  inTheClear,
  keyedEvents,
  keyedNames,
  type EntityName,
  type EventName,
} from '../temporal/entity-names';
import { keysById, readSecrets, writtenKey } from './secrets-file';
import type { Settings } from './settings';

const fileSchema = z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), z.array(writtenKey).min(1));

/**
 * Keys by tenant: `{"acme": [{"id": "acme-2", "key": "<base64 of 32 bytes>"}, …]}`. The first encrypts, every one decrypts, and
 * the last also names entities where Temporal searches; an id belongs to one tenant. Throws an Error with code `PAYLOAD_KEYS_UNUSABLE`, which never holds a key.
 */
export function readPayloadKeys(file: string): TenantKeys {
  const read = readSecrets(file, fileSchema, unusable);
  const all = keysById(Object.values(read).flat(), unusable);
  const of = new Map(Object.entries(read));
  return {
    current: (tenant) => of.get(tenant)?.[0],
    byId: (id) => all.get(id),
    naming: (tenant) => of.get(tenant)?.at(-1),
  };
}

/** The keys that the settings name; `undefined` where they name none. Keys of subjects are wrapped with them, too. */
export const tenantKeysOf = ({ payloadKeys }: Pick<Settings, 'payloadKeys'>): TenantKeys | undefined =>
  payloadKeys === undefined ? undefined : readPayloadKeys(payloadKeys);

/** The codec of a process: with the keys that its settings name, else without any. */
export const codecOf = (settings: Pick<Settings, 'payloadKeys'>): PayloadCodec =>
  createCodec(tenantKeysOf(settings));

/** How entities and events are called where Temporal searches. */
export function namesOf(settings: Pick<Settings, 'payloadKeys'>): {
  readonly entityName: EntityName;
  readonly eventName: EventName;
} {
  const keys = tenantKeysOf(settings);
  if (keys === undefined) return { entityName: inTheClear, eventName: asItIs };
  return { entityName: keyedNames(keys), eventName: keyedEvents(keys) };
}

const unusable = (why: string): Error =>
  Object.assign(new Error(`the keys of payloads can't be used: ${why}`), {
    code: 'PAYLOAD_KEYS_UNUSABLE',
    help: '`BACKSTEP_PAYLOAD_KEYS` names a file such as `{"acme": [{"id": "acme-1", "key": "…"}]}`, base64 of 32 bytes each',
  });
