/**
 * Golden histories: what Temporal recorded of outcomes that older code ran, one file a run, with the trace that is told of
 * them. They are never edited; `scripts/golden-histories.ts` records them anew, and the review reads why.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { temporal } from '@temporalio/proto';
import { printTrace } from '../../src/engine/trace';
import { readRun, tellRuns } from '../../src/temporal/history';
import { createCodec } from '../../src/temporal/codec';

const { History: HistoryProto } = temporal.api.history.v1;
export type History = temporal.api.history.v1.IHistory;
/** One event as JSON: enums by name, longs and bytes as text. */
export type PlainEvent = Readonly<Record<string, unknown>>;

export interface GoldenHistory {
  readonly name: string;
  /** Oldest first. */
  readonly runs: readonly History[];
  readonly trace: string;
}

const FOLDER = path.join(__dirname, '../golden/histories');
/** Histories of people's acts, of clocks and of acts of control: read for what they owe the log, and replayed. */
const ACTS = path.join(__dirname, '../golden/acts');
const TRACE = '.trace';
const RUN = /^(.+)\.(\d+)\.json\.gz$/;

/** The trace that histories tell, as it stands in the file. */
export async function traceTextOf(runs: readonly History[]): Promise<string> {
  const codec = createCodec();
  const read = await Promise.all(runs.map((run) => readRun(run, codec)));
  return `${printTrace(tellRuns(read).trace).join('\n')}\n`;
}

export async function writeGolden(name: string, runs: readonly History[]): Promise<void> {
  const plain = writeRuns(FOLDER, name, runs);
  writeFileSync(path.join(FOLDER, `${name}${TRACE}`), await traceTextOf(plain.map(historyOf)));
}

export function writeAct(name: string, runs: readonly History[]): void {
  writeRuns(ACTS, name, runs);
}

function writeRuns(folder: string, name: string, runs: readonly History[]): readonly PlainEvent[][] {
  const plain = runs.map((run) => plainEventsOf(run).map((event) => anonymous(event) as PlainEvent));
  mkdirSync(folder, { recursive: true });
  for (const [i, events] of plain.entries()) {
    const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
    writeFileSync(path.join(folder, `${name}.${i + 1}.json.gz`), gzipSync(text, { level: 9 }));
  }
  return plain;
}

/** Removes all of them, so that none is left of a story that is no longer told. */
export function clearGoldens(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}

export function clearActs(): void {
  rmSync(ACTS, { recursive: true, force: true });
}

/** Every run of every act, by name. */
export const readActs = (): readonly { readonly name: string; readonly run: History }[] =>
  readdirSync(ACTS)
    .sort()
    .flatMap((file) => {
      const [, name] = RUN.exec(file) ?? [];
      return name === undefined ? [] : [{ name, run: historyOf(readRunFile(ACTS, file)) }];
    });

export function readGoldens(): readonly GoldenHistory[] {
  const files = readdirSync(FOLDER).sort();
  return files
    .filter((file) => file.endsWith(TRACE))
    .map((file) => {
      const name = file.slice(0, -TRACE.length);
      const runs = files
        .filter((other) => RUN.exec(other)?.[1] === name)
        .map((run) => historyOf(readRunFile(FOLDER, run)));
      return { name, runs, trace: readFileSync(path.join(FOLDER, file), 'utf8') };
    });
}

/** One event a line. */
function readRunFile(folder: string, file: string): readonly PlainEvent[] {
  const text = gunzipSync(readFileSync(path.join(folder, file))).toString('utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as PlainEvent]));
}

export const historyOf = (events: readonly PlainEvent[]): History => HistoryProto.fromObject({ events });

export const plainEventsOf = (history: History): readonly PlainEvent[] =>
  HistoryProto.toObject(HistoryProto.fromObject(history), { enums: String, longs: String, bytes: String })[
    'events'
  ] as readonly PlainEvent[];

/**
 * Without what tells of the machine it ran on: identities of clients and workers, the sticky queues named after them, and
 * stacks, which name files. None of it takes part in replay, nor in the trace.
 */
function anonymous(value: unknown, name = ''): unknown {
  if (name === 'identity') return 'robot';
  if (name === 'stackTrace') return '';
  if (Array.isArray(value)) return value.map((item) => anonymous(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, anonymous(inner, key)] as const);
  const plain: Record<string, unknown> = Object.fromEntries(entries);
  return plain['kind'] === 'TASK_QUEUE_KIND_STICKY' ? { ...plain, name: 'sticky' } : plain;
}
