/**
 * Golden histories: what Temporal recorded of outcomes that older code ran, one file a run, with the trace that is told of
 * them. They are never edited; `scripts/golden-histories.ts` records them anew, and the review reads why.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { temporal } from '@temporalio/proto';
import { printTrace } from '../../src/engine/trace';
import { readRun, tellRuns } from '../../src/temporal/history';
import { createCodec } from '../../src/temporal/codec';

export type History = temporal.api.history.v1.IHistory;

export interface GoldenHistory {
  readonly name: string;
  /** Oldest first. */
  readonly runs: readonly History[];
  readonly trace: string;
}

const FOLDER = path.join(__dirname, '../golden/histories');
const codec = createCodec();

/** The trace that histories tell, as it stands in the file. */
async function traceTextOf(runs: readonly History[]): Promise<string> {
  const read = await Promise.all(runs.map((run) => readRun(run, codec)));
  return `${printTrace(tellRuns(read).trace).join('\n')}\n`;
}

export async function writeGolden(name: string, runs: readonly History[]): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const [file] of filesOf(name)) rmSync(path.join(FOLDER, file));
  for (const [i, run] of runs.entries()) {
    const { events } = JSON.parse(historyToJSON(run)) as { events: readonly object[] };
    // One event a line: a difference then shows which.
    const lines = events.map((event) => JSON.stringify(event)).join(',\n');
    writeFileSync(path.join(FOLDER, `${name}.${i + 1}.json`), `{"events":[\n${lines}\n]}\n`);
  }
  writeFileSync(path.join(FOLDER, `${name}.trace`), await traceTextOf(runs));
}

export function readGoldens(): readonly GoldenHistory[] {
  const names = readdirSync(FOLDER).filter((file) => file.endsWith('.trace'));
  return names.map((file) => {
    const name = file.slice(0, -'.trace'.length);
    const runs = filesOf(name).map(([json]) => readHistory(path.join(FOLDER, json)));
    return { name, runs, trace: readFileSync(path.join(FOLDER, file), 'utf8') };
  });
}

const readHistory = (file: string): History => historyFromJSON(JSON.parse(readFileSync(file, 'utf8')));

/** Files of the runs with their numbers, in order. */
function filesOf(name: string): readonly (readonly [string, number])[] {
  return readdirSync(FOLDER)
    .flatMap((file) => {
      const number = file.startsWith(`${name}.`) ? /^(\d+)\.json$/.exec(file.slice(name.length + 1)) : null;
      return number === null ? [] : [[file, Number(number[1])] as const];
    })
    .sort(([, a], [, b]) => a - b);
}
