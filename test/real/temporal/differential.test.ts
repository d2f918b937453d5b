/**
 * The simulator's trace equals Temporal's trace: generated plans run on a real server with real robots, and the simulator
 * walks them in the order in which Temporal's history says that things happened.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { EffectError, type AwfEffect, type EffectContext } from '../../../src/dsl/effect';
import type { EngineEvent } from '../../../src/engine/effects';
import { Machine, type Advance } from '../../../src/engine/machine';
import { TURNS_PER_RUN, type EngineState } from '../../../src/engine/state';
import { printTraceEvent, type TraceEvent } from '../../../src/engine/trace';
import type { Failure } from '../../../src/kernel/failure';
import { jsonCopy } from '../../../src/kernel/json';
import { mapBlocks } from '../../../src/plan/blocks';
import { decodePlan } from '../../../src/plan/decode';
import { encodePlan } from '../../../src/plan/encode';
import type { Lane, Plan } from '../../../src/plan/plan';
import { PredictedEffects } from '../../../src/simulator/simulator';
import { createBarrier } from '../../../src/store/barrier';
import { createActivities } from '../../../src/temporal/activities';
import { connectOutcomes, type Outcomes } from '../../../src/temporal/client';
import { createCodec } from '../../../src/temporal/codec';
import { createDispatcher } from '../../../src/temporal/dispatcher';
import { tellRuns, type ReadRun } from '../../../src/temporal/history';
import { quietRuntime, startWorker, type RunningWorker } from '../../../src/temporal/worker';
import { seededOracle, type SeededOracle } from '../../kit/oracle';
import { arbitraryPlan, putBox, takeBox, toyContracts } from '../../kit/plans';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';

const PLANS = Number(process.env['BACKSTEP_DIFFERENTIAL_PLANS'] ?? 25);
const AT_ONCE = 8;
/** Small enough for most outcomes to continue as new at least once when it is used. */
const FEW_TURNS = 7;

/** One outcome's world, and what goes wrong in it. */
interface Case {
  readonly plan: Plan;
  readonly seed: number;
  readonly trouble: number;
  readonly oracle: SeededOracle;
  readonly shelf: Set<string>;
}

const codec = createCodec();
const cases = new Map<string, Case>();
let stand: TestStand;
let outcomes: Outcomes;
let worker: RunningWorker;

beforeAll(async () => {
  quietRuntime();
  stand = await openTestStand();
  const { address, namespace } = stand.stand.temporal;
  outcomes = await connectOutcomes({ address, namespace, codec });
  const log = { info: () => undefined, warn: () => undefined };
  const dispatcher = createDispatcher({
    barrier: createBarrier(stand.database),
    effects: (awf) => Promise.resolve(EFFECTS.get(awf)),
    connections: () => ({ baseUrl: '', secrets: {} }),
    now: Date.now,
    log,
  });
  const activities = createActivities({ dispatcher, awfs: toyContracts.keys(), log });
  worker = await startWorker({ address, namespace, robots: ['service', 'platform:toys'], activities, codec });
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  await worker.stop();
  await outcomes.close();
  await stand.close();
}, 60_000);

