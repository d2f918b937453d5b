/**
 * JSON as a type, and its canonical bytes (RFC 8785): what is hashed, signed and compared is always this form.
 * Pure ring: no I/O, no ambient time or randomness.
 */
import { invariant } from './invariant';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/**
 * The one canonical text of a JSON value: keys in UTF-16 order, numbers as ECMAScript prints them, no white space.
 * Keys whose value is `undefined` are left out, as `JSON.stringify` does; any other non-JSON value is our bug.
 * @source RFC 8785
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const text = JSON.stringify(value);
      // A lone surrogate is printed as an escape. Few texts have one, so few have to be looked through.
      const isSuspect = text.includes('\\ud');
      invariant(!isSuspect || !/\p{Surrogate}/u.test(value), 'canonical JSON has no lone surrogates');
      return text;
    }
    case 'number':
      invariant(Number.isFinite(value), 'canonical JSON has finite numbers only');
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
      const object = value as Readonly<Record<string, unknown>>;
      const members = Object.keys(object)
        .filter((key) => object[key] !== undefined)
        .sort()
        .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key])}`);
      return `{${members.join(',')}}`;
    }
    default:
      throw invariant.broken(`canonical JSON cannot hold a ${typeof value}`);
  }
}

/**
 * Whether `text`, which was parsed into `value`, is the canonical text of it. Ten times as fast as printing it anew: where the
 * engine's own printing gives the text back and every object's keys stand in order, there is nothing left that could differ.
 */
export function isCanonicalJson(text: string, value: unknown): boolean {
  if (text.includes('\\ud')) return isPrintedSo(text, value);
  try {
    return (JSON.stringify(value) === text && isInOrder(value)) || isPrintedSo(text, value);
  } catch {
    // A tower of brackets that no stack has room for: whoever wrote it had no canonical text of it.
    return false;
  }
}

function isPrintedSo(text: string, value: unknown): boolean {
  try {
    return canonicalJson(value) === text;
  } catch {
    // A lone surrogate: it has no canonical text.
    return false;
  }
}

function isInOrder(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isInOrder);
  let last: string | undefined;
  const object = value as Readonly<Record<string, unknown>>;
  for (const key in object) {
    if ((last !== undefined && last > key) || !isInOrder(object[key])) return false;
    last = key;
  }
  return true;
}

const LONE = /\p{Surrogate}/gu;
/** What no row takes. */
const UNKEPT = /[\0\p{Surrogate}]/u;
const EACH_UNKEPT = new RegExp(UNKEPT, 'gu');

/**
 * Lists and objects inside each other that can be kept: what a plan of the deepest blocks needs, twice over. Whatever prints
 * JSON walks it by recursion, and how much of that a stack has room for differs from process to process.
 */
export const KEPT_LEVELS = 200;

/**
 * Whether a value can be kept: Postgres has no place for the character U+0000, half of a surrogate pair has no canonical text,
 * JSON reads `1e999` and cannot print what it has read, and a tower of brackets stalls whoever prints it; what holds any of
 * them could be acted on and never be put on record. Walks without recursion.
 */
export function canBeKept(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const inner: unknown[] = [];
    for (const one of level) {
      if (typeof one === 'string' && UNKEPT.test(one)) return false;
      if (typeof one === 'number' && !Number.isFinite(one)) return false;
      if (typeof one !== 'object' || one === null) continue;
      if (depth >= KEPT_LEVELS) return false;
      if (!Array.isArray(one)) for (const key of Object.keys(one)) if (UNKEPT.test(key)) return false;
      for (const member of Object.values(one)) inner.push(member);
    }
    level = inner;
  }
  return true;
}

/** A text that can be kept: U+FFFD stands for what can't. */
export const keptText = (text: string): string => text.replace(EACH_UNKEPT, '\uFFFD');

/**
 * The canonical text of what others have said, whatever they put into it: half of a surrogate pair becomes U+FFFD, and so does
 * what is nested beyond `KEPT_LEVELS`; a number without end becomes null. What is owed to the log must have a text, or whoever
 * wants to stay off the record has only to send what has none.
 */
export function recordedJson(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch {
    return canonicalJson(mended(value, 0));
  }
}

function mended(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.replace(LONE, '\uFFFD');
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= KEPT_LEVELS) return '\uFFFD';
  if (Array.isArray(value)) return value.map((member) => mended(member, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.replace(LONE, '\uFFFD'), mended(member, depth + 1)]),
  );
}

/** Whether every object has something of that name: a table by name would seem to hold it. */
export const isInherited = (name: string): boolean => name in Object.prototype;

/** Whether two JSON values are the same value: the order of an object's keys does not count. */
export function jsonEquals(a: unknown, b: unknown): boolean {
  // Most of what is compared are single words and numbers: those need no text.
  if (isScalar(a) || isScalar(b)) return a === b;
  return canonicalJson(a) === canonicalJson(b);
}

const isScalar = (value: unknown): boolean =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);

/** A deep, independent copy of plain JSON data. */
export function jsonCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
