/**
 * What our AWFs need of Slack, through Slack's own SDK: its retries and its rate-limit queue off, its requests over our
 * transport. Slack answers errors with HTTP 200 and `ok: false`; here they become failures like any other.
 */
import type { KnownBlock, WebClient } from '@slack/web-api';
import type { Connection, EffectContext } from '../../src/dsl/effect';
import type { JsonObject } from '../../src/kernel/json';
import { Names, perConnection } from '../kit/cached';
import { sdkFetch, viaSdk, type SdkRequest } from '../kit/http';
import { libraries } from '../kit/vendor-libraries';
import { failureOfSlack, SlackRefusal, slackRefusal } from './errors';

const READ = { write: false } as const;
const WRITE = { write: true } as const;

/** Members and channels asked for at once; Slack's most. @source https://docs.slack.dev/apis/web-api/pagination */
const PAGE = 1_000;

/** A member's id by e-mail address or id; `undefined` where there is none. */
export async function memberId(context: EffectContext, user: string): Promise<string | undefined> {
  if (/^[UW][A-Z0-9_]{6,}$/.test(user)) return user;
  const { client, people } = connected(context);
  return people.idOf(user.toLowerCase(), context.now(), async () => {
    const answer = await called(context, READ, () => client.users.lookupByEmail({ email: user }));
    if (answer.error === 'users_not_found') return undefined;
    return (answer.body['user'] as JsonObject | undefined)?.['id'] as string | undefined;
  });
}

/** A channel's id by id or name, with or without `#`. */
export async function channelId(context: EffectContext, channel: string): Promise<string | undefined> {
  if (/^[CG][A-Z0-9]{8,}$/.test(channel)) return channel;
  const { client, channels } = connected(context);
  const wanted = channel.replace(/^#/, '').toLowerCase();
  return channels.idOf(wanted, context.now(), async () => {
    for (let cursor = ''; ;) {
      const { body } = await called(context, READ, () =>
        client.conversations.list({ types: 'public_channel,private_channel', limit: PAGE, cursor }),
      );
      const page = (body['channels'] ?? []) as readonly { id: string; name: string }[];
      // Slack has no look-up by name: what a page shows is kept for the next one who asks.
      for (const { id, name } of page) channels.remember(name.toLowerCase(), id, context.now());
      const hit = page.find(({ name }) => name.toLowerCase() === wanted);
      if (hit) return hit.id;
      cursor = nextCursor(body);
      if (cursor === '') return undefined;
    }
  });
}

/** Whether a member is in a channel. */
export async function isIn(context: EffectContext, channel: string, user: string): Promise<boolean> {
  const { client } = connected(context);
  for (let cursor = ''; ;) {
    const { body } = await called(context, READ, () =>
      client.conversations.members({ channel, limit: PAGE, cursor }),
    );
    if (((body['members'] ?? []) as readonly string[]).includes(user)) return true;
    cursor = nextCursor(body);
    if (cursor === '') return false;
    context.heartbeat();
  }
}

/** Slack's answer to a write: nothing, or the reason why nothing was changed. */
export type Refused = string | undefined;

export async function invite(context: EffectContext, channel: string, user: string): Promise<Refused> {
  const { client } = connected(context);
  return (await called(context, WRITE, () => client.conversations.invite({ channel, users: user }))).error;
}

export async function kick(context: EffectContext, channel: string, user: string): Promise<Refused> {
  const { client } = connected(context);
  return (await called(context, WRITE, () => client.conversations.kick({ channel, user }))).error;
}

export interface SlackMessage {
  /** Id of the channel. */
  readonly channel: string;
  /** What is shown where blocks are not. */
  readonly text: string;
  readonly blocks: readonly KnownBlock[];
  /** Kept with the message, and shown to nobody. */
  readonly metadata: {
    readonly event_type: string;
    readonly event_payload: Readonly<Record<string, string>>;
  };
}

/** Posts a message. Slack has no key to post by: what is sent twice is there twice. */
export async function postMessage(context: EffectContext, message: SlackMessage): Promise<Refused> {
  const { client } = connected(context);
  const { channel, text, metadata } = message;
  const blocks = [...message.blocks];
  const call = (): Promise<unknown> => client.chat.postMessage({ channel, text, blocks, metadata });
  return (await called(context, WRITE, call)).error;
}

/** Loads the SDK, so that the first action need not wait for it. */
export const warm = (): unknown => libraries.slack();

interface Connected {
  readonly client: WebClient;
  readonly channels: Names;
  readonly people: Names;
}

const connect = perConnection((connection: Connection): Connected => {
  const { WebClient, LogLevel } = libraries.slack();
  const client = new WebClient(connection.secrets['token'] ?? '', {
    slackApiUrl: connection.baseUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    // A queue of the SDK would run our calls in each other's name.
    maxRequestConcurrency: Number.POSITIVE_INFINITY,
    allowAbsoluteUrls: false,
    logLevel: LogLevel.ERROR,
    fetch: (url, init) => sdkFetch(String(url), init as SdkRequest),
  });
  return { client, channels: new Names(), people: new Names() };
});

const connected = (context: EffectContext): Connected => connect(context.connection);

interface Called {
  readonly error: Refused;
  readonly body: JsonObject;
}

/**
 * One call. Errors that an effect may have an answer to come back as values; those that none has (credentials, scopes,
 * limits, Slack's own faults) are thrown as general failures.
 */
async function called(
  context: EffectContext,
  purpose: { readonly write: boolean },
  call: () => Promise<unknown>,
): Promise<Called> {
  try {
    return { error: undefined, body: (await viaSdk(context, purpose, call, slackRefusal)) as JsonObject };
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    const failure = failureOfSlack(error.code, purpose, context);
    if (failure) throw failure;
    return { error: error.code, body: {} };
  }
}

const nextCursor = (body: JsonObject): string =>
  (body as { response_metadata?: { next_cursor?: string } }).response_metadata?.next_cursor ?? '';