describe.each(['remote', 'local'] as const)('in the %s lane', (lane) => {
  it('tells the same story as the simulator, and leaves the world as the story says', async () => {
    const seed = Number(process.env['BACKSTEP_SEED'] ?? Date.now() % 1_000_000);
    const samples = fc.sample(fc.tuple(arbitraryPlan(), fc.nat(), fc.constantFrom(0, 15, 40), fc.boolean()), {
      seed,
      numRuns: PLANS,
    });
    const ends = new Map<string, number>();
    const open = samples.map(([plan, oracleSeed, trouble, cut]) => ({ plan, oracleSeed, trouble, cut }));
    const walk = async (): Promise<void> => {
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        const plan = hasten(next.plan, next.oracleSeed, lane);
        const phase = await compare(plan, next, seed);
        ends.set(phase, (ends.get(phase) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, walk));
    process.stdout.write(`seed ${seed}, ${lane} lane: ${JSON.stringify(Object.fromEntries(ends))}\n`);
    expect([...ends.values()].reduce((sum, n) => sum + n, 0)).toBe(PLANS);
  }, 280_000);
});

async function compare(
  plan: Plan,
  sample: { readonly oracleSeed: number; readonly trouble: number; readonly cut: boolean },
  seed: number,
): Promise<string> {
  const { oracleSeed, trouble } = sample;
  const eventId = randomUUID();
  const id = `acme/TOY-R-001/${eventId}`;
  const its: Case = {
    plan,
    seed: oracleSeed,
    trouble,
    oracle: seededOracle(plan, oracleSeed, trouble),
    shelf: new Set(),
  };
  cases.set(id, its);
  const turns = sample.cut ? { turnsPerRun: FEW_TURNS } : {};
  await outcomes.start(
    { plan, planId: 'p', cause: { event: eventId }, startedBy: 'person:ada', ...turns },
    eventId,
  );
  await attend(id, its);
  const runs = await outcomes.runs(id);
  const told = tellRuns(runs);
  const predicted = shadow(its, runs);
  const where = `seed ${seed}, outcome ${id}, oracle ${oracleSeed}/${trouble}`;
  expect({ where, trace: lines(told.trace) }).toEqual({ where, trace: lines(predicted.trace) });
  expect({ where, phase: told.state.phase }).toEqual({ where, phase: predicted.state.phase });
  expect({ where, shelf: [...its.shelf].sort() }).toEqual({ where, shelf: predicted.boxes });
  if (told.state.phase === 'backstepped') expect(its.shelf.size).toBe(0);
  return told.state.phase;
}

/** Answers what the outcome asks of people until it is over. */
async function attend(id: string, { oracle }: Case): Promise<void> {
  for (;;) {
    const { state } = await outcomes.tell(id);
    if (state.phase === 'completed' || state.phase === 'backstepped') break;
    for (const [node, { status }] of Object.entries(state.nodes)) {
      const verdict = status === 'asking' ? oracle.gate(node) : 'expire';
      // What was asked may have been answered, or have run out, since the history was read.
      const act =
        status === 'incident'
          ? outcomes.resolve(id, node, oracle.resolve(node), 'person:simulated')
          : verdict === 'expire'
            ? undefined
            : outcomes.decide(id, { gate: node, verdict, by: 'person:simulated' });
      await act?.catch(() => undefined);
    }
    await sleep(100);
  }
  await outcomes.result(id);
}

/** The simulator, told of things in the order in which they happened: it must have asked for each of them by then. */
function shadow(
  { plan, seed, trouble }: Case,
  runs: readonly ReadRun[],
): { readonly trace: readonly TraceEvent[]; readonly state: EngineState; readonly boxes: readonly string[] } {
  const effects = new PredictedEffects({
    plan,
    contracts: toyContracts,
    // No task is lost here.
    oracle: { ...seededOracle(plan, seed, trouble), lost: () => [] },
  });
  const trace: TraceEvent[] = [];
  let machine: Machine | undefined;
  const take = (advance: Pick<Advance, 'commands'> & Partial<Advance>): void => {
    trace.push(...(advance.trace ?? []));
    advance.commands.forEach((command) => effects.perform(command));
  };
  for (const { at, start, happenings } of runs) {
    if (machine === undefined) {
      const begun = Machine.begin(plan, at, start.turnsPerRun ?? TURNS_PER_RUN);
      machine = begun.machine;
      take(begun.first);
    } else {
      // The state of our own machine goes on, not the one that the history carries.
      machine = Machine.resume(plan, jsonCopy(machine.state));
      effects.forgetTimers();
      take({ commands: machine.standing(at) });
    }
    for (const { at: when, event } of happenings) {
      take(machine.advance({ at: when, event: asPredicted(effects, event) }));
    }
  }
  if (machine === undefined) throw new Error('an outcome has a run');
  const boxes = [...effects.world.contents.keys()].map((address) => address.slice('shelf/'.length)).sort();
  return { trace, state: machine.state, boxes };
}

function asPredicted(effects: PredictedEffects, event: EngineEvent): EngineEvent {
  const isAnswer = event.kind === 'fired' || event.kind === 'undone' || event.kind === 'swept';
  if (!isAnswer && event.kind !== 'timer') return event;
  const predicted = effects.take((other) =>
    event.kind === 'timer'
      ? other.kind === 'timer' && other.timer === event.timer
      : event.kind === 'swept'
        ? other.kind === 'swept' && other.of === event.of
        : other.kind === event.kind && other.node === event.node,
  );
  // A timer that ran out while it was being stopped is told all the same, and changes nothing.
  if (predicted === undefined && event.kind === 'timer') return event;
  if (predicted === undefined) throw new Error(`the simulator never asked for ${JSON.stringify(event)}`);
  return predicted;
}

/** The same plan in one lane, without long waits: a gate that is to expire does so soon, others don't. */
function hasten(plan: Plan, seed: number, lane: Lane): Plan {
  const oracle = seededOracle(plan, seed, 0);
  const hastened = mapBlocks(plan, (node) => {
    if (node.kind === 'action') return { ...node, lane };
    if (node.kind === 'wait') return { ...node, for: { time: 20 } };
    if (node.kind !== 'gate') return node;
    return { ...node, expiresAfterMs: oracle.gate(node.id) === 'expire' ? 150 : 3_600_000 };
  });
  const decoded = decodePlan(encodePlan(hastened));
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.error));
  return decoded.value;
}

const lines = (trace: readonly TraceEvent[]): readonly string[] =>
  trace.map(
    (event) =>
      `${printTraceEvent(event)
        .slice(9)
        .replace(/duration=\S+/, '')} ${'node' in event ? event.node : ''}`,
  );

const unanswered: Failure = {
  class: 'permanent',
  code: 'ACTION_TIMED_OUT',
  message: 'cut',
  effect: 'unknown',
};

const caseOf = (context: EffectContext): { readonly its: Case; readonly node: string } => {
  const [tenant, outcome, eventId, ...node] = context.key.split('/');
  const its = cases.get(`${tenant}/${outcome}/${eventId}`);
  if (its === undefined) throw new Error(`nobody runs ${context.key}`);
  return { its, node: node.join('/') };
};

const EFFECTS = new Map(
  [
    {
      contract: putBox,
      capture: ({ box }: { box: string }, context: EffectContext) =>
        Promise.resolve(caseOf(context).its.shelf.has(box)),
      execute: ({ box }: { box: string }, context: EffectContext) => {
        const { its, node } = caseOf(context);
        const mode = its.oracle.fire(node);
        if (mode.as === 'refused') throw new EffectError(mode.failure);
        if (mode.as !== 'unanswered' || mode.happened) its.shelf.add(box);
        if (mode.as === 'unanswered') throw new EffectError(unanswered);
        return Promise.resolve({ box, colour: 'red' });
      },
    },
    {
      contract: takeBox,
      execute: ({ box }: { box: string }, context: EffectContext) => {
        const { its, node } = caseOf(context);
        const mode = its.oracle.undo(node);
        if (mode !== 'predicted') throw new EffectError(mode);
        return Promise.resolve({ changed: its.shelf.delete(box) });
      },
    },
  ].map((effect) => [effect.contract.name, effect as unknown as AwfEffect<unknown, unknown>]),
);
