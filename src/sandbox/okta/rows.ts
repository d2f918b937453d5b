/**
 * Okta's rows, how they are found and how they are shown.
 * Adapter ring.
 */
import type { JsonObject } from '../../kernel/json';
import { text } from '../wire';
import type { Found, Transaction } from '../world';

export type OktaStatus = 'STAGED' | 'PROVISIONED' | 'ACTIVE' | 'SUSPENDED' | 'DEPROVISIONED';

export interface OktaUser extends JsonObject {
  readonly status: OktaStatus;
  readonly profile: JsonObject;
  readonly hasPassword: boolean;
  readonly created: string;
  readonly activated: string | null;
  readonly statusChanged: string | null;
  readonly lastUpdated: string;
}

export const idOf = (prefix: string, n: number): string => `${prefix}${n.toString(36).padStart(17, '0')}`;

export function userView(found: Found<OktaUser>, baseUrl: string): JsonObject {
  const { hasPassword, profile, ...rest } = found.row;
  return {
    id: found.id,
    ...rest,
    lastLogin: null,
    passwordChanged: hasPassword ? found.row.created : null,
    type: { id: 'otySandboxDefault' },
    profile,
    credentials: {
      ...(hasPassword ? { password: {} } : {}),
      provider: { type: 'OKTA', name: 'OKTA' },
    },
    _links: { self: { href: `${baseUrl}/api/v1/users/${found.id}` } },
  };
}

/** By id, by login, or by the part of a login before the at sign where only one user has it. */
export function findUser(world: Transaction, reference: string): Found<OktaUser> | undefined {
  const row = world.get<OktaUser>('okta.users', reference);
  if (row) return { id: reference, row };
  const wanted = reference.toLowerCase();
  const byLogin = world.first<OktaUser>('okta.users', 'login', wanted);
  if (byLogin || wanted.includes('@')) return byLogin;
  const short = world.all<OktaUser>('okta.users').filter(({ row: { profile } }) => {
    return text(profile, 'login')?.toLowerCase().split('@')[0] === wanted;
  });
  return short.length === 1 ? short[0] : undefined;
}

export function groupView({ id, row }: Found<JsonObject>, baseUrl: string): JsonObject {
  return {
    id,
    ...row,
    lastMembershipUpdated: row['lastUpdated'] ?? null,
    objectClass: ['okta:user_group'],
    _links: { users: { href: `${baseUrl}/api/v1/groups/${id}/users` } },
  };
}
