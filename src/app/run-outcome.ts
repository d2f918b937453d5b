/**
 * Use case: a person runs one outcome, from an entity and parameters or from a reviewed plan.
 * Entry ring. Authorisation of the person is asked here, once there is any.
 */
import { decodePlan, encodePlan, planIdOf, refuseStale } from '../compiler';
import type { AnyRunbook } from '../dsl';
import type { OutcomeId } from '../kernel/ids';
import type { Json, JsonObject } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import type { Plan } from '../plan/plan';
import { traceIdOf } from '../telemetry/trace-ids';
import { termsOf } from './approvals/terms';
import { findRunbook, shipped } from './catalog';
import { compileOutcome, type CompiledOutcome } from './compile-outcome';
import type { TenantConfig } from './configuration';
import { sha256 } from './digest';
import { refuse, type Refusal } from './refusal';
import { underOf } from './rulebook';
import { startOnce } from './same-start';
import type { Services } from './services';

export interface RunRequest {
  readonly config: TenantConfig;
  /** Id of the event it is started under. The same id is never run twice. */
  readonly eventId: string;
  /** Who runs it, such as `person:mary.major`. */
  readonly by: string;
  readonly what:
    | { readonly runbook: AnyRunbook; readonly entity: string; readonly params: JsonObject }
    /** Bytes of a reviewed plan; `outcome`, where given, is the code it must have. */
    | { readonly reviewed: string; readonly outcome?: string };
}

export interface RunStarted {
  readonly id: OutcomeId;
  readonly plan: Plan;
  readonly planId: string;
  /** False where the same id had been run before. */
  readonly isNew: boolean;
}

export async function runOutcome(
  services: Services,
  request: RunRequest,
): Promise<Result<RunStarted, Refusal>> {
  const found = await planOf(services, request);
  if (!found.ok) return found;
  const { plan, facts } = found.value;
  const planId = planIdOf(plan, sha256);
  const start = {
    plan,
    planId,
    cause: { person: request.by },
    startedBy: request.by,
    under: underOf(plan, facts, { person: request.by }),
    terms: termsOf(request.config.bundle, facts, planId),
  };
  const { tenant } = plan;
  const span = {
    name: `run ${plan.outcome}`,
    traceId: traceIdOf(tenant, services.outcomes.eventName(tenant, request.eventId)),
    attributes: { 'backstep.tenant': tenant },
  };
  return services.telemetry.tracing.inSpan(span, () =>
    startOnce(services, start, { eventId: request.eventId, isReviewed: 'reviewed' in request.what }),
  );
}

function planOf(services: Services, request: RunRequest): Promise<Result<Planned, Refusal>> {
  const { what } = request;
  return 'reviewed' in what
    ? reviewedPlan(services, request, what)
    : freshPlan(services, request.config, what);
}

type Planned = Pick<CompiledOutcome, 'plan' | 'facts'>;

interface Fresh {
  readonly runbook: AnyRunbook;
  readonly entity: string;
  readonly params: { readonly [name: string]: Json };
}

export interface CompiledPlan extends Planned {
  readonly planId: string;
}

/** Compiles an outcome from the entity as the store has it; nothing is executed. Errors: `COMPILE_REFUSED`. */
export async function planOutcome(
  services: Pick<Services, 'cortex'>,
  config: TenantConfig,
  what: Fresh,
): Promise<Result<CompiledPlan, Refusal>> {
  const fresh = await freshPlan(services, config, what);
  if (!fresh.ok) return fresh;
  const { plan, facts } = fresh.value;
  return ok({ plan, planId: planIdOf(plan, sha256), facts });
}

async function freshPlan(
  { cortex }: Pick<Services, 'cortex'>,
  { bundle }: TenantConfig,
  { runbook, entity: id, params }: Fresh,
): Promise<Result<Planned, Refusal>> {
  const entity = await cortex.need(bundle.tenant, id);
  if (!entity.ok) return refuse('COMPILE_REFUSED', 'no such entity', { diagnostics: [entity.error] });
  const compiled = compileOutcome({ bundle, runbook, entity: entity.value, given: { run: params } });
  if (compiled.ok) return ok(compiled.value);
  return refuse('COMPILE_REFUSED', `${runbook.outcome} does not compile for ${id}`, {
    diagnostics: compiled.error,
  });
}

/** A plan is run as it was reviewed, or not at all. */
async function reviewedPlan(
  services: Services,
  { config }: RunRequest,
  { reviewed, outcome }: { readonly reviewed: string; readonly outcome?: string },
): Promise<Result<Planned, Refusal>> {
  const decoded = decodePlan(reviewed);
  if (!decoded.ok) {
    return refuse('COMPILE_REFUSED', 'what was given is no plan', { diagnostics: decoded.error });
  }
  const plan = decoded.value;
  if (plan.tenant !== config.bundle.tenant) {
    return refuse(
      'COMPILE_REFUSED',
      `the plan is one of \`${plan.tenant}\`, not of \`${config.bundle.tenant}\``,
    );
  }
  if (outcome !== undefined && plan.outcome !== outcome) {
    return refuse('COMPILE_REFUSED', `the plan is one of ${plan.outcome}, not of ${outcome}`);
  }
  const runbook = findRunbook(plan.outcome, shipped().runbooks);
  if (!runbook.ok) return refuse('COMPILE_REFUSED', 'no such outcome', { diagnostics: [runbook.error] });
  const params: JsonObject = Object.fromEntries(
    Object.entries(plan.params).flatMap(([name, bound]) =>
      bound.from === 'run' ? [[name, bound.value]] : [],
    ),
  );
  const fresh = await freshPlan(services, config, {
    runbook: runbook.value,
    entity: plan.entity.id,
    params,
  });
  if (!fresh.ok)
    return err({ ...fresh.error, message: `the reviewed plan is stale: ${fresh.error.message}` });
  const stale = refuseStale(plan, fresh.value.plan);
  if (stale.ok && encodePlan(plan) === encodePlan(fresh.value.plan)) return fresh;
  return refuse('COMPILE_REFUSED', 'the reviewed plan is stale', {
    diagnostics: stale.ok ? [] : stale.error,
    help: 'compile it again with `--out`, and review what moved',
  });
}
