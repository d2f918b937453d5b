/**
 * Figures of the authority rules that were set in layers must fit together wherever they meet: weights that add up,
 * thresholds that rise. Judged for the fixed layers, and for each other scope on top of them.
 * Authoring ring. Scopes of several dimensions at once are judged again when they are resolved.
 */
import { overrideFigures } from '../governance/figures';
import type { Diagnostic } from '../kernel/diagnostic';
import type { Json, JsonObject } from '../kernel/json';
import type { LayerDraft } from './compile-layers';
import { figurePatch, figurePath } from './key-lookup';
import { FIXED_LAYERS, rankOf } from './layers';

export function figureLaws(drafts: readonly LayerDraft[]): Diagnostic[] {
  const withFigures = drafts
    .filter(({ values }) => [...values.keys()].some((key) => key.startsWith('figures.')))
    .sort((a, b) => rankOf(a.layer) - rankOf(b.layer));
  const isFixed = ({ layer }: LayerDraft): boolean => FIXED_LAYERS.includes(layer);
  const fixed = withFigures.filter(isFixed);
  const base = judge(fixed);
  if (base.length > 0) return base;
  return withFigures.filter((draft) => !isFixed(draft)).flatMap((draft) => judge([...fixed, draft]));
}

/** Mistakes of the figures of several layers, the most specific last. */
function judge(drafts: readonly LayerDraft[]): Diagnostic[] {
  const values = new Map(drafts.flatMap((draft) => [...draft.values]));
  const patches = [...values].flatMap(([key, { value, at }]) => {
    const path = figurePath(key);
    return path === undefined ? [] : [{ path, value, at }];
  });
  const judged = overrideFigures(mergeFigures(patches));
  if (judged.ok) return [];
  // The place of a law between figures is the last of them that was written down.
  return judged.error.map((mistake) => ({
    ...mistake,
    code: 'FIGURES_INVALID' as const,
    at: patches.findLast(({ path }) => `figures.${path.join('.')}`.startsWith(mistake.at))?.at ?? mistake.at,
    message: `${mistake.at}: ${mistake.message}`,
  }));
}

export interface FigureValue {
  readonly path: readonly string[];
  readonly value: Json;
}

/** One nested object out of single figures; paths of figures never run through each other. */
export function mergeFigures(patches: readonly FigureValue[]): JsonObject {
  return patches.reduce<JsonObject>((all, { path, value }) => mergeInto(all, figurePatch(path, value)), {});
}

function mergeInto(base: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    const known = merged[key];
    merged[key] = isObject(known) && isObject(value) ? mergeInto(known, value) : value;
  }
  return merged;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
