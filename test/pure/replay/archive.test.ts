/** An outcome that Temporal keeps no more is replayed from the archive, and one whose key was destroyed is not there. */
import { temporal } from '@temporalio/proto';
import { liveSource } from '../../../src/app/replay/sources';
import { packHistory } from '../../../src/projection/archive';
import { OutcomeError } from '../../../src/temporal/outcome-error';

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
