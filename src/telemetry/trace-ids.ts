/**
 * Ids of traces and spans that nobody has to hand on: they are digests of what everybody who takes part knows already. So one
 * event is one trace through every process, and neither a history nor the workflow code carries a header for it.
 * Adapter ring; no state.
 * @source W3C Trace Context, level 1
 */
import { createHash } from 'node:crypto';
import { splitOutcomeId } from '../kernel/ids';

/** 16 bytes, lower-case hex. It is also the correlation id of every log line about the event. */
export type TraceId = string;

/** A span somewhere, as another process names it. */
export interface SpanRef {
  readonly traceId: TraceId;
  /** 8 bytes, lower-case hex. */
  readonly spanId: string;
}

/** Ends the id of a workflow that takes a finished outcome back; what is undone belongs to the trace of what was done. */
const BACKSTEP = /\/backstep$/;

/** The trace of everything that an event of a tenant leads to. */
export const traceIdOf = (tenant: string, eventId: string): TraceId => digest(['trace', tenant, eventId], 32);

/** The trace of an outcome, by the id of its workflow or of the one that takes it back; `undefined` where it is none's. */
export function traceIdOfOutcome(workflowId: string): TraceId | undefined {
  const parts = splitOutcomeId(workflowId.replace(BACKSTEP, ''));
  return parts === undefined ? undefined : traceIdOf(parts.tenant, parts.eventId);
}

/** The span of an outcome's start: whatever the outcome fires hangs below it, in whichever process it runs. */
export function outcomeSpan(workflowId: string): SpanRef | undefined {
  const traceId = traceIdOfOutcome(workflowId);
  return traceId === undefined ? undefined : { traceId, spanId: digest(['outcome', workflowId], 16) };
}

/** The header `traceparent` of a request made within a span that is recorded. */
export const traceparentOf = ({ traceId, spanId }: SpanRef): string => `00-${traceId}-${spanId}-01`;

/** Reads a `traceparent` that somebody else has sent; `undefined` where it is malformed. */
export function readTraceparent(text: unknown): SpanRef | undefined {
  if (typeof text !== 'string') return undefined;
  const found = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$/.exec(text);
  const [, traceId = '', spanId = ''] = found ?? [];
  if (found === null || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId };
}

function digest(parts: readonly string[], length: number): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, length);
  // All zeros means "none" to readers of traces.
  return /^0+$/.test(hex) ? hex.replace(/0$/, '1') : hex;
}
