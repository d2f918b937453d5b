/**
 * What our AWFs need of Okta, through Okta's own SDK: its retries and its cache off, its requests over our transport.
 * The SDK is loaded on first use, because that takes seconds; `warm` does it ahead.
 */
import type { Client, User } from '@okta/okta-sdk-nodejs';
import type { Connection, EffectContext } from '../../src/dsl/effect';
import type { JsonObject } from '../../src/kernel/json';
import { Names, perConnection } from '../kit/cached';
import { sdkFetch, SystemError, viaSdk, type SdkRequest } from '../kit/http';
import { libraries } from '../kit/vendor-libraries';

/** An identity as our AWFs see it. */
export interface Identity {
  readonly id: string;
  readonly status: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly department: string | null;
  /** Key of the action that created or revived it last. */
  readonly mark: string | null;
  /** When the status changed last, by Okta's clock. */
  readonly statusChanged: string | null;
}

const READ = { write: false } as const;
const WRITE = { write: true } as const;

/** Okta's codes that our effects act on. @source https://developer.okta.com/docs/reference/error-codes/ */
export const OKTA_CODES = {
  invalid: 'E0000001',
  notFound: 'E0000007',
  alreadyActive: 'E0000016',
  wrongStatus: 'E0000038',
  unsupported: 'E0000060',
} as const;

/** Okta's own error code of a failure; empty where there is none. */
export function oktaCode(error: unknown): string {
  if (!(error instanceof SystemError)) return '';
  const code = (error.body as JsonObject | null)?.['errorCode'];
  return typeof code === 'string' ? code : '';
}

/** Okta's own words about a failure: summary and causes. */
export function oktaWords(error: unknown): string {
  if (!(error instanceof SystemError)) return '';
  const body = error.body as { errorSummary?: string; errorCauses?: { errorSummary?: string }[] } | null;
  return [
    body?.errorSummary ?? '',
    ...(body?.errorCauses ?? []).map((cause) => cause.errorSummary ?? ''),
  ].join('\n');
}

/** An identity by id or login; `undefined` where there is none. */
export async function findIdentity(context: EffectContext, reference: string): Promise<Identity | undefined> {
  const { client } = connected(context);
  try {
    const user = await viaSdk(context, READ, () => client.userApi.getUser({ userId: reference }));
    return identityOf(context, user);
  } catch (error) {
    if (oktaCode(error) === OKTA_CODES.notFound) return undefined;
    throw error;
  }
}

export interface NewIdentity {
  readonly login: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly department?: string | undefined;
}

/** Creates and activates an identity that carries the action's key. */
export async function createUser(context: EffectContext, asked: NewIdentity): Promise<Identity> {
  const { client } = connected(context);
  const { login, firstName, lastName, department } = asked;
  const profile = {
    ...{ login, email: login, firstName, lastName },
    ...(department === undefined ? {} : { department }),
    [markAttribute(context.connection)]: context.key,
  };
  const user = await viaSdk(context, WRITE, () =>
    client.userApi.createUser({ activate: true, body: model({ profile }) }),
  );
  return identityOf(context, user);
}

/** Writes attributes of a profile and leaves the others alone; null takes one away. */
export async function updateProfile(
  context: EffectContext,
  id: string,
  profile: Readonly<Record<string, string | null>>,
): Promise<void> {
  const { client } = connected(context);
  await viaSdk(context, WRITE, () => client.userApi.updateUser({ userId: id, user: model({ profile }) }));
}

/** Puts the action's key on an identity. */
export const mark = (context: EffectContext, id: string): Promise<void> =>
  updateProfile(context, id, { [markAttribute(context.connection)]: context.key });

export type LifecycleStep = 'activate' | 'deactivate' | 'suspend' | 'unsuspend';

