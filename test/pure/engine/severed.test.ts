/** An outcome that was ended by force, at any moment of any plan, can be taken back in full from what its history holds. */
import fc from 'fast-check';
import type { Happening } from '../../../src/engine/effects';
import { interpret } from '../../../src/engine/interpret';
import { severed } from '../../../src/engine/severed';
import { jsonCopy } from '../../../src/kernel/json';
import type { Plan } from '../../../src/plan/plan';
import { PredictedEffects, simulate } from '../../../src/simulator/simulator';
import { seededOracle } from '../../kit/oracle';
import { arbitraryPlan, inLanes, put, toyContracts, toyPlan } from '../../kit/plans';
import { runs } from '../../kit/runs';

class PulledPlug extends Error {}

/** Runs a plan until the walker has been told so many things, and what it asked for last is on its way. */
async function cutShort(plan: Plan, effects: PredictedEffects, after: number) {
  const happenings: Happening[] = [];
  const ended = await interpret(plan, effects, {
    at: 0,
    observe: (advance, _machine, happening) => {
      effects.watch(advance.trace);
      if (happening !== undefined) happenings.push(jsonCopy(happening));
      if (happenings.length > after) throw new PulledPlug();
    },
  }).catch((error: unknown) => {
    if (error instanceof PulledPlug) return undefined;
    throw error;
  });
  return { happenings: ended === undefined ? happenings.slice(0, after) : happenings, ended };
}

const cut = fc
  .tuple(arbitraryPlan(), fc.nat(), fc.constantFrom(0, 15, 40), fc.nat({ max: 40 }))
  .map(([plan, seed, trouble, after]) => [inLanes(plan, seed), seed, trouble, after] as const);

test('whatever was under way, the way back leaves the world as it was', async () => {
  let inFlight = 0;
  await fc.assert(
    fc.asyncProperty(cut, async ([plan, seed, trouble, after]) => {
      const oracle = { ...seededOracle(plan, seed, trouble), lost: () => [] };
      const effects = new PredictedEffects({ plan, contracts: toyContracts, oracle });
      const { happenings, ended } = await cutShort(plan, effects, after);
      if (ended !== undefined) return;
      const { state, asked } = severed(plan, { start: { at: 0 }, happenings });
      inFlight += Object.values(state.nodes).filter(({ isUnclear }) => isUnclear === true).length;
      for (const [node, { firings = 0 }] of Object.entries(state.nodes))
        expect(asked.fire[node] ?? 0).toBe(firings);
      const back = await simulate({
        plan,
        contracts: toyContracts,
        world: effects.world,
        prior: effects.captured,
        from: state,
        first: [{ kind: 'backstep', by: 'person:ada' }],
      });
      expect(back.state.phase).toBe('backstepped');
      expect(back.state.inFlight).toBe(0);
      expect(back.world.snapshot()).toBe('{}');
    }),
    { numRuns: runs(300) },
  );
  expect(inFlight).toBeGreaterThan(0);
});

test('an undo that was asked for is asked for as the next one', () => {
  const plan = toyPlan([put('a')]);
  const committed = { kind: 'committed', output: null, undo: { box: 'a' } } as const;
  const at = 1;
  const first = [{ kind: 'backstep', by: 'person:ada' }] as const;
  const { state } = severed(plan, { start: { at }, happenings: [] });
  expect(state.nodes['a']).toMatchObject({ status: 'failed', undo: 'intended', isUnclear: true });
  const whole = severed(plan, {
    start: { at },
    happenings: [{ at, event: { kind: 'fired', node: 'a', result: committed } }],
  });
  const once = severed(plan, { start: { at, from: whole.state, first }, happenings: [] }, whole.asked);
  expect(once.asked).toEqual({ fire: { a: 1 }, undo: { a: 1 } });
  expect(once.state.nodes['a']).toMatchObject({ status: 'failed', undo: 'acted' });
});
