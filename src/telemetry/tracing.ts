/**
 * Spans, as the rest of the house sees them: work is run inside one, or it is run as if there were none.
 * Adapter ring; types, and the tracing that does nothing.
 */
import type { SpanRef } from './trace-ids';

export type SpanKind = 'internal' | 'client' | 'producer' | 'consumer';

/** Text, number or flag: never personal data, a secret or a payload. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanStart {
  readonly name: string;
  readonly kind?: SpanKind;
  readonly attributes?: SpanAttributes;
  /** The span it hangs below; default the one that is open. */
  readonly parent?: SpanRef;
  /** The trace it begins, where it hangs below none. */
  readonly traceId?: string;
  /** A span of another trace that led to it. */
  readonly link?: SpanRef;
}

/** The span that work is inside of. */
export interface Span {
  /** Absent where nothing is recorded. */
  readonly ref?: SpanRef;
  set(attributes: SpanAttributes): void;
  /** Marks it as failed, by a code. */
  fail(code: string): void;
}

export interface Tracing {
  /** Whether spans are recorded at all. */
  readonly isOn: boolean;
  /** Runs work inside a span; what it throws passes through, and fails the span. */
  inSpan<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T>;
  /** Records a span that is over, under an id that was known before. Times in milliseconds since the epoch. */
  record(
    start: SpanStart,
    over: { readonly spanId: string; readonly from: number; readonly to: number },
  ): void;
  /** Sends what is left, as long as the collector takes it in time. */
  close(): Promise<void>;
}

const UNRECORDED: Span = { set: () => undefined, fail: () => undefined };

export const noTracing: Tracing = {
  isOn: false,
  inSpan: (_start, work) => work(UNRECORDED),
  record: () => undefined,
  close: () => Promise.resolve(),
};