/** Moves an identity through Okta's status machine; refused from a status that does not allow it. */
export async function lifecycle(context: EffectContext, id: string, step: LifecycleStep): Promise<void> {
  const { client } = connected(context);
  const steps = {
    activate: () => client.userApi.activateUser({ userId: id, sendEmail: false }),
    deactivate: () => client.userApi.deactivateUser({ userId: id, sendEmail: false }),
    suspend: () => client.userApi.suspendUser({ userId: id }),
    unsuspend: () => client.userApi.unsuspendUser({ userId: id }),
  } as const;
  await viaSdk<unknown>(context, WRITE, steps[step]);
}

/** A group's id by id or exact name. */
export async function groupId(context: EffectContext, group: string): Promise<string | undefined> {
  if (/^00g[A-Za-z0-9_]{10,}$/.test(group)) return group;
  const { client, groups } = connected(context);
  return groups.idOf(group, context.now(), () =>
    viaSdk(context, READ, async () => {
      // `q` matches the beginning of the name, so the exact one is looked for among the hits. `search` would be exact,
      // but reads from an index that lags behind.
      for await (const hit of await client.groupApi.listGroups({ q: group })) {
        const found = hit;
        if (found?.profile?.name?.toLowerCase() === group.toLowerCase()) return found.id;
      }
      return undefined;
    }),
  );
}

/** Ids of the groups that a person is in. */
export async function groupsOf(context: EffectContext, user: string): Promise<ReadonlySet<string>> {
  const { client } = connected(context);
  return viaSdk(context, READ, async () => {
    const ids = new Set<string>();
    for await (const group of await client.userApi.listUserGroups({ userId: user })) {
      const id = group?.id;
      if (id !== undefined) ids.add(id);
    }
    return ids;
  });
}

/** Declares membership: success also where the person is in already. */
export async function join(context: EffectContext, group: string, user: string): Promise<void> {
  const { client } = connected(context);
  await viaSdk(context, WRITE, () => client.groupApi.assignUserToGroup({ groupId: group, userId: user }));
}

/** Success also where the person is in no longer. */
export async function leave(context: EffectContext, group: string, user: string): Promise<void> {
  const { client } = connected(context);
  await viaSdk(context, WRITE, () => client.groupApi.unassignUserFromGroup({ groupId: group, userId: user }));
}

/** Loads the SDK, so that the first action need not wait for it. */
export const warm = (): unknown => libraries.okta();

interface Connected {
  readonly client: Client;
  readonly groups: Names;
}

const connect = perConnection((connection: Connection): Connected => {
  const okta = libraries.okta();
  // The SDK wants an emitter; it listens to none of its events, and our transport does the rest.
  const executor = new okta.RequestExecutor();
  executor.fetch = ((sent: SdkRequest & { readonly url: string }) => sdkFetch(sent.url, sent)) as never;
  const client = new okta.Client({
    orgUrl: connection.baseUrl.replace(/\/+$/, ''),
    token: connection.secrets['token'] ?? '',
    requestExecutor: executor,
    // Its cache would show us an identity as it was before our own write.
    cacheMiddleware: null,
  });
  return { client, groups: new Names() };
});

const connected = (context: EffectContext): Connected => connect(context.connection);

/** Custom attribute of the organisation's user schema that holds our mark. */
const markAttribute = (connection: Connection): string =>
  connection.settings?.['markAttribute'] ?? 'backstepKey';

/** The SDK's models are classes without behaviour; it serialises plain data just as well. */
const model = <T>(data: object): T => data as T;

/** The SDK turns instants into `Date`s where it knows the field. */
const instant = (value: unknown): string | null =>
  value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : null;

function identityOf(
  context: EffectContext,
  user: Pick<User, 'id' | 'status' | 'profile' | 'statusChanged'>,
): Identity {
  const profile = (user.profile ?? {}) as Readonly<Record<string, unknown>>;
  const text = (name: string): string | null => {
    const value = profile[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  return {
    id: String(user.id),
    status: String(user.status),
    firstName: text('firstName') ?? '',
    lastName: text('lastName') ?? '',
    department: text('department'),
    mark: text(markAttribute(context.connection)),
    statusChanged: instant(user.statusChanged),
  };
}
