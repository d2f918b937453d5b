/**
 * Use case: the outcomes of one tenant, page by page, as Temporal's visibility has them: those that run first, then by when
 * they ended, newest first.
 * Entry ring. The tenant is part of every query; no caller can leave it out.
 */
import type { temporal } from '@temporalio/proto';
import { ATTRIBUTES, BACKSTEP_SUFFIX, type Phase } from '../../workflows/protocol';
import { err, ok, type Result } from '../kernel/result';
import type { Refusal } from './refusal';
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
  const nextPageToken = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url');
  try {
    const page = await client.workflowService.listWorkflowExecutions({
      namespace: client.options.namespace,
      query: queryFor(tenant, filter),
      pageSize: limit,
      ...(nextPageToken === undefined ? {} : { nextPageToken }),
    });
    const rows = page.executions.map(rowOf).filter(({ id }) => withWaysBack || !id.endsWith(BACKSTEP_SUFFIX));
    const next = Buffer.from(page.nextPageToken).toString('base64url');
    return ok({ rows, ...(next === '' ? {} : { next }) });
  } catch (error) {
    if (cursor === undefined || (error as { readonly code?: unknown }).code !== INVALID_ARGUMENT) throw error;
    return err({
      code: 'CURSOR_UNKNOWN',
      message: 'the cursor is none of this list',
      help: 'begin without one',
    });
  }
}

/** @source gRPC status codes */
const INVALID_ARGUMENT = 3;

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

function rowOf(info: temporal.api.workflow.v1.IWorkflowExecutionInfo): OutcomeRow {
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
    entity: read(ATTRIBUTES.entity),
    // An outcome that ran through without a stop was never worth an event to say so.
    phase: noted === 'running' && Number(info.status) === COMPLETED ? 'completed' : noted,
    isRunning,
    startedAt: millisOf(info.startTime) ?? 0,
    ...(millisOf(info.closeTime) === undefined ? {} : { closedAt: millisOf(info.closeTime)! }),
  };
}

/** @source temporal.api.enums.v1.WorkflowExecutionStatus */
const RUNNING = 1;
const COMPLETED = 2;

const millisOf = (
  time: { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined,
): number | undefined =>
  time == null ? undefined : Number(time.seconds ?? 0) * 1_000 + Math.floor((time.nanos ?? 0) / 1e6);
