/**
 * Where histories come from: a running Temporal, an archive, or a file. Whatever replays an outcome asks this one port, so
 * it works the same from each of them.
 * Adapter ring. It reads; nothing behind it can start, signal or change an outcome.
 */
import type { PayloadCodec } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import type { temporal } from '@temporalio/proto';
import { BACKSTEP_SUFFIX, outcomeOfWorkflow, type OutcomeStart } from '../../workflows/protocol';
import type { Told } from '../engine/fold';
import { invariant } from '../kernel/invariant';
import { err, ok, type Result } from '../kernel/result';
import { readRun, tellRuns, type ReadRun } from '../temporal/history';
import { OutcomeError } from '../temporal/outcome-error';

export type History = temporal.api.history.v1.IHistory;

export interface HistorySource {
  /** Raw histories of the runs of an outcome, oldest first. Rejects with OutcomeError `OUTCOME_UNKNOWN` where there is none. */
  histories(id: string): Promise<readonly History[]>;
}

/** The history of one run, with the outcome and the run that it is of. */
export interface RunHistory {
  readonly id: string;
  /** From 1: an outcome that grew long has several. */
  readonly run: number;
  readonly history: History;
}

/** Everything that the histories of one outcome tell. */
export interface Story {
  readonly id: string;
  readonly start: OutcomeStart;
  /** Oldest first; the way back of a completed outcome comes last. */
  readonly runs: readonly ReadRun[];
  readonly told: Told;
}

/** All runs of an outcome: its own, and those of the way back that was asked for after it had completed. */
export async function runHistories(source: HistorySource, id: string): Promise<readonly RunHistory[]> {
  const own = await source.histories(id);
  const back = id.endsWith(BACKSTEP_SUFFIX) ? [] : await orNone(source.histories(id + BACKSTEP_SUFFIX));
  return [...own.map(numbered(id)), ...back.map(numbered(id + BACKSTEP_SUFFIX))];
}

/** Runs that have been read, wherever they come from; a client of Temporal is one. Rejects as `HistorySource` does. */
export interface RunSource {
  runs(id: string): Promise<readonly ReadRun[]>;
}

/** Reads what a source of raw histories gives. */
export const readingWith = (source: HistorySource, codec: PayloadCodec): RunSource => ({
  runs: async (id) => Promise.all((await source.histories(id)).map((history) => readRun(history, codec))),
});

/** The story of an outcome, from its histories alone. */
export async function readStory(source: RunSource, id: string): Promise<Story> {
  const own = await source.runs(id);
  const back = id.endsWith(BACKSTEP_SUFFIX) ? [] : await orNone(source.runs(id + BACKSTEP_SUFFIX));
  const runs = [...own, ...back];
  const [first] = runs;
  invariant(first !== undefined, 'an outcome has a run');
  return { id, start: first.start, runs, told: tellRuns(runs) };
}

/** Histories of some outcomes at hand, such as those of a file. */
export interface HistoryShelf extends HistorySource {
  /** Outcomes that are there, in the order in which they were put; ways back are part of theirs. */
  readonly ids: readonly string[];
}

/** A source over histories that are at hand. */
export function shelfOf(held: Iterable<readonly [id: string, runs: readonly History[]]>): HistoryShelf {
  const byId = new Map(held);
  const ids = [...byId.keys()].filter(
    (id) => outcomeOfWorkflow(id) === id || !byId.has(outcomeOfWorkflow(id)),
  );
  return {
    ids,
    histories: (id) => {
      const runs = byId.get(id);
      return runs === undefined
        ? Promise.reject(new OutcomeError('OUTCOME_UNKNOWN', id))
        : Promise.resolve(runs);
    },
  };
}

/**
 * Histories from the text of a file: what `GET /v1/outcomes/{id}/history` answers, one such object a line, a list of them, or
 * one history as Temporal exports it. A history that does not name its outcome goes by `name`.
 * Errors: what is wrong, in words.
 */
export function readHistoryFile(text: string, name: string): Result<HistoryShelf, string> {
  const read = documentsIn(text);
  if (!read.ok) return read;
  const held: [string, History[]][] = [];
  for (const [i, document] of read.value.entries()) {
    const where = read.value.length === 1 ? '' : `entry ${i + 1}: `;
    if (!isObject(document)) return err(`${where}it is no object`);
    const runs = 'events' in document ? [document] : document['runs'];
    if (!Array.isArray(runs) || runs.length === 0)
      return err(`${where}it has neither \`events\` nor \`runs\``);
    const id = typeof document['id'] === 'string' ? document['id'] : name;
    const histories: History[] = [];
    for (const run of runs) {
      const history = historyIn(run);
      if (!history.ok) return err(`${where}${history.error}`);
      histories.push(history.value);
    }
    held.push([id, histories]);
  }
  return held.length === 0 ? err('it is empty') : ok(shelfOf(held));
}

function documentsIn(text: string): Result<readonly unknown[], string> {
  try {
    const whole = JSON.parse(text) as unknown;
    return ok(Array.isArray(whole) ? (whole as unknown[]) : [whole]);
  } catch (error) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    if (lines.length < 2) return err(`it is no JSON: ${(error as Error).message}`);
    try {
      return ok(lines.map((line) => JSON.parse(line) as unknown));
    } catch (inLine) {
      return err(`it is no JSON, nor one object a line: ${(inLine as Error).message}`);
    }
  }
}

function historyIn(plain: unknown): Result<History, string> {
  if (!isObject(plain) || !Array.isArray(plain['events']) || plain['events'].length === 0)
    return err('a history has a list of `events`');
  try {
    const history = historyFromJSON(plain);
    const isStart = history.events?.[0]?.workflowExecutionStartedEventAttributes != null;
    return isStart ? ok(history) : err('its first event is not the start of a workflow');
  } catch (error) {
    return err(`it is no history of Temporal: ${(error as Error).message}`);
  }
}

async function orNone<T>(found: Promise<readonly T[]>): Promise<readonly T[]> {
  return found.catch((error: unknown) => {
    if (error instanceof OutcomeError && error.code === 'OUTCOME_UNKNOWN') return [];
    throw error;
  });
}

const numbered =
  (id: string) =>
  (history: History, i: number): RunHistory => ({ id, run: i + 1, history });

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
