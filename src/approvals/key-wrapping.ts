/**
 * Private keys as they lie in the database: sealed with a key that the database never sees, bound to their tenant and their
 * name, so that whoever reads the table signs nothing.
 * Adapter ring; where the wrapping keys come from is not its business.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Json } from '../kernel/json';
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

export const WRAPPING_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

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
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', by.key, nonce).setAAD(labelOf(name));
  const key = Buffer.concat([cipher.update(JSON.stringify(jwk), 'utf8'), cipher.final()]);
  const tag = cipher.getAuthTag();
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return { sealedWith: by.id, nonce: text(nonce), tag: text(tag), key: text(key) };
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
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', by.key, bytes(nonce), { authTagLength: TAG_BYTES });
  decipher.setAAD(labelOf(name)).setAuthTag(bytes(tag));
  const text = Buffer.concat([decipher.update(bytes(key)), decipher.final()]).toString('utf8');
  return { jwk: JSON.parse(text) as Json, sealedWith };
}

const labelOf = ({ tenant, kid }: KeyName): Uint8Array => Buffer.from(`decision\n${tenant}\n${kid}`, 'utf8');
