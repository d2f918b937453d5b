/**
 * Histories of acts of control, read back into who did what and when it took effect.
 * Adapter ring. It asks no server and executes nothing.
 */
import { defaultFailureConverter, defaultPayloadConverter, type PayloadCodec } from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow';
import type { temporal } from '@temporalio/proto';
import type { ControlStart } from '../../workflows/control-protocol';
import type { ControlRun } from '../audit/derive-control';
import type { Json } from '../kernel/json';
import { idOf } from './history-jobs';
import { endOf, timeOf } from './history';

type History = temporal.api.history.v1.IHistory;

/** The activity that makes an act take effect. */
const APPLY = 'applyControl';

/** Reads one act. Throws where a payload cannot be decoded. */
export async function readControl(
  { workflow, run }: { readonly workflow: string; readonly run: string },
  history: History,
  codec: PayloadCodec,
): Promise<ControlRun> {
  const events = history.events ?? [];
  const converter = {
    payloadConverter: defaultPayloadConverter,
    failureConverter: defaultFailureConverter,
    payloadCodecs: [codec],
  };
  const values = (payloads: temporal.api.common.v1.IPayloads | null | undefined) =>
    decodeArrayFromPayloads(converter, payloads?.payloads);
  const [start] = await values(events[0]?.workflowExecutionStartedEventAttributes?.input);
  let applied: ControlRun['applied'];
  for (const event of events) {
    const marker = event.markerRecordedEventAttributes;
    if (marker == null || marker.failure != null || applied !== undefined) continue;
    const [data] = await values(marker.details?.['data']);
    const { activity_type: type, backoff } = (data ?? {}) as MarkerData;
    if (type === APPLY && backoff == null) applied = { at: timeOf(event), eventId: idOf(event) };
  }
  const last = events[events.length - 1];
  const end = endOf(last);
  const result = last?.workflowExecutionCompletedEventAttributes?.result;
  return {
    workflow,
    run,
    at: timeOf(events[0]),
    start: start as ControlStart,
    ...(applied === undefined ? {} : { applied }),
    ...(end === undefined ? {} : { end: { ...end, result: ((await values(result))[0] ?? null) as Json } }),
  };
}

/** Data of a local activity's marker, as the SDK writes it. */
interface MarkerData {
  readonly activity_type?: string;
  readonly backoff?: object | null;
}
