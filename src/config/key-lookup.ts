/**
 * From a key's name to what is known of it: fixed keys, and the families whose members come from the catalog and from
 * the figures of the authority rules.
 * Authoring ring.
 */
import { z } from 'zod';
import { overrideFigures, SPEC_FIGURES } from '../governance/figures';
import { didYouMean } from '../kernel/diagnostic';
import type { Json, JsonObject } from '../kernel/json';
import type { CatalogRunbook, ConfigCatalog } from './catalog';
import { NAME } from './file-schemas';
import { AWF_KEYS, CALENDAR_KEY, figureOrder, KEYS, NODE_KEYS, type KeySpec } from './keys';

export interface FoundKey {
  readonly name: string;
  readonly spec: KeySpec;
  /** The only runbook the key matters for; absent where it matters for all. */
  readonly runbook?: CatalogRunbook;
}

export interface NoSuchKey {
  /** Why, lower case, without a place. */
  readonly message: string;
  readonly help?: string;
}

/** What is known of the key `name`, or why there is no such key. */
export function findKey(name: string, catalog: ConfigCatalog): FoundKey | NoSuchKey {
  if (Object.hasOwn(KEYS, name)) return { name, spec: KEYS[name as keyof typeof KEYS] };
  if (name.startsWith('awf.')) return findAwfKey(name, catalog);
  if (name.startsWith('node.')) return findNodeKey(name, catalog);
  if (name.startsWith('params.')) return findParamKey(name, catalog);
  if (name.startsWith('figures.')) return findFigureKey(name);
  if (name.startsWith(CALENDARS)) return findCalendarKey(name);
  return unknown(name, keyNames(catalog), 'configuration key');
}

export const isFound = (found: FoundKey | NoSuchKey): found is FoundKey => 'spec' in found;

/** Every key there is for a catalog, sorted; nodes only where their runbook names them. */
export function keyNames(catalog: ConfigCatalog): readonly string[] {
  const keys: string[] = Object.keys(KEYS);
  for (const awf of catalog.awfs)
    keys.push(...Object.keys(AWF_KEYS).map((last) => `awf.${awf.name}.${last}`));
  for (const runbook of catalog.runbooks) {
    keys.push(...Object.keys(runbook.params.shape).map((param) => paramKey(runbook.id, param)));
    for (const node of runbook.nodes ?? []) {
      keys.push(...Object.keys(NODE_KEYS).map((last) => `node.${runbook.id}/${node}.${last}`));
    }
  }
  keys.push(...[...figures().keys()].map((path) => `figures.${path}`));
  return [...new Set(keys)].sort();
}

/** What the key of a calendar begins with. */
export const CALENDARS = 'calendar.';

export const paramKey = (runbook: string, param: string): string => `params.${runbook}.${param}`;

function findAwfKey(name: string, catalog: ConfigCatalog): FoundKey | NoSuchKey {
  const awf = catalog.awfs.find((known) => name.startsWith(`awf.${known.name}.`));
  const last = name.slice(name.lastIndexOf('.') + 1);
  if (awf === undefined) {
    const meant = name.slice('awf.'.length, name.lastIndexOf('.'));
    return unknown(
      meant,
      catalog.awfs.map((known) => known.name),
      'AWF',
    );
  }
  if (name === `awf.${awf.name}.${last}` && Object.hasOwn(AWF_KEYS, last)) {
    return { name, spec: AWF_KEYS[last as keyof typeof AWF_KEYS] };
  }
  return unknown(name.slice(`awf.${awf.name}.`.length), Object.keys(AWF_KEYS), 'setting of an AWF');
}

function findNodeKey(name: string, catalog: ConfigCatalog): FoundKey | NoSuchKey {
  const slash = name.indexOf('/');
  const dot = name.lastIndexOf('.');
  if (slash < 0 || dot < slash) {
    return { message: `\`${name}\` names no node`, help: 'write `node.<runbook>/<node>.lane`' };
  }
  const meant = name.slice('node.'.length, slash);
  const runbook = catalog.runbooks.find(({ id }) => id === meant);
  if (runbook === undefined) {
    return unknown(
      meant,
      catalog.runbooks.map(({ id }) => id),
      'runbook',
    );
  }
  const node = name.slice(slash + 1, dot);
  if (runbook.nodes !== undefined && !runbook.nodes.includes(node)) {
    return unknown(node, runbook.nodes, `node of \`${runbook.id}\``);
  }
  const last = name.slice(dot + 1);
  if (!Object.hasOwn(NODE_KEYS, last)) return unknown(last, Object.keys(NODE_KEYS), 'setting of a node');
  return { name, spec: NODE_KEYS[last as keyof typeof NODE_KEYS], runbook };
}

