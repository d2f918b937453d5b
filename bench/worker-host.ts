/**
 * The inside of a worker process of the benchmark: takes its settings from the command line, answers what the parent asks over
 * IPC, and ends with its parent.
 */
import type { Connection } from '../src/dsl/effect';

/** What a worker is told at its start. */
export interface WorkerBrief {
  readonly address: string;
  readonly namespace: string;
  readonly databaseUrl: string;
  readonly tenant: string;
  readonly connections: Readonly<Record<string, Connection>>;
  /** Without it payloads are as Temporal's SDK writes them. Backstep's worker only. */
  readonly codec: boolean;
  /** Measures the parts of each action. */
  readonly spans: boolean;
}

export type Question = 'memory' | 'spans' | 'stop';

/** Bytes after a collection. The sandboxes' heap is a thread's of its own: it counts in `rss` alone. */
export interface MemorySample {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

/** Milliseconds by name; emptied when they are asked for. */
export type SpanSamples = Readonly<Record<string, readonly number[]>>;

export type OnSpan = (name: string, ms: number) => void;

/** Runs until the parent says `stop` or is gone. */
export async function hostWorker(
  start: (brief: WorkerBrief, onSpan: OnSpan | undefined) => Promise<{ stop(): Promise<void> }>,
): Promise<void> {
  const brief = JSON.parse(process.argv[2] ?? '{}') as WorkerBrief;
  let spans: Record<string, number[]> = {};
  const onSpan: OnSpan = (name, ms) => {
    (spans[name] ??= []).push(ms);
  };
  const worker = await start(brief, brief.spans ? onSpan : undefined);
  const stop = async (): Promise<void> => {
    await worker.stop();
    process.disconnect();
  };
  process.once('disconnect', () => process.exit());
  process.on('message', (question: Question) => {
    if (question === 'stop') void stop();
    if (question === 'memory') process.send?.(memory());
    if (question === 'spans') {
      process.send?.(spans);
      spans = {};
    }
  });
  process.send?.('ready');
}

function memory(): MemorySample {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, external };
}
