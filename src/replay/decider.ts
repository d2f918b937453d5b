/**
 * How actions are decided in a fork or a rehearsal: by the facts that were on record for them, or, for an action that has none,
 * by those of its outcome; with the figures and the configuration of then or of today.
 * Adapter ring. A decision made here is told in a predicted trace, and admits nothing.
 */
import type { Under } from '../../workflows/protocol';
import type { AwfContract } from '../dsl/awf';
import { decide, decideAgain, figuresNamed, recordOf, type Decision } from '../governance/decide';
import type { Facts } from '../governance/facts';
import type { Figures } from '../governance/figures';
import type { Json } from '../kernel/json';
import type { Plan } from '../plan/plan';
import type { FireMode } from '../simulator/simulator';
import type { Rules } from '../temporal/rules';
import type { Story } from './history-source';
import type { Today } from './today';
import { actionOf, factsToday, NOWHERE } from './todays-facts';

/** How the `nth` asking of an action goes. */
export type Decider = (node: string, contract: AwfContract, nth: number) => FireMode;

/** What was decided on the way, for whoever shows it. */
export interface Decided {
  readonly node: string;
  readonly awf: string;
  readonly decision: Decision;
}

/** Nothing governs: every action is let in. */
const UNGOVERNED: Decider = () => ({ as: 'predicted' });

export interface DeciderParts {
  readonly today: Today;
  /** The plan whose actions are decided, and where its outcome stands. */
  readonly plan: Plan;
  readonly under: Under | undefined;
  readonly heard?: (decided: Decided) => void;
}

/** Decides as then or as today. An outcome that no rule was asked about is not governed in its fork either. */
export async function deciderFor(
  story: Story,
  rules: 'then' | 'today',
  { today, plan, under, heard }: DeciderParts,
): Promise<Decider> {
  const records = recordsOf(story);
  const base = [...records.values()][0];
  if (base === undefined) return UNGOVERNED;
  const inForce = rules === 'today' ? await rulesByAwf(plan, under ?? NOWHERE, today) : undefined;
  const standing = rules === 'today' ? await today.standing(under?.automation) : {};
  return deciderOver((node, contract) => {
    const own = records.get(node);
    const facts = own?.facts.action.type === contract.name ? own.facts : factsLike(base.facts, contract);
    const now = inForce?.get(contract.name);
    if (now === undefined) return decide(facts, (own ?? base).figures);
    return decide(factsToday(facts, { rules: now, contract, standing }), now.figures);
  }, heard);
}

/** From a way to decide to what a simulation does with it: a hold is let go by a person, and then counts as let in. */
export function deciderOver(
  decideOn: (node: string, contract: AwfContract) => Decision,
  heard: DeciderParts['heard'] = () => undefined,
): Decider {
  return (node, contract, nth) => {
    const decision = decideOn(node, contract);
    const record = recordOf(decision) as unknown as Json;
    if (nth === 1) heard({ node, awf: contract.name, decision });
    if (decision.fire === 'allow' || (decision.fire === 'hold' && nth > 1))
      return { as: 'decided', decision: record };
    const because = decision.blocks.map((block) => block.because).join('; ');
    if (decision.fire === 'hold') return { as: 'held', because, decision: record };
    return {
      as: 'refused',
      failure: { class: 'permanent', code: 'ACTION_DENIED', message: because, effect: 'none' },
      decision: record,
    };
  };
}

/** Facts of another action of the same outcome: what is known of tenant, automation and trust, and the contract of this one. */
function factsLike(facts: Facts, contract: AwfContract): Facts {
  return {
    ...facts,
    action: { ...facts.action, ...actionOf(contract), subsystem: null, priority: 'normal' },
    confidence: facts.confidence === null ? null : { ...facts.confidence, unknownFailures: 0 },
    system: { name: contract.system, breaker: 'closed', retryAt: null },
    approvals: [],
  };
}

interface Recorded {
  readonly facts: Facts;
  readonly figures: Figures;
}

/** The last decision on each action that can be read again. */
function recordsOf({ told }: Story): ReadonlyMap<string, Recorded> {
  const records = new Map<string, Recorded>();
  for (const event of told.trace) {
    if (!('decision' in event)) continue;
    const again = decideAgain(
      event.decision as unknown as { readonly facts: unknown; readonly figures: Json },
    );
    const figures = again.ok ? figuresNamed(again.value.figures) : again;
    if (again.ok && figures.ok) records.set(event.node, { facts: again.value.facts, figures: figures.value });
  }
  return records;
}

async function rulesByAwf(plan: Plan, under: Under, today: Today): Promise<ReadonlyMap<string, Rules>> {
  const rules = new Map<string, Rules>();
  for (const awf of Object.keys(plan.awfs)) {
    const contract = today.contracts.get(awf);
    if (contract !== undefined) rules.set(awf, await today.rules(under, contract));
  }
  return rules;
}
