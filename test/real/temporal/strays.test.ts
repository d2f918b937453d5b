/**
 * Robots lost in the middle of a workflow task, after local actions acted that no history knows of, where the task that takes
 * its place goes another way: what they did is found, undone in its place, and what they were about to do is never done.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { printTrace } from '../../../src/engine/trace';
import type { Plan, PlanNode } from '../../../src/plan/plan';
import type { Outcomes } from '../../../src/temporal/client';
import { Crew } from '../../kit/crew';
import type { DurableShelf, KillPoint } from '../../kit/durable-shelf';
import { put, toyPlan } from '../../kit/plans';
import { timeless } from '../../kit/robots';
import { openShelfStand, type ShelfStand } from '../../kit/shelf-stand';
import { STAND_TIMEOUT_MS } from '../../kit/stand';

/** Longest time for one test, in milliseconds: a lost workflow task is given up after five seconds. */
const TEST_MS = 120_000;

let stand: ShelfStand;
let outcomes: Outcomes;
let shelf: DurableShelf;

beforeAll(async () => {
  stand = await openShelfStand();
  ({ outcomes, shelf } = stand);
}, STAND_TIMEOUT_MS);

afterAll(() => stand.close(), 60_000);

interface Scene {
  /** Boxes `a`, `b` and so on, with names of their own. */
  readonly box: (letter: string) => string;
  readonly plan: Plan;
  readonly at: KillPoint;
  /** Box whose action the robot dies in. */
  readonly in: string;
  /** What a person does while no robot is there. */
  readonly act: (id: string) => Promise<void>;
}

const boxes = (): ((letter: string) => string) => {
  const mark = randomUUID().slice(0, 8);
  return (letter) => `${letter}-${mark}`;
};
const local = (id: string, after: readonly string[] = []): PlanNode => put(id, after, { lane: 'local' });
const signal = (id: string, name: string, data: object): Promise<void> =>
  outcomes.client.workflow.getHandle(id).signal(name, data);
const cancel = (id: string): Promise<void> => signal(id, 'cancel', { by: 'person:ada' });

const begin = async (plan: Plan): Promise<string> =>
  (await outcomes.start({ plan, planId: 'x', cause: { event: 'e' }, startedBy: 'person:a' }, randomUUID()))
    .id;

const struck = async (box: string): Promise<void> => {
  while (!(await shelf.hasStruck(box))) await sleep(20);
};

/** What the shelf saw, in letters, and the story, with letters for boxes. */
async function endOf(id: string, box: (letter: string) => string) {
  const result = await outcomes.result(id);
  const letters = ['a', 'b', 'c', 'z'];
  const changes = await shelf.changesOf(...letters.map(box));
  const short = (text: string): string =>
    text.replaceAll(box(''), '-').replaceAll(/\b([abcz])-(?!\w)/g, '$1');
  const lines = timeless(printTrace((await outcomes.tell(id)).trace).map((line) => line.slice(9)));
  return { result, changes: changes.map((change) => change.slice(0, 2)), lines: lines.map(short) };
}

async function play(scene: Scene) {
  await shelf.killAt(scene.in, scene.at);
  const crew = new Crew('robot-process.ts', stand.settings);
  await crew.start(1);
  try {
    const id = await begin(scene.plan);
    await struck(scene.in);
    await scene.act(id);
    return await endOf(id, scene.box);
  } finally {
    await crew.stop();
  }
}

