/** The form of plans in histories: it gives the very same plan again, whatever it leaves out, and may never change. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { encodePlan } from '../../../src/plan/encode';
import { InvariantViolation } from '../../../src/kernel/invariant';
import { mapBlocks } from '../../../src/plan/blocks';
import type { Plan } from '../../../src/plan/plan';
import { packPlan, unpackPlan, type PackedPlan } from '../../../src/plan/wire';
import { arbitraryPlan, put, toyPlan } from '../../kit/plans';

/** As it comes out of a history: through JSON. */
const stored = (plan: Plan): PackedPlan | Plan =>
  JSON.parse(JSON.stringify(packPlan(plan))) as PackedPlan | Plan;

const isShort = (plan: PackedPlan | Plan): boolean => 'wire' in plan;

const FOLDER = join(__dirname, '../../golden/plans');
const shipped = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Plan] as const);

test('a plan comes out as it went in', () => {
  fc.assert(
    fc.property(arbitraryPlan(), fc.nat(), (drawn, seed) => {
      let turn = seed;
      const plan = mapBlocks(drawn, (node) =>
        node.kind === 'action' ? { ...node, lane: turn++ % 3 === 0 ? 'local' : 'remote' } : node,
      );
      expect(isShort(packPlan(plan))).toBe(true);
      expect(encodePlan(unpackPlan(stored(plan)))).toBe(encodePlan(plan));
    }),
  );
});

test('what is no packed plan is told so, whichever of its members is odd', () => {
  const plan = packPlan(shipped[0]![1]) as PackedPlan;
  const odd = [null, 7, 'x', true, [null], { a: null }, [[]], [7], undefined];
  const broken = Object.keys(plan).flatMap((member) => odd.map((value) => ({ ...plan, [member]: value })));
  for (const one of [...odd, ...broken] as PackedPlan[]) {
    try {
      // What the wire form says nothing of passes as it is: whether it is whole is for `checkPlan`.
      unpackPlan(one);
    } catch (error) {
      expect(error).toBeInstanceOf(InvariantViolation);
      expect((error as Error).message).toMatch(/wire form 1/);
    }
  }
  expect(() => unpackPlan({ ...plan, body: 7 })).toThrow(InvariantViolation);
});

test.each(shipped)('%s is stored in less than three quarters of its bytes', (_name, plan) => {
  const packed = stored(plan);
  expect(encodePlan(unpackPlan(packed))).toBe(encodePlan(plan));
  expect(JSON.stringify(packed).length / encodePlan(plan).length).toBeLessThan(0.75);
});

test('a plan without a short form is stored as it is, and so was every plan before there was one', () => {
  const plan = toyPlan([put('a')]);
  const odd = { ...plan, params: { limit: { value: null, from: 'run', at: undefined } } } as unknown as Plan;
  expect(unpackPlan(plan)).toBe(plan);
  expect(unpackPlan(stored(odd))).toEqual(JSON.parse(JSON.stringify(odd)));
});

test('a name with a dot in it stays a reference to the same', () => {
  const plan = mapBlocks(toyPlan([put('a')]), (node) =>
    node.kind === 'action'
      ? {
          ...node,
          input: {
            obj: {
              dotted: { ref: { from: 'entity', path: ['a.b'] } },
              plain: { ref: { from: 'entity', path: ['a', 'b'] } },
              text: { lit: 'entity.a.b' },
            },
          },
        }
      : node,
  );
  expect(unpackPlan(stored(plan))).toEqual(plan);
});

test('what version 1 leaves out has meant the same since its first history', () => {
  const text = `{"wire":1,"lane":"local","format":1,"tenant":"acme","outcome":"TOY","runbook":{"id":"toy","version":"1",
    "domain":"toys"},"entity":{"id":"person:a","fields":{"email":"a@b"}},"event":{},"params":{"size":[3,"team","f.yaml:1"]},
    "awfs":{"toy.put":{"risk":[0,0.1,0.2,0.3],"compensation":"toy.take"},"toy.take":{"risk":[0,0,0,0],"timeoutMs":9000,
    "category":null}},"body":[{"id":"a","awf":"toy.put","input":{"obj":{"box":"entity.email"}}},{"id":"b","awf":"toy.put",
    "input":"node.a.box"},{"id":"c","awf":"toy.put","after":["a"],"lane":"remote","input":{"lit":"node.a"}}],
    "ruleset":"r","undoWindowMs":1}`;
  const planned = {
    version: 1,
    effect: 'mutate',
    reversibility: 'full',
    category: 'internal_state',
    external: false,
    timeoutMs: 5_000,
  };
  const { category: _, ...plain } = planned;
  const none = { externality: 0, magnitude: 0, recovery: 0, precedent: 0 };
  const box = { ref: { from: 'entity', path: ['email'] } };
  const expected = {
    format: 1,
    tenant: 'acme',
    outcome: 'TOY',
    runbook: { id: 'toy', version: '1', domain: 'toys' },
    entity: { id: 'person:a', fields: { email: 'a@b' } },
    event: {},
    params: { size: { value: 3, from: 'team', at: 'f.yaml:1' } },
    awfs: {
      'toy.put': {
        ...planned,
        risk: { externality: 0, magnitude: 0.1, recovery: 0.2, precedent: 0.3 },
        compensation: 'toy.take',
      },
      'toy.take': { ...plain, risk: none, timeoutMs: 9_000 },
    },
    body: {
      nodes: [
        { id: 'a', kind: 'action', awf: 'toy.put', input: { obj: { box } }, lane: 'local' },
        {
          id: 'b',
          kind: 'action',
          after: ['a'],
          awf: 'toy.put',
          input: { ref: { from: 'node', node: 'a', path: ['box'] } },
          lane: 'local',
        },
        { id: 'c', kind: 'action', after: ['a'], awf: 'toy.put', input: { lit: 'node.a' }, lane: 'remote' },
      ],
    },
    retry: {
      transient: { max: 3, delaysMs: [1_000, 2_000, 4_000] },
      recoverable: { max: 2, delaysMs: [60_000, 120_000] },
      permanent: { max: 0, delaysMs: [] },
      unknown: { max: 1, delaysMs: [300_000] },
    },
    ruleset: 'r',
    undoWindowMs: 1,
  };
  expect(unpackPlan(JSON.parse(text) as PackedPlan)).toEqual(expected);
  expect(packPlan(expected as unknown as Plan)).toEqual(JSON.parse(text));
});
