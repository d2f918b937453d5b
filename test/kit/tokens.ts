/** An issuer of tokens with real keys, served over HTTP on the loopback, and tokens in every state that a door has to tell. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { createIdentify, STANDARD_CLAIMS, type Identify } from '../../src/api/identity';
import type { Role } from '../../src/api/roles';

const AUDIENCE = 'backstep';
const ISSUER = 'https://issuer.test/';

/** States of a token that no rule may let in, and the code that each is refused with. */
export const BAD_TOKENS = {
  none: 'TOKEN_MISSING',
  basic: 'TOKEN_MISSING',
  garbled: 'TOKEN_INVALID',
  expired: 'TOKEN_EXPIRED',
  early: 'TOKEN_EXPIRED',
  'without an end': 'TOKEN_INVALID',
  'for another audience': 'TOKEN_INVALID',
  'of another issuer': 'TOKEN_INVALID',
  'signed with another key': 'TOKEN_INVALID',
  'signed with the public key as a secret': 'TOKEN_INVALID',
  'with alg none': 'TOKEN_INVALID',
  'with its roles exchanged': 'TOKEN_INVALID',
  'of no tenant': 'TOKEN_INVALID',
  'of a tenant that is a path': 'TOKEN_INVALID',
} as const;
export type BadToken = keyof typeof BAD_TOKENS;

export interface Who {
  readonly tenant: string;
  readonly roles: readonly Role[];
  readonly name?: string;
}

export interface TokenIssuer {
  readonly identify: Identify;
  /** `Authorization` of a caller in good standing. */
  good(who: Who): Promise<string>;
  /** `Authorization` in a state that has to be refused; `undefined` for none at all. */
  bad(state: BadToken, who: Who): Promise<string | undefined>;
  close(): Promise<void>;
}

export async function openIssuer(): Promise<TokenIssuer> {
  const own = await generateKeyPair('RS256', { extractable: true });
  const other = await generateKeyPair('RS256', { extractable: true });
  const pem = await exportSPKI(own.publicKey);
  const keys = { keys: [{ ...(await exportJWK(own.publicKey)), kid: 'own', use: 'sig' }] };
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(keys));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const identify = createIdentify({
    issuer: ISSUER,
    audience: AUDIENCE,
    keys: new URL(`http://127.0.0.1:${port}/keys`),
    claims: STANDARD_CLAIMS,
    now: Date.now,
  });
  const seconds = (): number => Math.floor(Date.now() / 1_000);
  const claims = ({ tenant, roles, name = 'mary.major' }: Who): JWTPayload => ({
    iss: ISSUER,
    aud: AUDIENCE,
    sub: name,
    tenant,
    roles: [...roles],
    iat: seconds(),
    exp: seconds() + 300,
  });
  const sign = (payload: JWTPayload, key = own.privateKey): Promise<string> =>
    new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'own' }).sign(key);
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = async (state: BadToken, who: Who): Promise<string> => {
    const payload = claims(who);
    switch (state) {
      case 'none':
      case 'basic':
      case 'garbled':
        return 'not.a.token';
      case 'expired':
        return sign({ ...payload, exp: seconds() - 60 });
      case 'early':
        return sign({ ...payload, nbf: seconds() + 120 });
      case 'without an end':
        return sign(Object.fromEntries(Object.entries(payload).filter(([claim]) => claim !== 'exp')));
      case 'for another audience':
        return sign({ ...payload, aud: 'somebody-else' });
      case 'of another issuer':
        return sign({ ...payload, iss: 'https://other.test/' });
      case 'signed with another key':
        return sign(payload, other.privateKey);
      case 'signed with the public key as a secret':
        return new SignJWT(payload)
          .setProtectedHeader({ alg: 'HS256', kid: 'own' })
          .sign(new TextEncoder().encode(pem));
      case 'with alg none':
        return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(payload)}.`;
      case 'with its roles exchanged': {
        const [head, , signature] = (await sign({ ...payload, roles: [] })).split('.');
        return `${head ?? ''}.${encode(payload)}.${signature ?? ''}`;
      }
      case 'of no tenant':
        return sign({ ...payload, tenant: undefined });
      case 'of a tenant that is a path':
        return sign({ ...payload, tenant: '../acme' });
    }
  };
  return {
    identify,
    good: async (who) => `Bearer ${await sign(claims(who))}`,
    bad: async (state, who) => {
      if (state === 'none') return undefined;
      return state === 'basic' ? 'Basic bWFyeTptYWpvcg==' : `Bearer ${await token(state, who)}`;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
