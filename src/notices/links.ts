/**
 * Links in messages: each leads to one card, once, and for a while. Opening one decides nothing and uses nothing up, because mail
 * servers and chats open links before people do; only what a person sends from the page behind it does.
 * Adapter ring.
 */
import { createHash, randomBytes } from 'node:crypto';

/** How long a link leads anywhere, in milliseconds: longer than an approval may take with its escalations. */
export const LINK_MS = 7 * 86_400_000;

const SECRET_BYTES = 24;

export interface MadeLink {
  readonly url: string;
  /** What is kept of it. */
  readonly digest: Uint8Array;
}

/** A new link at an address such as `https://backstep.example`. */
export function makeLink(base: string, tenant: string): MadeLink {
  const token = `${tenant}.${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return {
    url: `${base.replace(/\/+$/, '')}/links?token=${encodeURIComponent(token)}`,
    digest: digestOf(token),
  };
}

/** Whose link a token is of, and what is kept of it; `undefined` where it is none. */
export function readToken(
  token: string,
): { readonly tenant: string; readonly digest: Uint8Array } | undefined {
  const [, tenant] = /^([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)\.[A-Za-z0-9_-]{32}$/.exec(token) ?? [];
  return tenant === undefined ? undefined : { tenant, digest: digestOf(token) };
}

const digestOf = (token: string): Uint8Array => createHash('sha256').update(token).digest();
