/**
 * Temporal schedules of what a tenant has done by itself: reports, and the end of retention. Each firing is an act of control of
 * its own, so that what was done by itself has a history, too.
 * Adapter ring.
 */
import { ScheduleAlreadyRunning, ScheduleNotFoundError, type Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  CONTROL_PREFIX,
  CONTROL_QUEUE,
  type ControlAct,
  type ControlStart,
} from '../../workflows/control-protocol';
import { ATTRIBUTES, TIMES } from '../../workflows/protocol';

/** A firing that was missed while Temporal was down is made up for within so long. */
const CATCH_UP = '7 days';

export interface Scheduled {
  readonly tenant: string;
  readonly act: ControlAct;
  /** `report` and `actions` give `report:<tenant>:actions`. */
  readonly family: string;
  readonly name: string;
  readonly by: string;
  /** In UTC; absent: it is taken away. */
  readonly cron?: string;
}

/** Sets a schedule, or takes it away. Setting it again changes nothing. */
export async function setSchedule(client: Client, scheduled: Scheduled): Promise<void> {
  const { tenant, act, family, name, by, cron } = scheduled;
  const scheduleId = `${family}:${tenant}:${name}`;
  if (cron === undefined) {
    await client.schedule
      .getHandle(scheduleId)
      .delete()
      .catch((error: unknown) => {
        if (!(error instanceof ScheduleNotFoundError)) throw error;
      });
    return;
  }
  const start: ControlStart = { tenant, act, by, reason: 'as scheduled' };
  await client.schedule
    .create({
      scheduleId,
      spec: { cronExpressions: [cron], timezone: 'UTC' },
      // Those that are made up for come all at once: each report is of a period of its own, and one end of retention is as good as many.
      policies: { overlap: act.do === 'report' ? 'BUFFER_ALL' : 'SKIP', catchupWindow: CATCH_UP },
      action: {
        type: 'startWorkflow',
        workflowType: 'control',
        // Temporal adds the instant.
        workflowId: `${CONTROL_PREFIX}${tenant}:${family}-${name}`,
        taskQueue: CONTROL_QUEUE,
        args: [start],
        workflowTaskTimeout: TIMES.workflowTask,
        typedSearchAttributes: [
          { key: defineSearchAttributeKey(ATTRIBUTES.tenant, 'KEYWORD'), value: tenant },
        ],
      },
    })
    .catch((error: unknown) => {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    });
}
