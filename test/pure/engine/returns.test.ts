/** Returns to a checkpoint: what comes of one that leads nowhere any more. */
import type { Course, GateNode, PlanNode } from '../../../src/plan/plan';
import { simulate } from '../../../src/simulator/simulator';
import { put, toyContracts, toyPlan } from '../../kit/plans';

const checkpoint = (id: string, after: readonly string[] = []): PlanNode => ({
  ...{ kind: 'checkpoint', id },
  ...(after.length === 0 ? {} : { after: [...after] }),
});

const gate = (id: string, after: readonly string[], onRejected: Course): GateNode => ({
  ...{ kind: 'gate', id, approval: 'approve', by: ['manager'], expiresAfterMs: 1_000 },
  ...(after.length === 0 ? {} : { after: [...after] }),
  ...{ onRejected, onExpired: { do: 'backstep' } },
});

test('a return to a checkpoint that an earlier return has taken back ends the whole way back, and waits for nobody', async () => {
  // What runs after the return to `outer` asks to return to `inner`, which stood behind it and is gone.
  const again = gate('outer/again', ['outer/box'], { do: 'backstep', to: 'inner' });
  const instead: Course = {
    ...{ do: 'backstep', to: 'outer' },
    body: { nodes: [put('outer/box'), again] },
  };
  const plan = toyPlan([
    put('first'),
    checkpoint('outer', ['first']),
    checkpoint('inner', ['outer']),
    put('second', ['inner']),
    gate('ask', ['second'], instead),
  ]);
  const { state, trace, world } = await simulate({
    plan,
    contracts: toyContracts,
    oracle: { gate: () => 'reject' },
  });
  expect(state.phase).toBe('backstepped');
  expect(world.snapshot()).toBe('{}');
  const undone = trace.flatMap((event) => (event.kind === 'comp.ok' ? [event.node] : []));
  expect(undone).toEqual(['second', 'outer/box', 'first']);
});
