/**
 * Signs what people decide and sees whether it was signed: JWS with EdDSA, under a key of the tenant. Whoever reaches Temporal
 * and not the keys can send any message, and none that counts.
 * Adapter ring. It says who signed what; whether that person may is not its business.
 * @source RFC 7515, RFC 8037, RFC 8725 3.1 (the algorithm is ours to choose, never the message's)
 */
import {
  calculateJwkThumbprint,
  CompactSign,
  compactVerify,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey,
  type JWK,
} from 'jose';
import type { Json, JsonObject } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import type { DecisionKeyStore, NewDecisionKey } from '../store/decision-keys';
import { StoreError } from '../store/store-error';
import { openKey, sealKey, type KeyWrapping } from './key-wrapping';

/** What a signature may be for: one kind can never be taken for another. */
export type SignedKind = 'decision' | 'act' | 'grant' | 'withdrawal' | 'absence' | 'review' | 'revocation';

export interface Signatures {
  /** Compact JWS over the payload. Throws StoreError where the keys are not at hand. */
  sign(tenant: string, kind: SignedKind, payload: object): Promise<string>;
  /**
   * The payload, if the tenant's key signed it as this kind. Of a key that was revoked only what was signed before that holds, by
   * the payload's own `at`; and nothing that arrives after it, whatever it says. Throws StoreError.
   */
  verify(
    tenant: string,
    kind: SignedKind,
    token: string,
    /** When it came, in milliseconds since the epoch; absent where it was on record before. */
    how?: { readonly arrivedAt?: number },
  ): Promise<Result<Json, WhyUnsigned>>;
  /** From now on a new key signs; what was signed before still counts. Gives its id. */
  rotate(tenant: string): Promise<string>;
  /**
   * Nothing that this key signed from then on counts, and nothing that arrives later; what it signed before does.
   * @param since milliseconds since the epoch
   */
  revoke(tenant: string, kid: string, since: number): Promise<void>;
}

export type WhyUnsigned = 'GATE_SIGNATURE_INVALID' | 'GATE_KEY_REVOKED';

const ALGORITHM = 'EdDSA';

/**
 * How long a process believes what it knows of a tenant's keys, in milliseconds: a key that was revoked counts for so long at
 * the most. A key that is not known is looked for at once.
 */
const KNOWN_MS = 5_000;

interface Known {
  readonly at: number;
  readonly keys: ReadonlyMap<string, Key>;
  readonly signer: Signer | undefined;
}

interface Key {
  readonly kid: string;
  readonly verifies: CryptoKey;
  /** Milliseconds since the epoch; null for one in good standing. */
  readonly revokedAt: number | null;
}

/** The key that signs; it is opened when something is signed first. */
interface Signer {
  readonly kid: string;
  readonly stored: Json;
  opened?: CryptoKey;
}

/**
 * @param now milliseconds since the epoch
 * @param wrapping what private keys are sealed with in the database; absent: they lie as they are
 */
