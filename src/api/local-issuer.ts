/**
 * The issuer of a stand on one machine: a key beside the stand's data that only its user can read, and tokens signed with
 * it. Where a real issuer is configured, this one is not trusted.
 * Entry ring.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type JSONWebKeySet,
  type JWK,
} from 'jose';
import type { Settings } from '../app/settings';
import type { Role } from './roles';

export const LOCAL_AUDIENCE = 'backstep';
const ALGORITHM = 'ES256';

export interface LocalIssuer {
  readonly issuer: string;
  readonly keys: JSONWebKeySet;
  /** Signs a token. `seconds` is how long it is valid. */
  sign(who: LocalClaims, seconds: number, now: number): Promise<string>;
}

export interface LocalClaims {
  readonly name: string;
  readonly tenant: string;
  readonly roles: readonly Role[];
}

const issuerFile = ({ standDir, standName }: Pick<Settings, 'standDir' | 'standName'>): string =>
  join(standDir, `issuer-${standName}.json`);

/** Reads the key, or makes one where there is none; of two processes that make one at once both use the first. */
export async function openLocalIssuer(
  settings: Pick<Settings, 'standDir' | 'standName'>,
): Promise<LocalIssuer> {
  const file = issuerFile(settings);
  const jwk = (await readKey(file)) ?? (await makeKey(file));
  const key = await importJWK(jwk, ALGORITHM);
  const issuer = `urn:backstep:stand:${settings.standName}`;
  const { kty, crv, x, y, kid } = jwk;
  const open = { kty, crv, x, y, kid, alg: ALGORITHM, use: 'sig' } as JWK;
  return {
    issuer,
    keys: { keys: [open] },
    sign: ({ name, tenant, roles }, seconds, now) =>
      new SignJWT({ tenant, roles: [...roles] })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: kid ?? '' })
        .setIssuer(issuer)
        .setAudience(LOCAL_AUDIENCE)
        .setSubject(name)
        .setJti(randomUUID())
        .setIssuedAt(Math.floor(now / 1_000))
        .setExpirationTime(Math.floor(now / 1_000) + seconds)
        .sign(key),
  };
}

async function readKey(file: string): Promise<JWK | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as JWK;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function makeKey(file: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const made = await exportJWK(privateKey);
  const jwk: JWK = { ...made, kid: await calculateJwkThumbprint(made) };
  await mkdir(dirname(file), { recursive: true });
  // Written whole beside it and then named, so that nobody reads half a key, and whoever is second finds the first.
  const whole = `${file}.${randomUUID()}`;
  await writeFile(whole, JSON.stringify(jwk), { flag: 'wx', mode: 0o600 });
  try {
    await link(whole, file);
    return jwk;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await readKey(file)) ?? jwk;
  } finally {
    await unlink(whole);
  }
}
