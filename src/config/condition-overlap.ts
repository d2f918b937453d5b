/**
 * Whether one event can satisfy two conditions at once. The language speaks of equality alone, so the question has an
 * answer: both are multiplied out to alternatives, and an alternative is possible unless one of its paths is asked for
 * contrary things. Past a bound of alternatives the question stays open and counts as "can".
 * Authoring ring.
 */
import type { Condition, Scalar } from './condition';
import { CONFIG_LIMITS } from './limits';

/** What one alternative asks of one path. */
interface Demand {
  /** The only values allowed; absent where any is. */
  readonly only?: readonly Scalar[];
  readonly never: readonly Scalar[];
  /** Absent where both will do. */
  readonly exists?: boolean;
}
type Alternative = ReadonlyMap<string, Demand>;

/** A value per path that satisfies both, as words; `undefined` where no event can. */
export interface Overlap {
  /** Such as `` `data.kind` = "contractor" ``; empty where neither asks anything. */
  readonly example: string;
}

/** `undefined` where no event satisfies `a` and `b` together; conditions left out hold always. */
export function overlapOf(a: Condition | undefined, b: Condition | undefined): Overlap | undefined {
  const both = [a, b].filter((one) => one !== undefined);
  const alternatives = expand({ all: both }, true);
  if (alternatives === undefined) return { example: 'the conditions are too large to compare' };
  const possible = alternatives[0];
  return possible === undefined ? undefined : { example: exampleOf(possible) };
}

/** Possible alternatives of a condition (or of its negation); `undefined` beyond the bound. */
function expand(condition: Condition, positive: boolean): readonly Alternative[] | undefined {
  if ('not' in condition) return expand(condition.not, !positive);
  if ('all' in condition || 'any' in condition) {
    const parts = 'all' in condition ? condition.all : condition.any;
    const expanded = parts.map((part) => expand(part, positive));
    if (expanded.some((part) => part === undefined)) return undefined;
    const known = expanded as (readonly Alternative[])[];
    const together = 'all' in condition === positive;
    return together ? product(known) : within(known.flat());
  }
  const demand = demandOf(condition, positive);
  return demand.map((one) => new Map([[condition.path, one]]));
}

function demandOf(
  leaf: Exclude<Condition, { all: unknown } | { any: unknown } | { not: unknown }>,
  positive: boolean,
): readonly Demand[] {
  if ('exists' in leaf) return [{ never: [], exists: leaf.exists === positive }];
  const values = 'equals' in leaf ? [leaf.equals] : leaf.in;
  // A path that does not exist equals nothing, so "not equal" has two ways to be true.
  return positive ? [{ only: values, never: [], exists: true }] : [{ never: values }];
}

function product(parts: readonly (readonly Alternative[])[]): readonly Alternative[] | undefined {
  let all: readonly Alternative[] | undefined = [new Map()];
  for (const part of parts) {
    if (all.length * part.length > CONFIG_LIMITS.conditionAlternatives ** 2) return undefined;
    all = within(all.flatMap((left) => part.map((right) => merge(left, right)).filter(isPossible)));
    if (all === undefined) return undefined;
  }
  return all;
}

const within = (alternatives: readonly Alternative[]): readonly Alternative[] | undefined =>
  alternatives.length > CONFIG_LIMITS.conditionAlternatives ? undefined : alternatives;

const isPossible = (alternative: Alternative | undefined): alternative is Alternative =>
  alternative !== undefined;

/** What both ask, or `undefined` where they contradict each other. */
function merge(a: Alternative, b: Alternative): Alternative | undefined {
  const merged = new Map(a);
  for (const [path, demand] of b) {
    const both = meet(merged.get(path), demand);
    if (both === undefined) return undefined;
    merged.set(path, both);
  }
  return isCoherent(merged) ? merged : undefined;
}

function meet(a: Demand | undefined, b: Demand): Demand | undefined {
  if (a?.exists !== undefined && b.exists !== undefined && a.exists !== b.exists) return undefined;
  const exists = b.exists ?? a?.exists;
  const never = [...(a?.never ?? []), ...b.never];
  const sets = [a?.only, b.only].filter((set) => set !== undefined);
  if (sets.length === 0) return { never, ...(exists === undefined ? {} : { exists }) };
  const only = (sets[0] ?? []).filter(
    (value) => sets.every((set) => set.includes(value)) && !never.includes(value),
  );
  return only.length === 0 ? undefined : { only, never, exists: true };
}

/** A path with a scalar value has nothing inside, and a path can't exist inside one that does not. */
function isCoherent(alternative: Alternative): boolean {
  for (const [inner, { exists }] of alternative) {
    if (exists !== true) continue;
    for (const [outer, demand] of alternative) {
      if (inner.startsWith(`${outer}.`) && (demand.only !== undefined || demand.exists === false))
        return false;
    }
  }
  return true;
}

function exampleOf(alternative: Alternative): string {
  return [...alternative]
    .map(([path, { only, exists }]) => {
      if (only !== undefined) return `\`${path}\` = ${JSON.stringify(only[0])}`;
      return exists === false ? `no \`${path}\`` : `\`${path}\` something else`;
    })
    .join(', ');
}
