/** Laws of the engine, on generated plans with everything that can go wrong. */
import fc from 'fast-check';
import type { Effects, Happening } from '../../../src/engine/effects';
import { fold } from '../../../src/engine/fold';
import { layoutOf, planNodeOf, type Layout } from '../../../src/engine/layout';
import { wayTo } from '../../../src/engine/strays';
import { interpret } from '../../../src/engine/interpret';
import type { EngineState } from '../../../src/engine/state';
import type { TraceEvent } from '../../../src/engine/trace';
import { jsonCopy } from '../../../src/kernel/json';
import type { Plan } from '../../../src/plan/plan';
import { ModelWorld } from '../../../src/simulator/model-world';
import { PredictedEffects, simulate } from '../../../src/simulator/simulator';
import { LOST_BOX, seededOracle } from '../../kit/oracle';
import { arbitraryPlan, inLanes, toyContracts } from '../../kit/plans';
import { runs } from '../../kit/runs';

/** Plans per law. */
const RUNS = runs(300);

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
        expect(unaccounted({ state, world })).toEqual([]);
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

  it('undoes a node only after everything that ran behind it', async () => {
    let pairs = 0;
    await fc.assert(
      fc.asyncProperty(plans, async ([plan, seed, trouble]) => {
        const { trace, state } = await run(plan, seed, trouble);
        if (state.phase !== 'backstepped') return;
        const done = positions(trace, ['awf.ok', 'awf.stray']);
        const undone = positions(trace, ['comp.ok']);
        const layout = layoutOf(plan);
        for (const [id, at] of undone) {
          // An unanswered action that was skipped is undone at once, before anything stands behind it.
          if (!done.has(id)) continue;
          for (const [before, later] of undone) {
            if (!done.has(before) || !standsBehind(layout, id, before)) continue;
            // What a return took back before this one ran is no matter of its order.
            if (later < done.get(id)!) continue;
            pairs += 1;
            expect({ before, id, isFirst: at < later }).toEqual({ before, id, isFirst: true });
          }
        }
      }),
      { numRuns: RUNS },
    );
    if (RUNS >= 300) expect(pairs).toBeGreaterThan(RUNS / 10);
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
        if (endsEarly(plan)) {
          // Which branch an end cuts off, and where, is a matter of time; what it leaves is accounted for all the same.
          if (cut.state.phase === 'backstepped') expect(cut.world.snapshot()).toBe('{}');
          else expect(unaccounted(cut)).toEqual([]);
          return;
        }
        expect(cut.state.phase).toBe(whole.state.phase);
        expect(cut.world.snapshot()).toBe(whole.world.snapshot());
      }),
      { numRuns: RUNS },
    );
  });
});

const endsEarly = (plan: Plan): boolean =>
  [...layoutOf(plan).home.keys()].some((id) => planNodeOf(layoutOf(plan), id)?.kind === 'end');

/** What stands on the shelf and no node of the state has put there, or may have. */
function unaccounted({
  state,
  world,
}: {
  readonly state: EngineState;
  readonly world: ModelWorld;
}): readonly string[] {
  const owed = Object.values(state.nodes).filter(({ undo }) => undo === 'acted' || undo === 'intended');
  const known = owed.map(({ input }) => `shelf/${(input as { box: string }).box}`);
  return [...world.contents.keys()].filter((address) => !known.includes(address));
}

/** Positions in the trace, by node; the last one counts. */
const positions = (
  trace: readonly TraceEvent[],
  kinds: readonly TraceEvent['kind'][],
): ReadonlyMap<string, number> =>
  new Map(
    trace.flatMap((event, i) =>
      kinds.includes(event.kind) && 'node' in event ? [[event.node, i] as const] : [],
    ),
  );

/** Whether one action instance could only start when another was done: in its block, or around the blocks they stand in. */
function standsBehind(layout: Layout, id: string, before: string): boolean {
  const [ways, others] = [wayTo(layout, id), wayTo(layout, before)];
  const level = ways.findIndex((link, i) => link.id !== others[i]?.id);
  const [mine, other] = [ways[level], others[level]];
  if (mine === undefined || other === undefined || mine.block !== other.block) return false;
  const block = layout.blocks.get(mine.key);
  const open = [mine.planId];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const after = block?.byId.get(next)?.after ?? [];
    if (after.includes(other.planId)) return true;
    open.push(...after);
  }
  return false;
}

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
    arrived: () => effects.arrived(),
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
