/**
 * What differs between two plans, by path; and whether a plan is stale.
 * Pure ring.
 */
import type { Diagnostic } from '../kernel/diagnostic';
import { canonicalJson, type Json } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import type { Plan } from './plan';

/** One difference; `undefined` where the side has nothing at that path. */
export interface Change {
  /** Such as `params.groups.value[0]` or `body.nodes[identity].input`: list elements that have an id go by it. */
  readonly path: string;
  readonly was: Json | undefined;
  readonly is: Json | undefined;
}

/** Differences told of one stale plan; the rest is a count. */
const SHOWN = 20;

/** Every smallest part that differs, in the order of the paths. */
export function changesOf(was: Plan, is: Plan): readonly Change[] {
  const changes: Change[] = [];
  compare(was as unknown as Json, is as unknown as Json, '', changes);
  return changes;
}

/**
 * Refuses a plan whose inputs have moved on: `fresh` is the plan compiled from the same request now. Errors: one
 * `PLAN_STALE` for each change, twenty at most.
 */
export function refuseStale(plan: Plan, fresh: Plan): Result<void, readonly Diagnostic[]> {
  const changes = changesOf(plan, fresh);
  if (changes.length === 0) return ok(undefined);
  const told = changes.slice(0, SHOWN).map(({ path, was, is }): Diagnostic => ({
    code: 'PLAN_STALE',
    at: `plan › ${path}`,
    message: isPersonal(path)
      ? 'it has changed since the plan was compiled'
      : `it was \`${printValue(was)}\` when the plan was compiled, and is \`${printValue(is)}\` now`,
    help: 'compile again, and review the new plan',
  }));
  const rest = changes.length - told.length;
  if (rest === 0) return err(told);
  return err([...told, { code: 'PLAN_STALE', at: 'plan', message: `and ${rest} more changes` }]);
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
  // The same nodes in another order are another plan too.
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

/** Values of entity and event may be personal data: that they moved is said, and not where to. */
const isPersonal = (path: string): boolean => path.startsWith('entity.') || path.startsWith('event.');

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function printValue(value: Json | undefined): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
