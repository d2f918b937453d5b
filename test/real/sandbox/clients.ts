/** Plain clients for the stand-ins without an SDK, and Graph's SDK with its token, as a connector would use them. */
import { Client, HTTPMessageHandler, type Context, type Middleware } from '@microsoft/microsoft-graph-client';
import type { SandboxCredentials, SandboxProcess } from '../../../src/sandbox';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  /** What lies at a path of the body, such as `data.0.comment`. */
  at(path: string): unknown;
  /** The same, as text. */
  text(path: string): string;
}

export async function http(
  method: string,
  url: string,
  options: {
    readonly headers?: Record<string, string>;
    readonly body?: unknown;
    readonly form?: Record<string, string>;
  } = {},
): Promise<Reply> {
  const { headers = {}, body, form } = options;
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
  });
  const text = await response.text();
  const parsed: unknown = text === '' ? undefined : JSON.parse(text);
  const at = (path: string): unknown =>
    path
      .split('.')
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], parsed);
  return {
    status: response.status,
    headers: response.headers,
    body: parsed,
    at,
    text: (path) => {
      const value = at(path);
      if (typeof value !== 'string') throw new Error(`no text at \`${path}\` of ${text}`);
      return value;
    },
  };
}

export const credentialsOf = (sandbox: SandboxProcess, tenant = 'acme'): SandboxCredentials => {
  const credentials = sandbox.credentials[tenant];
  if (!credentials) throw new Error(`the sandbox has no tenant \`${tenant}\``);
  return credentials;
};

export async function graphToken(graphUrl: string, { graph }: SandboxCredentials): Promise<string> {
  const reply = await http('POST', `${graphUrl}/${graph.tenantId}/oauth2/v2.0/token`, {
    form: {
      grant_type: 'client_credentials',
      client_id: graph.clientId,
      client_secret: graph.clientSecret,
      scope: 'https://graph.microsoft.com/.default',
    },
  });
  return reply.text('access_token');
}

/** Graph's SDK sends a token over https only, so over loopback its documented chain of middleware gets one of ours. */
export function graphClient(graphUrl: string, token: string): Client {
  const transport = new HTTPMessageHandler();
  const bearer: Middleware & { setNext(next: Middleware): void } = {
    async execute(context: Context) {
      const headers = new Headers(context.options?.headers);
      headers.set('authorization', `Bearer ${token}`);
      context.options = { ...context.options, headers };
      await transport.execute(context);
    },
    setNext: () => undefined,
  };
  return Client.initWithMiddleware({
    baseUrl: graphUrl,
    customHosts: new Set(['127.0.0.1']),
    middleware: bearer,
  });
}

export async function workdayToken(workdayUrl: string, { workday }: SandboxCredentials): Promise<Reply> {
  const encoded = Buffer.from(`${workday.clientId}:${workday.clientSecret}`).toString('base64');
  return http('POST', `${workdayUrl}/ccx/oauth2/${workday.tenant}/token`, {
    headers: { authorization: `Basic ${encoded}` },
    form: { grant_type: 'refresh_token', refresh_token: workday.refreshToken },
  });
}

/** A Workday client for one tenant: `call('POST', 'staffing/v6', '/workers/…', body)`. */
export async function workdayClient(sandbox: SandboxProcess, tenant = 'acme') {
  const url = sandbox.urls.workday;
  const token = (await workdayToken(url, credentialsOf(sandbox, tenant))).text('access_token');
  return (method: string, service: string, path: string, sent?: unknown): Promise<Reply> =>
    http(method, `${url}/ccx/api/${service}/${tenant}${path}`, {
      headers: { authorization: `Bearer ${token}` },
      ...(sent === undefined ? {} : { body: sent }),
    });
}

export function serviceNowClient(sandbox: SandboxProcess, tenant = 'acme') {
  const { username, password } = credentialsOf(sandbox, tenant).servicenow;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return (method: string, path: string, sent?: unknown): Promise<Reply> =>
    http(method, `${sandbox.urls.servicenow}${path}`, {
      headers: { authorization },
      ...(sent === undefined ? {} : { body: sent }),
    });
}

export function oktaHttp(sandbox: SandboxProcess, tenant = 'acme', action?: string) {
  const { token } = credentialsOf(sandbox, tenant).okta;
  return (method: string, path: string, sent?: unknown): Promise<Reply> =>
    http(method, `${sandbox.urls.okta}${path}`, {
      headers: {
        authorization: `SSWS ${token}`,
        ...(action === undefined ? {} : { 'x-backstep-action': action }),
      },
      ...(sent === undefined ? {} : { body: sent }),
    });
}

export function slackHttp(sandbox: SandboxProcess, tenant = 'acme', action?: string) {
  const { token } = credentialsOf(sandbox, tenant).slack;
  return (method: string, form: Record<string, string>): Promise<Reply> =>
    http('POST', `${sandbox.urls.slack}${method}`, {
      headers: {
        authorization: `Bearer ${token}`,
        ...(action === undefined ? {} : { 'x-backstep-action': action }),
      },
      form,
    });
}

/** A user as Okta's create takes it. */
export const oktaUser = (login: string, more: Record<string, unknown> = {}) => ({
  profile: { login, email: login, firstName: 'Kim', lastName: 'Doe', ...more },
});
