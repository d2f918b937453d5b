/**
 * Paths into an event and templates over it: `data.employee.email`, `person:{data.email|localpart|lower}`. Parsed and
 * checked when configuration is published, evaluated without any code that configuration could supply.
 * Authoring ring.
 */
import type { Json, JsonObject } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import { CONFIG_LIMITS } from './limits';

/** What conditions, templates and feeds can see. */
export interface EventView {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time?: string;
  readonly data: Json;
  /** Fields of the resolved entity, with its `id` and `type`; absent until it is resolved. */
  readonly entity?: JsonObject;
}

const ROOTS = ['data', 'entity', 'id', 'source', 'type', 'subject', 'time'] as const;
const NESTED: readonly string[] = ['data', 'entity'];
const STEP = /^[A-Za-z0-9_-]+$/;

/** Steps of a path, or what is wrong with it. */
export function parsePath(text: string): Result<readonly string[], string> {
  const [root = '', ...steps] = text.split('.');
  if (!(ROOTS as readonly string[]).includes(root)) {
    return err(`\`${text}\` is no path: it must begin with ${ROOTS.join(', ')}`);
  }
  if (steps.length > 0 && !NESTED.includes(root)) return err(`\`${root}\` is a text and has nothing inside`);
  if (root === 'entity' && steps.length === 0) return err('`entity` needs a field, such as `entity.team`');
  if (steps.length >= CONFIG_LIMITS.pathSteps) return err(`\`${text}\` has too many steps`);
  if (!steps.every((step) => STEP.test(step))) {
    return err(`\`${text}\` is no path: steps are letters, digits, \`_\` and \`-\``);
  }
  return ok([root, ...steps]);
}

/** The value at a path; `undefined` where it does not exist. Only members of the JSON count, so no path leaves the data. */
export function readView(view: EventView, path: readonly string[]): Json | undefined {
  let at: unknown = view;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    if (Array.isArray(at) && step === 'length') return undefined;
    at = (at as Readonly<Record<string, unknown>>)[step];
  }
  return at as Json | undefined;
}

const FILTERS = {
  lower: (text: string): string => text.toLowerCase(),
  /** What stands before the `@` of an e-mail address. */
  localpart: (text: string): string => (text.includes('@') ? text.slice(0, text.lastIndexOf('@')) : text),
} as const;
type Filter = keyof typeof FILTERS;

type TemplatePart =
  | { readonly text: string }
  | { readonly path: readonly string[]; readonly source: string; readonly filters: readonly Filter[] };

/** Parts of a template, or what is wrong with it. */
export function parseTemplate(template: string): Result<readonly TemplatePart[], string> {
  const parts: TemplatePart[] = [];
  let rest = template;
  while (rest !== '') {
    const open = rest.indexOf('{');
    const text = open < 0 ? rest : rest.slice(0, open);
    if (text.includes('}')) return err(`\`${template}\` has a \`}\` without its \`{\``);
    if (text !== '') parts.push({ text });
    if (open < 0) break;
    const close = rest.indexOf('}', open);
    if (close < 0) return err(`\`${template}\` has a \`{\` without its \`}\``);
    const part = parsePart(rest.slice(open + 1, close));
    if (!part.ok) return part;
    parts.push(part.value);
    rest = rest.slice(close + 1);
  }
  return parts.length === 0 ? err('an empty template names nothing') : ok(parts);
}

/** The text of a template for one event, or which path had nothing to give. */
export function fillTemplate(template: string, view: EventView): Result<string, string> {
  const parsed = parseTemplate(template);
  if (!parsed.ok) return parsed;
  let text = '';
  for (const part of parsed.value) {
    if ('text' in part) {
      text += part.text;
      continue;
    }
    const value = readView(view, part.path);
    if ((typeof value !== 'string' && typeof value !== 'number') || value === '') {
      return err(`the event has no text at \`${part.source}\``);
    }
    text += part.filters.reduce((filtered, filter) => FILTERS[filter](filtered), String(value));
  }
  return ok(text);
}

function parsePart(source: string): Result<TemplatePart, string> {
  const [pathText = '', ...names] = source.split('|').map((piece) => piece.trim());
  const path = parsePath(pathText);
  if (!path.ok) return path;
  const strange = names.find((name) => !Object.hasOwn(FILTERS, name));
  if (strange !== undefined) {
    return err(`\`${strange}\` is no filter: there are ${Object.keys(FILTERS).join(', ')}`);
  }
  return ok({ path: path.value, source: pathText, filters: names as Filter[] });
}
