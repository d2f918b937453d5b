/**
 * Tracing to a collector over OTLP/HTTP, by OpenTelemetry's own SDK. It is loaded only where it is asked for.
 * Adapter ring; it sets nothing global, so that two may stand in one process.
 */
import {
  ROOT_CONTEXT,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span as OtelSpan,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  RandomIdGenerator,
  type IdGenerator,
} from '@opentelemetry/sdk-trace-base';
import { currentScope, within } from './scope';
import type { SpanRef } from './trace-ids';
import type { Span, SpanAttributes, SpanKind, SpanStart, Tracing } from './tracing';

export interface OtlpOptions {
  /** Base address of the collector, such as `http://localhost:4318`. */
  readonly endpoint: string;
  /** What the process is called, such as `backstep-worker`. */
  readonly service: string;
  readonly version: string;
}

const OTLP_LIMITS = {
  /** One export, in milliseconds. */
  exportMs: 5_000,
  /** Between exports, in milliseconds: spans are seen soon, and a burst goes in one request. */
  everyMs: 1_000,
  /** Spans that wait for the collector; what comes on top is dropped, because work waits for no collector. */
  queue: 8_192,
  batch: 512,
  /** What the end of the process waits for a collector, in milliseconds. */
  closeMs: 3_000,
} as const;

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  internal: OtelKind.INTERNAL,
  client: OtelKind.CLIENT,
  producer: OtelKind.PRODUCER,
  consumer: OtelKind.CONSUMER,
};

export function openOtlpTracing({ endpoint, service, version }: OtlpOptions): Tracing {
  const ids = new GivenIds();
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: OTLP_LIMITS.exportMs,
  });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
    idGenerator: ids,
    sampler: new AlwaysOnSampler(),
    spanProcessors: [
      new BatchSpanProcessor(exporter, {
        scheduledDelayMillis: OTLP_LIMITS.everyMs,
        maxQueueSize: OTLP_LIMITS.queue,
        maxExportBatchSize: OTLP_LIMITS.batch,
        exportTimeoutMillis: OTLP_LIMITS.exportMs,
      }),
    ],
  });
  return new OtlpTracing(provider.getTracer('backstep', version), ids, () => provider.shutdown());
}

class OtlpTracing implements Tracing {
  readonly isOn = true;

  constructor(
    private readonly tracer: Tracer,
    private readonly ids: GivenIds,
    private readonly shutdown: () => Promise<void>,
  ) {}

  async inSpan<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T> {
    const span = this.open(start, {});
    const { traceId, spanId } = span.spanContext();
    const ref = { traceId, spanId };
    try {
      return await within({ span: ref }, () => work(handleOf(span, ref)));
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: nameOf(error) });
      throw error;
    } finally {
      span.end();
    }
  }

  record(start: SpanStart, { spanId, from, to }: Parameters<Tracing['record']>[1]): void {
    this.open(start, { spanId, startTime: from }).end(to);
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, OTLP_LIMITS.closeMs);
    });
    await Promise.race([this.shutdown().catch(() => undefined), late]).finally(() => clearTimeout(timer));
  }

  private open(
    { name, kind = 'internal', attributes = {}, parent, traceId, link }: SpanStart,
    how: { readonly spanId?: string; readonly startTime?: number },
  ): OtelSpan {
    const above = parent ?? sameTrace(currentScope().span, traceId);
    const options: SpanOptions = {
      kind: KINDS[kind],
      attributes,
      ...(how.startTime === undefined ? {} : { startTime: how.startTime }),
      ...(link === undefined ? {} : { links: [{ context: contextOf(link) }] }),
    };
    return this.ids.giving({ traceId, spanId: how.spanId }, () =>
      this.tracer.startSpan(name, options, below(above)),
    );
  }
}

/** The span that is open, unless the work begins a trace of its own. */
const sameTrace = (span: SpanRef | undefined, traceId: string | undefined): SpanRef | undefined =>
  traceId === undefined || span?.traceId === traceId ? span : undefined;

const below = (parent: SpanRef | undefined): Context =>
  parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, contextOf(parent));

const contextOf = ({ traceId, spanId }: SpanRef): SpanContext => ({
  traceId,
  spanId,
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
});

function handleOf(span: OtelSpan, ref: SpanRef): Span {
  return {
    ref,
    set: (attributes: SpanAttributes) => void span.setAttributes(attributes),
    fail: (code) => void span.setStatus({ code: SpanStatusCode.ERROR, message: code }),
  };
}

/** The kind of an error: its words may be personal. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'error');

/** Random ids, but for those that were given for the span that is being started. */
class GivenIds implements IdGenerator {
  private readonly random = new RandomIdGenerator();
  private given: { readonly traceId?: string | undefined; readonly spanId?: string | undefined } = {};

  /** INVARIANT: a span is started without waiting, so that nobody else is given these. */
  giving<T>(ids: GivenIds['given'], start: () => T): T {
    this.given = ids;
    try {
      return start();
    } finally {
      this.given = {};
    }
  }

  generateTraceId = (): string => this.given.traceId ?? this.random.generateTraceId();
  generateSpanId = (): string => this.given.spanId ?? this.random.generateSpanId();
}
