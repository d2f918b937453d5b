/**
 * Facts as today's configuration has them: what was counted, earned and said when an action was decided stays, and what the
 * configuration, the catalog and acts of control say is put in as they say it now.
 * Adapter ring; pure functions. Nothing is judged here.
 */
import type { Under } from '../../workflows/protocol';
import type { AwfContract } from '../dsl/awf';
import type { AutomationFacts, Facts, LimitFacts } from '../governance/facts';
import { CATEGORIES, type Category } from '../governance/figures/authority';
import type { GuardrailId } from '../governance/figures/guardrails';
import type { Mode } from '../governance/mode';
import { keysOf, type Rules } from '../temporal/rules';

/** What acts of control have set; absent members are not known, and stay as the record has them. */
export interface StandingToday {
  /** `configured`: nobody has set it, and the configuration says it. */
  readonly dial?: Mode | 'configured';
  readonly killed?: boolean;
  readonly limits?: Readonly<Partial<Record<GuardrailId, number>>>;
}

/** The facts of a decision, with today's configuration in place of that which was in force. */
export function factsToday(
  facts: Facts,
  {
    rules,
    contract,
    standing = {},
  }: { readonly rules: Rules; readonly contract: AwfContract; readonly standing?: StandingToday },
): Facts {
  return {
    ...facts,
    tenant: {
      tier: rules.tier,
      limits: { ...(standing.limits ?? facts.tenant.limits), ...rules.limits, ...standing.limits },
    },
    action: {
      ...facts.action,
      ...actionOf(contract),
      selection: rules.selection,
      priority: rules.automation?.priority ?? 'normal',
    },
    automation: facts.automation === null ? null : automationToday(facts.automation, rules, standing),
    ceilings: rules.ceilings,
    limits: limitsToday(facts, rules),
  };
}

/** What the contract says of an action. */
export const actionOf = (
  contract: AwfContract,
): Pick<Facts['action'], 'type' | 'category' | 'external' | 'reversibility' | 'risk' | 'declaredRisk'> => ({
  type: contract.name,
  category: categoryOf(contract),
  external: contract.external,
  reversibility: contract.reversibility,
  risk: contract.risk,
  declaredRisk: contract.riskClass ?? null,
});

function automationToday(
  automation: AutomationFacts,
  { automation: configured }: Rules,
  { dial, killed }: StandingToday,
): AutomationFacts {
  const { blastRadius } = automation;
  return {
    ...automation,
    dial: dial === 'configured' ? (configured?.dial ?? 'observe') : (dial ?? automation.dial),
    killed: killed ?? automation.killed,
    blastRadius:
      blastRadius === null ? null : { ...blastRadius, limitPerHour: configured?.actionsPerHour ?? null },
  };
}

/** Limits of the automation that stood in the record, with today's figures; one that is configured no more is gone. */
function limitsToday(
  { automation, limits }: Facts,
  { automation: configured }: Rules,
): readonly LimitFacts[] {
  if (automation === null) return limits;
  const keys = keysOf(automation.id);
  const perEntity = keys.entity('');
  return limits.flatMap((limit) => {
    const now =
      limit.id === keys.outcomes
        ? configured?.outcomesPerDay
        : limit.id.startsWith(perEntity)
          ? configured?.outcomesPerEntityPerDay
          : limit.limit;
    return now === undefined ? [] : [{ ...limit, limit: now }];
  });
}

/** Where an outcome stands that did not say so: nowhere, as the authority rules take it. */
export const NOWHERE: Under = { runbook: 'unknown', domain: 'unknown', entity: 'unknown' };

const categoryOf = ({ category }: AwfContract): Category | null =>
  CATEGORIES.find((known) => known === category) ?? null;
