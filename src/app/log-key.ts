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

/** What stands before the raw key in its SubjectPublicKeyInfo. @source RFC 8410 §4 */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * The key of a log as people give it, in the one form in which it is printed and published: base64 of 32 bytes. Taken, too, is
 * base64 of its SubjectPublicKeyInfo, which tools print. `undefined` for anything else: held against something that is no key, every
 * bundle looks forged.
 */
export function readLogPublicKey(text: string): string | undefined {
  const given = text.trim();
  const bytes = Buffer.from(given, 'base64');
  if (bytes.toString('base64') !== given) return undefined;
  if (bytes.length === RAW_BYTES) return given;
  const isSpki = bytes.length === SPKI_HEAD.length + RAW_BYTES && bytes.indexOf(SPKI_HEAD) === 0;
  return isSpki ? bytes.subarray(SPKI_HEAD.length).toString('base64') : undefined;
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
