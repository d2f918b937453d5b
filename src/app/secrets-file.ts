/**
 * Files of secrets, as JSON: payload keys, the keys that seal signing keys, webhooks. What is wrong with one is said without a word
 * of what it holds.
 * Entry ring; the one place that reads them.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Of AES-256. */
export const KEY_BYTES = 32;

/** A key as such a file has it: `{"id": "acme-2", "key": "<base64 of 32 bytes>"}`. */
export const writtenKey = z
  .strictObject({ id: z.string().regex(/^[\w.-]{1,64}$/), key: z.base64() })
  .transform(({ id, key }) => ({ id, key: Buffer.from(key, 'base64') }));

/** Keys by id. Throws what `unusable` makes of the reason. */
export function keysById<K extends z.output<typeof writtenKey>>(
  keys: readonly K[],
  unusable: (why: string) => Error,
): ReadonlyMap<string, K> {
  const byId = new Map<string, K>();
  for (const one of keys) {
    if (one.key.length !== KEY_BYTES) throw unusable(`key \`${one.id}\` has not ${KEY_BYTES} bytes`);
    if (byId.has(one.id)) throw unusable(`key \`${one.id}\` is there twice`);
    byId.set(one.id, one);
  }
  return byId;
}

/**
 * What a file holds, in this form. Throws what `unusable` makes of the reason.
 * @param unusable is told why, in words that name no secret
 */
export function readSecrets<T>(file: string, form: z.ZodType<T>, unusable: (why: string) => Error): T {
  let written: unknown;
  try {
    written = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // A parser's own message quotes what it stumbled over.
    throw unusable((error as NodeJS.ErrnoException).code ?? 'it is no JSON');
  }
  const read = form.safeParse(written);
  if (!read.success) throw unusable('it has another form');
  return read.data;
}
