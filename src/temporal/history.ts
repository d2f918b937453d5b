/**
 * Histories, read back into what the engine was told: from them alone the fold gives state and trace again.
 * Adapter ring. Reads raw history events through the payload codec; it asks no server and executes nothing.
 */
import { defaultFailureConverter, defaultPayloadConverter, type PayloadCodec } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
  decodeOptionalSinglePayload,
} from '@temporalio/common/lib/internal-non-workflow';
import type { temporal } from '@temporalio/proto';
import { malformed, readAct, readSignal, isActName } from '../../workflows/acts';
import { readFailure } from '../../workflows/failure';
import {
  ranAhead,
  readLabel,
  TIMER_PREFIX,
  type OutcomeStart,
  type StoredStart,
  type Stretched,
  type Checked,
  type Swept,
} from '../../workflows/protocol';
import { TEMPORAL_CANCEL } from '../../workflows/temporal-cancel';
import type { EngineEvent, FireResult, Happening, UndoResult } from '../engine/effects';
import { beginningOf, fold, type Told } from '../engine/fold';
import type { TraceEvent } from '../engine/trace';
import { invariant } from '../kernel/invariant';
import { unpackPlan } from '../plan/wire';
import { idOf, toldInOrder } from './history-jobs';

type Event = temporal.api.history.v1.IHistoryEvent;
type History = temporal.api.history.v1.IHistory;

/** One run of an outcome's workflow, as its history tells it. */
export interface ReadRun {
  readonly start: OutcomeStart;
  /** When the run began, in milliseconds since the epoch. */
  readonly at: number;
  readonly happenings: readonly ReadHappening[];
  /** The last event of the history, and when it happened. */
  readonly lastEvent: number;
  readonly lastAt: number;
  /** How the run ended; `undefined` while it runs. */
  readonly end?: RunEnd;
}

/** A happening with the event of the history that told of it. */
export interface ReadHappening extends Happening {
  readonly eventId: number;
}

export interface RunEnd {
  readonly how: 'completed' | 'continued' | 'failed' | 'canceled' | 'terminated' | 'timedOut';
  readonly at: number;
  readonly eventId: number;
  /** The run that it went on in. */
  readonly nextRun?: string;
  /** Of a termination: who asked for it, as Temporal knows them, and why. */
  readonly identity?: string;
  readonly reason?: string;
}

/** Reads one run. Throws where the history is none of an outcome, or a payload cannot be decoded. */
export async function readRun(history: History, codec: PayloadCodec): Promise<ReadRun> {
  const events = history.events ?? [];
  const reader = new HistoryReader(events, codec);
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  invariant(started != null, 'a history begins with the start of its workflow');
  const [start] = await reader.values(started.input);
  const stored = start as StoredStart;
  const happenings: ReadHappening[] = [];
  let latest = timeOf(events[0]);
  for (const event of toldInOrder(events)) {
    for (const happening of await reader.happenings(event)) {
      // Local activities are timed by the worker, all else by the server; time in a story never goes back.
      latest = Math.max(latest, happening.at);
      happenings.push({ at: latest, event: happening.event, eventId: idOf(event) });
    }
  }
  const end = endOf(events[events.length - 1]);
  return {
    start: { ...stored, plan: unpackPlan(stored.plan) },
    at: timeOf(events[0]),
    happenings,
    lastEvent: idOf(events[events.length - 1]!),
    lastAt: timeOf(events[events.length - 1]),
    ...(end === undefined ? {} : { end }),
  };
}

/** The story of an outcome from its runs, oldest first: the trace of them all, and the state that the last one left. */
export function tellRuns(runs: readonly ReadRun[]): Told {
  const trace: TraceEvent[] = [];
  let state: Told['state'] | undefined;
  for (const { start, at, happenings } of runs) {
    const told = fold(start.plan, beginningOf(at, start), happenings);
    trace.push(...told.trace);
    state = told.state;
  }
  invariant(state !== undefined, 'an outcome has a run');
  return { state, trace };
}

class HistoryReader {
  private readonly byId: ReadonlyMap<number, Event>;
  private readonly converter;

  constructor(events: readonly Event[], codec: PayloadCodec) {
    this.byId = new Map(events.map((event) => [idOf(event), event]));
    this.converter = {
      payloadConverter: defaultPayloadConverter,
      failureConverter: defaultFailureConverter,
      payloadCodecs: [codec],
    };
  }

  values(payloads: temporal.api.common.v1.IPayloads | null | undefined): Promise<unknown[]> {
    return decodeArrayFromPayloads(this.converter, payloads?.payloads);
  }

  /** What the event told, in order; nothing for what the engine never hears of, such as pauses between attempts. */
  async happenings(event: Event): Promise<readonly Happening[]> {
    if (event.markerRecordedEventAttributes != null) return this.localActivity(event);
    const told = await this.event(event);
    return told === undefined ? [] : [{ at: timeOf(event), event: told }];
  }

