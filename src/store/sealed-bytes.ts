/**
 * Bytes under a key that nobody reads or changes without it: AES-256-GCM, bound to a label. The one form of what is sealed here:
 * payloads, archived histories, and keys that lie in the database.
 * Adapter ring. The bytes are fixed: what was sealed is kept for years.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/**
 * Nonce, then tag, then what is encrypted.
 * @param key 32 bytes
 * @param label stands nowhere in it; it opens with the same one alone
 */
export function seal(bytes: Uint8Array, key: Uint8Array, label: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(label, 'utf8'));
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/** Throws where key, label or a single bit is another. */
export function unseal(sealed: Uint8Array, key: Uint8Array, label: string): Buffer {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(label, 'utf8')).setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
}
