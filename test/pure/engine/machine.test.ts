/** Laws of the engine, on generated plans with everything that can go wrong. */
import fc from 'fast-check';
import type { Effects, Happening } from '../../../src/engine/effects';
import { fold } from '../../../src/engine/fold';
import { interpret } from '../../../src/engine/interpret';
import type { EngineState } from '../../../src/engine/state';
import type { TraceEvent } from '../../../src/engine/trace';
import { jsonCopy } from '../../../src/kernel/json';
import type { Plan } from '../../../src/plan/plan';
import { ModelWorld } from '../../../src/simulator/model-world';
import { PredictedEffects, simulate } from '../../../src/simulator/simulator';
import { LOST_BOX, seededOracle } from '../../kit/oracle';
import { arbitraryPlan, inLanes, toyContracts } from '../../kit/plans';

/** Plans per law; more are walked with `BACKSTEP_PROPERTY_RUNS`. */
const RUNS = Number(process.env['BACKSTEP_PROPERTY_RUNS'] ?? 300);

const run = (plan: Plan, seed: number, trouble: number) =>
  simulate({ plan, contracts: toyContracts, oracle: seededOracle(plan, seed, trouble) });

const plans = fc
  .tuple(arbitraryPlan(), fc.nat(), fc.constantFrom(0, 15, 40))
  .map(([plan, seed, trouble]) => [inLanes(plan, seed), seed, trouble] as const);

describe('the engine, on any plan and any trouble', () => {
  it('ends every outcome, and a backstepped one leaves the world as it was', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ([plan, seed, trouble]) => {
        const { state, world } = await run(plan, seed, trouble);
        expect(['completed', 'backstepped']).toContain(state.phase);
        if (state.phase === 'backstepped') expect(world.snapshot()).toBe('{}');
        expect(state.inFlight).toBe(0);
        expect([...world.contents.keys()].filter((address) => address.includes(LOST_BOX))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('keeps what it did, and nothing of what a lost task did, when it completes', async () => {
    let strays = 0;
    await fc.assert(
      fc.asyncProperty(plans, async ([plan, seed, trouble]) => {
        const { state, world, trace } = await run(plan, seed, trouble);
        if (state.phase !== 'completed') return;
        strays += trace.filter((event) => event.kind === 'awf.stray').length;
        const kept = Object.entries(state.nodes).filter(([, { undo }]) => undo === 'acted');
        for (const [, { input }] of kept) {
          expect(world.contents.has(`shelf/${(input as { box: string }).box}`)).toBe(true);
        }
      }),
      { numRuns: RUNS },
    );
    if (RUNS >= 300) expect(strays).toBeGreaterThan(0);
  });

  it('takes everything back from a completed outcome too', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ([plan, seed, trouble]) => {
        const done = await run(plan, seed, trouble);
        if (done.state.phase !== 'completed') return;
        const back = await simulate({
          plan,
          contracts: toyContracts,
          world: done.world,
          from: done.state,
          first: [{ kind: 'backstep', by: 'person:ada' }],
          prior: done.captured,
        });
        expect(back.state.phase).toBe('backstepped');
        expect(back.world.snapshot()).toBe('{}');
      }),
      { numRuns: RUNS },
    );
  });

  it('undoes a node only after everything that ran behind it in its block', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ([plan, seed, trouble]) => {
        const { trace, state } = await run(plan, seed, trouble);
        if (state.phase !== 'backstepped') return;
        const done = positions(trace, 'awf.ok');
        const undone = positions(trace, 'comp.ok');
        for (const node of plan.body.nodes) {
          for (const before of node.after ?? []) {
            const [a, b] = [undone.get(before), undone.get(node.id)];
            if (a === undefined || b === undefined) continue;
            // An unanswered action that was skipped is undone at once, before anything stands behind it.
            if (!done.has(node.id) || !done.has(before)) continue;
            expect(a).toBeGreaterThan(b);
          }
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('tells the same story when its history is folded again', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ([plan, seed, trouble]) => {
        const happenings: Happening[] = [];
        const live = await recorded(plan, seed, trouble, happenings);
        const told = fold(plan, { at: 0 }, happenings);
        expect(told.trace).toEqual(live.trace);
        expect(told.state).toEqual(live.state);
      }),
      { numRuns: RUNS },
    );
  });

  it('goes on from its state as JSON at any cut, with the same end', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.integer({ min: 1, max: 7 }), async ([plan, seed, trouble], turns) => {
        const whole = await run(plan, seed, trouble);
        const cut = await inPieces(plan, seed, trouble, turns);
        expect(cut.state.phase).toBe(whole.state.phase);
        expect(cut.world.snapshot()).toBe(whole.world.snapshot());
      }),
      { numRuns: RUNS },
    );
  });
});

/** Positions in the trace, by node; the last one counts. */
const positions = (trace: readonly TraceEvent[], kind: 'awf.ok' | 'comp.ok'): Map<string, number> =>
  new Map(trace.flatMap((event, i) => (event.kind === kind ? [[event.node, i] as const] : [])));

async function recorded(plan: Plan, seed: number, trouble: number, into: Happening[]) {
  const trace: TraceEvent[] = [];
  const effects = new PredictedEffects({
    plan,
    contracts: toyContracts,
    oracle: seededOracle(plan, seed, trouble),
  });
  const state = await interpret(plan, effects, {
    at: 0,
    observe: (advance, _machine, happening) => {
      if (happening !== undefined) into.push(jsonCopy(happening));
      trace.push(...advance.trace);
      effects.watch(advance.trace);
    },
  });
  return { state, trace };
}

async function inPieces(plan: Plan, seed: number, trouble: number, turns: number) {
  const world = new ModelWorld();
  const effects = new PredictedEffects({
    plan,
    contracts: toyContracts,
    world,
    oracle: seededOracle(plan, seed, trouble),
  });
  let now = 0;
  const remember: Effects = {
    perform: (command) => effects.perform(command),
    next: async () => {
      const happenings = await effects.next();
      now = happenings[happenings.length - 1]!.at;
      return happenings;
    },
  };
  let state: EngineState | undefined;
  for (let runs = 0; runs < 2_000; runs++) {
    state = await interpret(plan, remember, {
      at: now,
      turnsPerRun: turns,
      ...(state === undefined ? {} : { from: jsonCopy(state) }),
      observe: (advance) => effects.watch(advance.trace),
    });
    if (state.phase === 'completed' || state.phase === 'backstepped') return { state, world };
    // Timers belong to a run of the workflow: a new run starts its own.
    effects.forgetTimers();
  }
  throw new Error('the outcome never ended');
}
