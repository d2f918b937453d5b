/**
 * What configuration says of one action's authority, and the units that it asks for.
 * Adapter ring; pure functions.
 */
import type { Under } from '../../workflows/protocol';
import type { AwfContract } from '../dsl/awf';
import type { Priority, Selection } from '../governance/facts';
import type { Figures } from '../governance/figures';
import { GUARDRAIL_IDS, type GuardrailId } from '../governance/figures/guardrails';
import type { Mode, Tier } from '../governance/mode';
import { limitOf, shareAtOnce } from '../governance/reserve';
import type { Json } from '../kernel/json';
import type { Ask } from '../store/authority';

/** Everything that configuration knows and the database does not. */
export interface Rules {
  readonly figures: Figures;
  readonly tier: Tier;
  /** By the tenant's contract. */
  readonly limits: Readonly<Partial<Record<GuardrailId, number>>>;
  readonly ceilings: readonly { readonly source: string; readonly mode: Mode }[];
  readonly selection: Selection;
  /** Entities of the kind that the outcome is about; absent where nobody counts them, and no share of them is bounded. */
  readonly population?: number;
  /** Absent where no automation of this name is configured. */
  readonly automation?: AutomationRules;
  /** Change calendars of the configuration, by the key that names each; absent: none. */
  readonly calendars?: readonly { readonly id: string; readonly value: Json }[];
  /** What the configuration knows of the nodes of this plan; absent: nothing. */
  readonly nodes?: NodeRules;
}

export interface NodeRules {
  /** The name its author gave to a node of the plan: `<runbook>/<node>`. */
  readonly nameOf: (node: string) => string;
  /** Names of those that only watch. */
  readonly passive: ReadonlySet<string>;
}

export interface AutomationRules {
  /** Where nobody has set the dial. */
  readonly dial: Mode;
  readonly actionsPerHour?: number;
  readonly outcomesPerDay?: number;
  readonly outcomesPerEntityPerDay?: number;
  /** How counters call the entity that the outcome is about; there wherever outcomes of one are limited. */
  readonly countedAs?: string;
  /** Actions that execute at once. */
  readonly concurrent?: number;
  /** Default: normal. */
  readonly priority?: Priority;
}

/** Finds the rules of one action. Rejects where the tenant's configuration is not valid: then nothing fires. */
export type Rulebook = (tenant: string, under: Under, contract: AwfContract) => Promise<Rules>;

/** Share of its limits from which on the statement of admission looks at all others, too: it has the same figure. */
const STRESS_LOOK_SHARE = 0.5;

/** Units of a contract's cost, by the guardrail that counts them; a guardrail's own name names itself. */
const COST_UNITS: Readonly<Record<string, GuardrailId>> = {
  api_calls: 'api_calls_per_month',
  llm_calls: 'llm_calls_per_hour',
  llm_spend: 'llm_spend_per_month',
  storage: 'storage_per_month',
};

export const guardrailOf = (unit: string): GuardrailId | undefined =>
  COST_UNITS[unit] ?? GUARDRAIL_IDS.find((id) => id === unit);

/** Keys of the counters that one automation has of its own. */
export const keysOf = (automation: string) =>
  ({
    fired: `fired:${automation}`,
    flight: `flight:${automation}`,
    failed: `failed:${automation}`,
    finished: `finished:${automation}`,
    outcomes: `outcomes:${automation}`,
    /** @param name how counters call it, and never its id: keys stand in decisions, and are shown */
    entity: (name: string) => `outcomes:${automation}:${name}`,
  }) as const;

/** The units that one firing asks for. Those of zero are only read, because the rules look at them. */
export function asksOf(rules: Rules, contract: AwfContract, under: Under): readonly Ask[] {
  return [...guardrailAsks(rules, contract), ...automationAsks(rules, under)];
}

function guardrailAsks(rules: Rules, contract: AwfContract): readonly Ask[] {
  const { figures, tier, limits } = rules;
  const costs = new Map<GuardrailId, number>();
  for (const [unit, amount] of Object.entries(contract.cost)) {
    const guardrail = guardrailOf(unit);
    if (guardrail !== undefined) costs.set(guardrail, (costs.get(guardrail) ?? 0) + Math.ceil(amount));
  }
  return GUARDRAIL_IDS.flatMap((id): Ask[] => {
    const { counts, window, limits: printed, spec } = figures.tiers.guardrails[id];
    const counted = counts === 'every' || (counts === 'external' && contract.external) ? 1 : 0;
    const u = costs.get(id) ?? counted;
    // Priority mode looks at the general ones, whether this action takes from them or not. It is in force while all are at the
    // soft limit; below half of a limit nothing need be looked at, unless the soft limit itself is lower.
    const canWait = figures.tiers.enforcement.softShare > STRESS_LOOK_SHARE;
    const isGeneral = spec === '6.2' || spec === '6.3';
    if (u === 0 && !isGeneral) return [];
    const l = Math.floor(limitOf(id, { tier, limits }, figures) * figures.tiers.enforcement.hardShare);
    return [{ k: id, w: window, u, l, p: printed[tier], ...(isGeneral ? { z: u === 0 && canWait } : {}) }];
  });
}

function automationAsks(rules: Rules, { automation: id, person }: Under): readonly Ask[] {
  if (id === undefined) return [];
  const { automation } = rules;
  const keys = keysOf(id);
  const isAlone = person === undefined;
  const counted: Ask[] = [
    { k: keys.fired, w: 'hour', u: isAlone ? 1 : 0, l: null },
    { k: keys.flight, w: 'at_once', u: 1, l: mostAtOnce(rules, isAlone) },
    { k: keys.failed, w: 'hour', u: 0, l: null },
    { k: keys.finished, w: 'hour', u: 0, l: null },
  ];
  const once = (k: string, l: number | undefined): Ask[] =>
    l === undefined ? [] : [{ k, w: 'day', u: 1, l, o: true }];
  return [
    ...counted,
    ...once(keys.outcomes, automation?.outcomesPerDay),
    ...once(keys.entity(automation?.countedAs ?? ''), automation?.outcomesPerEntityPerDay),
  ];
}

/** Actions of an automation that may execute at once: as configured, and alone no more than a share of the population. */
function mostAtOnce({ automation, population, figures }: Rules, isAlone: boolean): number | null {
  const configured = automation?.concurrent ?? null;
  if (!isAlone || population === undefined) return configured;
  const share = shareAtOnce(population, figures.automation.blastRadius.mostAtOnceShare);
  return configured === null ? share : Math.min(configured, share);
}
