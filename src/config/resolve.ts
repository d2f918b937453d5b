/**
 * Resolution: the value of a key for the facts of one outcome, and the whole cascade it came through.
 * Authoring ring. A bundle has been checked, so resolving can't fail; the most specific layer that sets the key wins,
 * because no layer can set what a lock or a `tightenOnly` mark of an earlier one forbids.
 */
import { overrideFigures, type Figures } from '../governance/figures';
import type { Diagnostic } from '../kernel/diagnostic';
import type { Json } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import { layerAddress, type Bundle, type LayerContent } from './bundle';
import type { ConfigCatalog } from './catalog';
import { mergeFigures } from './figure-laws';
import { figurePath, findKey, isFound } from './key-lookup';
import { KEYS, showValue, type FixedKey, type FixedValue, type KeySpec } from './keys';
import { LAYERS, scopeName, type Facts, type Layer } from './layers';

export interface Resolved<T> {
  readonly key: string;
  /** `undefined` where no layer sets it and it has no default. */
  readonly value: T;
  readonly from: Layer | 'default';
  /** `file:line`; absent for a default. */
  readonly at?: string;
  /** All eight layers, least specific first. */
  readonly cascade: readonly CascadeStep[];
}

export interface CascadeStep {
  readonly layer: Layer;
  /** The tenant, region, team … that applies; absent where that fact is not known. */
  readonly scope?: string;
  /** What the layer sets; absent where it sets nothing. */
  readonly set?: { readonly value: Json; readonly at: string };
  /** `file:line` of the lock, or of the mark that lets it only be tightened. */
  readonly lockedAt?: string;
  readonly tightenOnlyAt?: string;
  /** Whether this is the layer whose value holds. */
  readonly won: boolean;
}

/** The value of a fixed key, with its type. */
export function resolve<K extends FixedKey>(bundle: Bundle, key: K, facts: Facts): Resolved<FixedValue<K>>;
/** The value of any key; a key that does not exist is a key that nothing sets. */
export function resolve(bundle: Bundle, key: string, facts: Facts): Resolved<Json | undefined>;
export function resolve(bundle: Bundle, key: string, facts: Facts): Resolved<Json | undefined> {
  const steps = LAYERS.map((layer) => stepOf(bundle, layer, { key, facts }));
  const winner = steps.findLast(({ set }) => set !== undefined);
  const cascade = steps.map((step) => (step === winner ? { ...step, won: true } : step));
  if (winner?.set !== undefined) {
    return { key, value: winner.set.value, from: winner.layer, at: winner.set.at, cascade };
  }
  const value = Object.hasOwn(KEYS, key)
    ? ((KEYS[key as FixedKey] as KeySpec).default as Json | undefined)
    : undefined;
  return { key, value, from: 'default', cascade };
}

/** The first of several keys that any layer sets, strongest first; `undefined` where none is set. */
export function resolveFirst(
  bundle: Bundle,
  keys: readonly string[],
  facts: Facts,
): Resolved<Json | undefined> | undefined {
  return keys.map((key) => resolve(bundle, key, facts)).find(({ from }) => from !== 'default');
}

/** The figures of the authority rules for these facts. Errors: `FIGURES_INVALID` where layers do not fit together. */
export function resolveFigures(bundle: Bundle, facts: Facts): Result<Figures, readonly Diagnostic[]> {
  const names = new Set(
    applicable(bundle, facts).flatMap(({ values }) =>
      Object.keys(values).filter((key) => key.startsWith('figures.')),
    ),
  );
  const patches = [...names].flatMap((key) => {
    const path = figurePath(key);
    return path === undefined ? [] : [{ path, value: resolve(bundle, key, facts).value ?? null }];
  });
  return overrideFigures(mergeFigures(patches));
}

export interface Explanation extends Resolved<Json | undefined> {
  readonly meaning: string;
  readonly unit?: string;
  readonly source?: string;
  readonly facts: Facts;
  /** The value and the cascade as people write them: durations with units. */
  readonly text: string;
}

