/**
 * Use case: one outcome to its plan. Binds entity, parameters, settings and figures from the tenant's bundle, and compiles.
 * Entry ring; pure, so that the same inputs give the same bytes at every door.
 */
import { compile, type Compiled } from '../compiler';
import type { Bundle } from '../config/bundle';
import { factsOf } from '../config/facts';
import type { Facts } from '../config/layers';
import { resolveParams, resolveSettings, retryRules, type GivenParams } from '../config/params';
import { resolveFigures } from '../config/resolve';
import type { AnyRunbook } from '../dsl';
import type { Figures } from '../governance/figures';
import type { Diagnostic } from '../kernel/diagnostic';
import { canonicalJson, type JsonObject } from '../kernel/json';
import { ok, type Result } from '../kernel/result';
import { shipped } from './catalog';
import { sha256 } from './digest';

export interface OutcomeRequest {
  readonly bundle: Bundle;
  readonly runbook: AnyRunbook;
  readonly entity: { readonly id: string; readonly fields: JsonObject };
  /** Data of the event that starts it; absent where a person does. */
  readonly event?: JsonObject;
  readonly given?: GivenParams;
}

export interface CompiledOutcome extends Compiled {
  readonly facts: Facts;
}

/** The one plan of an outcome. Errors: any `PLAN_…`, `PARAM_…`, `ENTITY_…` or `CONFIG_…` code, as many at once as can be. */
export function compileOutcome(request: OutcomeRequest): Result<CompiledOutcome, readonly Diagnostic[]> {
  const { bundle, runbook, entity } = request;
  const facts = factsOf(bundle, { entity, runbook });
  if (!facts.ok) return facts;
  const figures = resolveFigures(bundle, facts.value);
  if (!figures.ok) return figures;
  const params = resolveParams(bundle, runbook, {
    facts: facts.value,
    ...(request.given === undefined ? {} : { given: request.given }),
  });
  if (!params.ok) return params;
  const compiled = compile({
    runbook,
    tenant: bundle.tenant,
    entity,
    ...(request.event === undefined ? {} : { event: request.event }),
    params: params.value,
    settings: resolveSettings(bundle, facts.value),
    catalog: shipped().catalog,
    ruleset: rulesetOf(figures.value),
    retry: retryRules(figures.value),
    digest: sha256,
  });
  return compiled.ok ? ok({ ...compiled.value, facts: facts.value }) : compiled;
}

/** SHA-256 over the governance figures in force; policies will join them. */
export const rulesetOf = (figures: Figures): string => sha256(canonicalJson(figures));
