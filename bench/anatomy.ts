/**
 * Where the time of one outcome goes, read from its history: what waits in Temporal's queues, what the worker does, and what is
 * in between.
 */
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

type Event = temporal.api.history.v1.IHistoryEvent;

/** Milliseconds, each the sum over one outcome; counts where the name says so. */
export interface Anatomy {
  /** From the start of the workflow to its end, by the server's clock. */
  readonly total: number;
  readonly workflowTasks: number;
  /** From `WorkflowTaskScheduled` to `Started`. */
  readonly workflowTaskWaits: number;
  /** From `WorkflowTaskStarted` to `Completed`: with local activities, these run inside. */
  readonly workflowTaskWork: number;
  readonly activities: number;
  /** From `ActivityTaskScheduled` to `Started`. */
  readonly activityWaits: number;
  /** From `ActivityTaskStarted` to its end. */
  readonly activityWork: number;
  readonly events: number;
  readonly bytes: number;
}

export async function anatomyOf(client: Client, workflowId: string): Promise<Anatomy> {
  const handle = client.workflow.getHandle(workflowId);
  const [{ events }, { historySize, historyLength }] = await Promise.all([
    handle.fetchHistory(),
    handle.describe(),
  ]);
  const all = events ?? [];
  const byId = new Map(all.map((event) => [Number(event.eventId), event]));
  const found = {
    total: timeOf(all.at(-1)) - timeOf(all[0]),
    workflowTasks: 0,
    workflowTaskWaits: 0,
    workflowTaskWork: 0,
    activities: 0,
    activityWaits: 0,
    activityWork: 0,
    events: historyLength,
    bytes: historySize ?? 0,
  };
  for (const event of all) {
    const task = event.workflowTaskCompletedEventAttributes;
    if (task != null) {
      const started = timeOf(byId.get(Number(task.startedEventId)));
      found.workflowTasks += 1;
      found.workflowTaskWaits += started - timeOf(byId.get(Number(task.scheduledEventId)));
      found.workflowTaskWork += timeOf(event) - started;
    }
    const activity = event.activityTaskCompletedEventAttributes;
    if (activity != null) {
      const started = timeOf(byId.get(Number(activity.startedEventId)));
      found.activities += 1;
      found.activityWaits += started - timeOf(byId.get(Number(activity.scheduledEventId)));
      found.activityWork += timeOf(event) - started;
    }
  }
  return found;
}

const timeOf = (event: Event | undefined): number =>
  Number(event?.eventTime?.seconds ?? 0) * 1_000 + (event?.eventTime?.nanos ?? 0) / 1e6;
