/**
 * From an entity and a runbook to the facts that choose the scopes of the cascade, by the mapping of `entities.yaml`.
 * Authoring ring.
 */
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import type { JsonObject } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import type { Bundle, FactSource } from './bundle';
import { entityTypeOf } from './entity-id';
import type { Facts } from './layers';

export interface FactsInput {
  /** Absent where no entity is known yet: then the region, team and class layers contribute nothing. */
  readonly entity?: { readonly id: string; readonly fields: JsonObject };
  readonly runbook?: { readonly id: string; readonly domain: string };
  /** Where no runbook is meant, as for a pause of a whole domain. */
  readonly domain?: string;
}

const DIMENSIONS = ['region', 'team', 'class'] as const;
type Dimension = (typeof DIMENSIONS)[number];

/**
 * The facts of one outcome. Errors: `CONFIG_FACT_UNKNOWN` for a region, team or class that the tenant does not have, because
 * a name nobody configured would silently fall back to the tenant's own values.
 */
export function factsOf(bundle: Bundle, input: FactsInput): Result<Facts, readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  const known: Partial<Record<Dimension, string>> = {};
  for (const dimension of DIMENSIONS) {
    const name = input.entity === undefined ? undefined : factOf(bundle, dimension, input.entity);
    if (name === undefined) continue;
    const names = bundle.content.space[dimension];
    if (names === undefined || names.includes(name)) known[dimension] = name;
    else found.push(unknownFact({ dimension, name, names }, input.entity?.id ?? '', bundle.tenant));
  }
  if (found.length > 0) return err(found);
  const domain = input.runbook?.domain ?? input.domain;
  return ok({
    tenant: bundle.tenant,
    tier: bundle.tier,
    ...known,
    ...(domain === undefined ? {} : { domain }),
    ...(input.runbook === undefined ? {} : { runbook: input.runbook.id }),
  });
}

function factOf(
  bundle: Bundle,
  dimension: Dimension,
  entity: { readonly id: string; readonly fields: JsonObject },
): string | undefined {
  const type = bundle.content.entityTypes[entityTypeOf(entity.id)];
  const source: FactSource | undefined = type?.facts[dimension];
  if (source === undefined) return undefined;
  const field = typeof source === 'string' ? source : source.field;
  const value = Object.hasOwn(entity.fields, field) ? entity.fields[field] : undefined;
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  if (typeof source === 'string') return text;
  if (text !== undefined && Object.hasOwn(source.map, text)) return source.map[text];
  return source.otherwise;
}

function unknownFact(
  {
    dimension,
    name,
    names,
  }: { readonly dimension: Dimension; readonly name: string; readonly names: readonly string[] },
  entity: string,
  tenant: string,
): Diagnostic {
  return {
    code: 'CONFIG_FACT_UNKNOWN',
    at: entity,
    message: `its ${dimension} is \`${name}\`, and the tenant has no such ${dimension}`,
    help: didYouMean(name, names) ?? `add it to config/${tenant}/tenant.yaml, or correct the entity`,
  };
}