/** The whole story of one value. Errors: `CONFIG_KEY_UNKNOWN`. */
export function explainKey(
  bundle: Bundle,
  name: string,
  { facts, catalog }: { readonly facts: Facts; readonly catalog: ConfigCatalog },
): Result<Explanation, Diagnostic> {
  const key = findKey(name, catalog);
  if (!isFound(key)) return err({ code: 'CONFIG_KEY_UNKNOWN', at: `tenant ${bundle.tenant}`, ...key });
  const found = resolve(bundle, name, facts);
  const fallback = key.spec.default as Json | undefined;
  const resolved = found.from === 'default' && fallback !== undefined ? { ...found, value: fallback } : found;
  const { meaning, unit, source } = key.spec;
  return ok({
    ...resolved,
    meaning,
    ...(unit === undefined ? {} : { unit }),
    ...(source === undefined ? {} : { source }),
    facts,
    text: printCascade(resolved, key.spec),
  });
}

function printCascade(resolved: Resolved<Json | undefined>, spec: KeySpec): string {
  const shown = (value: Json | undefined): string =>
    value === undefined ? 'not set' : showValue(spec, value);
  const rows = resolved.cascade.map(({ layer, scope, set, lockedAt, tightenOnlyAt, won }) => {
    const place = scope === undefined ? `${layer} ?` : layer === 'global' ? layer : `${layer} ${scope}`;
    const marks = [
      set === undefined ? undefined : `(${set.at})`,
      lockedAt === undefined ? undefined : `locked at ${lockedAt}`,
      tightenOnlyAt === undefined ? undefined : `may only be tightened from here (${tightenOnlyAt})`,
    ];
    const value = scope === undefined ? 'does not apply' : shown(set?.value);
    return { won, place, value, marks: marks.filter((mark) => mark !== undefined).join(', ') };
  });
  const fallback = { place: 'default', value: shown(spec.default as Json | undefined), marks: '' };
  const all = [{ won: resolved.from === 'default', ...fallback }, ...rows];
  const [wide, long] = [
    Math.max(...all.map((row) => row.place.length)),
    Math.max(...all.map((row) => row.value.length)),
  ];
  const lines = all.map(
    ({ won, place, value, marks }) =>
      `${won ? '→' : ' '} ${place.padEnd(wide)}  ${value.padEnd(Math.min(long, 48))}  ${marks}`,
  );
  const where = resolved.at === undefined ? 'the default' : `${resolved.from}, ${resolved.at}`;
  return [
    `${resolved.key} = ${shown(resolved.value)}  (${where})`,
    ...lines.map((line) => line.trimEnd()),
  ].join('\n');
}

function stepOf(
  bundle: Bundle,
  layer: Layer,
  { key, facts }: { readonly key: string; readonly facts: Facts },
): CascadeStep {
  const scope = scopeName(layer, facts);
  if (scope === undefined) return { layer, won: false };
  const content = layerIndex(bundle).get(`${layer}/${scope}`);
  if (content === undefined) return { layer, scope, won: false };
  const at = (section: 'values' | 'locked' | 'tightenOnly'): string =>
    bundle.places[layerAddress(layer, scope, section, key)] ?? '';
  return {
    layer,
    scope,
    ...(Object.hasOwn(content.values, key) ? { set: { value: content.values[key]!, at: at('values') } } : {}),
    ...(content.locked.includes(key) ? { lockedAt: at('locked') } : {}),
    ...(content.tightenOnly.includes(key) ? { tightenOnlyAt: at('tightenOnly') } : {}),
    won: false,
  };
}

const applicable = (bundle: Bundle, facts: Facts): readonly LayerContent[] =>
  bundle.content.layers.filter(({ layer, scope }) => scopeName(layer, facts) === scope);

const indices = new WeakMap<Bundle, ReadonlyMap<string, LayerContent>>();

/** Layers by address, made once per bundle: a plan resolves some keys per node. */
function layerIndex(bundle: Bundle): ReadonlyMap<string, LayerContent> {
  let index = indices.get(bundle);
  if (index === undefined) {
    index = new Map(bundle.content.layers.map((content) => [`${content.layer}/${content.scope}`, content]));
    indices.set(bundle, index);
  }
  return index;
}
