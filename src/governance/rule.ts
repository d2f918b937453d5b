/**
 * What a rule is. A *ceiling rule* says the most it allows; the strictest of them is the mode. A *firing rule* is asked
 * once the mode is known, and says whether the action may fire now; deny outranks hold, hold outranks allow.
 * Both always answer, also when they do not bind, and neither knows of another or of its own place in the table.
 * Pure ring.
 */
import type { ApprovalRequirement } from './approval';
import type { Assessment } from './assess';
import type { Facts } from './facts';
import type { Figures } from './figures';
import type { Mode } from './mode';

export const FIRE_VERDICTS = ['deny', 'hold', 'allow'] as const;
/** Strictest first. */
export type FireVerdict = (typeof FIRE_VERDICTS)[number];

export interface Given extends Assessment {
  readonly facts: Facts;
  readonly figures: Figures;
}

export interface GivenMode extends Given {
  readonly mode: Mode;
  /** The ceiling rules whose verdict is the mode in force. */
  readonly ceilings: readonly CeilingFinding[];
  readonly approval: ApprovalRequirement;
}

/** What stands between an action and its firing, and what would take it away. */
export interface Block {
  readonly verdict: 'hold' | 'deny';
  /** Key of the cause, `kind` or `kind:name`: whoever removes the cause wakes those who wait for that key. */
  readonly cause: string;
  readonly because: string;
  readonly release: string;
  /** When it goes away by itself, in milliseconds since the epoch; null where it does not. */
  readonly until: number | null;
  /** From here on it holds whatever its cause holds, until a person takes it away. */
  readonly stops?: true;
}

export interface CeilingJudgement {
  readonly verdict: Mode;
  readonly because: string;
  /** How the ceiling could be raised; what a hold shows where this rule is the one that binds. */
  readonly release?: string;
  /** Key of the cause; the rule's own name where left out. */
  readonly cause?: string;
}

export interface FiringJudgement {
  readonly because: string;
  /** None where it allows; the verdict is the strictest of them. */
  readonly blocks?: readonly Block[];
}

export interface CeilingRule {
  readonly rule: string;
  readonly spec: string;
  readonly judge: (given: Given) => CeilingJudgement;
}

export interface FiringRule {
  readonly rule: string;
  readonly spec: string;
  readonly judgeFiring: (given: GivenMode) => FiringJudgement;
}

export type Rule = CeilingRule | FiringRule;

export interface CeilingFinding extends CeilingJudgement {
  readonly rule: string;
}

/** A number of at most four decimals, as messages show it. */
export function printShare(share: number): string {
  return String(Number(share.toFixed(4)));
}

export const hold = (
  cause: string,
  because: string,
  release: string,
  until: number | null = null,
): Block => ({
  verdict: 'hold',
  cause,
  because,
  release,
  until,
});

export const deny = (
  cause: string,
  because: string,
  release: string,
  until: number | null = null,
): Block => ({
  verdict: 'deny',
  cause,
  because,
  release,
  until,
});
