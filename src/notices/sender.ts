/**
 * Sends what the outbox holds: spreads new notices over the tenant's channels, claims what is due, delivers it, and says what came
 * of it. Any number of senders may run: each delivery is claimed by one of them, and a claim of one that died lapses.
 * Adapter ring. It loops until it is stopped; what it can't do now it does later.
 */
import { randomUUID } from 'node:crypto';
import type { NoticeSettings } from '../config/notices';
import type { ClaimedDelivery, NoticeStore } from '../store/notices';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import { deliver, DeliveryError, type DeliverParts } from './deliver';
import { LINK_MS, makeLink } from './links';
import type { NoticeBody } from './notice';

export const SENDER_LIMITS = {
  /** Between looks where nobody announces anything, in milliseconds. */
  everyMs: 5_000,
  /** How long a claim holds, in seconds: longer than an attempt at the slowest channel may take. */
  leaseSeconds: 60,
  /** Deliveries worked on at once, of one tenant. */
  atOnce: 10,
  /** Notices spread in one transaction. */
  spread: 50,
  /** Attempts before nobody is told: with the delays below, about seventeen hours. */
  attempts: 12,
  /** Before the second attempt, and the longest wait before any, in milliseconds. */
  firstMs: 5_000,
  longestMs: 4 * 3_600_000,
} as const;

export interface SenderParts {
  readonly store: NoticeStore;
  /** Settings of a tenant with its secrets; throws where they can't be had now. */
  readonly settingsOf: (tenant: string) => Promise<NoticeSettings>;
  readonly slack: DeliverParts['slack'];
  /** Adds the card to what is said, as it stands now. */
  readonly withCard?: (body: NoticeBody) => Promise<NoticeBody>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Calls back when there may be something new. */
  readonly listen?: (onNotice: () => void) => { close(): Promise<void> };
}

export interface Sender {
  /** Sends all that is due now; how many deliveries were tried. */
  sendDue(): Promise<number>;
  /** Finishes what is under way. */
  stop(): Promise<void>;
}

/** Milliseconds before the next attempt; `undefined` where there is none. */
export function delayAfter(attempt: number): number | undefined {
  const { attempts, firstMs, longestMs } = SENDER_LIMITS;
  return attempt >= attempts ? undefined : Math.min(longestMs, firstMs * 3 ** (attempt - 1));
}

/** Begins to send. */
export function startSender(parts: SenderParts): Sender {
  let isOver = false;
  let isAsked = true;
  let wake: () => void = () => undefined;
  const ask = (): void => {
    isAsked = true;
    wake();
  };
  /** Others change them while this waits. */
  const hasMore = (): boolean => isAsked || isOver;
  const listening = parts.listen?.(ask);
  const run = async (): Promise<void> => {
    while (!isOver) {
      isAsked = false;
      const tried = await sendDue(parts).catch((error: unknown) => {
        parts.logger.log('notices.interrupted', { error });
        return 0;
      });
      if (tried > 0 || hasMore()) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, SENDER_LIMITS.everyMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        // It was asked, or ended, between the two.
        if (hasMore()) wake();
      });
    }
  };
  const running = run();
  return {
    sendDue: () => sendDue(parts),
    stop: async () => {
      isOver = true;
      wake();
      await listening?.close();
      await running;
    },
  };
}

/** One round over all tenants that have something to be sent. */
export async function sendDue(parts: SenderParts): Promise<number> {
  let tried = 0;
  for (const tenant of await parts.store.tenantsWithWork()) {
    // One tenant's configuration, or its numbers, keep nobody else waiting.
    tried += await sendFor(parts, tenant).catch((error: unknown) => {
      parts.logger.log('notices.interrupted', { tenant, error });
      return 0;
    });
  }
  return tried;
}

async function sendFor(parts: SenderParts, tenant: string): Promise<number> {
  const { store, metrics } = parts;
  const settings = await parts.settingsOf(tenant);
  const channelsFor = ({ kind }: ClaimedDelivery['body']): readonly string[] =>
    settings.channels.filter(({ about }) => about?.includes(kind) ?? true).map(({ id }) => id);
  while ((await store.spread(tenant, channelsFor, SENDER_LIMITS.spread)) === SENDER_LIMITS.spread);
  const { leaseSeconds, atOnce } = SENDER_LIMITS;
  const claimed = await store.claim(tenant, { claim: randomUUID(), leaseSeconds, limit: atOnce });
  const tried = await Promise.allSettled(claimed.map((delivery) => attempt(parts, settings, delivery)));
  // Where the database could not be told, the claim lapses and another sender tries again.
  for (const one of tried) if (one.status === 'rejected') throw one.reason;
  const { waiting, dead } = await store.backlog(tenant);
  metrics.set('backstep_notices_waiting', { tenant }, waiting);
  metrics.set('backstep_notices_dead', { tenant }, dead);
  return claimed.length;
}

async function attempt(
  parts: SenderParts,
  settings: NoticeSettings,
  claimed: ClaimedDelivery,
): Promise<void> {
  const { store, metrics, logger } = parts;
  const { tenant, id, channel: name } = claimed;
  const channel = settings.channels.find((one) => one.id === name);
  const about = { tenant, notice: id, channel: name, attempt: claimed.attempt };
  try {
    // Taken out of the configuration since, or killed whoever tried it.
    if (channel === undefined) throw new DeliveryError('NOTICE_CHANNEL_GONE', true);
    if (claimed.attempt > SENDER_LIMITS.attempts) throw new DeliveryError('NOTICE_ATTEMPTS_LOST', true);
    const link = await linkFor(parts, settings, claimed);
    const body = (await parts.withCard?.(claimed.body)) ?? claimed.body;
    const delivery = { notice: { ...claimed, body }, channel, ...(link === undefined ? {} : { link }) };
    const { slack, now } = parts;
    await deliver({ slack, now, ...(settings.mail === undefined ? {} : { mail: settings.mail }) }, delivery);
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    const afterMs = error.isFinal ? undefined : delayAfter(claimed.attempt);
    metrics.count('backstep_notices_total', {
      tenant,
      channel: name,
      result: afterMs === undefined ? 'dead' : 'failed',
    });
    logger.log(afterMs === undefined ? 'notice.dead' : 'notice.failed', { ...about, code: error.code });
    await store.failed(claimed, error.code, afterMs);
    return;
  }
  metrics.count('backstep_notices_total', { tenant, channel: name, result: 'sent' });
  await store.sent(claimed);
}

/** Each attempt has a link of its own: what an earlier one sent, if it did, still leads to the card. */
async function linkFor(
  { store, now }: SenderParts,
  { link: base }: NoticeSettings,
  { tenant, id, channel, body }: ClaimedDelivery,
): Promise<string | undefined> {
  if (base === undefined || body.node === undefined) return undefined;
  const { url, digest } = makeLink(base, tenant);
  await store.keepLink(tenant, { digest, notice: id, channel, expiresAt: now() + LINK_MS });
  return url;
}
