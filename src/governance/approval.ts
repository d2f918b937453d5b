/**
 * What is asked of people before an action fires: the type, its steps, who has covered which, and the service level.
 * Pure ring. Whether a person may act in a role is settled before their decision becomes a fact.
 * @source execution model 5.3, 9.1–9.3, 12.4; DESIGN §9.4, §9.6
 */
import type { Assessment, Profile } from './assess';
import type { ApprovalFacts, Facts } from './facts';
import type { Figures } from './figures';
import {
  APPROVAL_TYPES,
  APPROVER_LEVELS,
  atLeast,
  later,
  type ApprovalType,
  type ApproverLevel,
  type Mode,
} from './mode';
import { chainDepthOf } from './reserve';

export interface ApprovalStep {
  /** What the person does: confirm, review, approve, or a link of a chain. */
  readonly act: ApprovalType;
  /** A level of the organisation, or `person:<name>`. */
  readonly by: string;
  /** Who has done it: `starter`, whose act of starting it is their approval, a person, or null while it is open. */
  readonly coveredBy: string | null;
}

export interface ApprovalRequirement {
  readonly type: ApprovalType;
  readonly reasonRequired: boolean;
  /** In the order in which they are asked. */
  readonly steps: readonly ApprovalStep[];
  /** Whether no step is open. */
  readonly complete: boolean;
  /** Approvers after the initiator, and how many the tier's chain may have. */
  readonly depth: number;
  readonly depthLimit: number;
  /** From asking, in milliseconds, per step for a chain; null where nothing is expected. */
  readonly respondWithinMs: number | null;
  readonly remindAfterMs: number | null;
  readonly escalateAfterMs: number | null;
  /** How long it may stay open before it expires, from asking. */
  readonly expiresAfterMs: number;
}

type OpenStep = Omit<ApprovalStep, 'coveredBy'>;

export function approvalRequirement(
  facts: Facts,
  assessment: Assessment,
  mode: Mode,
  figures: Figures,
): ApprovalRequirement {
  const acts = actsAsked(assessment, mode, figures);
  // A policy that names approvers asks for their explicit approval, whatever else it says.
  const policies = facts.policies.flatMap(({ approval, approvers }): ApprovalType[] => [
    approval ?? 'none',
    approvers.length > 0 ? 'approve' : 'none',
  ]);
  const type = [...acts, ...policies].reduce((most, act) => later(APPROVAL_TYPES, most, act), 'none');
  const depthLimit = chainDepthOf(facts.tenant.tier, figures);
  const steps = covered(stepsOf(type, facts, assessment, depthLimit, figures), facts, figures);
  const figure = figures.approvals.types[type];
  return {
    type,
    reasonRequired: figure.reasonRequired,
    steps,
    complete: steps.every((step) => step.coveredBy !== null),
    depth: depthOf(steps),
    depthLimit,
    respondWithinMs: figure.respondWithinMs,
    remindAfterMs: figure.remindAfterMs,
    escalateAfterMs: figure.escalateAfterMs,
    expiresAfterMs: figures.lifecycle.proposedMs,
  };
}

/**
 * The acts that mode and class ask for. A row of the profile table states its own, and that is the law for exactly what
 * it describes: its class and its ceiling. Where the facts are stricter than the row, the stricter of both counts.
 */
function actsAsked({ profile, risk }: Assessment, mode: Mode, figures: Figures): readonly ApprovalType[] {
  const general = figures.approvals.triggers[mode][risk.class];
  const listed = profile?.approvals ?? null;
  if (listed === null) return [general];
  return mode === profile?.ceiling && risk.class === profile.riskClass ? listed : [...listed, general];
}

function stepsOf(
  type: ApprovalType,
  facts: Facts,
  { profile }: Assessment,
  depthLimit: number,
  figures: Figures,
): readonly OpenStep[] {
  const main = trimmed(figures.approvals.types[type].steps, depthLimit).map((by): OpenStep => ({
    act: type,
    by,
  }));
  const beside = actsBeside(profile).flatMap((act) =>
    figures.approvals.types[act].steps.map((by): OpenStep => ({ act, by })),
  );
  const named = facts.policies
    .flatMap((policy) => policy.approvers)
    .filter((by, i, all) => all.indexOf(by) === i && !main.some((step) => step.by === by))
    .map((by): OpenStep => ({ act: later(APPROVAL_TYPES, 'approve', type), by }));
  return [...beside, ...main, ...named.sort((a, b) => rankOf(a.by) - rankOf(b.by) || (a.by < b.by ? -1 : 1))];
}

/** "Approve + Review" (12.4): acts of their own beside the strictest one, by other people. */
function actsBeside(profile: Profile | null): readonly ApprovalType[] {
  const listed = profile?.approvals ?? [];
  const strictest = listed.reduce((most, act) => later(APPROVAL_TYPES, most, act), 'none');
  return listed.filter((act) => act !== strictest);
}

/**
 * The steps that fit the tier's depth: the lowest approvers go first and the highest always stays, so a short chain asks
 * fewer people and never a lesser one. The initiator does not count: 9.2 draws approvers after them.
 */
function trimmed(steps: readonly ApproverLevel[], depthLimit: number): readonly ApproverLevel[] {
  const approvers = steps.filter((by) => by !== 'user');
  const kept = approvers.slice(-Math.max(1, depthLimit));
  return [...steps.filter((by) => by === 'user'), ...kept];
}

/** Each step with the person who has covered it; one person covers one step, and nobody approves their own act twice. */
function covered(open: readonly OpenStep[], facts: Facts, figures: Figures): readonly ApprovalStep[] {
  const starter = facts.startedByPerson;
  const coverage = new Map<OpenStep, string>();
  const starterStep = open.findLast((step) => step.by === 'user');
  if (starter !== null && figures.approvals.starterIsUser && starterStep !== undefined) {
    coverage.set(starterStep, 'starter');
  }
  const free = new Map<string, ApprovalFacts>();
  for (const approval of facts.approvals) {
    if (approval.decision !== 'approved' || approval.by === starter) continue;
    const known = free.get(approval.by);
    if (known === undefined || atLeast(APPROVER_LEVELS, approval.as, known.as))
      free.set(approval.by, approval);
  }
  // Named persons first, then the highest level, each by the lowest level that suffices: no other order covers more.
  const hardestFirst = [...open].sort((a, b) => rankOf(b.by) - rankOf(a.by));
  for (const step of hardestFirst) {
    if (coverage.has(step)) continue;
    const person = personFor(step, free);
    if (person === undefined) continue;
    coverage.set(step, person);
    free.delete(person);
  }
  return open.map((step) => ({ ...step, coveredBy: coverage.get(step) ?? null }));
}

function personFor(step: OpenStep, free: ReadonlyMap<string, ApprovalFacts>): string | undefined {
  if (!isLevel(step.by)) return free.has(step.by) ? step.by : undefined;
  const level = step.by;
  return [...free.values()]
    .filter((approval) => atLeast(APPROVER_LEVELS, approval.as, level))
    .sort((a, b) => rankOf(a.as) - rankOf(b.as) || (a.by < b.by ? -1 : 1))[0]?.by;
}

function depthOf(steps: readonly ApprovalStep[]): number {
  return steps.filter((step) => step.by !== 'user').length;
}

/** Levels by authority; a named person stands above all of them. */
function rankOf(by: string): number {
  return isLevel(by) ? APPROVER_LEVELS.indexOf(by) : APPROVER_LEVELS.length;
}

function isLevel(by: string): by is ApproverLevel {
  return (APPROVER_LEVELS as readonly string[]).includes(by);
}
