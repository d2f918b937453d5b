/** Robots on the stand that fire the toy AWFs at a shelf, and a client; one bundle serves all tests of a file. */
import { randomUUID } from 'node:crypto';
import type { OutcomeStart } from '../../workflows/protocol';
import type { SignAct } from '../../src/approvals/acts';
import type { Plan } from '../../src/plan/plan';
import { createBarrier } from '../../src/store/barrier';
import type { Admit } from '../../src/temporal/admission';
import { createActivities } from '../../src/temporal/activities';
import { connectOutcomes, type Outcomes } from '../../src/temporal/client';
import { createCodec } from '../../src/temporal/codec';
import { createDispatcher } from '../../src/temporal/dispatcher';
import {
  quietRuntime,
  startWorker,
  type Robot,
  type RunningWorker,
  type WorkflowBundle,
} from '../../src/temporal/worker';
import { printTrace } from '../../src/engine/trace';
import { Shelf } from './shelf';
import { toyContracts } from './plans';
import { bundleOnce } from './bundle-once';
import { openTestStand, type TestStand } from './stand';

export interface Robots {
  readonly stand: TestStand;
  readonly outcomes: Outcomes;
  readonly shelf: Shelf;
  readonly bundle: WorkflowBundle;
  /** Starts a plan as an outcome of its own. */
  run(plan: Plan, rest?: Partial<OutcomeStart>): Promise<string>;
  /** Lines of the trace without their times. */
  traceOf(id: string): Promise<readonly string[]>;
  start(robots?: readonly Robot[]): Promise<RunningWorker>;
  close(): Promise<void>;
}

let quieted = false;

export const codec = createCodec();

/** `workers: false` starts none: the test starts its own. `stand` names servers that nobody else uses. */
export async function openRobots(
  options: {
    readonly workers?: boolean;
    readonly stand?: string;
    readonly onGrown?: (run: { readonly workflow: string; readonly run: string }) => void;
    /** Signs people's acts at this door; by default nobody does. */
    readonly sign?: SignAct;
    /** Of acts of control; by default nobody performs any. */
    readonly controls?: (database: TestStand['database']) => object;
    /** Lets actions fire; by default the barrier alone does. */
    readonly admit?: (stand: TestStand) => Admit;
  } = {},
): Promise<Robots> {
  const stand = await openTestStand(options.stand);
  if (!quieted) quietRuntime();
  quieted = true;
  const { address, namespace } = stand.stand.temporal;
  const { sign } = options;
  const outcomes = await connectOutcomes({
    ...{ address, namespace, codec },
    ...(sign === undefined ? {} : { sign }),
  });
  const shelf = new Shelf();
  const log = { info: () => undefined, warn: () => undefined };
  const dispatcher = createDispatcher({
    barrier: createBarrier(stand.database),
    effects: shelf.effects,
    connections: () => ({ baseUrl: '', secrets: {} }),
    now: Date.now,
    log,
    ...(options.admit === undefined ? {} : { admit: options.admit(stand) }),
  });
  const activities = {
    ...createActivities({ dispatcher, awfs: toyContracts.keys(), log }),
    ...options.controls?.(stand.database),
  };
  const bundle = await bundleOnce();
  const start = (robots: readonly Robot[] = ['service', 'platform:toys']): Promise<RunningWorker> =>
    startWorker({
      ...{ address, namespace, robots, activities, codec, bundle },
      ...(options.onGrown === undefined ? {} : { onGrown: options.onGrown }),
    });
  const worker = options.workers === false ? undefined : await start();
  return {
    stand,
    outcomes,
    shelf,
    bundle,
    start,
    run: async (plan, rest = {}) => {
      const begun = { plan, planId: 'test', cause: { event: 'e' }, startedBy: 'person:mary', ...rest };
      return (await outcomes.start(begun, randomUUID())).id;
    },
    traceOf: async (id) =>
      printTrace((await outcomes.tell(id)).trace).map((line) => line.slice('HH:MM:SS '.length)),
    close: async () => {
      await worker?.stop();
      await outcomes.close();
      await stand.close();
    },
  };
}

/** The text of a trace without durations, which no two runs share. */
export const timeless = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.replace(/duration=\S+/, 'duration=…'));
