/**
 * Which credentials open which tenant's world, and the token office that grants expiring tokens for them.
 * Adapter ring. These are credentials of stand-ins on loopback, made from the tenant's name: none of them is a secret.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { JsonObject } from '../kernel/json';
import type { Presented, Principal, Refusal, VendorName } from './wire';

/** What a client needs to reach one tenant in each of the five systems. */
export interface SandboxCredentials {
  readonly workday: {
    /** The part of the path after `/ccx/api/<service>/<version>/`. */
    readonly tenant: string;
    readonly clientId: string;
    readonly clientSecret: string;
    /** For the grant `refresh_token`; it does not expire. */
    readonly refreshToken: string;
    /** The integration system user in whose name events are started. */
    readonly isu: string;
  };
  readonly okta: { readonly token: string };
  readonly graph: { readonly tenantId: string; readonly clientId: string; readonly clientSecret: string };
  readonly servicenow: {
    readonly username: string;
    readonly password: string;
    readonly clientId: string;
    readonly clientSecret: string;
  };
  readonly slack: { readonly token: string };
}

/** `full` may do all that the runbooks need; `readOnly` has the reading scopes only. */
export type Access = 'full' | 'readOnly';

const READ_SCOPES: Readonly<Record<VendorName, readonly string[]>> = {
  workday: ['Staffing.Read', 'Business Process.Read'],
  okta: ['okta.users.read', 'okta.groups.read'],
  graph: [
    'User.Read.All',
    'Group.Read.All',
    'DeviceManagementConfiguration.Read.All',
    'DeviceManagementManagedDevices.Read.All',
  ],
  servicenow: ['rest', 'catalog'],
  slack: ['channels:read', 'users:read', 'users:read.email'],
};

const WRITE_SCOPES: Readonly<Record<VendorName, readonly string[]>> = {
  workday: ['Staffing', 'Business Process'],
  okta: ['okta.users.manage', 'okta.groups.manage'],
  graph: ['User.ReadWrite.All', 'GroupMember.ReadWrite.All', 'DeviceManagementConfiguration.ReadWrite.All'],
  servicenow: ['itil', 'catalog_order'],
  slack: ['channels:manage', 'channels:write.invites', 'chat:write'],
};

const scopesOf = (vendor: VendorName, access: Access): ReadonlySet<string> =>
  new Set([...READ_SCOPES[vendor], ...(access === 'full' ? WRITE_SCOPES[vendor] : [])]);

