/**
 * Private keys as they lie in the database: sealed with a key that the database never sees, bound to their tenant and their
 * name, so that whoever reads the table signs nothing.
 * Adapter ring; where the wrapping keys come from is not its business.
 */
import { z } from 'zod';
import type { Json } from '../kernel/json';
import { NONCE_BYTES, seal, TAG_BYTES, unseal } from '../store/sealed-bytes';
import { StoreError } from '../store/store-error';

/** 32 bytes, with the name that stands beside what it sealed. */
export interface WrappingKey {
  readonly id: string;
  readonly key: Uint8Array;
}

export interface KeyWrapping {
  /** Seals from now on. */
  readonly current: WrappingKey;
  /** Any that was ever used. */
  byId(id: string): WrappingKey | undefined;
}

const sealed = z.strictObject({
  sealedWith: z.string(),
  nonce: z.string(),
  tag: z.string(),
  key: z.string(),
});

/** Whose key it is. */
export interface KeyName {
  readonly tenant: string;
  readonly kid: string;
}

export function sealKey(by: WrappingKey, name: KeyName, jwk: Json): Json {
  const bytes = seal(Buffer.from(JSON.stringify(jwk), 'utf8'), by.key, labelOf(name));
  const text = (from: number, to?: number): string => bytes.subarray(from, to).toString('base64');
  const body = NONCE_BYTES + TAG_BYTES;
  return { sealedWith: by.id, nonce: text(0, NONCE_BYTES), tag: text(NONCE_BYTES, body), key: text(body) };
}

/** The key, and what sealed it; a key from before keys were sealed lies as it is. Throws StoreError `STORE_KEY_MISSING`. */
export function openKey(
  wrapping: Pick<KeyWrapping, 'byId'> | undefined,
  name: KeyName,
  stored: Json,
): { readonly jwk: Json; readonly sealedWith?: string } {
  const read = sealed.safeParse(stored);
  if (!read.success) return { jwk: stored };
  const { sealedWith, nonce, tag, key } = read.data;
  const by = wrapping?.byId(sealedWith);
  if (by === undefined) throw new StoreError('STORE_KEY_MISSING');
  const bytes = Buffer.concat([nonce, tag, key].map((part) => Buffer.from(part, 'base64')));
  const text = unseal(bytes, by.key, labelOf(name)).toString('utf8');
  return { jwk: JSON.parse(text) as Json, sealedWith };
}

const labelOf = ({ tenant, kid }: KeyName): string => `decision\n${tenant}\n${kid}`;
