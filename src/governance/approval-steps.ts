/**
 * The steps of a gate: who is asked, N of M where it says so, cut to the depth that the tier allows, and which of them the
 * decisions given so far cover.
 * Pure ring; it loads inside the Temporal sandbox, so it imports nothing but words. Who a person is, is settled elsewhere.
 * @source execution model 6.2, 9.1, 9.2
 */
import { APPROVER_LEVELS } from './mode';

/** Stands in the place of people at a gate that the rules answer. */
export const AUTO = 'auto';

/** One step: `need` different people, each of whom is one of `among`. */
export interface StepAsked {
  /** At least 1. */
  readonly need: number;
  /** Levels (`manager`), `role:…` or `person:…`. */
  readonly among: readonly string[];
}

/** A person's approval, with the steps that they may cover. */
export interface Given {
  /** Whose authority it is: the grantor's, where somebody stands in for them. */
  readonly by: string;
  /** Indexes of steps. */
  readonly may: readonly number[];
}

const SEVERAL = /^(\d{1,2}) of (.+)$/;

/** Reads `manager`, or `2 of person:ada|person:bo|manager`. */
export function readStep(text: string): StepAsked {
  const [, count, list] = SEVERAL.exec(text) ?? [];
  if (count === undefined || list === undefined) return { need: 1, among: [text] };
  const among = [...new Set(list.split('|').map((one) => one.trim()))];
  return { need: Math.min(Math.max(1, Number(count)), among.length), among };
}

/**
 * The steps of a gate, in order. Where the tier allows fewer approvers the lowest are left out: a short chain asks fewer
 * people and never a lesser one.
 * @param depth the most approvers of a chain; null for no bound
 */
export function stepsOfGate(by: readonly string[], depth: number | null): readonly StepAsked[] {
  const steps = by.map(readStep);
  const most = depth === null ? steps.length : Math.max(1, depth);
  const byRank = steps.map((_, i) => i).sort((a, b) => rankOf(steps[b]!) - rankOf(steps[a]!) || b - a);
  const kept = new Set(byRank.slice(0, most));
  return steps.filter((_, i) => kept.has(i));
}

export interface Coverage {
  /** By step: who covers it. */
  readonly coveredBy: readonly (readonly string[])[];
  readonly isComplete: boolean;
}

/**
 * As many seats as the people can take, each person one: a maximum matching, so that no order of arrival leaves a gate
 * open that could be complete. Among equals who came first keeps a seat.
 */
export function coverageOf(steps: readonly StepAsked[], given: readonly Given[]): Coverage {
  const seats = steps.flatMap(({ need }, step) => Array.from({ length: need }, () => step));
  const taken: (number | undefined)[] = seats.map(() => undefined);
  const seat = (person: number, tried: Set<number>): boolean => {
    for (const [at, step] of seats.entries()) {
      if (tried.has(at) || !given[person]!.may.includes(step)) continue;
      tried.add(at);
      const sitting = taken[at];
      if (sitting !== undefined && !seat(sitting, tried)) continue;
      taken[at] = person;
      return true;
    }
    return false;
  };
  for (const person of given.keys()) seat(person, new Set());
  const coveredBy = steps.map((_, step) =>
    taken.flatMap((person, at) => (person !== undefined && seats[at] === step ? [given[person]!.by] : [])),
  );
  return { coveredBy, isComplete: taken.every((person) => person !== undefined) };
}

/** Whom an unanswered step is escalated to: the level above the highest that it asks. */
export function escalatesTo(by: readonly string[]): string {
  const levels = by
    .flatMap((text) => readStep(text).among)
    .flatMap((one) => {
      const at = (APPROVER_LEVELS as readonly string[]).indexOf(one);
      return at < 0 ? [] : [at];
    });
  // Of somebody who is asked by name or role it is their manager that hears of it.
  const highest = Math.max(0, ...levels);
  return APPROVER_LEVELS[Math.min(highest + 1, APPROVER_LEVELS.length - 1)]!;
}

/** The least authority that covers a step; a name or a role stands above all levels. */
function rankOf({ among }: StepAsked): number {
  const ranks = among.map((by) => {
    const level = (APPROVER_LEVELS as readonly string[]).indexOf(by);
    return level < 0 ? APPROVER_LEVELS.length : level;
  });
  return Math.min(...ranks);
}