  private async event(event: Event): Promise<EngineEvent | undefined> {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal != null) {
      const [data] = await this.values(signal.input);
      const read = readSignal(signal.signalName ?? '', data);
      return read.ok ? read.value : malformed(signal.signalName ?? '', read.error);
    }
    const update = event.workflowExecutionUpdateAcceptedEventAttributes;
    if (update != null) {
      const { name, args } = update.acceptedRequest?.input ?? {};
      const [data] = await this.values(args);
      const read = isActName(name ?? '') ? readAct(name as Parameters<typeof readAct>[0], data) : undefined;
      return read?.ok === true ? read.value : undefined;
    }
    if (event.workflowExecutionCancelRequestedEventAttributes != null) {
      return { kind: 'cancel', ...TEMPORAL_CANCEL };
    }
    if (event.timerFiredEventAttributes != null) return this.timer(event.timerFiredEventAttributes);
    return this.remoteActivity(event);
  }

  private async timer(
    fired: temporal.api.history.v1.ITimerFiredEventAttributes,
  ): Promise<EngineEvent | undefined> {
    const label = await this.summaryOf(this.byId.get(Number(fired.startedEventId ?? 0)));
    if (label?.startsWith(TIMER_PREFIX) !== true) return undefined;
    return { kind: 'timer', timer: label.slice(TIMER_PREFIX.length) };
  }

  private async remoteActivity(event: Event): Promise<EngineEvent | undefined> {
    const completed = event.activityTaskCompletedEventAttributes;
    const ended =
      completed ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskTimedOutEventAttributes ??
      event.activityTaskCanceledEventAttributes;
    if (ended == null) return undefined;
    const scheduled = this.byId.get(
      Number(ended.scheduledEventId ?? 0),
    )?.activityTaskScheduledEventAttributes;
    const label = scheduled?.activityId ?? '';
    if (completed != null) return answer(label, (await this.values(completed.result))[0]);
    const failure = 'failure' in ended ? ended.failure : undefined;
    return answer(label, await this.failed(failure));
  }

  private async localActivity(event: Event): Promise<readonly Happening[]> {
    const marker = event.markerRecordedEventAttributes;
    const [data] = await this.values(marker?.details?.['data']);
    const { backoff, complete_time: completed } = data as LocalActivityData;
    // The same action comes again after a timer; the workflow was told nothing yet.
    if (backoff != null) return [];
    const label = (await this.summaryOf(event)) ?? '';
    const { op } = readLabel(label);
    const result = marker?.failure == null ? (await this.values(marker?.details?.['result']))[0] : undefined;
    // A stretch that failed told nothing: each of its actions was asked for by itself.
    if (op === 'stretch') return ranAhead((result as Stretched | undefined)?.ends ?? []);
    const at =
      completed == null ? timeOf(event) : completed.seconds * 1000 + Math.floor(completed.nanos / 1e6);
    return [{ at, event: answer(label, result ?? (await this.failed(marker?.failure))) }];
  }

  private async failed(failure: temporal.api.failure.v1.IFailure | null | undefined): Promise<FireResult> {
    const error = await decodeOptionalFailureToOptionalError(this.converter, failure);
    const read = readFailure(error);
    invariant(read !== undefined, 'an activity that failed has a cause');
    return read;
  }

  private async summaryOf(event: Event | undefined): Promise<string | undefined> {
    const summary = event?.userMetadata?.summary;
    if (summary == null) return undefined;
    return (await decodeOptionalSinglePayload<string>(this.converter, summary)) ?? undefined;
  }
}

/** Data of a local activity's marker, as the SDK writes it. */
interface LocalActivityData {
  readonly complete_time?: { readonly seconds: number; readonly nanos: number } | null;
  readonly backoff?: object | null;
}

function answer(label: string, result: unknown): EngineEvent {
  const { op, node } = readLabel(label);
  if (op === 'check') return { kind: 'checked', check: node, result: (result as Checked).result };
  if (op === 'sweep') return { kind: 'swept', of: node, strays: (result as Swept).strays };
  return op === 'execute'
    ? { kind: 'fired', node, result: result as FireResult }
    : { kind: 'undone', node, result: result as UndoResult };
}

const ENDS = [
  ['workflowExecutionCompletedEventAttributes', 'completed'],
  ['workflowExecutionContinuedAsNewEventAttributes', 'continued'],
  ['workflowExecutionFailedEventAttributes', 'failed'],
  ['workflowExecutionCanceledEventAttributes', 'canceled'],
  ['workflowExecutionTerminatedEventAttributes', 'terminated'],
  ['workflowExecutionTimedOutEventAttributes', 'timedOut'],
] as const;

export function endOf(event: Event | undefined): RunEnd | undefined {
  const end = ENDS.find(([attributes]) => event?.[attributes] != null);
  if (event === undefined || end === undefined) return undefined;
  const terminated = event.workflowExecutionTerminatedEventAttributes;
  const nextRun = event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  return {
    how: end[1],
    at: timeOf(event),
    eventId: idOf(event),
    ...textAs('nextRun', nextRun),
    ...textAs('identity', terminated?.identity),
    ...textAs('reason', terminated?.reason),
  };
}

const textAs = <Key extends string>(
  key: Key,
  text: string | null | undefined,
): { readonly [K in Key]?: string } =>
  text == null || text === '' ? {} : ({ [key]: text } as { readonly [K in Key]: string });

export const timeOf = (event: Event | undefined): number =>
  Number(event?.eventTime?.seconds ?? 0) * 1000 + Math.floor((event?.eventTime?.nanos ?? 0) / 1e6);
