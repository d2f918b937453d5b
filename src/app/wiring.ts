/**
 * Where the servers of one run are: what a process needs to be told to work with them, as data. It crosses process borders
 * in the environment, by the names that `settings.ts` reads.
 * Entry ring; pure.
 */
import type { Environment, Settings } from './settings';

export interface Wiring {
  /** `host:port`. */
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly databaseUrl: string;
  /** Admin address of the sandbox; absent where real systems are meant. */
  readonly sandboxUrl?: string;
}

/** The wiring that the environment names, or `undefined` where a stand is needed. */
export function wiringOf(settings: Settings): Wiring | undefined {
  const { temporalAddress, temporalNamespace, databaseUrl, sandboxUrl } = settings;
  if (temporalAddress === undefined || databaseUrl === undefined) return undefined;
  return {
    temporalAddress,
    temporalNamespace,
    databaseUrl,
    ...(sandboxUrl === undefined ? {} : { sandboxUrl }),
  };
}

/** The environment for a process of ours that is to work with these servers. */
export function environmentWith(env: Environment, wiring: Wiring): Environment {
  return {
    ...env,
    TEMPORAL_ADDRESS: wiring.temporalAddress,
    TEMPORAL_NAMESPACE: wiring.temporalNamespace,
    DATABASE_URL: wiring.databaseUrl,
    ...(wiring.sandboxUrl === undefined ? {} : { BACKSTEP_SANDBOX: wiring.sandboxUrl }),
  };
}
