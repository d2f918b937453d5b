/**
 * The keys that signing keys are sealed with in the database: in a file that only its user can read, beside the stand's data, or
 * where the settings say.
 * Entry ring; the one place that reads the file.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { WRAPPING_KEY_BYTES, type KeyWrapping } from '../approvals/key-wrapping';
import type { Settings } from './settings';

const fileSchema = z
  .array(z.strictObject({ id: z.string().regex(/^[\w.-]{1,64}$/), key: z.base64() }))
  .min(1)
  .max(100);

/**
 * Reads the file when a key is needed first: `[{"id": "w2", "key": "<base64 of 32 bytes>"}, …]`, of which the first seals and every
 * one opens. Where the settings name none, the stand's own is made. Throws an Error with code `WRAPPING_KEYS_UNUSABLE`, which never
 * holds a key.
 */
export function wrappingKeysOf(
  settings: Pick<Settings, 'standDir' | 'standName' | 'wrappingKeys'>,
): () => KeyWrapping {
  let read: KeyWrapping | undefined;
  return () => (read ??= open(settings));
}

function open({ wrappingKeys, standDir, standName }: Parameters<typeof wrappingKeysOf>[0]): KeyWrapping {
  if (wrappingKeys !== undefined) return parse(textOf(wrappingKeys) ?? '');
  const own = join(standDir, `wrapping-keys-${standName}.json`);
  return parse(textOf(own) ?? make(own));
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw unusable(code ?? 'it cannot be read');
  }
}

function parse(text: string): KeyWrapping {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    throw unusable(text === '' ? 'it is not there' : 'it is no JSON');
  }
  const listed = fileSchema.safeParse(written);
  if (!listed.success) throw unusable('it has another form');
  const keys = listed.data.map(({ id, key }) => ({ id, key: Buffer.from(key, 'base64') }));
  const short = keys.find(({ key }) => key.length !== WRAPPING_KEY_BYTES);
  if (short !== undefined) throw unusable(`key \`${short.id}\` has not ${WRAPPING_KEY_BYTES} bytes`);
  const byId = new Map(keys.map((key) => [key.id, key]));
  if (byId.size !== keys.length) throw unusable('a key is there twice');
  return { current: keys[0]!, byId: (id) => byId.get(id) };
}

/** Of two processes that make one at once both use the first. */
function make(file: string): string {
  const key = { id: `w-${randomUUID()}`, key: randomBytes(WRAPPING_KEY_BYTES).toString('base64') };
  mkdirSync(dirname(file), { recursive: true });
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, JSON.stringify([key]), { mode: 0o600 });
  try {
    linkSync(own, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(own);
  }
  return textOf(file) ?? '';
}

const unusable = (why: string): Error =>
  Object.assign(new Error(`the keys that seal signing keys can't be used: ${why}`), {
    code: 'WRAPPING_KEYS_UNUSABLE',
    help: '`BACKSTEP_WRAPPING_KEYS` names a file such as `[{"id": "w1", "key": "…"}]`, base64 of 32 bytes each',
  });
