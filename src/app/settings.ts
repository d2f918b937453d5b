/**
 * The settings of a process, read from its environment in one place. `docs/cli.md` lists every variable; a test holds the
 * two against each other.
 * Entry ring: composition roots call this, nothing else reads the environment.
 */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { actorNamed } from '../kernel/ids';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every variable that Backstep itself reads, with its meaning; those of the embedded stand and its programs included. */
export const VARIABLES = {
  BACKSTEP_TENANT: 'the tenant, where `--tenant` is not given; default `acme`',
  BACKSTEP_USER: 'who acts, such as `person:mary.major`, where `--as` is not given; default the login name',
  BACKSTEP_CONFIG: 'folder of the tenants’ configuration; default `config` of the project',
  BACKSTEP_DIR: 'folder of stands and programs; default `.backstep` of the project',
  BACKSTEP_STAND: 'which of the stands there; default `default`',
  BACKSTEP_LOG: 'least level of the log on standard error: `debug`, `info`, `warn`, `error`; default `warn`',
  BACKSTEP_DEBUG: 'with `1`, an error shows its stack',
  BACKSTEP_SANDBOX: 'address of a running sandbox, where it is not the stand’s own',
  BACKSTEP_API: 'address of an API that commands ask in place of the servers',
  BACKSTEP_TOKEN: 'as whom they ask it',
  BACKSTEP_OIDC_ISSUER:
    'who may issue tokens for the API (`iss`); with it, a stand’s own issuer is not trusted',
  BACKSTEP_OIDC_AUDIENCE: 'whom the tokens have to be for (`aud`)',
  BACKSTEP_OIDC_KEYS: 'address of the issuer’s keys, a JWK set',
  BACKSTEP_OIDC_TENANT: 'the claim that names the tenant; default `tenant`; a dot goes into an object',
  BACKSTEP_OIDC_ROLES: 'the claim that lists the roles; default `roles`',
  BACKSTEP_OIDC_NAME: 'the claim that names the caller; default `sub`',
  BACKSTEP_API_ORIGINS: 'web origins that may call the API from a browser, by commas; default none',
  BACKSTEP_PAYLOAD_KEYS:
    'file with the keys that tenants’ payloads are encrypted with in Temporal; default none',
  BACKSTEP_WEBHOOKS: 'file with the secrets of event sources that sign their webhooks; default none',
  BACKSTEP_API_PER_MINUTE:
    'requests that one caller may send in a minute, and one address five times as many; default 600',
  BACKSTEP_METRICS:
    'where the API and robots show their metrics to Prometheus: `host:port` or `port`; default nowhere',
  OTEL_EXPORTER_OTLP_ENDPOINT:
    'collector of traces, such as `http://localhost:4318` (OTLP over HTTP); default none: no spans are recorded',
  BACKSTEP_LOG_KEY:
    'file of the Ed25519 key (PEM) that heads of PolicyLogs are signed with; default one of the stand’s own',
  BACKSTEP_WRAPPING_KEYS:
    'file of the keys that signing keys are sealed with in the database; default one of the stand’s own',
  BACKSTEP_ARCHIVE:
    'where archived histories lie, such as `s3://bucket/prefix?region=eu-central-1`; default in the database',
  TEMPORAL_ADDRESS: '`host:port` of a Temporal server to use in place of the stand’s',
  TEMPORAL_NAMESPACE: 'its namespace; default `default`',
  DATABASE_URL: 'a Postgres to use in place of the stand’s: `postgres://user:password@host:port/database`',
  NO_COLOR: 'if set, no colours',
  FORCE_COLOR: 'if set, colours also where no terminal is',
} as const;

export interface Settings {
  /** Handed to what finds programs (PATH, proxies, caches); nobody picks Backstep's own variables from it. */
  readonly env: Environment;
  /** The folder of the package: what ships beside the program is found from here. */
  readonly home: string;
  readonly configDir: string;
  readonly tenant: string;
  /** Who acts, such as `person:mary.major`. */
  readonly actor: string;
  readonly standDir: string;
  readonly standName: string;
  readonly temporalAddress?: string;
  readonly temporalNamespace: string;
  readonly databaseUrl?: string;
  readonly sandboxUrl?: string;
  readonly logKeyFile?: string;
  readonly wrappingKeys?: string;
  /** `s3://…`; absent: in the database. */
  readonly archive?: string;
  readonly api: ApiSettings;
  readonly payloadKeys?: string;
  /** An API that commands ask in place of servers. */
  readonly remote: { readonly url?: string; readonly token?: string };
  readonly telemetry: TelemetrySettings;
  readonly logLevel: LogLevel;
  readonly showsStacks: boolean;
}

