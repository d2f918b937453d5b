/**
 * The door to acts of control: each starts a workflow of its own and answers when it has taken effect.
 * Adapter ring. Who may do what is judged by the doors that call it.
 */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  CONTROL_PREFIX,
  CONTROL_QUEUE,
  type ControlResult,
  type ControlStart,
} from '../../workflows/control-protocol';
import { ATTRIBUTES, TIMES } from '../../workflows/protocol';

export interface ControlDone extends ControlResult {
  /** Id of the workflow that did it: its history is the record. */
  readonly id: string;
}

const TENANT = defineSearchAttributeKey(ATTRIBUTES.tenant, 'KEYWORD');

/** Performs an act of control. */
export async function performControl(client: Client, start: ControlStart): Promise<ControlDone> {
  const id = `${CONTROL_PREFIX}${start.tenant}:${randomUUID()}`;
  const result = (await client.workflow.execute('control', {
    workflowId: id,
    taskQueue: CONTROL_QUEUE,
    args: [start],
    workflowTaskTimeout: TIMES.workflowTask,
    typedSearchAttributes: [{ key: TENANT, value: start.tenant }],
    staticSummary: `${start.act.do} by ${start.by}: ${start.reason}`.slice(0, 200),
  })) as ControlResult;
  return { ...result, id };
}
