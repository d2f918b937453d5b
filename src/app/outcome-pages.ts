/**
 * Use case: the outcomes of one tenant, page by page, as Temporal's visibility has them: those that run first, then by when
 * they ended, newest first.
 * Entry ring. The tenant is part of every query; no caller can leave it out.
 */
import { createHash } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { ATTRIBUTES, BACKSTEP_SUFFIX, type Phase } from '../../workflows/protocol';
import { ok, type Result } from '../kernel/result';
import { ENTITY_MEMO } from '../temporal/descriptions';
import { refuse, type Refusal } from './refusal';
import type { Services } from './services';

export interface OutcomeRow {
  readonly id: string;
  readonly outcome: string;
  readonly runbook: string;
  readonly entity: string;
  /** As it was when Temporal last heard of it; the trace knows better. */
  readonly phase: Phase;
  readonly isRunning: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly closedAt?: number;
}

export interface PageRequest {
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Absent on the last page. A page may have fewer rows than asked for, and still a next one. */
  readonly next?: string;
}

export interface OutcomeFilter {
  readonly outcome?: string | undefined;
  readonly entity?: string | undefined;
  readonly phase?: Phase | undefined;
  readonly isRunning?: boolean | undefined;
}

/** One page, with the workflows that take a finished outcome back shown as a row of that outcome where asked for. */
export async function pageOfOutcomes(
  { outcomes }: Pick<Services, 'outcomes'>,
  tenant: string,
  {
    limit,
    cursor,
    filter = {},
    withWaysBack = false,
  }: PageRequest & {
    readonly filter?: OutcomeFilter;
    readonly withWaysBack?: boolean;
  },
): Promise<Result<Page<OutcomeRow>, Refusal>> {
  const { client } = outcomes;
  const entity = filter.entity === undefined ? undefined : outcomes.entityName(tenant, filter.entity);
  const query = queryFor(tenant, { ...filter, entity });
  const nextPageToken = cursor === undefined ? undefined : tokenIn(cursor, query);
  if (nextPageToken === null) {
    return refuse('CURSOR_UNKNOWN', 'the cursor is none of this list', { help: 'begin without one' });
  }
  const page = await client.workflowService.listWorkflowExecutions({
    namespace: client.options.namespace,
    query,
    pageSize: limit,
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
  });
  const { payloadCodecs } = client.options.loadedDataConverter;
  const all = await Promise.all(page.executions.map((info) => rowOf(info, payloadCodecs)));
  const rows = all.filter(({ id }) => withWaysBack || !id.endsWith(BACKSTEP_SUFFIX));
  const isLast = page.nextPageToken.length === 0;
  return ok({ rows, ...(isLast ? {} : { next: cursorFor(page.nextPageToken, query) }) });
}

/** Bytes of the digest in a cursor. */
const MARK_BYTES = 9;

/**
 * A cursor is Temporal's token behind a digest of it and of the query: one that is damaged, or of another list, would make
 * Temporal say that it is down.
 */
const cursorFor = (token: Uint8Array, query: string): string =>
  Buffer.concat([markOf(token, query), token]).toString('base64url');

/** Inverse of `cursorFor`; `null` for what it did not give. */
function tokenIn(cursor: string, query: string): Uint8Array | null {
  const bytes = Buffer.from(cursor, 'base64url');
  const token = bytes.subarray(MARK_BYTES);
  return bytes.subarray(0, MARK_BYTES).equals(markOf(token, query)) ? token : null;
}

const markOf = (token: Uint8Array, query: string): Buffer =>
  createHash('sha256').update(query).update('\0').update(token).digest().subarray(0, MARK_BYTES);

function queryFor(tenant: string, { outcome, entity, phase, isRunning }: OutcomeFilter): string {
  const conditions = [
    [ATTRIBUTES.tenant, tenant],
    [ATTRIBUTES.outcome, outcome],
    [ATTRIBUTES.entity, entity],
    [ATTRIBUTES.phase, phase],
  ].flatMap(([name, value]) =>
    name === undefined || value === undefined ? [] : [`${name} = ${quoted(value)}`],
  );
  const running = isRunning === undefined ? [] : [`ExecutionStatus ${isRunning ? '=' : '!='} 'Running'`];
  // Only outcomes have a code; acts of control have none.
  return [...conditions, ...running, `${ATTRIBUTES.outcome} IS NOT NULL`].join(' AND ');
}

/** A text of a visibility query. Backslash and quote are doubled, so that no text can end early. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

async function rowOf(
  info: temporal.api.workflow.v1.IWorkflowExecutionInfo,
  codecs: readonly PayloadCodec[],
): Promise<OutcomeRow> {
  const fields = info.searchAttributes?.indexedFields ?? {};
  const read = (name: string): string => {
    const data = fields[name]?.data;
    if (data == null) return '';
    const value: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return typeof value === 'string' ? value : '';
  };
  const isRunning = Number(info.status) === RUNNING;
  const noted = read(ATTRIBUTES.phase) as Phase;
  return {
    id: info.execution?.workflowId ?? '',
    outcome: read(ATTRIBUTES.outcome),
    runbook: read(ATTRIBUTES.runbook),
    entity: (await keptEntity(info, codecs)) ?? read(ATTRIBUTES.entity),
    // An outcome that ran through without a stop was never worth an event to say so.
    phase: noted === 'running' && Number(info.status) === COMPLETED ? 'completed' : noted,
    isRunning,
    startedAt: millisOf(info.startTime) ?? 0,
    ...(millisOf(info.closeTime) === undefined ? {} : { closedAt: millisOf(info.closeTime)! }),
  };
}

/** The entity itself, where its attribute is a digest. */
async function keptEntity(
  { memo }: temporal.api.workflow.v1.IWorkflowExecutionInfo,
  codecs: readonly PayloadCodec[],
): Promise<string | undefined> {
  const kept = memo?.fields?.[ENTITY_MEMO];
  if (kept == null) return undefined;
  let payloads: Payload[] = [kept];
  for (const codec of codecs) payloads = await codec.decode(payloads);
  const data = payloads[0]?.data;
  return data == null ? undefined : String(JSON.parse(Buffer.from(data).toString('utf8')));
}

/** @source temporal.api.enums.v1.WorkflowExecutionStatus */
const RUNNING = 1;
const COMPLETED = 2;

const millisOf = (
  time: { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined,
): number | undefined =>
  time == null ? undefined : Number(time.seconds ?? 0) * 1_000 + Math.floor((time.nanos ?? 0) / 1e6);
