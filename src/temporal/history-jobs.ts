/**
 * The order in which the workflow saw what a history holds. A history lists events as the server wrote them; the workflow is
 * told in activations, one or more a workflow task, and in each signals and updates come first, local activities last.
 * Adapter ring. `docs/execution.md` says where each of these rules was found, and a test holds each of them.
 */
import type { temporal } from '@temporalio/proto';

type Event = temporal.api.history.v1.IHistoryEvent;

/** Name of the marker under which the SDK records a local activity. */
const LOCAL_ACTIVITY_MARKER = 'core_local_activity';

/** Events that told the workflow something, in the order in which it was told. */
export function toldInOrder(events: readonly Event[]): readonly Event[] {
  const told: Event[] = [];
  let before: Event[] = [];
  let isFirst = true;
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    if (isTold(event)) before.push(event);
    // What stood before a task that failed or timed out is told by the next one that completed.
    if (event.workflowTaskCompletedEventAttributes == null) continue;
    const { accepted, markers } = doneIn(events, i + 1);
    told.push(...inTask(before, accepted, isFirst), ...markers);
    before = [];
    isFirst = false;
  }
  return told;
}

/** Updates that the task which has just completed accepted, and the local activities that ended in it. */
function doneIn(
  events: readonly Event[],
  from: number,
): { readonly accepted: readonly Event[]; readonly markers: readonly Event[] } {
  const accepted: Event[] = [];
  const markers: Event[] = [];
  for (let i = from; i < events.length; i++) {
    const event = events[i]!;
    if (event.workflowTaskCompletedEventAttributes != null) break;
    if (event.workflowExecutionUpdateAcceptedEventAttributes != null) accepted.push(event);
    if (event.markerRecordedEventAttributes?.markerName === LOCAL_ACTIVITY_MARKER) markers.push(event);
  }
  return { accepted, markers };
}

function inTask(before: readonly Event[], accepted: readonly Event[], isFirst: boolean): readonly Event[] {
  const signals = before.filter((event) => event.workflowExecutionSignaledEventAttributes != null);
  const rest = before.filter((event) => event.workflowExecutionSignaledEventAttributes == null);
  // Before the first task there was no handler yet: updates are handed over as theirs are set, which is before the signals'.
  if (isFirst) return [...accepted, ...signals, ...rest];
  const acts = [...signals.map((event) => ({ event, at: idOf(event) })), ...accepted.map(placed)];
  return [...acts.sort((a, b) => a.at - b.at).map(({ event }) => event), ...rest];
}

/** An update stands behind the event that was the newest when it was sent. */
const placed = (event: Event): { readonly event: Event; readonly at: number } => ({
  event,
  at:
    Number(event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequestSequencingEventId ?? 0) + 0.5,
});

const isTold = (event: Event): boolean =>
  event.workflowExecutionSignaledEventAttributes != null ||
  event.workflowExecutionCancelRequestedEventAttributes != null ||
  event.activityTaskCompletedEventAttributes != null ||
  event.activityTaskFailedEventAttributes != null ||
  event.activityTaskTimedOutEventAttributes != null ||
  event.activityTaskCanceledEventAttributes != null ||
  event.timerFiredEventAttributes != null;

export const idOf = (event: Event): number => Number(event.eventId ?? 0);