describe('in the local lane', () => {
  test.each(['put:committed', 'put:after', 'put:before'] as const)(
    'what a lost task did at %s is undone before what stood before it, when the outcome goes back',
    async (at) => {
      const box = boxes();
      const [a, b, c] = [box('a'), box('b'), box('c')];
      const plan = toyPlan([local(a), local(b, [a]), local(c, [b])]);
      const { result, changes, lines } = await play({ box, plan, at, in: b, act: cancel });
      expect(result).toEqual({ phase: 'backstepped' });
      const happened = at !== 'put:before';
      expect(changes).toEqual(happened ? ['+a', '+b', '-b', '-a'] : ['+a', '-a']);
      expect(lines).toContain('awf=toy.put stray of=b');
      expect(lines.at(-1)).toBe('outcome.backstepped  duration=…');
    },
    TEST_MS,
  );

  test(
    'an outcome that ends early keeps what it knows of, and nothing that a lost task did',
    async () => {
      const box = boxes();
      const [a, b, c] = [box('a'), box('b'), box('c')];
      const plan = toyPlan([
        local(a),
        local(b, [a]),
        local(c, [b]),
        { kind: 'wait', id: 'word', for: { signal: 'enough' } },
        { kind: 'end', id: 'end', after: ['word'], how: 'complete' },
      ]);
      const act = (id: string): Promise<void> => signal(id, 'enough', {});
      const { result, changes } = await play({ box, plan, at: 'put:committed', in: b, act });
      expect(result).toEqual({ phase: 'completed' });
      expect(changes).toEqual(['+a', '+b', '-b']);
    },
    TEST_MS,
  );

  test(
    'a return to a checkpoint takes back what a lost task did behind it',
    async () => {
      const box = boxes();
      const [a, b, c, z] = [box('a'), box('b'), box('c'), box('z')];
      const plan = toyPlan([
        { kind: 'checkpoint', id: 'here' },
        local(a, ['here']),
        local(b, [a]),
        local(c, [b]),
        {
          kind: 'gate',
          id: 'ask',
          after: ['here'],
          approval: 'approve',
          by: ['manager'],
          expiresAfterMs: 3_600_000,
          onRejected: { do: 'backstep', to: 'here', body: { nodes: [local(z)] } },
          onExpired: { do: 'backstep' },
        },
      ]);
      const act = (id: string): Promise<void> =>
        signal(id, 'decide', { gate: 'ask', verdict: 'reject', by: 'person:ada' });
      const { result, changes } = await play({ box, plan, at: 'put:committed', in: b, act });
      expect(result).toEqual({ phase: 'completed' });
      expect(changes).toEqual(['+a', '+b', '-b', '-a', '+z']);
    },
    TEST_MS,
  );

  test(
    'once something was undone, no task goes another way than back',
    async () => {
      const box = boxes();
      const a = box('a');
      const plan = toyPlan([
        local(a),
        // Fails in the same workflow task in which `a` acts, so that the way back begins in it.
        { kind: 'choice', id: 'which', after: [a], on: { lit: 'neither' }, cases: { one: { nodes: [] } } },
        { kind: 'wait', id: 'word', for: { signal: 'enough' } },
        { kind: 'end', id: 'end', after: ['word'], how: 'complete' },
      ]);
      const act = (id: string): Promise<void> => signal(id, 'enough', {});
      const { result, changes } = await play({ box, plan, at: 'take:committed', in: a, act });
      expect(result).toEqual({ phase: 'backstepped' });
      expect(changes).toEqual(['+a', '-a']);
    },
    TEST_MS,
  );

  test(
    'a robot that was only asleep does no more of what it was about to do',
    async () => {
      const box = boxes();
      const [a, b, c] = [box('a'), box('b'), box('c')];
      await shelf.killAt(b, 'put:asked', 'SIGSTOP');
      const sleeper = new Crew('robot-process.ts', stand.settings);
      const other = new Crew('robot-process.ts', stand.settings);
      await sleeper.start(1);
      try {
        const id = await begin(toyPlan([local(a), local(b, [a]), local(c, [b])]));
        await struck(b);
        await cancel(id);
        await other.start(1);
        expect((await endOf(id, box)).changes).toEqual(['+a', '-a']);
        sleeper.wake();
        await sleep(3_000);
        expect((await endOf(id, box)).changes).toEqual(['+a', '-a']);
      } finally {
        await Promise.all([sleeper.stop(), other.stop()]);
      }
    },
    TEST_MS,
  );
});
