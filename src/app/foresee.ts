/**
 * Use case: what the authority rules would say of each action of a plan, were it fired now. Nothing is reserved or executed: it is
 * what admission reads, read ahead, and the same function decides.
 * Entry ring.
 */
import type { AwfContract } from '../dsl/awf';
import { decide, type Decision } from '../governance/decide';
import type { Facts } from '../governance/facts';
import { windowAt } from '../governance/reserve';
import { layoutOf } from '../engine/layout';
import type { Plan } from '../plan/plan';
import type { Ask, Said } from '../store/authority';
import { gatherFacts } from '../temporal/gather-facts';
import { asksOf, type Rulebook, type Rules } from '../temporal/rules';
import type { Under } from '../../workflows/protocol';
import { shipped } from './catalog';
import type { Services } from './services';

export interface Foreseen {
  readonly node: string;
  readonly awf: string;
  readonly decision: Decision;
}

type Reader = Pick<Services, 'authority' | 'authorityView' | 'now'>;

/** One decision an action of the plan, in the order of the plan; actions that only exits lead to are among them. */
export async function foresee(
  services: Reader,
  rulebook: Rulebook,
  { plan, under }: { readonly plan: Plan; readonly under: Under },
): Promise<readonly Foreseen[]> {
  const world = await readWorld(services, plan.tenant);
  const { contracts } = shipped();
  const foreseen: Foreseen[] = [];
  for (const { nodes } of layoutOf(plan).blocks.values()) {
    for (const node of nodes) {
      if (node.kind !== 'action') continue;
      const contract = contracts.get(node.awf);
      if (contract === undefined) continue;
      const rules = await rulebook(plan.tenant, under, contract);
      const facts = factsIn(world, { node: node.id, contract, under, rules });
      foreseen.push({ node: node.id, awf: node.awf, decision: decide(facts, rules.figures) });
    }
  }
  return foreseen;
}

export type World = Awaited<ReturnType<typeof readWorld>>;

/** The facts of one action, were it fired in this world. */
export function factsIn(
  world: World,
  at: { readonly node: string; readonly contract: AwfContract; readonly under: Under; readonly rules: Rules },
): Facts {
  const { rules, contract, under } = at;
  const asks = asksOf(rules, contract, under);
  const said = saidOf(world, { ...at, asks });
  return gatherFacts({ ...at, said, asks, unknownFailures: 0, now: world.now });
}

/** All that the database says of a tenant, for the rules; nothing is taken. */
export async function readWorld({ authority, authorityView, now: clock }: Reader, tenant: string) {
  const now = clock();
  const [controls, counters, standing, memory, systems] = await Promise.all([
    authority.controls(tenant),
    authority.counters(tenant, now),
    authority.standing(tenant),
    authorityView.memory(tenant),
    authorityView.systems(tenant),
  ]);
  return { tenant, now, controls, counters, standing, memory, systems };
}

/** The same as the database says of an admission that finds room; what is short is seen by the rules in what is used. */
function saidOf(
  { tenant, now, controls, counters, standing, memory, systems }: World,
  at: {
    readonly node: string;
    readonly contract: AwfContract;
    readonly under: Under;
    readonly asks: readonly Ask[];
  },
): Said {
  const { contract, under, asks, node } = at;
  const scopes = new Set(
    [
      ['tenant', tenant],
      ['domain', under.domain],
      ['runbook', under.runbook],
      ['automation', under.automation ?? ''],
      ['node', `${under.runbook}/${node}`],
    ].map((scope) => scope.join(' ')),
  );
  const used = asks.map(({ k, w }): readonly [string, number] => {
    const from = windowAt(w, now)?.from ?? 0;
    return [k, counters.find(({ key, bucket }) => key === k && bucket === from)?.used ?? 0];
  });
  const remembered = memory.flatMap(({ scope, name, successes, failures }) =>
    name === (scope === 'awf' ? contract.name : under.runbook) ? [[scope, [successes, failures]]] : [],
  );
  const system = systems.find((one) => one.system === contract.system);
  return {
    verdict: 'go',
    version: standing.version,
    trust: standing.trust,
    controls: controls
      .filter(({ scope, name }) => scopes.has(`${scope} ${name}`))
      .map(({ scope, name, kind, value, by }) => ({ s: scope, n: name, k: kind, v: value, b: by })),
    memory: Object.fromEntries(remembered) as Said['memory'],
    used: Object.fromEntries(used),
    asked: Object.fromEntries(asks.map(({ k, u }) => [k, u])),
    short: [],
    since: now,
    patientFrom: null,
    seq: null,
    breaker: system?.state ?? 'closed',
    retryAt: system?.retryAt ?? null,
    probeAt: system?.probeAt ?? null,
  };
}
