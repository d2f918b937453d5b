/**
 * All AWFs: their contracts at once, their effects one system at a time, because an effect brings its vendor's SDK.
 * Composition roots import this; runbooks import contracts, workflows import neither.
 */
import type { AwfContract } from '../src/dsl/awf';
import type { AnyAwf } from '../src/dsl/catalog';
import type { AnyEffect, Look } from './kit/steps';
import * as intune from './intune/contract';
import * as ldap from './ldap/contract';
import * as okta from './okta/contract';
import * as servicenow from './servicenow/contract';
import * as slack from './slack/contract';
import * as workday from './workday/contract';

/** Every contract, in the order of systems and then as declared. Loads no SDK. */
export const contracts: readonly AwfContract[] = [workday, okta, intune, servicenow, slack, ldap].flatMap(
  declaredIn,
);

/** The same for a catalog, which calls none of their functions. */
export const awfs = contracts as unknown as readonly AnyAwf[];

interface SystemModule {
  effects(look?: Look): readonly AnyEffect[];
  /** Loads what the first action would otherwise wait for. */
  warm?(): Promise<unknown>;
}

const SYSTEMS: Readonly<Record<string, () => Promise<SystemModule>>> = {
  workday: () => import('./workday/activities'),
  okta: () => import('./okta/activities'),
  intune: () => import('./intune/activities'),
  servicenow: () => import('./servicenow/activities'),
  slack: () => import('./slack/activities'),
  ldap: () => import('./ldap/activities'),
};

/** Names of the systems, as contracts have them. */
export const systems: readonly string[] = Object.keys(SYSTEMS);

const loaded = new Map<string, Promise<readonly AnyEffect[]>>();

/** The effects of one system; empty for a system that we do not know. */
export function loadEffects(system: string): Promise<readonly AnyEffect[]> {
  let effects = loaded.get(system);
  if (!effects) {
    effects = SYSTEMS[system]?.().then((module) => module.effects()) ?? Promise.resolve([]);
    loaded.set(system, effects);
  }
  return effects;
}

/** The effect of one AWF by name, for a dispatcher. */
export async function effectOf(awf: string): Promise<AnyEffect | undefined> {
  const effects = await loadEffects(awf.slice(0, awf.indexOf('.')));
  return effects.find(({ contract }) => contract.name === awf);
}

/** Loads SDKs ahead: one of them takes seconds, which is more than an attempt has. A worker calls this as it starts. */
export async function warm(of: readonly string[] = systems): Promise<void> {
  await Promise.all(of.map(async (system) => (await SYSTEMS[system]?.())?.warm?.()));
}

/** Effects that look through `look`: only for the law kit, which blinds them. */
export async function effectsLooking(system: string, look: Look): Promise<readonly AnyEffect[]> {
  return (await SYSTEMS[system]?.())?.effects(look) ?? [];
}

/** What a contract file exports beside types and helpers: the contracts. */
function declaredIn(file: object): readonly AwfContract[] {
  return Object.values(file).filter(
    (value): value is AwfContract => typeof value === 'object' && value !== null && 'predict' in value,
  );
}
