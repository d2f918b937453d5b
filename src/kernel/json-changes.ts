/**
 * What differs between two JSON values, by path: the smallest parts that are not the same.
 * Pure ring.
 */
import { canonicalJson, type Json } from './json';

/** One difference; `undefined` where the side has nothing at that path. */
export interface Change {
  /** Such as `params.groups.value[0]` or `body.nodes[identity].input`: list elements that have an id go by it. */
  readonly path: string;
  readonly was: Json | undefined;
  readonly is: Json | undefined;
}

/** Every smallest part that differs, in the order of the paths. */
export function jsonChanges(was: Json | undefined, is: Json | undefined): readonly Change[] {
  const changes: Change[] = [];
  compare(was, is, '', changes);
  return changes;
}

function compare(was: Json | undefined, is: Json | undefined, path: string, changes: Change[]): void {
  if (was === is) return;
  if (isList(was) && isList(is)) return compareLists(was, is, path, changes);
  if (isObject(was) && isObject(is)) {
    for (const key of [...new Set([...Object.keys(was), ...Object.keys(is)])].sort()) {
      compare(was[key], is[key], path === '' ? key : `${path}.${key}`, changes);
    }
    return;
  }
  changes.push({ path, was, is });
}

function compareLists(was: readonly Json[], is: readonly Json[], path: string, changes: Change[]): void {
  const ids = [was, is].map((list) => list.map(idOf));
  if (ids.flat().includes(undefined)) {
    for (let i = 0; i < Math.max(was.length, is.length); i++) {
      compare(was[i], is[i], `${path}[${i}]`, changes);
    }
    return;
  }
  const byId = (list: readonly Json[]): ReadonlyMap<string | undefined, Json> =>
    new Map(list.map((element) => [idOf(element), element]));
  const [before, after] = [byId(was), byId(is)];
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    compare(before.get(id), after.get(id), `${path}[${id ?? ''}]`, changes);
  }
  // The same elements in another order are another value too.
  const order = ids.map((list) => canonicalJson(list));
  if (
    before.size === after.size &&
    order[0] !== order[1] &&
    [...before.keys()].every((id) => after.has(id))
  ) {
    changes.push({ path, was: ids[0] as Json[], is: ids[1] as Json[] });
  }
}

const idOf = (value: Json): string | undefined =>
  isObject(value) && typeof value['id'] === 'string' ? value['id'] : undefined;

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as a message shows it. */
export function printValue(value: Json | undefined): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
