/**
 * JSON merge patches, and what differs between two values: how people change a document by a few words.
 * Pure ring.
 * @source RFC 7396
 */
import type { Json, JsonObject } from './json';

/** The value with the patch on it: members are set, `null` takes one away, and all that is no object replaces as a whole. */
export function mergePatch(value: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const members: Record<string, Json> = isObject(value) ? { ...value } : {};
  for (const [name, member] of Object.entries(patch)) {
    if (member === null) delete members[name];
    else define(members, name, mergePatch(Object.hasOwn(members, name) ? members[name]! : null, member));
  }
  return members;
}

/** One difference; the side that has nothing at `path` is absent. */
export interface Difference {
  /** JSON pointer. @source RFC 6901 */
  readonly path: string;
  readonly was?: Json;
  readonly is?: Json;
}

/** Every smallest part that differs, members of objects in the order of their names, lists as a whole. */
export function differences(was: Json | undefined, is: Json | undefined, path = ''): readonly Difference[] {
  if (isObject(was) && isObject(is)) {
    return [...new Set([...Object.keys(was), ...Object.keys(is)])]
      .sort()
      .flatMap((name) => differences(memberOf(was, name), memberOf(is, name), `${path}/${escaped(name)}`));
  }
  if (JSON.stringify(was) === JSON.stringify(is)) return [];
  return [{ path, ...(was === undefined ? {} : { was }), ...(is === undefined ? {} : { is }) }];
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const memberOf = (object: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined;

/** A member named `__proto__` is a member like others, and no prototype. */
function define(members: Record<string, Json>, name: string, value: Json): void {
  Object.defineProperty(members, name, { value, enumerable: true, writable: true, configurable: true });
}

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
