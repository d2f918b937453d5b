/** Builders for plans in tests: only what a test is about has to be written. */
import fc from 'fast-check';
import { z } from 'zod';
import { defineAwf, type AwfContract } from '../../src/dsl/awf';
import { mapBlocks } from '../../src/plan/blocks';
import type { Block, Course, Plan, PlannedAwf, PlanNode } from '../../src/plan/plan';

/** A shelf of boxes: `toy.put` puts one there, `toy.take` takes it away. Refuses with `full` or `broken`. */
export const putBox = defineAwf({
  name: 'toy.put',
  version: 1,
  system: 'toy',
  domain: 'toys',
  summary: 'Put a box on the shelf',
  input: z.object({ box: z.string() }),
  output: z.object({ box: z.string(), colour: z.string() }),
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0, magnitude: 0.1, recovery: 0.1, precedent: 0 },
  external: false,
  cost: { api_calls: 1 },
  timeout: '5s',
  undoWindow: '1h',
  idempotency: 'declarative',
  evidence: 'contract',
  errors: {
    full: { class: 'permanent', summary: 'the shelf is full' },
    broken: { class: 'permanent', summary: 'the shelf is broken' },
  },
  compensation: {
    awf: 'toy.take',
    input: ({ input, prior }) => (prior === true ? null : { box: input.box }),
  },
  predict: (world, input) => {
    world.capture(world.get(`shelf/${input.box}`) !== undefined);
    world.set(`shelf/${input.box}`, 'red');
    return { box: input.box, colour: 'red' };
  },
});

export const takeBox = defineAwf({
  name: 'toy.take',
  version: 1,
  system: 'toy',
  domain: 'toys',
  summary: 'Take a box from the shelf',
  input: z.object({ box: z.string() }),
  output: z.object({}),
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0, magnitude: 0.1, recovery: 0.1, precedent: 0 },
  external: false,
  cost: { api_calls: 1 },
  timeout: '5s',
  undoWindow: '1h',
  idempotency: 'declarative',
  evidence: 'contract',
  errors: {},
  predict: (world, input) => {
    world.delete(`shelf/${input.box}`);
    return {};
  },
});

export const lookAtShelf = defineAwf({
  name: 'toy.look',
  version: 1,
  system: 'toy',
  domain: 'toys',
  summary: 'Look at the shelf',
  input: z.object({}),
  output: z.object({ boxes: z.array(z.string()) }),
  effect: 'read',
  reversibility: 'full',
  risk: { externality: 0, magnitude: 0, recovery: 0, precedent: 0 },
  external: false,
  cost: { api_calls: 1 },
  timeout: '5s',
  undoWindow: '1h',
  idempotency: 'declarative',
  evidence: 'contract',
  errors: {},
  predict: (world) => ({ boxes: world.list('shelf/').map((address) => address.slice('shelf/'.length)) }),
});

export const toyContracts: ReadonlyMap<string, AwfContract> = new Map(
  [putBox, takeBox, lookAtShelf].map((contract) => [contract.name, contract as unknown as AwfContract]),
);

const planned = (contract: AwfContract): PlannedAwf => ({
  version: contract.version,
  effect: contract.effect,
  reversibility: contract.reversibility,
  risk: contract.risk,
  external: contract.external,
  timeoutMs: 5_000,
  ...(contract.compensation === undefined ? {} : { compensation: contract.compensation.awf }),
});

export const toyPlan = (nodes: readonly PlanNode[], rest: Partial<Plan> = {}): Plan => ({
  format: 1,
  tenant: 'acme',
  outcome: 'TOY-R-001',
  runbook: { id: 'toys.tidy', version: '1.0', domain: 'toys' },
  entity: { id: 'person:ada', fields: {} },
  event: {},
  params: {},
  awfs: Object.fromEntries([...toyContracts.values()].map((contract) => [contract.name, planned(contract)])),
  body: { nodes },
  retry: {
    transient: { max: 3, delaysMs: [1_000, 2_000, 4_000] },
    recoverable: { max: 2, delaysMs: [60_000, 120_000] },
    permanent: { max: 0, delaysMs: [] },
    unknown: { max: 1, delaysMs: [300_000] },
  },
  ruleset: '',
  undoWindowMs: 3_600_000,
  ...rest,
});

/** An action that puts a box of its own name on the shelf; inside for-each, one of its own for each element. */
export const put = (
  id: string,
  after: readonly string[] = [],
  rest: object = {},
  eachs: readonly string[] = [],
): PlanNode => ({
  kind: 'action',
  id,
  ...(after.length === 0 ? {} : { after }),
  awf: 'toy.put',
  input: { obj: { box: eachs.length === 0 ? { lit: id } : { join: [{ lit: id }, ...eachs.map(itemOf)] } } },
  lane: 'remote',
  ...rest,
});

const itemOf = (each: string) => ({ ref: { from: 'item', each, path: [] } }) as const;