function findParamKey(name: string, catalog: ConfigCatalog): FoundKey | NoSuchKey {
  const rest = name.slice('params.'.length);
  const runbook = catalog.runbooks.find(({ id }) => rest.startsWith(`${id}.`));
  if (runbook === undefined) {
    const meant = rest.slice(0, Math.max(0, rest.lastIndexOf('.')));
    return unknown(
      meant,
      catalog.runbooks.map(({ id }) => id),
      'runbook',
    );
  }
  const param = rest.slice(runbook.id.length + 1);
  const { shape } = runbook.params;
  if (!Object.hasOwn(shape, param)) {
    return unknown(param, Object.keys(shape), `parameter of \`${runbook.id}\``);
  }
  const schema = shape[param] as z.ZodType;
  const spec: KeySpec = {
    meaning: schema.description ?? `parameter \`${param}\` of ${runbook.id} (${runbook.outcome})`,
    schema,
  };
  return { name, spec, runbook };
}

function findFigureKey(name: string): FoundKey | NoSuchKey {
  const text = name.slice('figures.'.length);
  const path = figures().get(text);
  if (path === undefined) return unknown(text, figures().keys(), 'figure');
  const order = figureOrder(text);
  const spec: KeySpec<Json> = {
    meaning: `figure \`${text}\` of the authority rules`,
    schema: figureSchema(path),
    default: figureDefault(path),
    ...(order === undefined ? {} : { tighter: order }),
    source: 'src/governance/figures',
  };
  return { name, spec };
}

function findCalendarKey(name: string): FoundKey | NoSuchKey {
  if (NAME.test(name.slice(CALENDARS.length))) return { name, spec: CALENDAR_KEY };
  return { message: `\`${name}\` is no name of a calendar`, help: 'write `calendar.<name>`, in lower case' };
}

/** The nested object that `overrideFigures` takes, with one leaf. */
export function figurePatch(path: readonly string[], value: Json): JsonObject {
  return path.reduceRight<Json>((inner, step) => ({ [step]: inner }), value) as JsonObject;
}

/** Path of a figure by the name of its key; `undefined` for any other key. */
export function figurePath(name: string): readonly string[] | undefined {
  return name.startsWith('figures.') ? figures().get(name.slice('figures.'.length)) : undefined;
}

/** Whether the value alone is of the right kind; figures that must fit together are judged when all are known. */
function figureSchema(path: readonly string[]): z.ZodType<Json> {
  return z.json().superRefine((value, context) => {
    const judged = overrideFigures(figurePatch(path, value));
    if (judged.ok) return;
    const own = judged.error.filter((diagnostic) => diagnostic.at === `figures.${path.join('.')}`);
    for (const { message } of own) context.addIssue({ code: 'custom', message });
  });
}

function figureDefault(path: readonly string[]): Json {
  let at: unknown = SPEC_FIGURES;
  for (const step of path) at = (at as Readonly<Record<string, unknown>>)[step];
  return at as Json;
}

let allFigures: ReadonlyMap<string, readonly string[]> | undefined;

/** Paths of all figures that can be set, by their text: the leaves that `overrideFigures` takes. */
function figures(): ReadonlyMap<string, readonly string[]> {
  const { overrides: _none, ...table } = SPEC_FIGURES;
  return (allFigures ??= new Map(
    leavesOf(table, [])
      .filter((path) => overrideFigures(figurePatch(path, figureDefault(path))).ok)
      .map((path) => [path.join('.'), path]),
  ));
}

function leavesOf(value: unknown, path: readonly string[]): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[...path]];
  return Object.entries(value).flatMap(([step, inner]) => leavesOf(inner, [...path, step]));
}

function unknown(name: string, known: Iterable<string>, kind: string): NoSuchKey {
  const all = [...known];
  const meant = didYouMean(name, all);
  const some =
    all.length > 0 && all.length <= 12 ? `known: ${all.map((one) => `\`${one}\``).join(', ')}` : undefined;
  const help = meant ?? some;
  return { message: `\`${name}\` is no ${kind}`, ...(help === undefined ? {} : { help }) };
}
