/**
 * The keys that signing keys are sealed with in the database: in a file that only its user can read, beside the stand's data, or
 * where the settings say.
 * Entry ring.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { KeyWrapping } from '../approvals/key-wrapping';
import { KEY_BYTES, keysById, readSecrets, writtenKey } from './secrets-file';
import type { Settings } from './settings';

const fileSchema = z.array(writtenKey).min(1).max(100);

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
  if (wrappingKeys !== undefined) return read(wrappingKeys);
  const own = join(standDir, `wrapping-keys-${standName}.json`);
  if (!existsSync(own)) make(own);
  return read(own);
}

function read(file: string): KeyWrapping {
  const keys = readSecrets(file, fileSchema, unusable);
  const byId = keysById(keys, unusable);
  return { current: keys[0]!, byId: (id) => byId.get(id) };
}

/** Of two processes that make one at once both use the first. */
function make(file: string): void {
  const key = { id: `w-${randomUUID()}`, key: randomBytes(KEY_BYTES).toString('base64') };
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
}

const unusable = (why: string): Error =>
  Object.assign(new Error(`the keys that seal signing keys can't be used: ${why}`), {
    code: 'WRAPPING_KEYS_UNUSABLE',
    help: '`BACKSTEP_WRAPPING_KEYS` names a file such as `[{"id": "w1", "key": "…"}]`, base64 of 32 bytes each',
  });
