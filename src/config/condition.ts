/**
 * Conditions of automations: a small closed language over an event and its entity. Data, evaluated by one function;
 * nothing of it can loop, call or take time.
 * Authoring ring.
 */
import { z } from 'zod';
import { assertNever } from '../kernel/invariant';
import { CONFIG_LIMITS } from './limits';
import { parsePath, readView, type EventView } from './template';

export type Scalar = string | number | boolean | null;

export type Condition =
  | { readonly path: string; readonly equals: Scalar }
  | { readonly path: string; readonly in: readonly Scalar[] }
  | { readonly path: string; readonly exists: boolean }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const path = z.string().meta({ description: 'such as data.employment.kind or entity.team' });

/** The language as it is written in files. */
export const conditionSchema: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.strictObject({ path, equals: scalar }),
    z.strictObject({ path, in: z.array(scalar).min(1).max(1_000) }),
    z.strictObject({ path, exists: z.boolean() }),
    z.strictObject({ all: z.array(conditionSchema).min(1).max(100) }),
    z.strictObject({ any: z.array(conditionSchema).min(1).max(100) }),
    z.strictObject({ not: conditionSchema }),
  ]),
);

/** Whether the condition holds. What does not exist equals nothing, not even `null`. */
export function holds(condition: Condition, view: EventView): boolean {
  if ('all' in condition) return condition.all.every((inner) => holds(inner, view));
  if ('any' in condition) return condition.any.some((inner) => holds(inner, view));
  if ('not' in condition) return !holds(condition.not, view);
  const steps = parsePath(condition.path);
  const value = steps.ok ? readView(view, steps.value) : undefined;
  if ('equals' in condition) return value === condition.equals;
  if ('in' in condition) return condition.in.some((member) => member === value);
  if ('exists' in condition) return (value !== undefined) === condition.exists;
  return assertNever(condition);
}

export interface ConditionMistake {
  /** Where inside the condition. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Malformed paths and too deep nesting, all of them. */
export function conditionMistakes(condition: Condition): readonly ConditionMistake[] {
  return mistakesIn(condition, [], 0);
}

function mistakesIn(
  condition: Condition,
  at: readonly (string | number)[],
  depth: number,
): readonly ConditionMistake[] {
  if (depth > CONFIG_LIMITS.conditionDepth) {
    return [
      {
        path: at,
        message: `conditions stand more than ${CONFIG_LIMITS.conditionDepth} deep inside each other`,
      },
    ];
  }
  if ('not' in condition) return mistakesIn(condition.not, [...at, 'not'], depth + 1);
  if ('all' in condition)
    return condition.all.flatMap((inner, i) => mistakesIn(inner, [...at, 'all', i], depth + 1));
  if ('any' in condition)
    return condition.any.flatMap((inner, i) => mistakesIn(inner, [...at, 'any', i], depth + 1));
  const parsed = parsePath(condition.path);
  return parsed.ok ? [] : [{ path: [...at, 'path'], message: parsed.error }];
}
