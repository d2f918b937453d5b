/** The workflow of `queues.test.ts`: one activity for each task, all at once, on a queue of their own. */
import { scheduleActivity } from '@temporalio/workflow';

export async function notesAll(
  taskQueue: string,
  tasks: readonly { readonly label: string; readonly priorityKey?: number; readonly fairnessKey?: string }[],
): Promise<void> {
  await Promise.all(
    tasks.map(({ label, ...priority }) =>
      scheduleActivity('note', [label], { taskQueue, priority, startToCloseTimeout: '10s' }),
    ),
  );
}
