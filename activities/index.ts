/**
 * All AWFs: their contracts, and their effects one system at a time, because an effect brings its vendor's SDK.
 * Composition roots import this; runbooks import contracts, workflows import neither.
 */
import type { AnyEffect, Look } from './kit/steps';

export { contracts } from './contracts';

interface SystemModule {
  effects(look?: Look): readonly AnyEffect[];
  /** Loads what the first action would otherwise wait for. */
  warm?(): unknown;
}

/* eslint-disable @typescript-eslint/no-require-imports --
   loaded on first use; `require`, so that source and build load the very same files */
const SYSTEMS: Readonly<Record<string, () => SystemModule>> = {
  workday: () => require('./workday/activities') as SystemModule,
  okta: () => require('./okta/activities') as SystemModule,
  intune: () => require('./intune/activities') as SystemModule,
  servicenow: () => require('./servicenow/activities') as SystemModule,
  slack: () => require('./slack/activities') as SystemModule,
  ldap: () => require('./ldap/activities') as SystemModule,
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Names of the systems, as contracts have them. */
export const systems: readonly string[] = Object.keys(SYSTEMS);

const loaded = new Map<string, readonly AnyEffect[]>();

/** The effects of one system, loading its vendor's SDK with the first; empty for a system that we do not know. */
export function loadEffects(system: string): Promise<readonly AnyEffect[]> {
  let effects = loaded.get(system);
  if (!effects) {
    effects = SYSTEMS[system]?.().effects() ?? [];
    loaded.set(system, effects);
  }
  return Promise.resolve(effects);
}

/** The effect of one AWF by name, for a dispatcher. */
export async function effectOf(awf: string): Promise<AnyEffect | undefined> {
  const effects = await loadEffects(awf.slice(0, awf.indexOf('.')));
  return effects.find(({ contract }) => contract.name === awf);
}

/** Loads SDKs ahead: one takes seconds, which is more than an attempt has. A worker calls this before it takes work. */
export function warm(of: readonly string[] = systems): void {
  for (const system of of) SYSTEMS[system]?.().warm?.();
}

/** Effects that look through `look`: only for the law kit, which blinds them. */
export const effectsLooking = (system: string, look: Look): readonly AnyEffect[] =>
  SYSTEMS[system]?.().effects(look) ?? [];
