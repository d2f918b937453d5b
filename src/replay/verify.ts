/**
 * Verify: Temporal's own replayer over histories, with the workflow code of today. A history that it takes another way
 * through is one that a running outcome would stall on.
 * Adapter ring. The one file of replay that touches Temporal's worker, and of that the replayer alone: it has no activities, so
 * nothing that a history asks for can be fired.
 */
import type { PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { makeTelemetryFilterString, Runtime, Worker, type ReplayWorkerOptions } from '@temporalio/worker';
import type { History, RunHistory } from './history-source';
import { quietLogger } from '../temporal/quiet-logger';
import { projectorSinks } from '../temporal/sinks';

type Event = temporal.api.history.v1.IHistoryEvent;

export interface VerifySettings {
  /** The bundled workflow code of today. */
  readonly bundle: { readonly code: string };
  readonly codec: PayloadCodec;
}

export interface Replayed {
  readonly id: string;
  readonly run: number;
  readonly events: number;
  /** Where and how today's code goes another way; absent where it takes the same. */
  readonly divergence?: Divergence;
}

export interface Divergence {
  /** What the replayer says. */
  readonly message: string;
  /** The workflow task, from 1, whose commands are others than those on record; absent where it is not to be found out. */
  readonly task?: number;
  /** Ids of the events that this task left in the history, first and last. */
  readonly from?: number;
  readonly to?: number;
  /** What stands in the history there, such as `ACTIVITY_TASK_SCHEDULED okta.create_identity`. */
  readonly recorded?: readonly string[];
}

/** Keeps the replayer from writing to standard error what stands in its answers; before the first replay of the process. */
export function silenceReplayer(): void {
  const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
  Runtime.install({ logger: quietLogger, telemetryOptions: { logging: { filter } } });
}

/** Replays one history after the other; each is answered as soon as it is known. */
export async function* verifyReplay(
  histories: Iterable<RunHistory>,
  settings: VerifySettings,
): AsyncGenerator<Replayed, void> {
  const options: ReplayWorkerOptions = {
    workflowBundle: settings.bundle,
    dataConverter: { payloadCodecs: [settings.codec] },
    sinks: projectorSinks(),
  };
  const all = [...histories];
  const cases = all.map(({ id, history }) => ({ workflowId: id, history }));
  let at = 0;
  for await (const { error } of Worker.runReplayHistories(options, cases)) {
    const { id, run, history } = all[at++]!;
    const replayed = { id, run, events: history.events?.length ?? 0 };
    if (error === undefined) yield replayed;
    else yield { ...replayed, divergence: await locate(options, { id, run, history }, wordsOf(error)) };
  }
}

/**
 * The first workflow task whose commands differ: the shortest beginning of the history, cut where a task's events end, that
 * fails to replay. A cut inside a task is made only where no local activity is on record in it: without its marker it would
 * count as one that was never done.
 */
async function locate(
  options: ReplayWorkerOptions,
  { id, history }: RunHistory,
  message: string,
): Promise<Divergence> {
  const events = history.events ?? [];
  const tasks = tasksIn(events);
  const failsAt = (end: number): Promise<boolean> => fails(options, id, { events: events.slice(0, end) });
  let low = 0;
  let high = tasks.length - 1;
  if (high < 0 || !(await failsAt(tasks[high]!.to))) return { message };
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await failsAt(tasks[middle]!.to)) high = middle;
    else low = middle + 1;
  }
  const task = tasks[low]!;
  let { from, to } = task;
  const left = events.slice(from, to);
  if (!left.some((event) => event.markerRecordedEventAttributes != null)) {
    for (let end = from + 1; end < to; end++) {
      if (!(await failsAt(end))) continue;
      from = end - 1;
      to = end;
      break;
    }
  }
  return {
    message,
    task: low + 1,
    ...span(events.slice(from, to)),
  };
}

function span(left: readonly Event[]): Pick<Divergence, 'from' | 'to' | 'recorded'> {
  const [first] = left;
  if (first === undefined) return {};
  return { from: idOf(first), to: idOf(left[left.length - 1]!), recorded: left.map(describe) };
}

/** Where the events stand that each completed workflow task left: what its commands became. Indices, `to` is exclusive. */
function tasksIn(events: readonly Event[]): readonly { readonly from: number; readonly to: number }[] {
  const tasks: { from: number; to: number }[] = [];
  events.forEach((event, i) => {
    if (event.workflowTaskCompletedEventAttributes == null) return;
    let to = i + 1;
    while (to < events.length && isOf(events[to]!, event)) to += 1;
    tasks.push({ from: i + 1, to });
  });
  return tasks;
}

/** Whether an event is what became of a command of this task. */
function isOf(event: Event, task: Event): boolean {
  const attributes = Object.entries(event).find(
    ([name, value]) => name.endsWith('EventAttributes') && value != null,
  )?.[1] as { readonly workflowTaskCompletedEventId?: unknown } | undefined;
  return Number(attributes?.workflowTaskCompletedEventId ?? 0) === idOf(task);
}

async function fails(options: ReplayWorkerOptions, id: string, history: History): Promise<boolean> {
  for await (const { error } of Worker.runReplayHistories(options, [{ workflowId: id, history }])) {
    if (error !== undefined) return true;
  }
  return false;
}

/** The one sentence in what the replayer says that names the difference. */
function wordsOf(error: Error): string {
  const [, said] = /Nondeterminism error: (.*?)", source/.exec(error.message) ?? [];
  return (said ?? error.message.split('\n')[0] ?? error.message).replaceAll('\\"', '"');
}

function describe(event: Event): string {
  const type = temporal.api.enums.v1.EventType[event.eventType ?? 0] ?? '';
  const name =
    event.activityTaskScheduledEventAttributes?.activityType?.name ??
    event.markerRecordedEventAttributes?.markerName ??
    event.timerStartedEventAttributes?.timerId;
  return [type.replace(/^EVENT_TYPE_/, ''), ...(name == null ? [] : [name])].join(' ');
}

const idOf = (event: Event): number => Number(event.eventId ?? 0);