/** The same plan with lanes by the toss of a coin. */
export const inLanes = (plan: Plan, seed: number): Plan =>
  mapBlocks(plan, (node) =>
    node.kind === 'action'
      ? {
          ...node,
          lane:
            (seed + node.id.length * 7 + node.id.charCodeAt(node.id.length - 1)) % 3 === 0
              ? 'remote'
              : 'local',
        }
      : node,
  );

/** Plans of every shape: parallel, choices, for-each, exits, checkpoints, gates and waits, nested up to `depth`. */
export const arbitraryPlan = (depth = 2): fc.Arbitrary<Plan> =>
  fc.array(fc.nat(), { minLength: 4, maxLength: 60 }).map((choices) => {
    const pick = picker(choices);
    return toyPlan(growBlock(pick, { count: 0, eachs: [] }, depth, []).nodes);
  });

type Pick = (below: number) => number;

/** Node ids given out so far, and the for-each nodes around the place at hand. */
interface Names {
  count: number;
  eachs: readonly string[];
}

const picker = (choices: readonly number[]): Pick => {
  let at = 0;
  return (below) => (choices[at++ % choices.length]! + at) % below;
};

function growBlock(pick: Pick, names: Names, depth: number, checkpoints: readonly string[]): Block {
  const nodes: PlanNode[] = [];
  const size = 1 + pick(5);
  const reachable = [...checkpoints];
  let sequence: string | undefined;
  for (let i = 0; i < size; i++) {
    const id = `n${names.count++}`;
    const before = nodes.map((node) => node.id).filter(() => pick(3) === 0);
    // A checkpoint is only useful where something stands behind it, so what follows waits for it.
    const after = [...new Set(sequence === undefined ? before : [...before, sequence])];
    const node = growNode(pick, names, depth, reachable, id, after);
    nodes.push(node);
    if (node.kind === 'checkpoint') {
      sequence = id;
      reachable.push(id);
    }
  }
  return { nodes };
}

function growNode(
  pick: Pick,
  names: Names,
  depth: number,
  checkpoints: readonly string[],
  id: string,
  after: readonly string[],
): PlanNode {
  const base = { id, ...(after.length === 0 ? {} : { after }) };
  const kind = depth === 0 ? pick(2) : pick(8);
  const inner = (): Block => growBlock(pick, names, depth - 1, checkpoints);
  const inEach = (): Block => {
    const around = names.eachs;
    names.eachs = [...around, id];
    const body = growBlock(pick, names, depth - 1, []);
    names.eachs = around;
    return body;
  };
  switch (kind) {
    case 2:
      return {
        ...base,
        kind: 'choice',
        on: { lit: pick(2) === 0 },
        cases: { true: inner(), false: inner() },
      };
    case 3: {
      const over = { lit: Array.from({ length: pick(4) }, (_, i) => `item${i}`) };
      return {
        ...base,
        kind: 'each',
        over,
        max: 10,
        parallel: pick(2) === 0,
        body: inEach(),
      };
    }
    case 4:
      return { ...base, kind: 'checkpoint' };
    case 5:
      return {
        ...base,
        kind: 'gate',
        approval: 'approve',
        by: ['manager'],
        expiresAfterMs: 60_000,
        onRejected: growCourse(pick, names, depth, checkpoints),
        onExpired: { do: 'backstep' },
      };
    case 7:
      // Rarely, or nothing else would ever come to its end.
      return pick(4) > 0
        ? put(id, after, {}, names.eachs)
        : { ...base, kind: 'end', how: pick(3) === 0 ? 'backstep' : 'complete' };
    case 6:
      return { ...base, kind: 'wait', for: { time: 1_000 } };
    default: {
      const course = growCourse(pick, names, depth, checkpoints);
      const exits = pick(2) === 0 ? {} : { exits: [{ codes: [pick(2) === 0 ? '*' : 'full'], course }] };
      return put(id, after, exits, names.eachs);
    }
  }
}

function growCourse(pick: Pick, names: Names, depth: number, checkpoints: readonly string[]): Course {
  const body = (): Block =>
    depth === 0
      ? { nodes: [put(`n${names.count++}`, [], {}, names.eachs)] }
      : growBlock(pick, names, depth - 1, []);
  switch (pick(6)) {
    case 0:
      return { do: 'retry', afterMs: 500, max: 2, then: { do: 'skip' } };
    case 1:
      return { do: 'skip' };
    case 2:
      return { do: 'branch', body: body() };
    case 3:
      return { do: 'escalate', to: ['manager'], expiresAfterMs: 60_000 };
    default: {
      const to = checkpoints[checkpoints.length - 1];
      if (to === undefined || pick(2) === 0) return { do: 'backstep' };
      return { do: 'backstep', to, ...(pick(2) === 0 ? {} : { body: body() }) };
    }
  }
}
