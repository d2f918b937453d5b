/**
 * The eight layers of the cascade, and the facts that say which scope of each layer applies.
 * Authoring ring: data and pure functions.
 */
import type { Tier } from '../governance/mode';

/** Least specific first; a later one wins. */
export const LAYERS = ['global', 'tier', 'tenant', 'region', 'domain', 'runbook', 'team', 'class'] as const;
export type Layer = (typeof LAYERS)[number];

/** Layers that apply to every outcome of a tenant; the others depend on the entity and the runbook. */
export const FIXED_LAYERS: readonly Layer[] = ['global', 'tier', 'tenant'];

/** Layers that a file under `layers/` may name in its scope. */
export const SCOPED_LAYERS = ['region', 'domain', 'runbook', 'team', 'class'] as const;
export type ScopedLayer = (typeof SCOPED_LAYERS)[number];

/** What is known of one outcome; a layer whose fact is absent contributes nothing. */
export interface Facts {
  readonly tenant: string;
  readonly tier: Tier;
  readonly region?: string;
  readonly domain?: string;
  /** Runbook id, such as `onboard.contractor`. */
  readonly runbook?: string;
  readonly team?: string;
  /** Class of the entity or device, such as `contractor`. */
  readonly class?: string;
}

/** Name of the scope that applies at a layer, or `undefined` where the fact is not known; `*` is the global layer's. */
export function scopeName(layer: Layer, facts: Facts): string | undefined {
  return layer === 'global' ? GLOBAL_SCOPE : facts[layer];
}

export const GLOBAL_SCOPE = '*';

/** 0 for `global`; a greater rank is more specific. */
export const rankOf = (layer: Layer): number => LAYERS.indexOf(layer);