/** A GUID that is the same for the same text, as Entra has one for each tenant and application. */
export function guidOf(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** The credentials of a tenant: the same each time, so that a test needs to hand nothing around. */
export function credentialsFor(tenant: string, access: Access = 'full'): SandboxCredentials {
  const who = access === 'full' ? tenant : `${tenant}-readonly`;
  return {
    workday: {
      tenant,
      clientId: `wd-client-${who}`,
      clientSecret: `wd-secret-${who}`,
      refreshToken: `wd-refresh-${who}`,
      isu: `ISU_Backstep@${tenant}`,
    },
    okta: { token: `00${who}-okta-api-token` },
    graph: {
      tenantId: guidOf(`graph-tenant:${tenant}`),
      clientId: guidOf(`graph-client:${who}`),
      clientSecret: `graph-secret-${who}`,
    },
    servicenow: {
      username: `backstep.${who}`,
      password: `sn-password-${who}`,
      clientId: `sn-client-${who}`,
      clientSecret: `sn-secret-${who}`,
    },
    slack: { token: `xoxb-${who}-backstep` },
  };
}

/** An account at a vendor's token endpoint. */
export interface Account {
  readonly tenant: string;
  readonly access: Access;
  readonly credentials: SandboxCredentials;
}

interface Claims {
  readonly tenant: string;
  readonly vendor: VendorName;
  readonly access: Access;
  /** Unix seconds. */
  readonly exp: number;
  readonly n: number;
}

/** Knows the fixed tokens of every tenant, grants expiring ones, and tells for a credential who it is. */
export class TokenOffice {
  private readonly fixed = new Map<string, Principal>();
  private readonly accounts: Account[] = [];
  private readonly verified = new Map<string, Claims>();
  private readonly revoked = new Set<string>();
  private granted = 0;

  /** @param secret signs granted tokens, so that they stay good when the sandbox is started again. */
  constructor(private readonly secret: string) {}

  addTenant(tenant: string): void {
    for (const access of ['full', 'readOnly'] as const) {
      const credentials = credentialsFor(tenant, access);
      this.accounts.push({ tenant, access, credentials });
      const { okta, slack, servicenow } = credentials;
      const add = (vendor: VendorName, token: string, name: string): void => {
        this.fixed.set(`${vendor} ${token}`, { tenant, name, scopes: scopesOf(vendor, access) });
      };
      add('okta', okta.token, 'backstep');
      add('slack', slack.token, 'backstep');
      add('servicenow', `${servicenow.username}:${servicenow.password}`, servicenow.username);
    }
  }

  forgetTenants(): void {
    this.fixed.clear();
    this.accounts.length = 0;
  }

  /** The account that a predicate knows by its credentials. */
  account(isIt: (credentials: SandboxCredentials) => boolean): Account | undefined {
    return this.accounts.find(({ credentials }) => isIt(credentials));
  }

  /** A bearer token for an account, good for `ttlSeconds` of the sandbox's clock. */
  grant(vendor: VendorName, account: Account, ttlSeconds: number, now: Date): string {
    this.granted += 1;
    const claims: Claims = {
      tenant: account.tenant,
      vendor,
      access: account.access,
      exp: Math.floor(now.getTime() / 1000) + ttlSeconds,
      n: now.getTime() * 1000 + this.granted,
    };
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${HEADER}.${payload}.${this.sign(payload)}`;
  }

  /** Makes a token worthless from now on: how a test lets one expire in the middle of a run. */
  revoke(token: string): void {
    this.revoked.add(token);
  }

  identify(vendor: VendorName, presented: Presented, now: Date): Principal | Refusal {
    if (presented.kind === 'none') return { kind: 'no_credentials' };
    const token = presented.kind === 'basic' ? `${presented.user}:${presented.password}` : presented.token;
    if (this.revoked.has(token)) return { kind: 'expired_credentials' };
    const fixed = this.fixed.get(`${vendor} ${token}`);
    if (fixed) return fixed;
    const claims = this.claimsOf(token);
    if (claims?.vendor !== vendor) return { kind: 'bad_credentials' };
    if (claims.exp * 1000 <= now.getTime()) return { kind: 'expired_credentials' };
    const { tenant, access } = claims;
    return { tenant, name: accountName(vendor, tenant), scopes: scopesOf(vendor, access) };
  }

  private claimsOf(token: string): Claims | undefined {
    const known = this.verified.get(token);
    if (known) return known;
    const [header, payload, signature] = token.split('.');
    if (header !== HEADER || payload === undefined || signature === undefined) return undefined;
    const expected = Buffer.from(this.sign(payload));
    const actual = Buffer.from(signature);
    if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) return undefined;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims;
    if (this.verified.size >= VERIFIED_MAX) this.verified.clear();
    this.verified.set(token, claims);
    return claims;
  }

  private sign(payload: string): string {
    return createHmac('sha256', this.secret).update(payload).digest('base64url');
  }
}

const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');

/** Verified tokens remembered, so that a request costs no signature; a few clients use one token each. */
const VERIFIED_MAX = 1_000;

function accountName(vendor: VendorName, tenant: string): string {
  return vendor === 'workday' ? credentialsFor(tenant).workday.isu : 'backstep';
}

/** What a token endpoint was asked. */
export interface TokenRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  readonly basic: { readonly user: string; readonly password: string } | undefined;
  readonly now: Date;
}
