/**
 * What differs between two plans, by path; and whether a plan is stale.
 * Pure ring.
 */
import type { Diagnostic } from '../kernel/diagnostic';
import type { Json } from '../kernel/json';
import { jsonChanges, printValue, type Change } from '../kernel/json-changes';
import { err, ok, type Result } from '../kernel/result';
import type { Plan } from './plan';

export type { Change } from '../kernel/json-changes';

/** Differences told of one stale plan; the rest is a count. */
const SHOWN = 20;

/** Every smallest part that differs, in the order of the paths. */
export const changesOf = (was: Plan, is: Plan): readonly Change[] =>
  jsonChanges(was as unknown as Json, is as unknown as Json);

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

/** Values of entity and event may be personal data: that they moved is said, and not where to. */
export const isPersonal = (path: string): boolean => path.startsWith('entity.') || path.startsWith('event.');
