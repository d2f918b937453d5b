/**
 * What our AWFs need of Intune, through Microsoft's Graph SDK: none of its middleware (it would retry and redirect), its
 * requests over our transport, tokens by client credentials.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Client, Context as GraphContext, Middleware } from '@microsoft/microsoft-graph-client';
import type { Connection, EffectContext } from '../../src/dsl/effect';
import type { Json, JsonObject } from '../../src/kernel/json';
import { connectionKey, Names, perConnection } from '../kit/cached';
import { sdkFetch, SystemError, viaSdk, type SdkRequest } from '../kit/http';
import { tokens } from '../kit/token';
import { libraries } from '../kit/vendor-libraries';

const READ = { write: false } as const;
const WRITE = { write: true } as const;

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const CONFIGURATIONS = '/deviceManagement/deviceConfigurations';

/** Where a profile is assigned to, exactly as Graph has it: what is written back must not lose a field. */
export type Target = JsonObject;

/** A profile's id by id or display name. */
export const profileId = (context: EffectContext, profile: string): Promise<string | undefined> =>
  idOf(context, CONFIGURATIONS, profile);

/** A group's id by id or display name. */
export const groupId = (context: EffectContext, group: string): Promise<string | undefined> =>
  idOf(context, '/groups', group);

/** Every assignment of a profile; `undefined` where the profile is gone. */
export async function targetsOf(context: EffectContext, profile: string): Promise<Target[] | undefined> {
  try {
    const items = await list(context, `${CONFIGURATIONS}/${profile}/assignments`, {});
    return items.map((item) => item['target'] as Target);
  } catch (error) {
    if (error instanceof SystemError && error.status === 404) return undefined;
    throw error;
  }
}

/** Replaces the whole set of a profile's assignments. */
export async function assign(
  context: EffectContext,
  profile: string,
  targets: readonly Target[],
): Promise<void> {
  const assignments = targets.map((target) => ({
    '@odata.type': '#microsoft.graph.deviceConfigurationAssignment',
    target,
  }));
  await call(context, WRITE, (client) =>
    client.api(`${CONFIGURATIONS}/${profile}/assign`).post({ assignments }),
  );
}

/** Names what two actions must not write at the same time. */
export const profileKey = (context: EffectContext, profile: string): string =>
  `intune ${connectionKey(context.connection)} ${profile}`;

/** Loads the SDK, so that the first action need not wait for it. */
export const warm = (): unknown => libraries.graph();

async function idOf(context: EffectContext, path: string, name: string): Promise<string | undefined> {
  if (GUID.test(name)) return name;
  const { names } = connected(context);
  return names.idOf(`${path} ${name.toLowerCase()}`, context.now(), async () => {
    const query = { $filter: `displayName eq '${name.replaceAll("'", "''")}'`, $select: 'id,displayName' };
    const [hit] = await list(context, path, query);
    return hit?.['id'] as string | undefined;
  });
}

/** All pages of a collection. */
async function list(
  context: EffectContext,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  let next: string | undefined;
  do {
    const at = next;
    const page = await call(context, READ, (client) =>
      at === undefined
        ? client
            .api(path)
            .query({ ...query })
            .get()
        : client.api(at).get(),
    );
    items.push(...((page['value'] ?? []) as JsonObject[]));
    next = page['@odata.nextLink'] as string | undefined;
  } while (next !== undefined);
  return items;
}

/** One call of the SDK with a good token. */
function call(
  context: EffectContext,
  purpose: { readonly write: boolean },
  act: (client: Client) => Promise<Json>,
): Promise<JsonObject> {
  const { client, bearer } = connected(context);
  return withToken(context, (token) =>
    viaSdk(context, purpose, () => bearer.run(token, () => act(client)) as Promise<JsonObject>),
  );
}

/** @source https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
const withToken = tokens((context) => {
  const { secrets, settings, baseUrl } = context.connection;
  // Microsoft issues tokens on another host than Graph's; a stand-in has both on one.
  const login = settings?.['loginUrl'] ?? (PUBLIC_GRAPH.test(baseUrl) ? PUBLIC_LOGIN : baseUrl);
  return {
    path: `${login.replace(/\/+$/, '')}/${settings?.['tenantId'] ?? ''}/oauth2/v2.0/token`,
    form: {
      grant_type: 'client_credentials',
      client_id: secrets['clientId'] ?? '',
      client_secret: secrets['clientSecret'] ?? '',
      scope: 'https://graph.microsoft.com/.default',
    },
  };
});

const PUBLIC_GRAPH = /^https:\/\/graph\.microsoft\.com/;
const PUBLIC_LOGIN = 'https://login.microsoftonline.com';

/** The token of the call at hand: the SDK's own way to it would fetch one for each request. */
class Bearer {
  private readonly tokens = new AsyncLocalStorage<string>();

  get current(): string {
    return this.tokens.getStore() ?? '';
  }

  run<T>(token: string, work: () => T): T {
    return this.tokens.run(token, work);
  }
}

interface Connected {
  readonly client: Client;
  readonly names: Names;
  readonly bearer: Bearer;
}

const connect = perConnection((connection: Connection): Connected => {
  const { Client } = libraries.graph();
  const bearer = new Bearer();
  const transport: Middleware = {
    async execute(graph: GraphContext) {
      const { method, headers, body } = (graph.options ?? {}) as SdkRequest & { headers?: unknown };
      graph.response = await sdkFetch(String(graph.request), {
        method,
        headers: { ...plain(headers), authorization: `Bearer ${bearer.current}` },
        body,
      });
    },
  };
  const base = connection.baseUrl.replace(/\/+$/, '');
  const client = Client.initWithMiddleware({
    baseUrl: base,
    customHosts: new Set([new URL(base).hostname]),
    middleware: transport,
  });
  return { client, names: new Names(), bearer };
});

const connected = (context: EffectContext): Connected => connect(context.connection);

/** The SDK hands headers over as an object, a list of pairs or a `Headers`. */
const plain = (headers: unknown): Record<string, string> =>
  Object.fromEntries(new Headers((headers ?? {}) as Record<string, string>).entries());
