/**
 * The API as a process: what it needs of the servers, the configuration and the issuer, put together, and listening.
 * Entry ring; a composition root.
 */
import type { AddressInfo } from 'node:net';
import { loadConfig, type TenantConfig } from '../app/configuration';
import { refuse, type Refusal } from '../app/refusal';
import { openServices, seedTenant } from '../app/services';
import type { Settings } from '../app/settings';
import { showMetrics, versionOf } from '../app/watching';
import type { Wiring } from '../app/wiring';
import { ok, type Result } from '../kernel/result';
import { createAnswerStore } from '../store/answers';
import { migrate, openDatabase } from '../store/database';
import { buildApi, type ApiOptions } from './app';
import type { Identify } from './identity';
import { API_LIMITS } from './limits';
import type { ApiDeps } from './route';
import { readWebhookSecrets } from './webhooks';

export interface ServeOptions {
  readonly settings: Settings;
  readonly wiring: Wiring;
  readonly identify: Identify;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface ServedApi {
  /** `http://host:port`. */
  readonly url: string;
  /** Says no to `/readyz`, takes no more connections, finishes what it has, and closes everything. */
  stop(): Promise<void>;
}

/** Connections for use cases, and for answers kept by key: two processes and the robots fit into what Postgres allows. */
const POOL_SIZES = { services: 10, answers: 6 } as const;

/** Connects to the servers, brings the schema up to date and listens. Rejects with code `API_PORT_UNUSABLE`, or what kept it. */
export async function serveApi({ settings, wiring, identify, host, port }: ServeOptions): Promise<ServedApi> {
  await migrate({ url: wiring.databaseUrl });
  const services = await openServices(settings, wiring, { role: 'api', poolSize: POOL_SIZES.services });
  const { logger } = services;
  const database = openDatabase({
    url: wiring.databaseUrl,
    poolSize: POOL_SIZES.answers,
    applicationName: 'backstep-api-answers',
    onIdleError: (error) => logger.log('store.connection_lost', { error }),
  });
  const answers = createAnswerStore(database);
  const { client } = services.outcomes;
  const deps: ApiDeps = {
    services,
    configOf: configsOf(settings, (config) => seedTenant(services, config)),
    identify,
    answers,
    probes: {
      postgres: () => answers.probe(),
      temporal: async () => {
        const namespace = wiring.temporalNamespace;
        const deadline = Date.now() + API_LIMITS.probeMs;
        await client.withDeadline(deadline, () => client.workflowService.describeNamespace({ namespace }));
      },
    },
    origins: settings.api.origins,
    ...(settings.api.webhooks === undefined ? {} : { webhooks: readWebhookSecrets(settings.api.webhooks) }),
    version: versionOf(settings),
  };
  const { app, drain } = await buildApi(deps, limitsOf(settings));
  const shown = await showMetrics(settings, services);
  const close = async (): Promise<void> => {
    await app.close();
    await shown?.close();
    await Promise.allSettled([database.close(), services.close()]);
  };
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await close();
    throw unusable(cause, `${host}:${port}`);
  }
  const { port: taken } = app.server.address() as AddressInfo;
  logger.log('api.started', { host, port: taken });
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    stop: () => {
      logger.log('api.stopping');
      drain();
      return close();
    },
  };
}

/** An address may be many callers: that of a proxy. */
const CALLERS_OF_ADDRESS = 5;

const limitsOf = ({ api: { perMinute } }: Settings): ApiOptions =>
  perMinute === undefined
    ? {}
    : { perMinute: { caller: perMinute, address: perMinute * CALLERS_OF_ADDRESS } };

const UNUSABLE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there',
  EACCES: 'this user may not',
  EADDRNOTAVAIL: 'it is no address of this machine',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up',
};

function unusable(cause: unknown, address: string): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  const because = UNUSABLE[code ?? ''];
  if (because === undefined) return cause;
  return Object.assign(new Error(`\`${address}\` can't be listened on: ${because}`, { cause }), {
    code: 'API_PORT_UNUSABLE',
    help: 'free it, or name another one with `--port` and `--host`',
  });
}

/** Configurations by tenant, each read and its entities seeded once; one that is not valid is read again. */
function configsOf(
  settings: Settings,
  seed: (config: TenantConfig) => Promise<unknown>,
): ApiDeps['configOf'] {
  const known = new Map<string, Promise<Result<TenantConfig, Refusal>>>();
  const read = async (tenant: string): Promise<Result<TenantConfig, Refusal>> => {
    const config = await loadConfig(settings, tenant);
    if (!config.ok) {
      // Diagnostics name files of ours; whoever runs the API sees them with `backstep config check`.
      return refuse('CONFIG_REFUSED', `the configuration of \`${tenant}\` is not valid`);
    }
    await seed(config.value);
    return ok(config.value);
  };
  return async (tenant) => {
    const found = known.get(tenant) ?? read(tenant);
    known.set(tenant, found);
    const config = await found.catch((error: unknown) => {
      known.delete(tenant);
      throw error;
    });
    if (!config.ok) known.delete(tenant);
    return config;
  };
}
