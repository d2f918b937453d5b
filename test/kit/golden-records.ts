/** What the golden histories owe the PolicyLog, as records of one log: derived as a projector would, with a fixed key. */
import { primitives } from '../../src/app/primitives';
import type { Derived } from '../../src/audit/derived';
import { deriveFrom, readHistory, type ReadHistory } from '../../src/projection/derive-history';
import { createCodec } from '../../src/temporal/codec';
import { CONTROL_PREFIX } from '../../workflows/control-protocol';
import { readActs, readGoldens, type History } from './golden-histories';

export const GOLDEN_KEY = { id: 'k0000000000000000', key: Buffer.alloc(32, 7) };

export interface GoldenRun {
  readonly name: string;
  readonly workflow: string;
  readonly run: string;
  readonly history: History;
}

/** Every run of every golden history and act, under a workflow id and a run id of its own. */
export function goldenRuns(): readonly GoldenRun[] {
  const outcomes = readGoldens().flatMap(({ name, runs }) =>
    runs.map((history, i) => runOf(`${name}.${i + 1}`, name, history)),
  );
  return [...outcomes, ...readActs().map(({ name, run }) => runOf(name, name, run))];
}

function runOf(name: string, of: string, history: History): GoldenRun {
  const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
  const type = started?.workflowType?.name ?? '';
  const run = started?.originalExecutionRunId ?? '';
  const workflow = type === 'control' ? `${CONTROL_PREFIX}acme:${of}` : `acme/${type}/${of}`;
  return { name, workflow, run, history };
}

export const readGolden = (
  { workflow, run }: Pick<GoldenRun, 'workflow' | 'run'>,
  history: History,
): Promise<ReadHistory> => readHistory({ workflow, run }, history, createCodec());

/** Derives from a history, or from its beginning. */
export async function deriveGolden(
  golden: GoldenRun,
  history: History = golden.history,
): Promise<readonly Derived[]> {
  const read = await readGolden(golden, history);
  return deriveFrom(read, { sha256: primitives.sha256, subjectKey: GOLDEN_KEY });
}
