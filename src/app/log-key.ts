/**
 * The key that heads of PolicyLogs are signed with: in a file that only its user can read, beside the stand's data, or where
 * the settings say.
 * Entry ring.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Signer } from '../audit/checkpoint';
import type { Settings } from './settings';

/** Name of the signer in heads. */
const SIGNER_NAME = 'backstep-log';
/** A raw Ed25519 key ends its SubjectPublicKeyInfo. @source RFC 8410 §4 */
const RAW_BYTES = 32;

/** Reads the key, or makes one where there is none; of two processes that make one at once both use the first. */
export async function openLogKey(
  settings: Pick<Settings, 'standDir' | 'standName' | 'logKeyFile'>,
): Promise<Signer> {
  const file = settings.logKeyFile ?? join(settings.standDir, `log-key-${settings.standName}.pem`);
  return signerOf((await readPem(file)) ?? (await makePem(file)));
}

export function signerOf(pem: string): Signer {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('the key of the log is an Ed25519 key');
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    name: SIGNER_NAME,
    publicKey: spki.subarray(spki.length - RAW_BYTES),
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), key),
  };
}

async function readPem(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function makePem(file: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  await mkdir(dirname(file), { recursive: true });
  const own = `${file}.${randomUUID()}`;
  await writeFile(own, pem, { mode: 0o600 });
  // Linked and not renamed: who comes second finds the first one's and leaves it.
  await link(own, file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  await unlink(own);
  return (await readPem(file)) ?? pem.toString();
}
