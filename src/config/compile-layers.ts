/**
 * Layer files to layers: every key checked against the registry, wildcards written out, files of one scope merged.
 * Authoring ring. Laws that hold between layers stand in `layer-laws.ts`.
 */
import type { Diagnostic } from '../kernel/diagnostic';
import { didYouMean } from '../kernel/diagnostic';
import type { Json } from '../kernel/json';
import type { LayerSection } from './bundle';
import type { CatalogRunbook, ConfigCatalog } from './catalog';
import { issuesToDiagnostics } from './issues';
import { findKey, isFound, keyNames, type FoundKey } from './key-lookup';
import type { Layer } from './layers';
import type { YamlFile } from './yaml-file';

/** What a file says for one scope, before it is merged with other files of that scope. */
export interface LayerInput {
  readonly layer: Layer;
  readonly scope: string;
  readonly file: YamlFile;
  readonly values: Readonly<Record<string, unknown>>;
  readonly locked: readonly string[];
  readonly tightenOnly: readonly string[];
}

/** One scope of one layer, with where everything was written. */
export interface LayerDraft {
  readonly layer: Layer;
  readonly scope: string;
  readonly values: Map<string, { readonly value: Json; readonly at: string }>;
  readonly locked: Map<string, string>;
  readonly tightenOnly: Map<string, string>;
}

export interface LayerContext {
  readonly catalog: ConfigCatalog;
  readonly found: Diagnostic[];
}

/** Merges files by scope; what is wrong is added to `context.found`, and the rest goes on. */
export function compileLayers(inputs: readonly LayerInput[], context: LayerContext): readonly LayerDraft[] {
  const drafts = new Map<string, LayerDraft>();
  // Calendars are named where they are set, and nowhere before.
  const names = [
    ...new Set([...keyNames(context.catalog), ...inputs.flatMap(({ values }) => Object.keys(values))]),
  ];
  // In the order of paths, so that which of two duplicates is called the second does not depend on the reading order.
  for (const input of [...inputs].sort((a, b) => (a.file.path < b.file.path ? -1 : 1))) {
    const id = `${input.layer}/${input.scope}`;
    let draft = drafts.get(id);
    if (draft === undefined) {
      const { layer, scope } = input;
      draft = { layer, scope, values: new Map(), locked: new Map(), tightenOnly: new Map() };
      drafts.set(id, draft);
    }
    addValues(draft, input, context);
    addMarks(draft, input, 'locked', { ...context, names });
    addMarks(draft, input, 'tightenOnly', { ...context, names });
  }
  return [...drafts.values()];
}

function addValues(draft: LayerDraft, input: LayerInput, { catalog, found }: LayerContext): void {
  for (const [name, written] of Object.entries(input.values)) {
    const at = input.file.at(['values', name]);
    const key = findKey(name, catalog);
    if (!isFound(key)) {
      found.push({ code: 'CONFIG_KEY_UNKNOWN', at, ...key });
      continue;
    }
    const unreachable = whyUnreachable(key, input, catalog);
    if (unreachable !== undefined) {
      found.push({ code: 'CONFIG_UNREACHABLE', at, message: `\`${name}\`: ${unreachable}` });
      continue;
    }
    const earlier = draft.values.get(name);
    if (earlier !== undefined) {
      const message = `\`${name}\` is set twice for ${draft.layer} \`${draft.scope}\`, first at ${earlier.at}`;
      found.push({ code: 'CONFIG_DUPLICATE', at, message, help: 'keep one of the two' });
      continue;
    }
    const value = checkedValue(key, written, { input, catalog, found });
    if (value !== undefined) draft.values.set(name, { value, at });
  }
}

interface ValueContext extends LayerContext {
  readonly input: LayerInput;
}

/** The value as held, or `undefined` with the reasons in `found`. */
function checkedValue(key: FoundKey, written: unknown, context: ValueContext): Json | undefined {
  const { input, catalog, found } = context;
  const parsed = key.spec.schema.safeParse(written);
  if (!parsed.success) {
    const at = (path: readonly PropertyKey[]): string => input.file.at(['values', key.name, ...path]);
    found.push(...issuesToDiagnostics(parsed.error.issues, { value: written, at, subject: key.name }));
    return undefined;
  }
  if (key.name === 'autopilot.actions') {
    const awfs = catalog.awfs.map(({ name }) => name);
    (parsed.data as readonly string[]).forEach((name, i) => {
      if (awfs.includes(name)) return;
      const help = didYouMean(name, awfs);
      const at = input.file.at(['values', key.name, i]);
      const message = `\`${name}\` is no AWF`;
      found.push({ code: 'CONFIG_NAME_UNKNOWN', at, message, ...(help === undefined ? {} : { help }) });
    });
  }
  // The compiler parses a parameter again, and a schema that transforms must not be applied twice.
  return (key.name.startsWith('params.') ? written : parsed.data) as Json;
}

function addMarks(
  draft: LayerDraft,
  input: LayerInput,
  section: Exclude<LayerSection, 'values'>,
  { catalog, found, names: known }: LayerContext & { readonly names: readonly string[] },
): void {
  input[section].forEach((written, i) => {
    const at = input.file.at([section, i]);
    const isFamily = written.endsWith('.*');
    const names = isFamily ? known.filter((name) => name.startsWith(written.slice(0, -1))) : [written];
    if (names.length === 0) {
      const families = ['awf.*', 'node.*', 'params.*', 'figures.*', 'gate.*', 'limits.*', 'calendar.*'];
      const help = didYouMean(written, families);
      const message = `no configuration key begins with \`${written.slice(0, -1)}\``;
      found.push({ code: 'CONFIG_KEY_UNKNOWN', at, message, ...(help === undefined ? {} : { help }) });
    }
    for (const name of names) {
      const key = findKey(name, catalog);
      if (!isFound(key)) {
        found.push({ code: 'CONFIG_KEY_UNKNOWN', at, ...key });
      } else if (section === 'locked' || key.spec.tighter !== undefined) {
        if (!draft[section].has(name)) draft[section].set(name, at);
      } else if (!isFamily) {
        const message = `\`${name}\`: neither direction of it is tighter`;
        found.push({ code: 'CONFIG_NOT_ORDERED', at, message, help: 'lock it instead' });
      }
    }
  });
}

/** Why a key set in this scope could never be read; `undefined` where it can. */
function whyUnreachable(key: FoundKey, input: LayerInput, catalog: ConfigCatalog): string | undefined {
  if (key.runbook === undefined) return undefined;
  const { id, domain } = key.runbook;
  if (input.layer === 'runbook' && input.scope !== id) {
    return `it matters for runbook \`${id}\` alone, and this scope is \`${input.scope}\``;
  }
  if (input.layer === 'domain' && input.scope !== domain && catalog.runbooks.some(isIn(input.scope))) {
    return `it matters for runbook \`${id}\` alone, which is in domain \`${domain}\``;
  }
  return undefined;
}

const isIn =
  (domain: string) =>
  (runbook: CatalogRunbook): boolean =>
    runbook.domain === domain;