export function createSignatures(
  store: DecisionKeyStore,
  now: () => number,
  wrapping?: () => KeyWrapping,
): Signatures {
  const known = new Map<string, Known>();
  const read = async (tenant: string): Promise<Known> => {
    const rows = await store.keys(tenant);
    const keys = await Promise.all(
      rows.map(async ({ kid, publicKey, revokedAt }): Promise<Key> => {
        return { kid, verifies: await importKey(publicKey), revokedAt };
      }),
    );
    const row = rows.find(({ privateKey, revokedAt }) => privateKey !== null && revokedAt === null);
    const signer = row === undefined ? undefined : { kid: row.kid, stored: row.privateKey };
    const found = { at: now(), keys: new Map(keys.map((key) => [key.kid, key])), signer };
    known.set(tenant, found);
    return found;
  };
  const lookUp = async (tenant: string): Promise<Known> => {
    const before = known.get(tenant);
    return before !== undefined && now() - before.at < KNOWN_MS ? before : read(tenant);
  };
  const newKey = async (tenant: string): Promise<NewDecisionKey> => {
    const made = await makeKey();
    if (wrapping === undefined) return made;
    return { ...made, privateKey: sealKey(wrapping().current, { tenant, kid: made.kid }, made.privateKey) };
  };
  const open = async (tenant: string, { kid, stored }: Signer): Promise<CryptoKey> => {
    const keys = wrapping?.();
    const { jwk, sealedWith } = openKey(keys, { tenant, kid }, stored);
    // It lay in the clear, or under a key that has been replaced since.
    if (keys !== undefined && sealedWith !== keys.current.id) {
      await store.reseal(tenant, kid, { was: stored, is: sealKey(keys.current, { tenant, kid }, jwk) });
    }
    return importKey(jwk);
  };
  const signerOf = async (tenant: string): Promise<Signer> => {
    const { signer } = await lookUp(tenant);
    if (signer !== undefined) return signer;
    await store.begin(tenant, await newKey(tenant), now());
    const begun = (await read(tenant)).signer;
    if (begun === undefined) throw new Error(`there is no key to sign with for \`${tenant}\``);
    return begun;
  };
  return {
    async sign(tenant, kind, payload) {
      const signer = await signerOf(tenant);
      const { kid } = signer;
      signer.opened ??= await open(tenant, signer);
      const bytes = new TextEncoder().encode(JSON.stringify(payload));
      return new CompactSign(bytes)
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: typeOf(kind), tenant })
        .sign(signer.opened);
    },
    async verify(tenant, kind, token, { arrivedAt } = {}) {
      try {
        const header = decodeProtectedHeader(token);
        const { kid = '' } = header;
        // A message of another kind, or of another tenant, is no message of this one, whoever signed it.
        if (header.typ !== typeOf(kind) || header['tenant'] !== tenant) return err('GATE_SIGNATURE_INVALID');
        const key = (await lookUp(tenant)).keys.get(kid) ?? (await read(tenant)).keys.get(kid);
        if (key === undefined) return err('GATE_SIGNATURE_INVALID');
        const { payload } = await compactVerify(token, key.verifies, { algorithms: [ALGORITHM] });
        const said = JSON.parse(new TextDecoder().decode(payload)) as Json;
        return isTooLate(key, said, arrivedAt) ? err('GATE_KEY_REVOKED') : ok(said);
      } catch (error) {
        if (isOfStore(error)) throw error;
        return err('GATE_SIGNATURE_INVALID');
      }
    },
    async rotate(tenant) {
      const key = await newKey(tenant);
      await store.rotate(tenant, key, now());
      known.delete(tenant);
      return key.kid;
    },
    async revoke(tenant, kid, since) {
      await store.revoke(tenant, kid, since);
      known.delete(tenant);
    },
  };
}

/** Whether a word comes from a time in which its key was in other hands; one that does not say when it was said is from then. */
function isTooLate({ revokedAt }: Key, said: Json, arrivedAt: number | undefined): boolean {
  if (revokedAt === null) return false;
  const at =
    typeof said === 'object' && said !== null && !Array.isArray(said)
      ? (said as JsonObject)['at']
      : undefined;
  return typeof at !== 'number' || at >= revokedAt || (arrivedAt !== undefined && arrivedAt >= revokedAt);
}

const typeOf = (kind: SignedKind): string => `backstep-${kind}+jws`;

async function makeKey(): Promise<NewDecisionKey> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const { kty, crv, x } = jwk;
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, publicKey: { kty, crv, x } as Json, privateKey: jwk as Json };
}

const importKey = async (jwk: Json): Promise<CryptoKey> =>
  (await importJWK(jwk as unknown as JWK, ALGORITHM)) as CryptoKey;

/** The database is no reason to call a signature forged. */
const isOfStore = (error: unknown): boolean => error instanceof StoreError;
