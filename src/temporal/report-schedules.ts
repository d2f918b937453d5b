/**
 * Temporal schedules that have reports made by themselves: each firing is an act of control with a history of its own, so that it is on
 * record who had it made.
 * Adapter ring.
 */
import { ScheduleAlreadyRunning, ScheduleNotFoundError, type Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { ReportKind } from '../audit/reports/report';
import { CONTROL_PREFIX, CONTROL_QUEUE, type ControlStart } from '../../workflows/control-protocol';
import { ATTRIBUTES, TIMES } from '../../workflows/protocol';

/** A firing that was missed while Temporal was down is made up for within so long. */
const CATCH_UP = '7 days';

/** Sets the schedule of one report, or takes it away where there is no `cron`. Setting it again changes nothing. */
export async function setReportSchedule(
  client: Client,
  {
    tenant,
    kind,
    by,
    cron,
  }: { readonly tenant: string; readonly kind: ReportKind; readonly by: string; readonly cron?: string },
): Promise<void> {
  const scheduleId = `report:${tenant}:${kind}`;
  if (cron === undefined) {
    await client.schedule
      .getHandle(scheduleId)
      .delete()
      .catch((error: unknown) => {
        if (!(error instanceof ScheduleNotFoundError)) throw error;
      });
    return;
  }
  const start: ControlStart = { tenant, act: { do: 'report', report: kind }, by, reason: 'as scheduled' };
  await client.schedule
    .create({
      scheduleId,
      spec: { cronExpressions: [cron], timezone: 'UTC' },
      policies: { overlap: 'SKIP', catchupWindow: CATCH_UP },
      action: {
        type: 'startWorkflow',
        workflowType: 'control',
        // Temporal adds the instant.
        workflowId: `${CONTROL_PREFIX}${tenant}:report-${kind}`,
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
