/** An outcome that Temporal keeps no more is replayed from the archive, and one whose key was destroyed is not there. */
import { temporal } from '@temporalio/proto';
import { liveSource } from '../../../src/app/replay/sources';
import { traceStream } from '../../../src/api/stream';
import { describeOutcome, followOutcome } from '../../../src/app/archived-outcome';
import { storyFrom } from '../../../src/app/replay/replay';
import { packHistory } from '../../../src/projection/archive';
import { createCodec } from '../../../src/temporal/codec';
import { OutcomeError } from '../../../src/temporal/outcome-error';
import { goldenRuns } from '../../kit/golden-records';

const ID = 'acme/TOY-R-001/e1';
const key = { id: 'k1', key: new Uint8Array(32).fill(7) };

const history = (seconds: number) =>
  temporal.api.history.v1.History.fromObject({
    events: [{ eventId: '1', eventTime: { seconds }, workflowExecutionStartedEventAttributes: {} }],
  });

/** Two runs in the archive, the later one first; Temporal knows of none. */
function source(known: ReadonlyMap<string, typeof key>, subjectKey: string | null = key.id) {
  const runs = { late: history(20), soon: history(10) };
  const sealed = subjectKey === null ? undefined : key;
  const evidence = {
    store: {
      runsOf: (_tenant: string, workflow: string) =>
        Promise.resolve(
          workflow === ID ? Object.keys(runs).map((run) => ({ run, workflow, subjectKey })) : [],
        ),
      archived: ({ run }: { readonly run: keyof typeof runs }) =>
        Promise.resolve({
          sealedWith: subjectKey,
          stored: packHistory({ tenant: 'acme', workflow: ID, run }, runs[run], sealed),
        }),
    },
    keys: { byId: (_tenant: string, id: string) => Promise.resolve(known.get(id)) },
  };
  const gone = (id: string) => Promise.reject(new OutcomeError('OUTCOME_UNKNOWN', id));
  return liveSource({ outcomes: { histories: gone, runs: gone }, ingest: {}, evidence } as never).histories;
}

const times = async (from: ReturnType<typeof source>): Promise<readonly number[]> =>
  (await from.histories(ID)).map(({ events }) => Number(events?.[0]?.eventTime?.seconds));

test('runs come from the archive, sealed or not, oldest first', async () => {
  expect(await times(source(new Map([[key.id, key]])))).toEqual([10, 20]);
  expect(await times(source(new Map(), null))).toEqual([10, 20]);
});

test('what was never there, and what nobody can read any more, is not there', async () => {
  await expect(source(new Map([[key.id, key]])).histories('acme/TOY-R-001/e2')).rejects.toMatchObject({
    code: 'OUTCOME_UNKNOWN',
  });
  await expect(times(source(new Map()))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
});

test('it is described, and its story told to the end as that of any other that is over', async () => {
  const { workflow, run, history: held } = goldenRuns().find(({ name }) => name === 'gate-approved-local.1')!;
  const gone = (id: string) => Promise.reject(new OutcomeError('OUTCOME_UNKNOWN', id));
  const services = {
    outcomes: { histories: gone, runs: gone, describe: gone, tell: gone },
    ingest: {},
    evidence: {
      codec: createCodec(),
      keys: { byId: () => Promise.resolve(undefined) },
      store: {
        runsOf: (_tenant: string, id: string) =>
          Promise.resolve(id === workflow ? [{ run, workflow, subjectKey: null }] : []),
        archived: () => {
          const stored = packHistory({ tenant: 'acme', workflow, run }, held, undefined);
          return Promise.resolve({ sealedWith: null, stored });
        },
      },
    },
  } as never;
  const described = await describeOutcome(services, workflow);
  expect(described).toMatchObject({
    value: { id: workflow, outcome: 'TOY-R-001', phase: 'completed', isRunning: false },
  });
  const { startedAt = 0, closedAt = 0 } = described.ok ? described.value : {};
  expect(closedAt).toBeGreaterThan(startedAt);
  expect(await describeOutcome(services, 'acme/TOY-R-001/never')).toMatchObject({
    error: { code: 'OUTCOME_UNKNOWN' },
  });
  const story = await storyFrom(liveSource(services), workflow);
  if (!story.ok) throw new Error(story.error.code);
  const frames: string[] = [];
  for await (const frame of traceStream(followOutcome(services, story.value, new AbortController().signal)))
    frames.push(frame);
  expect(frames.filter((frame) => frame.includes('event: trace'))).toHaveLength(
    story.value.told.trace.length,
  );
  expect(frames.at(-1)).toContain('event: end');
});
