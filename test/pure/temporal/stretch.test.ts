/** A stretch runs ahead of the workflow: the machine that hears of its ends asks for exactly what it ran, in that order. */
import fc from 'fast-check';
import type { Command, FireResult } from '../../../src/engine/effects';
import { Machine } from '../../../src/engine/machine';
import { jsonCopy } from '../../../src/kernel/json';
import type { Plan } from '../../../src/plan/plan';
import { runStretch, type StretchHost } from '../../../src/temporal/stretch';
import type { Fire } from '../../../workflows/askings';
import { ranAhead } from '../../../workflows/protocol';
import { arbitraryPlan, inLanes, put, toyPlan } from '../../kit/plans';
import { runs } from '../../kit/runs';

const AT = 1_000;

const isLocal = (command: Command): command is Fire => command.do === 'fire' && command.lane === 'local';

/** The plan begun, and what of the local lane it asks for first. */
function begun(plan: Plan) {
  const { machine, first } = Machine.begin(plan, AT);
  return { machine, fires: first.commands.filter(isLocal) };
}

const done: FireResult = { kind: 'committed', output: { box: 'x' }, undo: null };

/** What lets an action in is its own name here. */
type Host = StretchHost<string>;

function host(fire: Host['fire'] = () => Promise.resolve(done), goesOn = (): boolean => true) {
  const fired: string[] = [];
  const watched: Host = {
    fire: (command, links) => {
      fired.push(command.node);
      return fire(command, links);
    },
    goesOn,
    now: () => AT,
  };
  return { fired, watched };
}

const local = { lane: 'local' };
const three = toyPlan([put('a', [], local), put('b', ['a'], local), put('c', ['b'], local)]);

test('actions that only follow from each other run in one stretch, in their order', async () => {
  const { machine, fires } = begun(three);
  const { fired, watched } = host();
  const ends = await runStretch({ plan: three, state: jsonCopy(machine.state), fires }, watched);
  expect(fired).toEqual(['a', 'b', 'c']);
  expect(ends.map(({ node, isAsked }) => [node, isAsked])).toEqual([
    ['a', true],
    ['b', undefined],
    ['c', undefined],
  ]);
  for (const happening of ranAhead(ends)) machine.advance(happening);
  expect(machine.state.phase).toBe('completed');
});

test('an attempt that is to be repeated ends its line, and is left to the workflow with its pause', async () => {
  const { machine, fires } = begun(three);
  const { fired, watched } = host(({ node }) =>
    Promise.resolve(node === 'b' ? { kind: 'again', afterMs: 70 } : done),
  );
  const ends = await runStretch({ plan: three, state: jsonCopy(machine.state), fires }, watched);
  expect(fired).toEqual(['a', 'b']);
  expect(ends.at(-1)).toEqual({ node: 'b', at: AT, afterMs: 70 });
  expect(ranAhead(ends)).toHaveLength(1);
});

test('what was let in with the commit before it runs with that, also where nothing else may begin any more', async () => {
  const { machine, fires } = begun(three);
  let goesOn = true;
  const letInOf: (string | undefined)[] = [];
  const { fired, watched } = host(
    ({ node }, { letIn, follows, onLetIn }) => {
      letInOf.push(letIn);
      if (node === 'a') onLetIn(follows(done)!.node);
      goesOn = false;
      return Promise.resolve(done);
    },
    () => goesOn,
  );
  await runStretch({ plan: three, state: jsonCopy(machine.state), fires }, watched);
  expect(fired).toEqual(['a', 'b']);
  expect(letInOf).toEqual([undefined, 'b']);
});

test('where two are under way neither says what follows before it is on record', async () => {
  const plan = toyPlan([put('a', [], local), put('b', [], local), put('c', ['a', 'b'], local)]);
  const { machine, fires } = begun(plan);
  const told: [string, string | undefined][] = [];
  const { watched } = host(async ({ node }, { follows }) => {
    if (node === 'b') await new Promise(setImmediate);
    told.push([node, follows(done)?.node]);
    return done;
  });
  await runStretch({ plan, state: jsonCopy(machine.state), fires }, watched);
  expect(told).toEqual([
    ['a', undefined],
    ['b', 'c'],
    ['c', undefined],
  ]);
});

test('nothing begins once the stretch may not go on', async () => {
  const { machine, fires } = begun(three);
  const { fired, watched } = host(undefined, () => false);
  await runStretch({ plan: three, state: jsonCopy(machine.state), fires }, watched);
  expect(fired).toEqual(['a']);
});

test('an end that the workflow did not ask for counts for nothing', () => {
  const { machine, fires } = begun(three);
  machine.advance({ at: AT, event: { kind: 'pause', by: 'person:ada' } });
  machine.advance({ at: AT, event: { kind: 'fired', node: fires[0]!.node, result: done } });
  const ahead = { kind: 'fired', node: 'b', result: done, isAhead: true } as const;
  const before = jsonCopy(machine.state.nodes);
  expect(machine.advance({ at: AT, event: ahead })).toMatchObject({
    answer: 'late',
    commands: [],
    trace: [],
  });
  expect(machine.state.nodes).toEqual(before);
  expect(machine.advance({ at: AT, event: { kind: 'resume', by: 'person:ada' } }).commands).toMatchObject([
    { do: 'fire', node: 'b' },
  ]);
});

test('the workflow asks for what a stretch ran ahead, and for nothing of the local lane besides', async () => {
  const turns = fc.array(fc.nat(5), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      arbitraryPlan(),
      fc.integer(),
      fc.nat(3),
      turns,
      async (drawn, seed, refuseEvery, ways) => {
        const plan = inLanes(drawn, seed);
        const { machine, fires } = begun(plan);
        let count = 0;
        const { fired, watched } = host(async ({ node }, { letIn, follows, onLetIn }) => {
          if (letIn !== undefined) expect(letIn).toBe(node);
          const way = ways[count % ways.length]!;
          count += 1;
          for (let n = 0; n < way; n++) await Promise.resolve();
          if (refuseEvery > 0 && count % (refuseEvery + 1) === 0) {
            const failure = { class: 'permanent', code: 'refused', message: 'no', effect: 'none' } as const;
            return { kind: 'failed', failure };
          }
          const next = follows(done);
          for (let n = 0; n < way; n++) await Promise.resolve();
          // Its commit came too late, and let nothing in; or it let in what follows; or that asks for itself.
          if (way === 0) return { kind: 'again', afterMs: 0 };
          if (next !== undefined && way % 2 === 0) onLetIn(next.node);
          return done;
        });
        const ends = await runStretch({ plan, state: jsonCopy(machine.state), fires }, watched);
        const asked = fires.map(({ node }) => node);
        for (const happening of ranAhead(ends)) {
          const { answer, commands } = machine.advance(happening);
          expect(answer).toBe('done');
          asked.push(...commands.filter(isLocal).map(({ node }) => node));
        }
        expect([...asked].sort()).toEqual([...fired].sort());
      },
    ),
    { numRuns: runs(1_000) },
  );
});
