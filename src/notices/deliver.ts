/**
 * One attempt at one delivery, on the way that its channel is: mail, Slack, or a signed call.
 * Adapter ring; it keeps nothing and tries nothing again.
 */
import { createHmac } from 'node:crypto';
import { createTransport } from 'nodemailer';
import type { MailSettings, NoticeChannel } from '../config/notices';
import { deliveryKey, messageOf } from './message';
import type { Notice } from './notice';

/** Why a delivery did not come about; `isFinal` where trying again would be of no use. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  constructor(
    readonly code: string,
    readonly isFinal: boolean,
    options?: ErrorOptions,
  ) {
    super(code, options);
  }
}

export interface SlackPost {
  readonly channel: string;
  readonly text: string;
  readonly blocks: ReturnType<typeof messageOf>['blocks'];
  readonly key: string;
}

export interface DeliverParts {
  readonly mail?: MailSettings;
  /** Posts to the tenant's Slack. Throws DeliveryError. */
  readonly slack: (tenant: string, post: SlackPost) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Delivery {
  readonly notice: Notice;
  readonly channel: NoticeChannel;
  readonly link?: string;
}

/** Bounds of one attempt, in milliseconds. */
const TIMES = { connect: 5_000, answer: 10_000 } as const;

/** Resolves when the other side has taken it. Throws DeliveryError. */
export async function deliver(parts: DeliverParts, { notice, channel, link }: Delivery): Promise<void> {
  const key = deliveryKey(notice, channel.id);
  switch (channel.kind) {
    case 'email':
      return mail(parts, { notice, to: channel.to, link, key });
    case 'slack': {
      const { subject, blocks } = messageOf(notice, link);
      return parts.slack(notice.tenant, { channel: channel.channel, text: subject, blocks, key });
    }
    case 'webhook':
      return call(parts, { notice, channel, link, key });
  }
}

async function mail(
  { mail: settings }: DeliverParts,
  of: {
    readonly notice: Notice;
    readonly to: readonly string[];
    readonly link: string | undefined;
    readonly key: string;
  },
): Promise<void> {
  if (settings === undefined) throw new DeliveryError('NOTICE_MAIL_NOT_CONFIGURED', true);
  const { server, from, user, password } = settings;
  const transport = createTransport({
    url: server,
    connectionTimeout: TIMES.connect,
    greetingTimeout: TIMES.connect,
    socketTimeout: TIMES.answer,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
  });
  const { subject, text, html } = messageOf(of.notice, of.link);
  const domain = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'backstep.invalid';
  try {
    await transport.sendMail({
      ...{ from, to: [...of.to], subject, text, html },
      messageId: `<${of.key}@${domain}>`,
      // No robot answers it, and no mail server sends an absence note to it. RFC 3834
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Backstep-Notice': of.key },
    });
  } catch (error) {
    const { responseCode } = error as { readonly responseCode?: number };
    // 4yz passes, 5yz does not, but for who may send: that is mended on our side. RFC 5321 4.2.1
    const isFinal = responseCode !== undefined && responseCode >= 550 && responseCode < 560;
    throw new DeliveryError(
      responseCode === undefined ? 'NOTICE_MAIL_UNREACHABLE' : `SMTP_${responseCode}`,
      isFinal,
      { cause: error },
    );
  } finally {
    transport.close();
  }
}

type Webhook = Extract<NoticeChannel, { kind: 'webhook' }>;

/** @source https://www.standardwebhooks.com: `webhook-id`, `webhook-timestamp`, `webhook-signature` */
async function call(
  { now }: DeliverParts,
  of: {
    readonly notice: Notice;
    readonly channel: Webhook;
    readonly link: string | undefined;
    readonly key: string;
  },
): Promise<void> {
  const { tenant, body } = of.notice;
  const payload = JSON.stringify({
    type: `backstep.${body.kind}`,
    timestamp: new Date(body.at).toISOString(),
    data: { tenant, ...body, ...(of.link === undefined ? {} : { link: of.link }) },
  });
  const timestamp = String(Math.floor(now() / 1_000));
  const answer = await fetch(of.channel.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': of.key,
      'webhook-timestamp': timestamp,
      'webhook-signature': webhookSignature(of.channel.secret, { id: of.key, timestamp, payload }),
    },
    body: payload,
    // What is signed for one address goes to no other.
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMES.answer),
  }).catch((error: unknown) => {
    throw new DeliveryError('NOTICE_WEBHOOK_UNREACHABLE', false, { cause: error });
  });
  await answer.body?.cancel();
  if (answer.status >= 200 && answer.status < 300) return;
  const isFinal =
    answer.status >= 300 && answer.status < 500 && ![401, 403, 404, 408, 425, 429].includes(answer.status);
  throw new DeliveryError(`HTTP_${answer.status}`, isFinal);
}

/** Over id, instant and body, so that neither can be put in another's place. `v1,` and base64. */
const webhookSignature = (
  secret: string,
  { id, timestamp, payload }: { readonly id: string; readonly timestamp: string; readonly payload: string },
): string => `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${payload}`).digest('base64')}`;
