/**
 * What a tenant's configuration says of an action's authority, from its bundle; worked out once for each place it holds.
 * Entry ring; no judgement.
 */
import type { Bundle } from '../config/bundle';
import { CALENDARS } from '../config/key-lookup';
import { resolve, resolveFigures } from '../config/resolve';
import type { Facts as ConfigFacts } from '../config/layers';
import type { AwfContract } from '../dsl/awf';
import type { Figures } from '../governance/figures';
import { isMode } from '../governance/mode';
import { uncounted, type CountedName } from '../temporal/entity-names';
import type { AutomationRules, Rulebook, Rules } from '../temporal/rules';
import type { Under } from '../../workflows/protocol';
import { declaredName } from './declared-nodes';

/** How many entities a tenant has of one type. */
export type Census = (tenant: string, type: string) => Promise<number>;

/**
 * Rules by tenant. `bundleOf` rejects where a configuration is not valid: then nothing fires, and it is asked again.
 * @param census says of how many the share of the blast radius is taken
 * @param countedAs how counters call an entity; absent where nobody counts
 */
export function createRulebook(
  bundleOf: (tenant: string) => Promise<Bundle>,
  census: Census,
  countedAs: CountedName = uncounted,
): Rulebook {
  const known = new WeakMap<Bundle, Map<string, Rules>>();
  return async (tenant, under, contract) => {
    const bundle = await bundleOf(tenant);
    const rules = known.get(bundle) ?? new Map<string, Rules>();
    known.set(bundle, rules);
    const { automation, runbook, region, team, class: kind } = under;
    const place = JSON.stringify([contract.name, automation, runbook, region, team, kind]);
    let found = rules.get(place);
    if (found === undefined) rules.set(place, (found = rulesOf(bundle, under, contract)));
    // What an automation may touch at once is a share of what there is: it is counted, and no configuration.
    if (automation === undefined) return found;
    const [population, own] = await Promise.all([
      census(tenant, under.entity.slice(0, under.entity.indexOf(':'))),
      counting(found, () => countedAs(tenant, under.entity)),
    ]);
    return { ...found, ...own, population };
  };
}

/** With the name of its entity, where outcomes of one are limited: others need none, and cost no look for it. */
async function counting(
  { automation }: Rules,
  nameOf: () => Promise<string>,
): Promise<Pick<Rules, 'automation'>> {
  if (automation?.outcomesPerEntityPerDay === undefined) return {};
  return { automation: { ...automation, countedAs: await nameOf() } };
}

/** The figures in force for a tenant as a whole, whatever its runbooks and teams have of their own. Throws where they do not fit. */
export const tenantFigures = (bundle: Bundle): Figures =>
  figuresFor(bundle, { tenant: bundle.tenant, tier: bundle.tier });

function figuresFor(bundle: Bundle, facts: ConfigFacts): Figures {
  const figures = resolveFigures(bundle, facts);
  if (!figures.ok) throw new Error(figures.error.map(({ message }) => message).join('; '));
  return figures.value;
}

function rulesOf(bundle: Bundle, under: Under, { name }: AwfContract): Rules {
  const facts = configFactsOf(bundle, under);
  const own = resolve(bundle, `awf.${name}.ceiling`, facts).value;
  const automation = bundle.content.automations.find(({ id }) => id === under.automation);
  return {
    figures: figuresFor(bundle, facts),
    tier: bundle.tier,
    limits: {},
    ceilings: [
      { source: 'ceiling', mode: resolve(bundle, 'ceiling', facts).value },
      ...(isMode(own) ? [{ source: `awf.${name}.ceiling`, mode: own }] : []),
    ],
    selection: resolve(bundle, 'autopilot.actions', facts).value.includes(name) ? 'standard' : 'none',
    ...(automation === undefined ? {} : { automation: automationRules(bundle, automation, facts) }),
    calendars: calendarsOf(bundle, facts),
    nodes: {
      nameOf: (node) => declaredName(under.runbook, node),
      passive: passiveNodes(bundle, facts),
    },
  };
}

