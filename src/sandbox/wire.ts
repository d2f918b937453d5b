/**
 * What the parts of every stand-in share: names, answers, refusals, credentials as presented, and how JSON is read.
 * Adapter ring, no I/O.
 */
import type { Json, JsonObject } from '../kernel/json';

export const VENDORS = ['workday', 'okta', 'graph', 'servicenow', 'slack'] as const;
export type VendorName = (typeof VENDORS)[number];

/** What the vendor answers. No body means none on the wire, not an empty JSON value. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Who calls: the tenant whose world is meant, the account's name there and what it may do. */
export interface Principal {
  readonly tenant: string;
  readonly name: string;
  readonly scopes: ReadonlySet<string>;
}

/** Reasons for which a request never reaches its handler, or is refused on demand. */
export type Refusal =
  | { readonly kind: 'no_credentials' | 'bad_credentials' | 'expired_credentials' }
  | { readonly kind: 'missing_scope'; readonly needed: string; readonly provided: readonly string[] }
  | { readonly kind: 'rate_limited'; readonly retryAfterSeconds: number; readonly now: Date }
  | { readonly kind: 'server_error'; readonly status: number }
  | { readonly kind: 'unreadable_body' | 'no_such_path' }
  | { readonly kind: 'refused'; readonly status?: number; readonly code?: string; readonly message?: string };

/** What a credential looked like on the wire, before anybody knew whether it is good. */
export type Presented =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'basic'; readonly user: string; readonly password: string };

export const answer = (status: number, body?: unknown, headers?: Record<string, string>): Answer => ({
  status,
  ...(body === undefined ? {} : { body }),
  ...(headers === undefined ? {} : { headers }),
});

/** A string member of a JSON object; `undefined` when it is absent, null or something else. */
export function text(object: JsonObject | undefined, key: string): string | undefined {
  const value = object?.[key];
  return typeof value === 'string' ? value : undefined;
}

/** An object member of a JSON object, empty when there is none. */
export function record(object: JsonObject | undefined, key: string): JsonObject {
  return asObject(object?.[key]) ?? {};
}

export function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** A list member of a JSON object, empty when there is none. */
export function list(object: JsonObject | undefined, key: string): readonly Json[] {
  const value = object?.[key];
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** The token of an `Authorization` header with the given scheme; the scheme's case does not count. */
export function authorization(header: string | undefined, scheme: string): string | undefined {
  if (header === undefined) return undefined;
  const space = header.indexOf(' ');
  return space > 0 && header.slice(0, space).toLowerCase() === scheme.toLowerCase()
    ? header.slice(space + 1).trim()
    : undefined;
}

/** User and password of a Basic `Authorization` header. @source RFC 7617 */
export function basic(header: string | undefined): { user: string; password: string } | undefined {
  const encoded = authorization(header, 'Basic');
  if (encoded === undefined) return undefined;
  const plain = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = plain.indexOf(':');
  return colon < 0 ? undefined : { user: plain.slice(0, colon), password: plain.slice(colon + 1) };
}
