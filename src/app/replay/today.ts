/**
 * Today, for replay: catalog and configuration as they are now, entities and what stands in force as the database says, where there
 * is one; else entities of the tenant's seed file, and nothing counted or set.
 * Entry ring; a composition root for replay. INVARIANT: of each service only what reads is handed on.
 */
import { entitiesOf, select } from '../../config/select';
import type { Cortex } from '../../cortex/cortex';
import { GUARDRAIL_IDS, type GuardrailId } from '../../governance/figures/guardrails';
import { isMode } from '../../governance/mode';
import type { JsonObject } from '../../kernel/json';
import type { Today } from '../../replay/today';
import type { StandingToday } from '../../replay/todays-facts';
import { findRunbook, shipped } from '../catalog';
import { compileOutcome } from '../compile-outcome';
import type { TenantConfig } from '../configuration';
import { sha256 } from '../digest';
import { factsIn, readWorld, type World } from '../foresee';
import { createRulebook, underOf, type Census } from '../rulebook';
import type { Services } from '../services';

/** The reading part of services. */
export type Readers = Pick<Services, 'authority' | 'authorityView' | 'now' | 'census' | 'countedAs'> & {
  readonly cortex: Pick<Cortex, 'getMany'>;
};

export function todayFor(config: TenantConfig, readers?: Readers): Today {
  const { bundle } = config;
  const { contracts, runbooks } = shipped();
  const { tenant } = bundle;
  const entities = entityReader(config, readers);
  const rulebook = createRulebook(
    () => Promise.resolve(bundle),
    readers?.census ?? censusOf(config),
    readers?.countedAs,
  );
  let world: Promise<World> | undefined;
  const worldNow = (): Promise<World> =>
    (world ??= readers === undefined ? Promise.resolve(emptyWorld(tenant)) : readWorld(readers, tenant));
  return {
    tenant,
    contracts,
    digest: sha256,
    async select(event) {
      const known = await entities(entitiesOf(bundle, event));
      return select(bundle, event, (id) => known.get(id));
    },
    entity: async (id) => (await entities([id])).get(id),
    compile({ outcome, entity, event, given, who }) {
      const runbook = findRunbook(outcome, runbooks);
      if (!runbook.ok) return { ok: false, error: [runbook.error] };
      const compiled = compileOutcome({
        bundle,
        runbook: runbook.value,
        entity,
        ...(event === undefined ? {} : { event }),
        given,
      });
      if (!compiled.ok) return compiled;
      const { plan, planId, facts } = compiled.value;
      return { ok: true, value: { plan, planId, under: underOf(plan, facts, who) } };
    },
    rules: (under, contract) => rulebook(tenant, under, contract),
    facts: async (under, contract) =>
      factsIn(await worldNow(), {
        node: '',
        contract,
        under,
        rules: await rulebook(tenant, under, contract),
      }),
    standing: async (automation) => (readers === undefined ? {} : standingIn(await worldNow(), automation)),
  };
}

/** From the graph, where there is one; what it does not have, as the seed file has it. */
function entityReader(
  { bundle: { tenant }, seed }: TenantConfig,
  readers: Readers | undefined,
): (ids: readonly string[]) => Promise<ReadonlyMap<string, JsonObject>> {
  return async (ids) => {
    const known = readers === undefined ? undefined : await readers.cortex.getMany(tenant, ids);
    const found = new Map<string, JsonObject>();
    for (const id of ids) {
      const fields = known?.get(id)?.fields ?? seed.find((entity) => entity.id === id)?.fields;
      if (fields !== undefined) found.set(id, fields);
    }
    return found;
  };
}

const censusOf =
  ({ seed }: TenantConfig): Census =>
  (_tenant, type) =>
    Promise.resolve(seed.filter(({ id }) => id.startsWith(`${type}:`)).length);

/** What acts of control have set, as it stands now. */
function standingIn({ controls }: World, automation: string | undefined): StandingToday {
  const of = (kind: string) =>
    controls.find((one) => one.scope === 'automation' && one.name === automation && one.kind === kind);
  const dial = of('dial')?.value;
  const limits: Partial<Record<GuardrailId, number>> = {};
  for (const id of GUARDRAIL_IDS) {
    const value = controls.find(({ kind }) => kind === `limit:${id}`)?.value;
    if (typeof value === 'number') limits[id] = value;
  }
  return { dial: isMode(dial) ? dial : 'configured', killed: of('kill') !== undefined, limits };
}

/** Nothing was counted, earned or set: how a tenant begins. */
const emptyWorld = (tenant: string): World => ({
  tenant,
  now: Date.now(),
  controls: [],
  counters: [],
  standing: { trust: null, imported: null, version: 0 },
  memory: [],
  systems: [],
});
