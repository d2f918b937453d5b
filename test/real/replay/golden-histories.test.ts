/**
 * Histories that Temporal recorded of outcomes are replayed with the workflow code of today: an outcome that runs while the
 * code changes goes on with it. A history that was tampered with shows that a difference would be seen.
 */
import {
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type ReplayWorkerOptions,
} from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { createCodec } from '../../../src/temporal/codec';
import { projectorSinks } from '../../../src/temporal/sinks';
import { bundleOnce } from '../../kit/bundle-once';
import {
  historyOf,
  plainEventsOf,
  readActs,
  readGoldens,
  traceTextOf,
  type History,
} from '../../kit/golden-histories';

/** Stories that have to be there, each in both lanes. */
const STORIES = [
  'onboarding',
  'onboarding-refused',
  'gate-approved',
  'retry-exit',
  'incident-resolved',
  'continued',
  'cancelled',
  'backstep-after-end',
] as const;

const goldens = readGoldens();
const golden = (name: string): History => {
  const [first] = goldens.find((one) => one.name === name)?.runs ?? [];
  if (first === undefined) throw new Error(`there is no golden history \`${name}\``);
  return first;
};

let options: ReplayWorkerOptions;
beforeAll(async () => {
  // Replay that fails is what some of these tests want.
  const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter } } });
  options = {
    workflowBundle: await bundleOnce(),
    dataConverter: { payloadCodecs: [createCodec()] },
    sinks: projectorSinks(),
  };
}, 60_000);

/** What replay makes of each history: `undefined` where it takes the same way again. */
async function replay(...histories: readonly History[]): Promise<readonly (Error | undefined)[]> {
  const errors: (Error | undefined)[] = [];
  const numbered = histories.map((history, i) => ({ history, workflowId: `golden-${i}` }));
  for await (const { error } of Worker.runReplayHistories(options, numbered)) errors.push(error);
  return errors;
}

/** The history with some of its events changed. */
function tampered(history: History, change: (events: Events) => void): History {
  const events = structuredClone(plainEventsOf(history)) as Events;
  change(events);
  return historyOf(events);
}

type Attributes = Record<string, unknown>;
type Events = Record<string, Attributes | string>[];

/** The attributes of events of that kind. */
const attributesOf = (events: Events, kind: string): readonly Attributes[] =>
  events.flatMap((event) => (kind in event ? [event[kind] as Attributes] : []));

test('every story is there in both lanes', () => {
  const wanted = STORIES.flatMap((story) => [`${story}-local`, `${story}-remote`]).sort();
  expect(goldens.map(({ name }) => name)).toEqual(wanted);
});

test('today’s code takes the same way through every golden history', async () => {
  const runs = [
    ...goldens.flatMap(({ name, runs }) => runs.map((run, i) => ({ name: `${name}.${i + 1}`, run }))),
    ...readActs(),
  ];
  const errors = await replay(...runs.map(({ run }) => run));
  const problems = runs.flatMap(({ name }, i) =>
    errors[i] === undefined ? [] : [`${name}: ${errors[i].message}`],
  );
  expect(problems).toEqual([]);
  expect(errors).toHaveLength(runs.length);
}, 60_000);

test.each(goldens)('the trace of $name is told as it was', async ({ runs, trace }) => {
  expect(await traceTextOf(runs)).toBe(trace);
});

test('an outcome that grew long is told over several runs', () => {
  const lengths = goldens.flatMap(({ name, runs }) => (name.startsWith('continued') ? [runs.length] : []));
  expect(lengths.every((length) => length > 1)).toBe(true);
});

test('replay fails where the recorded action is another than the code asks for', async () => {
  const forged = tampered(golden('onboarding-remote'), (events) => {
    const [scheduled] = attributesOf(events, 'activityTaskScheduledEventAttributes');
    scheduled!['activityType'] = { name: 'okta.delete_everything' };
  });
  expect(await replay(forged)).toEqual([expect.any(DeterminismViolationError)]);
}, 60_000);

test('replay fails where an action that was done is recorded as one that failed', async () => {
  const forged = tampered(golden('onboarding-remote'), (events) => {
    const isIdentity = (at: Attributes): boolean => at['activityId'] === 'identity';
    const scheduled = events.find((event) =>
      isIdentity((event['activityTaskScheduledEventAttributes'] ?? {}) as Attributes),
    );
    const done = events.find(
      (event) =>
        (event['activityTaskCompletedEventAttributes'] as Attributes | undefined)?.['scheduledEventId'] ===
        scheduled?.['eventId'],
    );
    const { scheduledEventId, startedEventId } = done!['activityTaskCompletedEventAttributes'] as Attributes;
    const failure = { message: 'forged', applicationFailureInfo: { type: 'FORGED', nonRetryable: true } };
    delete done!['activityTaskCompletedEventAttributes'];
    done!['eventType'] = 'EVENT_TYPE_ACTIVITY_TASK_FAILED';
    done!['activityTaskFailedEventAttributes'] = { scheduledEventId, startedEventId, failure };
  });
  expect(await replay(forged)).toEqual([expect.any(DeterminismViolationError)]);
}, 60_000);

test('replay fails where the recorded local action is another than the code asks for', async () => {
  const forged = tampered(golden('onboarding-local'), (events) => {
    const [marker] = attributesOf(events, 'markerRecordedEventAttributes');
    const { data } = marker!['details'] as { readonly data: { readonly payloads: readonly Attributes[] } };
    const [payload] = data.payloads;
    const recorded = JSON.parse(Buffer.from(String(payload!['data']), 'base64').toString()) as Attributes;
    payload!['data'] = Buffer.from(
      JSON.stringify({ ...recorded, activity_type: 'okta.delete_everything' }),
    ).toString('base64');
  });
  expect(await replay(forged)).toEqual([expect.any(DeterminismViolationError)]);
}, 60_000);

test('no golden history tells of the machine it was recorded on', async () => {
  const codec = createCodec();
  for (const run of [...goldens.flatMap(({ runs }) => runs), ...readActs().map(({ run }) => run)]) {
    const plain = plainEventsOf(run);
    const told =
      JSON.stringify(plain) +
      (await Promise.all(payloadsOf(run).map((payload) => textOf(codec, payload)))).join('\n');
    expect(told).not.toMatch(/\d+@[\w-]+|\/work\/|\/home\/|\/root\/|\/tmp\/|node_modules|\.ts:\d+/);
  }
});

type Payload = Parameters<ReturnType<typeof createCodec>['decode']>[0][number];

async function textOf(codec: ReturnType<typeof createCodec>, payload: Payload): Promise<string> {
  const [decoded] = await codec.decode([payload]);
  return Buffer.from(decoded?.data ?? []).toString('utf8');
}

/** Every payload anywhere in it: what has data and metadata. */
function payloadsOf(value: unknown): Payload[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  if ('metadata' in value && 'data' in value && value.data instanceof Uint8Array) return [value as Payload];
  return Object.values(value).flatMap(payloadsOf);
}
