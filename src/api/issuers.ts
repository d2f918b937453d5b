/**
 * Which issuer the API trusts: the one that is configured, else, on a stand of this machine, the stand's own.
 * Entry ring.
 */
import type { Settings } from '../app/settings';
import { createIdentify, STANDARD_CLAIMS, type ClaimNames, type Identify } from './identity';
import { LOCAL_AUDIENCE, openLocalIssuer } from './local-issuer';

/**
 * @param isOfStand whether the servers are those of a stand on this machine; elsewhere its issuer is not trusted
 * @returns rejects with code `ISSUER_MISSING` where there is none to trust, or one is configured in part
 */
export async function trustedIssuer(settings: Settings, isOfStand: boolean): Promise<Identify> {
  const { issuer, audience, keys, tenantClaim, rolesClaim, nameClaim } = settings.api;
  const given = [issuer, audience, keys].filter((one) => one !== undefined);
  const now = (): number => Date.now();
  if (issuer !== undefined && audience !== undefined && keys !== undefined) {
    const claims: ClaimNames = {
      tenant: tenantClaim ?? STANDARD_CLAIMS.tenant,
      roles: rolesClaim ?? STANDARD_CLAIMS.roles,
      name: nameClaim ?? STANDARD_CLAIMS.name,
    };
    return createIdentify({ issuer, audience, keys: keysAt(keys), claims, now });
  }
  if (given.length > 0) throw missing('an issuer is configured in part');
  if (!isOfStand) throw missing('no issuer of tokens is configured');
  const local = await openLocalIssuer(settings);
  const { issuer: own, keys: ownKeys } = local;
  return createIdentify({
    issuer: own,
    audience: LOCAL_AUDIENCE,
    keys: ownKeys,
    claims: STANDARD_CLAIMS,
    now,
  });
}

/** Keys that come over a plain connection could be anybody's; only this machine is asked without TLS. */
function keysAt(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHere = url !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isHere)) return url;
  throw missing('`BACKSTEP_OIDC_KEYS` is no `https:` address');
}

const missing = (message: string): Error =>
  Object.assign(new Error(message), {
    code: 'ISSUER_MISSING',
    help: 'set `BACKSTEP_OIDC_ISSUER`, `BACKSTEP_OIDC_AUDIENCE` and `BACKSTEP_OIDC_KEYS`',
  });
