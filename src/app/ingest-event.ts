/**
 * Use case: takes in an event. It is kept first, fed into the entity graph, matched to the one automation that takes it,
 * compiled and started. What selects none, or several, or does not compile is kept with the reason.
 * Entry ring.
 */
import type { OutcomeId } from '../kernel/ids';
import type { Diagnostic } from '../kernel/diagnostic';
import { ok, type Result } from '../kernel/result';
import type { JsonObject } from '../kernel/json';
import type { Ingested } from '../cortex/ingest';
import type { EventKey } from '../store/events';
import { readTraceparent, traceIdOf } from '../telemetry/trace-ids';
import type { SpanStart } from '../telemetry/tracing';
import { termsOf } from './approvals/terms';
import { findRunbook, shipped } from './catalog';
import { compileOutcome, type CompiledOutcome } from './compile-outcome';
import type { TenantConfig } from './configuration';
import { standingOverrides } from './override-step';
import { refuse, refusing, type Refusal } from './refusal';
import { underOf } from './rulebook';
import type { Services } from './services';

export type EventTaken =
  | {
      readonly status: 'started';
      readonly event: string;
      readonly outcome: OutcomeId;
      readonly automation: string;
      readonly planId: string;
    }
  /** It was here before; `outcome` is what it had started. */
  | {
      readonly status: 'duplicate';
      readonly event: string;
      readonly outcome: string | null;
      /** False where it came with another content, which is not looked at. */
      readonly isSame: boolean;
    }
  | {
      readonly status: 'unselected' | 'ambiguous' | 'failed';
      readonly event: string;
      readonly because: readonly Diagnostic[];
    };

export interface Sending {
  /** As it came. */
  readonly sent: unknown;
  /** Who sent it, as the door knows them: a connected system, or a person, who then decides nothing of what it starts. */
  readonly by: string;
}

/** Errors: `COMPILE_REFUSED` is none here; only what is no event at all is refused. */
export async function ingestEvent(
  services: Services,
  config: TenantConfig,
  sending: Sending,
): Promise<Result<EventTaken, Refusal>> {
  const { tenant } = config.bundle;
  const { tracing, metrics } = services.telemetry;
  return tracing.inSpan(spanOf(services, tenant, sending.sent), async (span) => {
    const taken = await take(services, config, sending);
    const status = taken.ok ? taken.value.status : 'refused';
    span.set({ 'backstep.status': status });
    metrics.count('backstep_events_total', { tenant, status });
    return taken;
  });
}

/** The span that begins the trace of an event; who sent it may have named one of its own. */
function spanOf({ outcomes }: Pick<Services, 'outcomes'>, tenant: string, sent: unknown): SpanStart {
  const { id, type, traceparent } = (sent ?? {}) as Readonly<Record<string, unknown>>;
  const link = readTraceparent(traceparent);
  return {
    name: `event ${typeof type === 'string' ? type : 'unreadable'}`,
    kind: 'consumer',
    attributes: { 'backstep.tenant': tenant },
    ...(typeof id === 'string' ? { traceId: traceIdOf(tenant, outcomes.eventName(tenant, id)) } : {}),
    ...(link === undefined ? {} : { link }),
  };
}

async function take(
  services: Services,
  config: TenantConfig,
  { sent, by }: Sending,
): Promise<Result<EventTaken, Refusal>> {
  const received = await services.ingest.receive(config.bundle, sent);
  if (!received.ok) {
    return refuse('EVENT_REFUSED', 'what was sent is no event that can be taken in', {
      diagnostics: received.error,
    });
  }
  const taken = received.value;
  switch (taken.kind) {
    case 'duplicate': {
      const { id, outcomeId } = taken.stored;
      return ok({ status: 'duplicate', event: id, outcome: outcomeId, isSame: taken.isSame });
    }
    case 'kept':
      services.logger.log('event.kept', {
        tenant: config.bundle.tenant,
        event: taken.event.id,
        status: taken.status,
        codes: taken.reasons.map(({ code }) => code),
      });
      return ok({ status: taken.status, event: taken.event.id, because: taken.reasons });
    case 'selected':
      return start(services, config, { ...taken, by });
  }
}

async function start(
  services: Services,
  config: TenantConfig,
  taken: Extract<Ingested, { kind: 'selected' }> & Pick<Sending, 'by'>,
): Promise<Result<EventTaken, Refusal>> {
  const { event, selection, by } = taken;
  const key: EventKey = { tenant: config.bundle.tenant, source: event.source, id: event.id };
  const fail = async (because: readonly Diagnostic[]): Promise<Result<EventTaken, Refusal>> => {
    await services.ingest.failed(key, because);
    return ok({ status: 'failed', event: event.id, because });
  };
  const compiled = compileTaken(config, taken);
  if (!compiled.ok) return fail(compiled.error);
  const { plan, planId, facts } = compiled.value;
  const automation = selection.automation.id;
  const [overrides, authors] = await Promise.all([
    standingOverrides(services, plan.tenant, automation),
    services.approvals.judging.authorsOf(plan.tenant, automation),
  ]);
  const started = await refusing(() =>
    services.outcomes.start(
      {
        plan,
        planId,
        cause: { event: event.id, type: event.type },
        startedBy: `automation:${automation}`,
        under: underOf(plan, facts, { automation }),
        terms: {
          ...{ ...termsOf(config.bundle, facts, planId), sentBy: by },
          ...(authors.length === 0 ? {} : { authors }),
        },
        ...overrides,
      },
      event.id,
    ),
  );
  if (!started.ok) return started;
  await services.ingest.started(key, started.value.id);
  const { id: outcome } = started.value;
  return ok({ status: 'started', event: event.id, outcome, automation, planId });
}

function compileTaken(
  { bundle }: TenantConfig,
  { event, selection, entity }: Extract<Ingested, { kind: 'selected' }>,
): Result<CompiledOutcome, readonly Diagnostic[]> {
  const runbook = findRunbook(selection.outcome, shipped().runbooks);
  if (!runbook.ok) return { ok: false, error: [runbook.error] };
  const { data } = event;
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  return compileOutcome({
    bundle,
    runbook: runbook.value,
    entity,
    ...(isObject ? { event: data as JsonObject } : {}),
    given: { automation: selection.params },
  });
}
