/**
 * Who may decide: the one function that every door asks, over people as the entity graph shows them.
 * Pure ring. It reads no graph and no clock: what it has to know of people is handed in.
 * @source execution model 9.1, 9.2, 9.4; DESIGN §5
 */
import type { StepAsked } from './approval-steps';
import { APPROVER_LEVELS, atLeast, type ApprovalType, type ApproverLevel } from './mode';

/** Whose chain of managers counts, nearest first. */
export interface Line {
  readonly of: string;
  readonly managers: readonly string[];
  /** Whether the last of them has no manager of their own. */
  readonly endsAtTop: boolean;
}

/** One person as the graph knows them. */
export interface PersonFacts {
  readonly name: string;
  /** Who they are to the whole organisation, where their entity says so. */
  readonly level: ApproverLevel | null;
  /** Of their entity and of their token. */
  readonly roles: readonly string[];
}

/** Somebody has let another decide in their place. */
export interface GrantFacts {
  readonly from: PersonFacts;
  readonly to: string;
  /** The most that is handed on; null hands on all of it. */
  readonly level: ApproverLevel | null;
  /** Less than the grantor is: then what they are asked by their name or a role of theirs is not handed on. */
  readonly isPart: boolean;
}

export interface DecidingFacts {
  readonly decider: PersonFacts;
  /** Whether their token lets them approve at all. */
  readonly isApprover: boolean;
  readonly verdict: 'approve' | 'reject';
  readonly reason: string | null;
  readonly approval: ApprovalType;
  readonly steps: readonly StepAsked[];
  /** Lines of the entity and of the initiator; empty where neither is known to have a manager. */
  readonly lines: readonly Line[];
  /** In force at this instant, and given to the decider. */
  readonly grants: readonly GrantFacts[];
  /** Who may not decide, and why: the initiator, the person it is about, authors of the policies that ask. */
  readonly barred: readonly { readonly person: string; readonly because: string }[];
  /** Set where the decider asks to pass the chain in an emergency. */
  readonly breaksGlass: boolean;
  /** Who may do that. */
  readonly mayBreakGlass: boolean;
}

export type WhoMayDecide =
  | {
      readonly may: true;
      /** Steps that this person can cover; all of them where the glass is broken. */
      readonly steps: readonly number[];
      /** The highest level at which they decide; null for one who is asked by name or role alone. */
      readonly as: ApproverLevel | null;
      /** Whose authority it is, where they stand in for somebody. */
      readonly for?: string;
    }
  | { readonly may: false; readonly code: WhyNot; readonly because: string };

export type WhyNot =
  'GATE_APPROVER_NOT_ALLOWED' | 'GATE_SELF_APPROVAL' | 'GATE_REASON_MISSING' | 'GATE_GLASS_NOT_ALLOWED';

/** Shortest reason for passing the chain in an emergency, in characters: a review has to have something to read. */
const GLASS_REASON_LENGTH = 12;

/** Types that take no approval without a reason; a rejection always needs one. @source execution model 9.1 */
const NEEDS_REASON: readonly ApprovalType[] = ['approve', 'chain'];

export function whoMayDecide(facts: DecidingFacts): WhoMayDecide {
  const { decider, verdict, approval, steps, grants, breaksGlass } = facts;
  if (!facts.isApprover) {
    return no('GATE_APPROVER_NOT_ALLOWED', `\`${decider.name}\` has not the role \`approver\``);
  }
  const reason = (facts.reason ?? '').trim();
  if (reason === '' && (verdict === 'reject' || NEEDS_REASON.includes(approval) || breaksGlass)) {
    return no('GATE_REASON_MISSING', `${verdict === 'reject' ? 'a rejection' : approval} needs a reason`);
  }
  // A person who is barred may not come back in another's name either.
  const own = barred(facts, decider.name);
  if (own !== undefined) return no('GATE_SELF_APPROVAL', `\`${decider.name}\` ${own}`);
  if (breaksGlass) {
    if (!facts.mayBreakGlass)
      return no('GATE_GLASS_NOT_ALLOWED', `\`${decider.name}\` may not pass the chain in an emergency`);
    if (reason.length < GLASS_REASON_LENGTH)
      return no('GATE_REASON_MISSING', `an emergency needs a reason of ${GLASS_REASON_LENGTH} characters`);
    return { may: true, steps: steps.map((_, i) => i), as: decider.level };
  }
  const [self, ...others] = [
    { person: decider, most: null as ApproverLevel | null, isPart: false },
    ...grants
      .filter(({ to, from }) => to === decider.name && barred(facts, from.name) === undefined)
      .map(({ from, level, isPart }) => ({ person: from, most: level, isPart })),
  ].map(({ person, ...handed }) => ({ person, ...standingOf(person, handed, facts) }));
  if (self !== undefined && self.steps.length > 0) return { may: true, steps: self.steps, as: self.as };
  const standIn = others.find((one) => one.steps.length > 0);
  if (standIn !== undefined) {
    return { may: true, steps: standIn.steps, as: standIn.as, for: standIn.person.name };
  }
  const asked = steps.map(({ among, need }) => (need > 1 ? `${need} of ` : '') + among.join(' or '));
  return no('GATE_APPROVER_NOT_ALLOWED', `\`${decider.name}\` is none of those asked: ${asked.join(', ')}`);
}

const barred = ({ barred: list }: DecidingFacts, name: string): string | undefined =>
  list.find(({ person }) => person === name)?.because;

/** @param handed the level that a grant hands on at the most, and whether that is less than they are */
function standingOf(
  person: PersonFacts,
  { most, isPart }: { readonly most: ApproverLevel | null; readonly isPart: boolean },
  { steps, lines }: DecidingFacts,
): { readonly steps: readonly number[]; readonly as: ApproverLevel | null } {
  const held = levelOf(person, lines);
  const as = most === null || atLeast(APPROVER_LEVELS, most, held) ? held : most;
  const suits = (by: string): boolean => {
    if (by === person.name) return !isPart;
    if (by.startsWith('role:')) return !isPart && person.roles.includes(by.slice('role:'.length));
    const level = APPROVER_LEVELS.find((one) => one === by);
    return level !== undefined && atLeast(APPROVER_LEVELS, as, level);
  };
  return { steps: steps.flatMap(({ among }, i) => (among.some(suits) ? [i] : [])), as };
}

/**
 * The level at which somebody stands to an outcome: first manager of its entity or its initiator, their manager (director),
 * anybody above (executive). Who is at the top of a line, and is not the first manager, is an executive. A level that a person
 * holds for the whole organisation counts everywhere only if it is the highest, and elsewhere where nobody has a line.
 */
export function levelOf(person: PersonFacts, lines: readonly Line[]): ApproverLevel {
  let level: ApproverLevel = 'user';
  const raise = (to: ApproverLevel): void => {
    if (!atLeast(APPROVER_LEVELS, level, to)) level = to;
  };
  for (const { managers, endsAtTop } of lines) {
    const at = managers.indexOf(person.name);
    if (at < 0) continue;
    const isTop = endsAtTop && at === managers.length - 1;
    if (at === 0) raise('manager');
    else raise(isTop || at > 1 ? 'executive' : 'director');
  }
  const hasLine = lines.some(({ managers }) => managers.length > 0);
  if (person.level !== null && (person.level === 'executive' || !hasLine)) raise(person.level);
  return level;
}

const no = (code: WhyNot, because: string): WhoMayDecide => ({ may: false, code, because });