/** What a process says of its work beside its log, and where. */
export interface TelemetrySettings {
  readonly traces?: string;
  readonly metrics?: string;
}

/** Of the API; what is absent was not set. */
export interface ApiSettings {
  readonly issuer?: string;
  readonly audience?: string;
  readonly keys?: string;
  readonly tenantClaim?: string;
  readonly rolesClaim?: string;
  readonly nameClaim?: string;
  readonly origins: readonly string[];
  readonly perMinute?: number;
  readonly webhooks?: string;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Reads the settings; what is set but empty counts as not set. Throws a `RangeError` for a value that cannot be meant. */
export function readSettings(env: Environment): Settings {
  const read = (name: keyof typeof VARIABLES): string | undefined => {
    const value = env[name];
    return value === undefined || value.trim() === '' ? undefined : value;
  };
  const optional = <Key extends string>(
    key: Key,
    value: string | undefined,
  ): { readonly [K in Key]?: string } =>
    value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: string });
  const home = packageFolder();
  const perMinute = numberIn(read('BACKSTEP_API_PER_MINUTE'), 'BACKSTEP_API_PER_MINUTE');
  const level = read('BACKSTEP_LOG') ?? 'warn';
  if (!isLogLevel(level)) {
    throw new RangeError(
      `\`BACKSTEP_LOG\` is \`${level}\`: it takes ${LOG_LEVELS.map((l) => `\`${l}\``).join(', ')}`,
    );
  }
  return {
    env,
    home,
    configDir: resolve(read('BACKSTEP_CONFIG') ?? join(home, 'config')),
    tenant: read('BACKSTEP_TENANT') ?? 'acme',
    actor: actorNamed(read('BACKSTEP_USER')?.trim() ?? loginName()),
    standDir: resolve(read('BACKSTEP_DIR') ?? join(home, '.backstep')),
    standName: read('BACKSTEP_STAND') ?? 'default',
    ...optional('temporalAddress', read('TEMPORAL_ADDRESS')),
    temporalNamespace: read('TEMPORAL_NAMESPACE') ?? 'default',
    ...optional('databaseUrl', read('DATABASE_URL')),
    ...optional('sandboxUrl', read('BACKSTEP_SANDBOX')),
    ...optional('payloadKeys', read('BACKSTEP_PAYLOAD_KEYS')),
    ...optional('logKeyFile', read('BACKSTEP_LOG_KEY')),
    ...optional('wrappingKeys', read('BACKSTEP_WRAPPING_KEYS')),
    ...optional('archive', read('BACKSTEP_ARCHIVE')),
    remote: { ...optional('url', read('BACKSTEP_API')), ...optional('token', read('BACKSTEP_TOKEN')) },
    api: {
      ...optional('issuer', read('BACKSTEP_OIDC_ISSUER')),
      ...optional('audience', read('BACKSTEP_OIDC_AUDIENCE')),
      ...optional('keys', read('BACKSTEP_OIDC_KEYS')),
      ...optional('tenantClaim', read('BACKSTEP_OIDC_TENANT')),
      ...optional('rolesClaim', read('BACKSTEP_OIDC_ROLES')),
      ...optional('nameClaim', read('BACKSTEP_OIDC_NAME')),
      ...optional('webhooks', read('BACKSTEP_WEBHOOKS')),
      ...(perMinute === undefined ? {} : { perMinute }),
      origins: (read('BACKSTEP_API_ORIGINS') ?? '').split(/[\s,]+/).filter((origin) => origin !== ''),
    },
    telemetry: {
      ...optional('traces', read('OTEL_EXPORTER_OTLP_ENDPOINT')),
      ...optional('metrics', read('BACKSTEP_METRICS')),
    },
    logLevel: level,
    showsStacks: read('BACKSTEP_DEBUG') === '1',
  };
}

function numberIn(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new RangeError(`\`${name}\` is \`${text}\`: it takes a whole number from 1`);
}

const isLogLevel = (text: string): text is LogLevel => (LOG_LEVELS as readonly string[]).includes(text);

/** A container may run as a user that has no name. */
function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

/** The nearest folder with a `package.json` above this file, of the sources as of the build. */
export function packageFolder(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) return process.cwd();
  }
}
