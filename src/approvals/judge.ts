/**
 * Whether one person may decide at one gate or on one held action, now: the facts gathered, the one rule asked. Doors ask it
 * before they sign, so that people hear at once; the check asks it again, and that answer alone counts.
 * Adapter ring. Nothing is signed or written here.
 */
import type { ApprovalTerms, Check } from '../engine/effects';
import { whoMayDecide, type WhoMayDecide } from '../governance/approval-people';
import { stepsOfGate, type StepAsked } from '../governance/approval-steps';
import { decideAgain } from '../governance/decide';
import { layoutOf, planNodeOf } from '../engine/layout';
import type { Json } from '../kernel/json';
import type { Plan } from '../plan/plan';
import type { DecisionKeyStore } from '../store/decision-keys';
import type { Under } from '../../workflows/protocol';
import { cardFor } from './cards';
import { grantsTo, linesOf, personOf, type PeopleParts } from './people';

export interface Judged {
  readonly tenant: string;
  readonly outcome: string;
  readonly plan: Plan;
  readonly terms: ApprovalTerms;
  readonly node: string;
  readonly held?: Check['held'];
  /** What people have changed so far: whoever approves may have changed nothing of what they let go. */
  readonly overrides?: Check['overrides'];
  readonly startedBy: string;
  readonly under?: Under;
  readonly decider: string;
  /** Of their token. */
  readonly roles: readonly string[];
  readonly verdict: 'approve' | 'reject';
  readonly reason?: string;
  readonly glass: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface JudgeParts extends PeopleParts {
  readonly takenOverBy: DecisionKeyStore['takenOverBy'];
  /** Who wrote or last changed what governs an automation: its dial, limits, overrides and file. */
  readonly authorsOf: (tenant: string, automation: string) => Promise<readonly string[]>;
}

/** Roles of a token: may approve at all; may pass a chain in an emergency. */
export const APPROVER = 'approver';
const GLASS_BREAKERS: readonly string[] = ['admin', 'break-glass'];

/**
 * The answer, and who has taken over what is asked for: what they said before counts no more. Throws StoreError where the graph or the
 * rows are not at hand.
 */
export async function judge(
  parts: JudgeParts,
  asked: Judged,
): Promise<WhoMayDecide & { readonly takers: readonly string[] }> {
  const { tenant, plan, terms, node, under, startedBy, decider, roles, at } = asked;
  const what = askedOf(asked);
  if (what === undefined) {
    const because = `\`${node}\` waits for nobody`;
    return { may: false, code: 'GATE_APPROVER_NOT_ALLOWED', because, takers: [] };
  }
  const taken = await parts.takenOverBy(tenant, { outcome: asked.outcome, node });
  const starter = under?.person ?? (startedBy.startsWith('person:') ? startedBy : undefined);
  const initiators = [starter, taken.by, what.starter].filter((one) => one !== undefined);
  const entity = plan.entity.id;
  const automation = under?.automation;
  const [person, lines, grants, authors] = await Promise.all([
    personOf(parts, tenant, { name: decider, roles }),
    linesOf(parts, tenant, [entity, ...initiators]),
    grantsTo(parts, tenant, { to: decider, at, task: `${asked.outcome}#${node}` }),
    // Those of when it started, and whoever has changed something since.
    automation === undefined ? [] : parts.authorsOf(tenant, automation),
  ]);
  const answer = whoMayDecide({
    decider: person,
    isApprover: roles.includes(APPROVER),
    verdict: asked.verdict,
    reason: asked.reason ?? null,
    approval: what.approval,
    steps: what.steps,
    lines,
    grants,
    barred: [
      ...initiators.map((one) => ({ person: one, because: 'started it, and nobody approves their own act' })),
      ...taken.ever.map((one) => ({ person: one, because: TAKEN_OVER })),
      ...(terms.sentBy === undefined ? [] : [{ person: terms.sentBy, because: SENT }]),
      ...authorsOfChanges(asked).map((one) => ({ person: one, because: CHANGED })),
      { person: entity, because: 'is whom it is about' },
      ...[...(terms.authors ?? []), ...authors].map((one) => ({ person: one, because: AUTHORED })),
    ],
    breaksGlass: asked.glass,
    mayBreakGlass: person.roles.some((role) => GLASS_BREAKERS.includes(role)),
  });
  return { ...answer, takers: taken.ever };
}

const TAKEN_OVER = 'took it over, and nobody approves their own act';
const SENT = 'sent the event that started it, and nobody approves their own act';
const CHANGED = 'changed what it lets go, and nobody approves their own change';
const AUTHORED =
  'wrote or last changed what governs the automation, and nobody approves what their own policy asks';

/** Whoever takes back or rejects what they changed themselves may do that. */
const authorsOfChanges = (asked: Judged): readonly string[] =>
  asked.verdict === 'reject' ? [] : (cardFor(asked)?.card.changes ?? []).map(({ by }) => by);

interface Asks {
  readonly approval: Parameters<typeof whoMayDecide>[0]['approval'];
  readonly steps: readonly StepAsked[];
  /** Who answers for the action by name, as the rules read it. */
  readonly starter?: string;
}

function askedOf({ plan, terms, node, held }: Judged): Asks | undefined {
  const planned = planNodeOf(layoutOf(plan), node);
  if (planned?.kind === 'gate') {
    return { approval: planned.approval, steps: stepsOfGate(planned.by, terms.depth) };
  }
  if (held === undefined) return undefined;
  const again = decideAgain(held.record as { readonly facts: unknown; readonly figures: Json });
  if (!again.ok) return undefined;
  const { approval, facts } = again.value;
  return {
    approval: approval.type,
    steps: approval.steps.map(({ by }) => ({ need: 1, among: [by] })),
    ...(facts.startedByPerson === null ? {} : { starter: facts.startedByPerson }),
  };
}
