/**
 * Who is calling: OpenID Connect bearer tokens, checked against the keys of one issuer. Which claims hold tenant, roles and
 * name is configuration.
 * Entry ring. It decides who somebody is; what they may do stands with each route.
 * @source RFC 6750, RFC 8725 (algorithms are ours to choose, never the token's)
 */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose';
import { actorNamed } from '../kernel/ids';
import { API_LIMITS } from './limits';
import { Problem } from './problem';
import { isRole, type Caller, type Role } from './roles';

export interface IdentitySettings {
  /** Whom `iss` has to name. */
  readonly issuer: string;
  /** Whom `aud` has to name. */
  readonly audience: string;
  /** Address of the issuer's keys, or the keys themselves. */
  readonly keys: URL | JSONWebKeySet;
  readonly claims: ClaimNames;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Which claims say what; a dot goes into an object: `realm_access.roles`. */
export interface ClaimNames {
  readonly tenant: string;
  readonly roles: string;
  readonly name: string;
}

export const STANDARD_CLAIMS: ClaimNames = { tenant: 'tenant', roles: 'roles', name: 'sub' };

/**
 * Asymmetric algorithms alone. Neither `none` nor one of the HS family is among them, so that nobody can sign with the
 * issuer's public key as if it were a secret.
 */
const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
];

/** The caller that an `Authorization` header names. Throws a Problem: `TOKEN_…`, `ISSUER_UNAVAILABLE`. */
export type Identify = (authorization: string | undefined) => Promise<Caller>;

export function createIdentify(settings: IdentitySettings): Identify {
  const { keys, issuer, audience } = settings;
  const keysOf =
    keys instanceof URL
      ? createRemoteJWKSet(keys, { timeoutDuration: API_LIMITS.keysMs })
      : createLocalJWKSet(keys);
  return async (authorization) => {
    const token = tokenIn(authorization);
    try {
      const { payload } = await jwtVerify(token, keysOf, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: API_LIMITS.skewSeconds,
        requiredClaims: ['exp', 'sub'],
        currentDate: new Date(settings.now()),
      });
      return callerOf(payload, settings.claims);
    } catch (error) {
      throw problemWith(error);
    }
  };
}

function tokenIn(authorization: string | undefined): string {
  const [, token] = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization ?? '') ?? [];
  if (token === undefined) {
    throw new Problem('TOKEN_MISSING', 'no bearer token was sent', {
      help: 'send `Authorization: Bearer <token>`; on a stand of this machine `backstep token --as <person>` prints one',
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
  if (token.length > API_LIMITS.tokenLength) throw invalid('it is too long');
  return token;
}

/** A name or a tenant must not be able to mean anything else where it is printed, logged or searched for. */
const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@:|+-]{0,199}$/u;

function callerOf(payload: JWTPayload, claims: ClaimNames): Caller {
  const tenant = claimOf(payload, claims.tenant);
  if (typeof tenant !== 'string' || !TENANT.test(tenant))
    throw invalid(`the claim \`${claims.tenant}\` names no tenant`);
  const name = claimOf(payload, claims.name);
  if (typeof name !== 'string' || !NAME.test(name))
    throw invalid(`the claim \`${claims.name}\` names nobody`);
  const listed = claimOf(payload, claims.roles);
  const words: readonly unknown[] = Array.isArray(listed)
    ? listed
    : typeof listed === 'string'
      ? listed.split(' ')
      : [];
  const roles: ReadonlySet<Role> = new Set(words.filter(isRole));
  return {
    tenant,
    name: actorNamed(name),
    roles,
    expiresAt: (payload.exp ?? 0) * 1_000,
  };
}

function claimOf(payload: JWTPayload, path: string): unknown {
  // A claim whose name has a dot of its own, such as a URL, comes first.
  if (Object.hasOwn(payload, path)) return payload[path];
  let at: unknown = payload;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[step];
  }
  return at;
}

const INVALID = { 'www-authenticate': 'Bearer error="invalid_token"' };

/** Says what a caller of good faith can mend, and nothing that helps to forge. */
const invalid = (why: string, cause?: unknown): Problem =>
  new Problem('TOKEN_INVALID', `the token is refused: ${why}`, { headers: INVALID, cause });

function problemWith(error: unknown): unknown {
  if (error instanceof Problem) return error;
  if (error instanceof errors.JWTExpired || isEarly(error)) {
    const message =
      error instanceof errors.JWTExpired ? 'the token is expired' : 'the token is not valid yet';
    return new Problem('TOKEN_EXPIRED', message, { help: 'get a new one from the issuer', headers: INVALID });
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return invalid(`the claim \`${error.claim}\` is not what it has to be`, error);
  }
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || !isOfToken(error)) {
    return new Problem('ISSUER_UNAVAILABLE', 'the keys of the issuer cannot be read', {
      headers: { 'retry-after': '5' },
      cause: error,
    });
  }
  return invalid('its signature, algorithm or form is not accepted', error);
}

const isEarly = (error: unknown): boolean =>
  error instanceof errors.JWTClaimValidationFailed &&
  (error.claim === 'nbf' || error.claim === 'iat') &&
  error.reason === 'check_failed';

/** What is wrong with the token; the rest is wrong with the way to the issuer's keys. */
const isOfToken = (error: unknown): boolean =>
  error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC';
