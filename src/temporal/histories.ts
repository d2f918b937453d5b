/**
 * Where histories are read from: one run's, and which runs there are.
 * Adapter ring.
 */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { ATTRIBUTES } from '../../workflows/protocol';

export interface KnownRun {
  readonly tenant: string;
  readonly workflow: string;
  readonly run: string;
  readonly isRunning: boolean;
}

export interface Histories {
  /** `undefined` where Temporal has it no more. */
  fetch(run: {
    readonly workflow: string;
    readonly run: string;
  }): Promise<temporal.api.history.v1.IHistory | undefined>;
  /** Run id of the newest run; `undefined` where there is none. */
  newestRun(workflow: string): Promise<string | undefined>;
  /** Runs of all tenants, as visibility has them, which may be a little late. */
  list(which: 'all' | 'running' | { readonly endedSince: number }): AsyncIterable<KnownRun>;
}

const TENANT = defineSearchAttributeKey(ATTRIBUTES.tenant, 'KEYWORD');
/** Rows of one page. */
const PAGE = 500;

export function createHistories(client: Client): Histories {
  return {
    async fetch({ workflow, run }) {
      return client.workflow.getHandle(workflow, run).fetchHistory().catch(gone);
    },
    async newestRun(workflow) {
      return (await client.workflow.getHandle(workflow).describe().catch(gone))?.runId;
    },
    async *list(which) {
      const query = `${ATTRIBUTES.tenant} IS NOT NULL${conditionOf(which)}`;
      for await (const info of client.workflow.list({ query, pageSize: PAGE })) {
        const tenant = info.typedSearchAttributes.get(TENANT);
        if (tenant === undefined) continue;
        const { workflowId, runId, status } = info;
        yield { tenant, workflow: workflowId, run: runId, isRunning: status.name === 'RUNNING' };
      }
    },
  };
}

function conditionOf(which: Parameters<Histories['list']>[0]): string {
  if (which === 'all') return '';
  if (which === 'running') return " AND ExecutionStatus = 'Running'";
  return ` AND CloseTime >= '${new Date(which.endedSince).toISOString()}'`;
}

function gone(error: unknown): undefined {
  if (error instanceof WorkflowNotFoundError) return undefined;
  throw error;
}
