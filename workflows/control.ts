/**
 * One act of control as a workflow of its own, so that it has a history with actor and reason: its database row is only the
 * last word of that history.
 * Loaded inside the Temporal sandbox; no I/O.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import { proxyLocalActivities, workflowInfo, type LocalActivityOptions } from '@temporalio/workflow';
import {
  CONTROL_TIMES,
  type ControlActivities,
  type ControlResult,
  type ControlStart,
} from './control-protocol';
import { tellProjector } from './tell-projector';

const options = {
  startToCloseTimeout: CONTROL_TIMES.activity,
  // The database may be down: the act is not lost, it takes effect when it is up again.
  retry: { initialInterval: CONTROL_TIMES.again, backoffCoefficient: 1 },
} satisfies LocalActivityOptions;

/** Temporal's own, of what a schedule started: one that was missed, or has waited, has the instant that it was for. */
const DUE = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

export async function control(start: ControlStart): Promise<ControlResult> {
  const { applyControl, drainAutomation, cutArchive } = proxyLocalActivities<ControlActivities>(options);
  const { tenant, act } = start;
  if (act.do === 'expire') {
    // First the cut, so that history says what goes before it is gone.
    const cut = await cutArchive(tenant);
    await applyControl({ ...start, act: { ...act, before: cut.before } });
    return { cut };
  }
  const due = workflowInfo().typedSearchAttributes.get(DUE)?.getTime();
  await applyControl(due === undefined ? start : { ...start, due });
  tellProjector();
  if (act.do !== 'kill') return {};
  return { executing: await drainAutomation({ tenant, automation: act.automation, boundMs: act.boundMs }) };
}
