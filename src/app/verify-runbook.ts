/**
 * Use case: verify a runbook in every configuration that a tenant has. For each entity of its type and each point of its
 * configuration space the plan is compiled; plans with the same nodes are walked once, over every path and every failure.
 * Entry ring; executes nothing.
 */
import { compile, configurationsOf, type Configuration } from '../compiler';
import type { EntityUpdate } from '../config/entity-model';
import { factsOf } from '../config/facts';
import { resolveParams, resolveSettings, retryRules } from '../config/params';
import { resolveFigures } from '../config/resolve';
import type { AnyRunbook } from '../dsl';
import type { Diagnostic } from '../kernel/diagnostic';
import { canonicalJson } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import type { Plan } from '../plan/plan';
import { verify, type VerificationProblem } from '../simulator/verify';
import { shipped } from './catalog';
import { rulesetOf } from './compile-outcome';
import type { TenantConfig } from './configuration';
import { sha256 } from './digest';

export interface RunbookVerification {
  readonly id: string;
  readonly outcome: string;
  /** Points of the configuration space, over all entities, that compiled. */
  readonly configurations: number;
  /** Plans among them that differ in their nodes: each was walked. */
  readonly plans: number;
  readonly runs: number;
  readonly paths: number;
  readonly failurePoints: number;
  readonly completed: number;
  readonly backstepped: number;
  readonly undoneAfterwards: number;
  readonly truncated: boolean;
  readonly problems: readonly VerificationProblem[];
}

export interface VerifyRequest {
  readonly config: TenantConfig;
  readonly runbook: AnyRunbook;
  /** Failures on one path. */
  readonly failures: number;
  /** Told of each plan before it is walked. */
  readonly onPlan?: (n: number, of: number) => void;
}

/** Errors: what keeps the runbook from compiling for any entity of its type. */
export async function verifyRunbook(
  request: VerifyRequest,
): Promise<Result<RunbookVerification, readonly Diagnostic[]>> {
  const { runbook, failures } = request;
  const compiled = plansOf(request);
  if (!compiled.ok) return compiled;
  const { plans, configurations } = compiled.value;
  const total = { runs: 0, paths: 0, failurePoints: 0, completed: 0, backstepped: 0, undoneAfterwards: 0 };
  const problems: VerificationProblem[] = [];
  let truncated = false;
  for (const [n, plan] of plans.entries()) {
    request.onPlan?.(n + 1, plans.length);
    const walked = await verify({ plan, contracts: shipped().contracts, failuresPerPath: failures });
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += walked[key];
    problems.push(...walked.problems);
    truncated ||= walked.truncated;
  }
  const { id, outcome } = runbook;
  return ok({ id, outcome, configurations, plans: plans.length, ...total, truncated, problems });
}

interface Plans {
  readonly plans: readonly Plan[];
  readonly configurations: number;
}

function plansOf({ config, runbook }: VerifyRequest): Result<Plans, readonly Diagnostic[]> {
  const plans = new Map<string, Plan>();
  let configurations = 0;
  let refused: readonly Diagnostic[] | undefined;
  for (const entity of config.seed) {
    if (entity.id.split(':')[0] !== runbook.entity.type) continue;
    const points = pointsFor(config, runbook, entity);
    if (!points.ok) {
      refused ??= points.error;
      continue;
    }
    for (const compiled of points.value) {
      if (!compiled.ok) {
        refused ??= compiled.error;
        continue;
      }
      configurations += 1;
      const key = canonicalJson(compiled.value.body);
      if (!plans.has(key)) plans.set(key, compiled.value);
    }
  }
  if (plans.size > 0) return ok({ plans: [...plans.values()], configurations });
  return err(refused ?? [noEntity(config, runbook)]);
}

/** One compile for each point of the space, for one entity. */
function pointsFor(
  { bundle }: TenantConfig,
  runbook: AnyRunbook,
  entity: EntityUpdate,
): Result<readonly Result<Plan, readonly Diagnostic[]>[], readonly Diagnostic[]> {
  const facts = factsOf(bundle, { entity, runbook });
  if (!facts.ok) return facts;
  const figures = resolveFigures(bundle, facts.value);
  if (!figures.ok) return figures;
  const params = resolveParams(bundle, runbook, { facts: facts.value });
  if (!params.ok) return params;
  const { catalog } = shipped();
  const bound = { params: params.value, entity: entity.fields, runbooks: catalog.runbooks };
  const points = configurationsOf(runbook, bound);
  if (!points.ok) return points;
  const compileAt = (point: Configuration): Result<Plan, readonly Diagnostic[]> => {
    const compiled = compile({
      runbook,
      tenant: bundle.tenant,
      entity: { id: entity.id, fields: point.entity },
      event: point.event,
      params: point.params,
      settings: resolveSettings(bundle, facts.value),
      catalog,
      ruleset: rulesetOf(figures.value),
      retry: retryRules(figures.value),
      digest: sha256,
    });
    return compiled.ok ? ok(compiled.value.plan) : compiled;
  };
  return ok(points.value.map(compileAt));
}

const noEntity = ({ bundle }: TenantConfig, runbook: AnyRunbook): Diagnostic => ({
  code: 'ENTITY_UNKNOWN',
  at: `config/${bundle.tenant}/seed.yaml`,
  message: `there is no entity of type \`${runbook.entity.type}\` to verify \`${runbook.id}\` with`,
  help: 'add one there',
});
