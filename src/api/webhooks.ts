/**
 * Signed webhooks: an event source that has no token signs each request with a secret that it shares with its tenant.
 * Entry ring. Whoever signs may send events, and nothing else.
 * @source Standard Webhooks 1.0 (webhook-id, webhook-timestamp, webhook-signature)
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { readSecrets } from '../app/secrets-file';
import { API_LIMITS } from './limits';
import { Problem } from './problem';
import type { Caller } from './roles';

/** Secrets by `<tenant>/<source>`; more than one while they are exchanged. */
export type WebhookSecrets = ReadonlyMap<string, readonly Uint8Array[]>;

export interface Signed {
  readonly caller: Caller;
  /** Throws a Problem, `TOKEN_INVALID`, unless these bytes were signed. */
  check(body: string): void;
}

const WEBHOOK_HEADERS = {
  source: 'webhook-source',
  id: 'webhook-id',
  timestamp: 'webhook-timestamp',
  signature: 'webhook-signature',
} as const;

/** A secret shorter than the digest makes guessing cheaper than the digest does. */
const SECRET_BYTES = 32;
const SOURCE = /^([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9._-]{0,62})$/;

const fileSchema = z.record(
  z.string().regex(SOURCE),
  z.array(z.string().regex(/^(whsec_)?[A-Za-z0-9+/]+={0,2}$/)).min(1),
);

/**
 * Secrets from a file: `{"acme/workday": ["whsec_<base64 of 32 bytes or more>"]}`. Throws an Error with code `WEBHOOKS_UNUSABLE`,
 * which names the source and never a secret.
 */
export function readWebhookSecrets(file: string): WebhookSecrets {
  const unusable = (why: string): Error =>
    Object.assign(new Error(`the secrets of webhooks can't be used: ${why}`), {
      code: 'WEBHOOKS_UNUSABLE',
      help: '`BACKSTEP_WEBHOOKS` names a file such as `{"acme/workday": ["whsec_…"]}`, with base64 of 32 bytes or more',
    });
  const read = readSecrets(file, fileSchema, unusable);
  return new Map(
    Object.entries(read).map(([source, secrets]) => {
      const keys = secrets.map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'));
      if (keys.some((key) => key.length < SECRET_BYTES))
        throw unusable(`a secret of \`${source}\` is too short`);
      return [source, keys];
    }),
  );
}

/** Whether a request says that it is signed. */
export const isSigned = (headers: IncomingHttpHeaders): boolean =>
  headers.authorization === undefined && headers[WEBHOOK_HEADERS.signature] !== undefined;

/**
 * Who says to have signed, from the headers alone, before the body is read; `check` then holds the body against it.
 * Throws a Problem: `TOKEN_INVALID`, `TOKEN_EXPIRED` outside of the window in which a request may arrive.
 * @param now milliseconds since the epoch
 */
export function signedBy(secrets: WebhookSecrets, headers: IncomingHttpHeaders, now: number): Signed {
  const read = (name: keyof typeof WEBHOOK_HEADERS): string => {
    const value = headers[WEBHOOK_HEADERS[name]];
    return typeof value === 'string' ? value : '';
  };
  const source = read('source');
  const [, tenant, name] = SOURCE.exec(source) ?? [];
  const id = read('id');
  const timestamp = read('timestamp');
  if (tenant === undefined || name === undefined || !/^[!-~]{1,255}$/.test(id)) throw refused();
  if (!/^[0-9]{1,12}$/.test(timestamp)) throw refused();
  const skewSeconds = Math.abs(now / 1_000 - Number(timestamp));
  if (skewSeconds > API_LIMITS.webhookWindowSeconds) {
    throw new Problem('TOKEN_EXPIRED', 'the webhook was signed too long ago, or ahead of time', {
      help: `its timestamp may be ${API_LIMITS.webhookWindowSeconds} s from now`,
    });
  }
  const given = read('signature')
    .split(' ')
    .flatMap((one) => (one.startsWith('v1,') ? [Buffer.from(one.slice(3), 'base64')] : []));
  // One that is not known is checked against a secret that nobody has: both are refused alike.
  const keys = secrets.get(source) ?? [NOBODYS];
  return {
    caller: {
      tenant,
      name: `service:${name}`,
      roles: new Set(['source']),
      expiresAt: now + API_LIMITS.webhookWindowSeconds * 1_000,
    },
    check(body) {
      const right = keys.map((key) =>
        createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest(),
      );
      const isRight = right.some((wanted) =>
        given.some((one) => one.length === wanted.length && timingSafeEqual(one, wanted)),
      );
      if (!isRight || !secrets.has(source)) throw refused();
    },
  };
}

const NOBODYS = Buffer.alloc(SECRET_BYTES);

const refused = (): Problem => new Problem('TOKEN_INVALID', 'the signature of the webhook is refused');
