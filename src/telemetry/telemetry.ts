/**
 * What one process says of its work, put together: spans, metrics, and the port where Prometheus finds them.
 * Adapter ring; what is not asked for is not loaded.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type * as Otlp from './otlp-tracing';
import { createMetrics, type Metrics } from './metrics';
import { noTracing, type Tracing } from './tracing';

export interface Telemetry {
  readonly tracing: Tracing;
  readonly metrics: Metrics;
  close(): Promise<void>;
}

export interface TelemetryOptions {
  /** Base address of a collector of traces; absent: no spans are recorded. */
  readonly endpoint?: string;
  /** Role of the process, such as `worker`. */
  readonly role: string;
  readonly version: string;
}

/** Nanoseconds of a second. */
const NS = 1e9;

export function openTelemetry({ endpoint, role, version }: TelemetryOptions): Telemetry {
  const metrics = createMetrics();
  const stopReading = readProcess(metrics);
  metrics.set('backstep_build_info', { version, role }, 1);
  const tracing =
    endpoint === undefined
      ? noTracing
      : loadOtlp().openOtlpTracing({
          endpoint,
          service: `backstep-${role}`,
          version,
        });
  return {
    tracing,
    metrics,
    close: async () => {
      stopReading();
      await tracing.close();
    },
  };
}

/** Counts for itself and sends nothing: for a process that nobody watches. */
export const noTelemetry = (): Telemetry => ({
  tracing: noTracing,
  metrics: createMetrics(),
  close: () => Promise.resolve(),
});

/** OpenTelemetry's SDK takes a tenth of a second to load: who sends no spans does without it. */
function loadOtlp(): typeof Otlp {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- source and build load the very same file, at once
  return require('./otlp-tracing') as typeof Otlp;
}

function readProcess(metrics: Metrics): () => void {
  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;
  metrics.onCollect(() => {
    metrics.set('backstep_resident_bytes', {}, process.memoryUsage.rss());
    // It costs a timer, so it begins with whoever reads it first.
    if (delay === undefined) {
      delay = monitorEventLoopDelay();
      delay.enable();
      return;
    }
    metrics.set('backstep_event_loop_delay_seconds', {}, delay.percentile(99) / NS);
    delay.reset();
  });
  return () => delay?.disable();
}
