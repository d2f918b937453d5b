/**
 * The payload codec: everything that Temporal stores is compressed where that helps, and encrypted where the tenant has a key.
 * Adapter ring. The bytes are fixed: histories are kept for years, so an encoding is added, never changed.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { CONTROL_PREFIX } from '../../workflows/control-protocol';
import { splitOutcomeId } from '../kernel/ids';
import { seal, unseal } from '../store/sealed-bytes';

/** A tenant's key: AES-256, so 32 bytes. The id stands in clear beside what it encrypted, so that keys can be changed. */
export interface TenantKey {
  readonly id: string;
  readonly key: Uint8Array;
}

export interface TenantKeys {
  /** The key to encrypt with; `undefined` where the tenant has none. */
  current(tenant: string): TenantKey | undefined;
  /** Any key that was ever used. */
  byId(id: string): TenantKey | undefined;
  /** The key that makes names for what is searched: the same for as long as they are to be found. */
  naming(tenant: string): TenantKey | undefined;
}

const ENCODING = 'binary/backstep';
/** Below this many bytes compression does not pay for its own envelope. */
const SMALLEST = 300;
/** Compressed has to be this much of the original or less. */
const WORTHWHILE = 0.9;
/** Speed before size: the plan shrinks to a fifth even so. */
const LEVEL = 3;
/** Longest inflated payload, in bytes: well above what Temporal takes, so that a crafted one can't fill the memory. */
const LARGEST = 16 * 1024 * 1024;

const { Payload: PayloadProto } = temporal.api.common.v1;
const text = (value: string): Uint8Array => Buffer.from(value, 'utf8');
const NO_KEYS: TenantKeys = { current: () => undefined, byId: () => undefined, naming: () => undefined };

/** Decoding throws where a key is missing or something was tampered with; payloads of other encodings pass through. */
export function createCodec(keys: TenantKeys = NO_KEYS): PayloadCodec {
  return {
    encode: (payloads, context) => {
      const tenant = tenantOf(context?.workflowId ?? '');
      const key = tenant === undefined ? undefined : keys.current(tenant);
      return Promise.resolve(payloads.map((payload) => encodeOne(payload, key)));
    },
    decode: (payloads) => Promise.resolve(payloads.map((payload) => decodeOne(payload, keys))),
  };
}

/** Whose a workflow is: an outcome's id begins with its tenant, and that of an act of control names it second. */
function tenantOf(workflowId: string): string | undefined {
  if (!workflowId.startsWith(CONTROL_PREFIX)) return splitOutcomeId(workflowId)?.tenant;
  return workflowId.slice(CONTROL_PREFIX.length).split(':')[0];
}

function encodeOne(payload: Payload, key: TenantKey | undefined): Payload {
  const size = payload.data?.length ?? 0;
  if (key === undefined && size < SMALLEST) return payload;
  let body: Uint8Array = PayloadProto.encode(payload).finish();
  let how = '';
  if (size >= SMALLEST) {
    const small = deflateRawSync(body, { level: LEVEL });
    if (small.length <= body.length * WORTHWHILE) {
      body = small;
      how = 'z';
    }
  }
  if (key === undefined) return how === '' ? payload : wrap(body, how);
  return wrap(seal(body, key.key, key.id), `${how}e`, key.id);
}

function decodeOne(payload: Payload, keys: TenantKeys): Payload {
  const metadata = payload.metadata ?? {};
  if (readText(metadata['encoding']) !== ENCODING) return payload;
  const how = readText(metadata['how']);
  let body: Uint8Array = payload.data ?? new Uint8Array();
  if (how.includes('e')) {
    const id = readText(metadata['key']);
    const key = keys.byId(id);
    if (key === undefined) throw new Error(`no key \`${id}\` to decrypt this payload`);
    body = unseal(body, key.key, id);
  }
  if (how.includes('z')) body = inflateRawSync(body, { maxOutputLength: LARGEST });
  const { metadata: inner, data } = PayloadProto.decode(body);
  return { metadata: inner, data };
}

const wrap = (data: Uint8Array, how: string, key?: string): Payload => ({
  metadata: {
    encoding: text(ENCODING),
    how: text(how),
    ...(key === undefined ? {} : { key: text(key) }),
  },
  data,
});

const readText = (bytes: Uint8Array | null | undefined): string =>
  bytes === null || bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
