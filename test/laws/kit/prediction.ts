/** The prediction of an AWF held against what really happens: simulator and `verify` are worth as much as this law. */
import { strict as assert } from 'node:assert';
import type { World } from '../../../src/dsl/awf';
import type { Json } from '../../../src/kernel/json';
import { ModelWorld } from '../../../src/simulator/model-world';
import { fire, inFreshWorld, sameWorld, undone, type Law, type Subject } from './case';

export const predicted: Law = {
  id: 'p',
  title: 'the prediction agrees with what happens: what changes, what comes out, what is to be undone',
  run: async (subject) => {
    for (const isAlready of subject.fixture.neverAlready === undefined ? [false, true] : [false]) {
      await inFreshWorld(subject, async (at) => {
        if (isAlready) await at.already!();
        const before = await at.world.state();
        const key = at.drive.newKey();
        const real = await fire(at, key);
        const hasChanged = JSON.stringify(await at.world.state()) !== JSON.stringify(before);
        const model = modelThat(subject, at.input, hasChanged);
        assert.ok(model, `no model world in which the prediction ${hasChanged ? 'changes' : 'leaves'} it`);
        assert.deepEqual(shapeOf(model.output), shapeOf(real.output), 'the shape of the output');
        assert.deepEqual(shapeOf(model.undo), shapeOf(real.undo), 'the shape of the arguments of the undo');
        assert.equal(model.isRestored, true, 'undone in the model, the model is not as before');
        undone(await at.drive.undo(key, at.of, real.undo));
        await sameWorld(at, before, 'the undo does not restore what was there');
      });
    }
  },
};

interface Modelled {
  readonly output: Json;
  readonly undo: Json;
  readonly isRestored: boolean;
}

/** The prediction in the first of the plausible worlds in which it changes as much as the real action did. */
function modelThat(subject: Subject, input: Json, changes: boolean): Modelled | undefined {
  const { contract, undoneBy } = subject;
  const parsed = contract.input.parse(input);
  const seeds: ((world: World) => unknown)[] = [
    () => undefined,
    (world) => contract.predict(world, parsed),
    (world) => {
      const seed = undoneBy.input.safeParse(input);
      return seed.success ? undoneBy.predict(world, seed.data) : undefined;
    },
  ];
  for (const seed of seeds) {
    const model = new ModelWorld();
    model.predict(seed);
    const before = model.snapshot();
    const { output, prior } = model.predict((world) => contract.predict(world, parsed));
    if ((model.snapshot() !== before) !== changes) continue;
    const known = { input: parsed, output, ...(prior === undefined ? {} : { prior }) };
    const undo = contract.compensation!.input(known);
    if (undo !== null) model.predict((world) => undoneBy.predict(world, undoneBy.input.parse(undo)));
    return { output, undo, isRestored: model.snapshot() === before };
  }
  return undefined;
}

/** Names of the members, all the way down; elements of lists and values do not count. */
function shapeOf(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return value === null ? null : true;
  const members = Object.entries(value as Readonly<Record<string, Json>>).map(
    ([name, member]): [string, Json] => [
      name,
      member === null || typeof member !== 'object' ? true : shapeOf(member),
    ],
  );
  return Object.fromEntries(members);
}
