/** The pivot: before it an outcome can go back, from it on it goes forward, and in doubt a person is asked. */
import type { Resolution } from '../../../src/engine/effects';
import type { AwfContract } from '../../../src/dsl/awf';
import { backstep } from '../../../src/dsl';
import { simulate, type FireMode } from '../../../src/simulator/simulator';
import { verify } from '../../../src/simulator/verify';
import { aRunbook, planOf, TOYS } from '../../kit/compile';
import { create, send } from '../../kit/toys';

const contracts = new Map<string, AwfContract>(TOYS.map((awf) => [awf.name, awf as unknown as AwfContract]));

const { plan } = planOf(
  aRunbook(({ run }) => {
    run('made', create, { key: 'a' });
    run('sent', send, { to: 'x', text: 'y' }, { pivot: true, onError: { '*': backstep() } });
  }),
);

/** The story where the pivot goes as `mode` says the first time and well after that, and a person answers an incident. */
async function told(mode: FireMode, resolution: Resolution = { as: 'retry' }) {
  let firings = 0;
  const { trace, state, world } = await simulate({
    plan,
    contracts,
    oracle: {
      fire: (node) => (node === 'sent' && firings++ === 0 ? mode : { as: 'predicted' }),
      resolve: () => resolution,
    },
  });
  return {
    kinds: trace.map(({ kind }) => kind).slice(2),
    residue: state.residue,
    world: [...world.contents.keys()].filter((address) => !address.endsWith('/status')),
  };
}

const refused: FireMode = {
  as: 'refused',
  failure: { class: 'permanent', code: 'bounced', message: 'no such address', effect: 'none' },
};

it('a pivot that was refused lets the outcome go back', async () => {
  const { kinds, world } = await told(refused);
  expect(kinds.slice(1)).toEqual(['awf.failed', 'backstep', 'comp.ok', 'outcome.backstepped']);
  expect(world).toEqual([]);
});

it('a pivot that may have happened asks a person, though its exit says to go back', async () => {
  const { kinds, world } = await told({ as: 'unanswered', happened: true });
  expect(kinds.slice(1)).toEqual([
    'awf.failed',
    'incident.open',
    'incident.resolved',
    'awf.ok',
    'outcome.complete',
  ]);
  expect(world).toContain('sent/x');
});

it('a person who knows that it did not happen may send the outcome back', async () => {
  const { kinds, residue } = await told(
    { as: 'unanswered', happened: false },
    { as: 'backstep', reason: 'the mail server never saw it' },
  );
  expect(kinds).toContain('outcome.backstepped');
  // What nobody can prove undone is named.
  expect(residue).toEqual(['sent']);
});

it('a plan with a pivot holds on every path: back before it, forward from it on', async () => {
  const found = await verify({ plan, contracts });
  expect(found.problems).toEqual([]);
  expect(found.completed).toBeGreaterThan(0);
  expect(found.backstepped).toBeGreaterThan(0);
});
