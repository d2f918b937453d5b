/**
 * From unknown JSON to facts, or to all that is wrong with it: an interpreter of the facts' schema, total, filling
 * defaults, with "did you mean" for names.
 * Pure ring: it interprets only the keywords that `SchemaNode` has.
 */
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import { jsonEquals, type Json, type JsonObject } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import type { Facts } from './facts';
import { FACTS_SCHEMA, type SchemaNode } from './facts-schema';

/**
 * Facts with every default filled in.
 * Errors: `FACTS_MISSING`, `FACTS_UNKNOWN`, `FACTS_INVALID`, each at its path: all that there are, of unknown names the first hundred.
 */
export function parseFacts(value: unknown): Result<Facts, readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  const facts = read(FACTS_SCHEMA, value, 'facts', found);
  return found.length === 0 ? ok(facts as unknown as Facts) : err(found);
}

/** The same facts without what the defaults say anyway; `parseFacts` of it gives the facts again. */
export function compactFacts(facts: Facts): JsonObject {
  return compact(FACTS_SCHEMA, facts as unknown as Json) as JsonObject;
}

function read(node: SchemaNode, value: unknown, at: string, found: Diagnostic[]): Json {
  const type = typeof node.type === 'string' ? node.type : node.type[0];
  if (value === null && typeof node.type !== 'string') return null;
  switch (type) {
    case 'object':
      return readObject(node, value, at, found);
    case 'array':
      return readArray(node, value, at, found);
    default: {
      const mistake = mistakeOfLeaf(node, type, value);
      if (mistake === undefined) return value as Json;
      found.push({ code: 'FACTS_INVALID', at, ...mistake });
      return null;
    }
  }
}

const MOST_MISTAKES = 100;

function readObject(node: SchemaNode, value: unknown, at: string, found: Diagnostic[]): Json {
  if (!isRecord(value)) return invalid(at, `must be an object, not ${shown(value)}`, found);
  const properties = node.properties ?? {};
  const result: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(properties, key)) continue;
    // Whoever sends a hundred thousand names is told enough by the first of them.
    if (found.length >= MOST_MISTAKES) break;
    const help = didYouMean(key, Object.keys(properties));
    const message = `\`${key}\` is no fact here`;
    found.push({
      code: 'FACTS_UNKNOWN',
      at: `${at}.${key}`,
      message,
      ...(help === undefined ? {} : { help }),
    });
  }
  for (const [key, property] of Object.entries(properties)) {
    if (Object.hasOwn(value, key) && value[key] !== undefined) {
      result[key] = read(property, value[key], `${at}.${key}`, found);
    } else if (property.default !== undefined) {
      result[key] = property.default;
    } else if (node.required?.includes(key) === true) {
      const message = `\`${key}\` is missing: ${lowerFirst(property.description)}`;
      found.push({ code: 'FACTS_MISSING', at: `${at}.${key}`, message });
    }
  }
  return result;
}

function readArray(node: SchemaNode, value: unknown, at: string, found: Diagnostic[]): Json {
  if (!Array.isArray(value)) return invalid(at, `must be a list, not ${shown(value)}`, found);
  const most = node.maxItems ?? Infinity;
  if (value.length > most)
    return invalid(at, `has ${value.length} entries: at most ${most} are taken`, found);
  const items = node.items;
  // A list always says what it holds; without that nothing fits.
  if (items === undefined) return invalid(at, 'holds nothing', found);
  return value.map((item, i) => read(items, item, `${at}[${i}]`, found));
}

type LeafType = Exclude<SchemaNode['type'], readonly unknown[] | 'object' | 'array'>;

function mistakeOfLeaf(
  node: SchemaNode,
  type: LeafType,
  value: unknown,
): { readonly message: string; readonly help?: string } | undefined {
  const kind = type === 'integer' ? 'number' : type;
  if (typeof value !== kind || (kind === 'number' && !Number.isFinite(value))) {
    return { message: `must be ${NOUNS[type]}, not ${shown(value)}` };
  }
  if (node.enum !== undefined && !node.enum.includes(value as string | number)) {
    const known = node.enum.filter((word) => word !== null).map(String);
    const help = typeof value === 'string' ? didYouMean(value, known) : undefined;
    const message = `${shown(value)} is not one of ${known.join(', ')}`;
    return { message, ...(help === undefined ? {} : { help }) };
  }
  if (typeof value === 'number') {
    const [least, most] = [node.minimum ?? -Infinity, node.maximum ?? Infinity];
    if (type === 'integer' && !Number.isInteger(value))
      return { message: `must be a whole number, not ${shown(value)}` };
    if (value < least || value > most)
      return { message: `must be from ${least} to ${most}, not ${shown(value)}` };
  }
  if (typeof value === 'string') {
    const length = Array.from(value).length;
    if (length < (node.minLength ?? 0)) return { message: 'must not be empty' };
    if (length > (node.maxLength ?? Infinity))
      return { message: `is longer than ${node.maxLength} characters` };
    if (/\p{Surrogate}/u.test(value)) return { message: 'holds half a character' };
  }
  return undefined;
}

const NOUNS: Readonly<Record<LeafType, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
};

function compact(node: SchemaNode, value: Json): Json {
  const { items, properties = {} } = node;
  if (isList(value)) return items === undefined ? value : value.map((item) => compact(items, item));
  if (typeof value !== 'object' || value === null) return value;
  const result: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) {
    const property = properties[key];
    if (property === undefined || isDefault(property.default, member)) continue;
    result[key] = compact(property, member);
  }
  return result;
}

/** Defaults are words, numbers and what is empty. */
function isDefault(standard: Json | undefined, member: Json): boolean {
  if (standard === undefined) return false;
  if (isList(standard) && isList(member) && member.length !== standard.length) return false;
  return jsonEquals(standard, member);
}

/** `Array.isArray` for readonly JSON lists, which the built-in guard turns into `any`. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function invalid(at: string, message: string, found: Diagnostic[]): null {
  found.push({ code: 'FACTS_INVALID', at, message });
  return null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as a message may show it: short, and never an object's contents. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `\`${Array.from(value).slice(0, 60).join('')}\``;
  if (value === null) return '`null`';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'number' || typeof value === 'boolean' ? `\`${value}\`` : `a ${typeof value}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
