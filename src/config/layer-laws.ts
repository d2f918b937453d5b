/**
 * The laws between layers: what a less specific layer locked no other may set, and what it marked `tightenOnly` the
 * others may only tighten. Held for every combination of facts, so nothing is left to be found at run time.
 * Authoring ring.
 */
import type { Diagnostic } from '../kernel/diagnostic';
import type { Json } from '../kernel/json';
import type { ConfigCatalog } from './catalog';
import type { LayerDraft } from './compile-layers';
import { findKey, isFound, type FoundKey } from './key-lookup';
import { isLooser, showValue } from './keys';
import { FIXED_LAYERS, rankOf } from './layers';

/** Every breach of a lock and every loosening, in the order of the files they stand in. */
export function layerLaws(drafts: readonly LayerDraft[], catalog: ConfigCatalog): Diagnostic[] {
  const names = new Set(drafts.flatMap((draft) => [...draft.values.keys()]));
  return [...names].flatMap((name) => {
    const key = findKey(name, catalog);
    if (!isFound(key)) return [];
    const setters = drafts.filter((draft) => draft.values.has(name));
    return setters.flatMap((setter) => {
      const lock = drafts.find((draft) => draft.locked.has(name) && binds(draft, setter, { key, catalog }));
      return lock === undefined
        ? loosenings(setter, { key, catalog, drafts, setters })
        : [lockBreach(name, setter, lock)];
    });
  });
}

interface KeyContext {
  readonly key: FoundKey;
  readonly catalog: ConfigCatalog;
}

interface Cascade extends KeyContext {
  readonly drafts: readonly LayerDraft[];
  /** The drafts that set the key. */
  readonly setters: readonly LayerDraft[];
}

/** Whether what `less` says is inherited by `more` for some facts. */
function binds(less: LayerDraft, more: LayerDraft, context: KeyContext): boolean {
  return rankOf(less.layer) < rankOf(more.layer) && canMeet(less, more, context);
}

/** Whether some facts bring both scopes together: a runbook is in one domain, and a parameter's key has one runbook. */
function canMeet(a: LayerDraft, b: LayerDraft, { key, catalog }: KeyContext): boolean {
  if (a.layer === b.layer) return a.scope === b.scope;
  const domain = [a, b].find(({ layer }) => layer === 'domain')?.scope;
  const runbook = [a, b].find(({ layer }) => layer === 'runbook')?.scope ?? key.runbook?.id;
  if (domain === undefined || runbook === undefined) return true;
  const known = catalog.runbooks.find(({ id }) => id === runbook);
  return known === undefined || known.domain === domain;
}

function lockBreach(name: string, setter: LayerDraft, lock: LayerDraft): Diagnostic {
  return {
    code: 'CONFIG_LOCKED',
    at: setter.values.get(name)!.at,
    message: `\`${name}\` is locked by ${titleOf(lock)} at ${lock.locked.get(name)!}`,
    help: 'remove it here, or unlock it there',
  };
}

/** What `setter` loosens: the first inherited value it is looser than, for any facts, where a mark forbids that. */
function loosenings(setter: LayerDraft, cascade: Cascade): Diagnostic[] {
  const { name, spec } = cascade.key;
  const order = spec.tighter;
  if (order === undefined) return [];
  const marks = cascade.drafts.filter(
    (draft) => draft.tightenOnly.has(name) && binds(draft, setter, cascade),
  );
  const own = setter.values.get(name)!;
  for (const mark of marks) {
    for (const inherited of inheritedUnder(mark, setter, cascade)) {
      if (!isLooser(order, own.value, inherited.value)) continue;
      const message =
        `\`${name}\` is \`${showValue(spec, own.value)}\`, ` +
        `looser than \`${showValue(spec, inherited.value)}\` from ${inherited.from}, ` +
        `and ${titleOf(mark)} lets it only be tightened (${mark.tightenOnly.get(name)!})`;
      return [{ code: 'CONFIG_LOOSENED', at: own.at, message }];
    }
  }
  return [];
}

interface Inherited {
  readonly value: Json;
  readonly from: string;
}

/**
 * All values that `setter` can inherit once `mark` applies. A value less specific than the mark counts unless one that
 * always applies stands between them and hides it.
 */
function inheritedUnder(mark: LayerDraft, setter: LayerDraft, cascade: Cascade): readonly Inherited[] {
  const { key, setters } = cascade;
  const markRank = rankOf(mark.layer);
  const hiding = Math.max(
    -1,
    ...setters
      .filter((draft) => rankOf(draft.layer) <= markRank && (isFixed(draft) || draft === mark))
      .map((draft) => rankOf(draft.layer)),
  );
  const inherited = setters
    .filter((draft) => rankOf(draft.layer) >= hiding && binds(draft, setter, cascade))
    .filter((draft) => rankOf(draft.layer) > markRank || draft === mark || canMeet(draft, mark, cascade))
    .map((draft) => {
      const { value, at } = draft.values.get(key.name)!;
      return { value, from: `${titleOf(draft)} at ${at}` };
    });
  if (hiding < 0 && key.spec.default !== undefined) {
    inherited.push({ value: key.spec.default as Json, from: 'the default' });
  }
  return inherited;
}

const isFixed = (draft: LayerDraft): boolean => FIXED_LAYERS.includes(draft.layer);

const titleOf = ({ layer, scope }: LayerDraft): string =>
  layer === 'global' ? 'the global layer' : `${layer} \`${scope}\``;
