/**
 * Where Temporal's client and workers are watched: a start becomes the span of its outcome, and each attempt at an action a
 * span below it, a line of figures, and the scope of its log lines. No header is sent and no code enters the workflow bundle:
 * ids of spans follow from the id of the workflow.
 * Adapter ring; it changes nothing of what it watches.
 */
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { splitOutcomeId } from '../kernel/ids';
import type { Metrics } from './metrics';
import { within } from './scope';
import type { Telemetry } from './telemetry';
import { outcomeSpan, traceIdOfOutcome } from './trace-ids';
import type { Span } from './tracing';

/** Watches what a client starts, and the acts that it sends. */
export function clientInterceptor({ tracing, metrics }: Telemetry): WorkflowClientInterceptor {
  return {
    async startWithDetails(input, next) {
      const id = input.options.workflowId;
      const span = outcomeSpan(id);
      const from = Date.now();
      const started = await next(input);
      const { tenant, outcome } = splitOutcomeId(id) ?? {};
      if (span === undefined || tenant === undefined || outcome === undefined) return started;
      metrics.count('backstep_outcomes_started_total', { tenant, outcome });
      tracing.record(
        {
          name: `${id.endsWith('/backstep') ? 'backstep' : 'outcome'} ${outcome}`,
          kind: 'producer',
          traceId: span.traceId,
          attributes: { 'backstep.tenant': tenant, 'backstep.outcome': id },
        },
        { spanId: span.spanId, from, to: Date.now() },
      );
      return started;
    },
    startUpdate(input, next) {
      const id = input.workflowExecution.workflowId;
      const parent = outcomeSpan(id);
      if (parent === undefined || !tracing.isOn) return next(input);
      const attributes = { 'backstep.outcome': id };
      return tracing.inSpan({ name: `act ${input.updateName}`, parent, attributes }, () => next(input));
    },
  };
}

/** Watches what activities do; the actions of a stretch are watched one by one, by `watchAttempts`. */
export function activityInterceptor(telemetry: Telemetry): ActivityInterceptorsFactory {
  const watch = watchAttempts(telemetry);
  return ({ info }) => ({
    inbound: {
      execute(input, next) {
        const { op, node } = (input.args[0] ?? {}) as { readonly op?: unknown; readonly node?: unknown };
        const workflow = info.workflowExecution?.workflowId ?? '';
        if (typeof op !== 'string' || op === 'stretch') return next(input);
        const { activityType: awf, isLocal, attempt } = info;
        const about = { op, awf, workflow, isLocal, attempt };
        return watch({ ...about, ...(typeof node === 'string' ? { node } : {}) }, () => next(input));
      },
    },
  });
}

interface Attempted {
  readonly op: string;
  readonly awf: string;
  readonly node?: string;
  /** Id of the workflow. */
  readonly workflow: string;
  readonly isLocal: boolean;
  readonly attempt: number;
}

/** Watches attempts at actions, of both lanes: a span, figures, and the scope of log lines. */
export function watchAttempts({
  tracing,
  metrics,
}: Telemetry): <Result>(attempted: Attempted, work: () => Promise<Result>) => Promise<Result> {
  return (attempted, work) => {
    const { op, awf, node, workflow, isLocal, attempt } = attempted;
    const correlation = traceIdOfOutcome(workflow);
    const tenant = splitOutcomeId(workflow)?.tenant;
    // Acts of control are workflows, too, and belong to no outcome.
    if (correlation === undefined || tenant === undefined) return work();
    const about = { outcome: workflow, ...(node === undefined ? {} : { node }) };
    const start = {
      name: `${VERBS[op] ?? op} ${awf}`.replace(/^(\w+) \1$/, '$1'),
      kind: 'consumer' as const,
      parent: outcomeSpan(workflow)!,
      attributes: {
        'backstep.tenant': tenant,
        'backstep.outcome': workflow,
        'backstep.lane': isLocal ? 'local' : 'remote',
        'backstep.attempt': attempt,
        ...(node === undefined ? {} : { 'backstep.node': node }),
      },
    };
    const watched = { tenant, awf, op, metrics };
    return within({ fields: { correlation, tenant, ...about, awf } }, () =>
      tracing.inSpan(start, (span) => watch(watched, span, work)),
    );
  };
}

const VERBS: Readonly<Record<string, string>> = { execute: 'action', compensate: 'undo' };

interface Watched {
  readonly tenant: string;
  readonly awf: string;
  readonly op: string;
  readonly metrics: Metrics;
}

async function watch<Result>(watched: Watched, span: Span, work: () => Promise<Result>): Promise<Result> {
  const from = performance.now();
  let result = 'again';
  try {
    const answer = await work();
    result = resultOf(answer);
    span.set({ 'backstep.result': result });
    return answer;
  } catch (error) {
    const code = error instanceof ApplicationFailure ? (error.type ?? 'unknown') : 'unknown';
    if (error instanceof ApplicationFailure && error.nonRetryable === true)
      result = code === 'ACTION_DENIED' ? 'denied' : 'failed';
    span.set({ 'backstep.result': result, 'backstep.code': code });
    throw error;
  } finally {
    count(watched, result, (performance.now() - from) / 1_000);
  }
}

function count({ tenant, awf, op, metrics }: Watched, result: string, seconds: number): void {
  if (op === 'execute') {
    metrics.count('backstep_actions_total', { tenant, awf, result });
    metrics.observe('backstep_action_seconds', { awf }, seconds);
  } else if (op === 'compensate') {
    metrics.count('backstep_undos_total', { tenant, awf, result });
    // What could not be undone waits for a person.
    if (result === 'failed') metrics.count('backstep_incidents_total', { tenant });
  }
}

/** The kind of an answer; of an undo also whether there was anything to undo. */
function resultOf(answer: unknown): string {
  const { kind, changed, failure } = (answer ?? {}) as {
    readonly kind?: unknown;
    readonly changed?: unknown;
    readonly failure?: { readonly code?: unknown };
  };
  if (kind === 'failed' && failure?.code === 'ACTION_DENIED') return 'denied';
  if (kind === 'undone' && changed === false) return 'nothing_to_undo';
  return typeof kind === 'string' ? kind : 'unknown';
}