/** The change calendars that hold for these facts, by their keys. */
function calendarsOf(bundle: Bundle, facts: ConfigFacts): NonNullable<Rules['calendars']> {
  return keysSetBy(bundle).calendars.flatMap((id) => {
    const { value } = resolve(bundle, id, facts);
    return value === undefined ? [] : [{ id, value }];
  });
}

const PASSIVE = /^node\.(.+)\.passive$/;

/** Names of the nodes that only watch, for these facts. */
function passiveNodes(bundle: Bundle, facts: ConfigFacts): ReadonlySet<string> {
  return new Set(
    keysSetBy(bundle)
      .passive.filter((key) => resolve(bundle, key, facts).value === true)
      .map((key) => key.replace(PASSIVE, '$1')),
  );
}

/** Keys of both kinds that any layer sets, sorted. */
interface KeysSet {
  readonly calendars: readonly string[];
  readonly passive: readonly string[];
}

/** Looked for once a bundle: every action asks. */
const KEYS_SET = new WeakMap<Bundle, KeysSet>();

function keysSetBy(bundle: Bundle): KeysSet {
  const before = KEYS_SET.get(bundle);
  if (before !== undefined) return before;
  const all = [...new Set(bundle.content.layers.flatMap(({ values }) => Object.keys(values)))].sort();
  const found = {
    calendars: all.filter((key) => key.startsWith(CALENDARS)),
    passive: all.filter((key) => PASSIVE.test(key)),
  };
  KEYS_SET.set(bundle, found);
  return found;
}

function automationRules(
  bundle: Bundle,
  { dial, limits, priority }: Bundle['content']['automations'][number],
  facts: ConfigFacts,
): AutomationRules {
  const actionsPerHour = limits.actionsPerHour ?? setOf(bundle, 'limits.actionsPerHour', facts);
  const outcomesPerDay = limits.outcomesPerDay ?? setOf(bundle, 'limits.outcomesPerDay', facts);
  const perEntity = limits.outcomesPerEntityPerDay ?? setOf(bundle, 'limits.outcomesPerEntityPerDay', facts);
  const concurrent = limits.concurrent ?? setOf(bundle, 'limits.concurrent', facts);
  return {
    dial: dial ?? resolve(bundle, 'dial.default', facts).value,
    ...(actionsPerHour === undefined ? {} : { actionsPerHour }),
    ...(outcomesPerDay === undefined ? {} : { outcomesPerDay }),
    ...(perEntity === undefined ? {} : { outcomesPerEntityPerDay: perEntity }),
    ...(concurrent === undefined ? {} : { concurrent }),
    ...(priority === undefined ? {} : { priority }),
  };
}

/** The value of a count; `undefined` where no layer sets it. */
function setOf(
  bundle: Bundle,
  key:
    | 'limits.actionsPerHour'
    | 'limits.outcomesPerDay'
    | 'limits.outcomesPerEntityPerDay'
    | 'limits.concurrent',
  facts: ConfigFacts,
): number | undefined {
  return resolve(bundle, key, facts).value;
}

function configFactsOf(bundle: Bundle, { runbook, domain, region, team, class: kind }: Under): ConfigFacts {
  return {
    tenant: bundle.tenant,
    tier: bundle.tier,
    runbook,
    domain,
    ...(region === undefined ? {} : { region }),
    ...(team === undefined ? {} : { team }),
    ...(kind === undefined ? {} : { class: kind }),
  };
}

/** Where an outcome stands, as its start says it. */
export function underOf(
  plan: {
    readonly runbook: { readonly id: string; readonly domain: string };
    readonly entity: { readonly id: string };
  },
  { region, team, class: kind }: ConfigFacts,
  who: { readonly automation: string } | { readonly person: string },
): Under {
  return {
    runbook: plan.runbook.id,
    domain: plan.runbook.domain,
    entity: plan.entity.id,
    ...who,
    ...(region === undefined ? {} : { region }),
    ...(team === undefined ? {} : { team }),
    ...(kind === undefined ? {} : { class: kind }),
  };
}
