/**
 * The door to acts of control: each starts a workflow of its own and answers when it has taken effect.
 * Adapter ring. Who may do what is judged by the doors that call it.
 */
import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowOptions } from '@temporalio/client';
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
export function performControl(client: Client, start: ControlStart): Promise<ControlDone> {
  return perform(client, start, randomUUID(), {});
}

/**
 * Performs an act that any number of processes ask for at once, and one has to perform.
 * @param name what of the tenant's acts it is, the same from whoever asks for it
 * @returns undefined where it has been performed
 */
export async function performControlOnce(
  client: Client,
  start: ControlStart,
  name: string,
): Promise<ControlDone | undefined> {
  try {
    return await perform(client, start, name, {
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}

async function perform(
  client: Client,
  start: ControlStart,
  name: string,
  how: Pick<WorkflowOptions, 'workflowIdConflictPolicy' | 'workflowIdReusePolicy'>,
): Promise<ControlDone> {
  const id = `${CONTROL_PREFIX}${start.tenant}:${name}`;
  const result = (await client.workflow.execute('control', {
    ...how,
    workflowId: id,
    taskQueue: CONTROL_QUEUE,
    args: [start],
    workflowTaskTimeout: TIMES.workflowTask,
    typedSearchAttributes: [{ key: TENANT, value: start.tenant }],
    staticSummary: `${start.act.do} by ${start.by}: ${start.reason}`.slice(0, 200),
  })) as ControlResult;
  return { ...result, id };
}
