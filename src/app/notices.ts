/**
 * The sender of notices of one process, and what there is to see and do about those that nobody could be given.
 * Entry ring; a composition root, and use cases.
 */
import { channelId, postMessage } from '../../activities/slack/client';
import { resolveConnection } from '../config/connections';
import { resolveNotices, type NoticeSettings } from '../config/notices';
import { EffectError, type EffectContext } from '../dsl/effect';
import { DeliveryError, type SlackPost } from '../notices/deliver';
import { readToken } from '../notices/links';
import { startSender, type Sender } from '../notices/sender';
import { appUrlOf } from '../store/app-role';
import type { Database } from '../store/database';
import { listen } from '../store/listen';
import { createNoticeStore, NOTICES_CHANNEL, type LinkedNotice, type NoticeStore } from '../store/notices';
import type { Logger } from '../telemetry/logger';
import type { Telemetry } from '../telemetry/telemetry';
import type { Outcomes } from '../temporal/client';
import type { TenantConfig } from './configuration';
import { withCard } from './notice-cards';
import { sandboxVariables } from './sandbox-variables';
import type { Settings } from './settings';
import type { Wiring } from './wiring';

export interface NoticesParts {
  readonly settings: Settings;
  readonly wiring: Wiring;
  readonly database: Database;
  readonly configOf: (tenant: string) => Promise<TenantConfig>;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  /** Where cards are read; absent: messages say what the record says. */
  readonly outcomes?: Pick<Outcomes, 'runs'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Milliseconds that Slack is given for one message. */
const SLACK_MS = 10_000;

/** Begins to send the notices of all tenants. */
export function startNotices(parts: NoticesParts): Sender {
  const { database, wiring, telemetry, logger, now, outcomes } = parts;
  return startSender({
    ...(outcomes === undefined ? {} : { withCard: (body) => withCard(outcomes, body) }),
    store: createNoticeStore(database),
    settingsOf: async (tenant) => settingsOf(parts, tenant, (await parts.configOf(tenant)).notices),
    slack: (tenant, post) => postToSlack(parts, tenant, post),
    listen: (onNotice) => listen(appUrlOf(wiring.databaseUrl), NOTICES_CHANNEL, () => onNotice()),
    metrics: telemetry.metrics,
    logger,
    now,
  });
}

const lookupOf =
  ({ settings, wiring }: NoticesParts, tenant: string) =>
  (name: string): string | undefined =>
    settings.env[name] ??
    (wiring.sandboxUrl === undefined ? {} : sandboxVariables(tenant, wiring.sandboxUrl))[name];

function settingsOf(parts: NoticesParts, tenant: string, given: NoticeSettings): NoticeSettings {
  const resolved = resolveNotices(given, tenant, lookupOf(parts, tenant));
  if (!resolved.ok) throw new Error(resolved.error.map(({ message }) => message).join('; '));
  return resolved.value;
}

async function postToSlack(parts: NoticesParts, tenant: string, post: SlackPost): Promise<void> {
  const { bundle } = await parts.configOf(tenant);
  const connection = resolveConnection(bundle, 'slack', lookupOf(parts, tenant));
  if (!connection.ok) throw new DeliveryError('NOTICE_SLACK_NOT_CONNECTED', false);
  const note = (message: string, fields?: object): void =>
    parts.logger.log('action.note', { tenant, message, ...fields });
  const context: EffectContext = {
    ...{ tenant, key: `notice/${post.key}`, operation: 'execute', attempt: 1 },
    connection: connection.value,
    signal: AbortSignal.timeout(SLACK_MS),
    spend: () => undefined,
    heartbeat: () => undefined,
    log: { info: note, warn: note },
    now: parts.now,
  };
  const refused = await send(context, post).catch((error: unknown) => {
    if (!(error instanceof EffectError))
      throw new DeliveryError('NOTICE_SLACK_UNREADABLE', false, { cause: error });
    // Who takes the app's rights away may give them back.
    const { code } = error.failure;
    throw new DeliveryError(code, false, { cause: error });
  });
  if (refused !== undefined) throw new DeliveryError(`SLACK_${refused.toUpperCase()}`, true);
}

/** Slack's word where it refused for good. */
async function send(
  context: EffectContext,
  { channel, text, blocks, key }: SlackPost,
): Promise<string | undefined> {
  const id = await channelId(context, channel);
  if (id === undefined) return 'channel_not_found';
  const metadata = { event_type: 'backstep_notice', event_payload: { notice: key } };
  return postMessage(context, { channel: id, text, blocks, metadata });
}

/** What a link leads to, with its card; `undefined` where there is none. The first who follows it finds it fresh. */
export async function followLink(
  { notices, outcomes }: { readonly notices: NoticeStore; readonly outcomes: Pick<Outcomes, 'runs'> },
  token: string,
): Promise<LinkedNotice | undefined> {
  const read = readToken(token);
  const found = read === undefined ? undefined : await notices.followLink(read.tenant, read.digest);
  return found?.state === 'fresh' ? { ...found, body: await withCard(outcomes, found.body) } : found;
}
