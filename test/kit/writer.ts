/**
 * Toy AWFs that cost something: `toy.write` asks a model, and takes a cheaper one where it is told to; `toy.scan` is one of
 * those that a subsystem has a guardrail of its own for. Both put a box on the shelf, so that it can be seen and undone.
 */
import { z } from 'zod';
import { defineAwf, type AwfContract } from '../../src/dsl/awf';
import type { AwfEffect } from '../../src/dsl/effect';
import type { Plan } from '../../src/plan/plan';
import { putBox, put, toyPlan } from './plans';
import type { Shelf } from './shelf';

/** What one text costs by the estimate, and with a cheaper model. */
export const TEXT = { estimate: 10, cheap: 2 } as const;

const costly = (name: string, cost: AwfContract['cost']) =>
  defineAwf({
    name,
    version: 1,
    system: 'toy',
    domain: 'toys',
    summary: 'Write something onto a box on the shelf',
    // `spends`: what it really costs, where a test says so.
    input: z.object({ box: z.string(), spends: z.number().optional() }),
    output: z.object({ box: z.string(), colour: z.string() }),
    effect: 'mutate',
    reversibility: 'full',
    risk: { externality: 0, magnitude: 0.1, recovery: 0.1, precedent: 0 },
    external: true,
    cost,
    timeout: '5s',
    undoWindow: '1h',
    idempotency: 'declarative',
    evidence: 'contract',
    errors: {},
    compensation: { awf: 'toy.take', input: ({ input }) => ({ box: input.box }) },
    predict: (world, input) => {
      world.set(`shelf/${input.box}`, 'red');
      return { box: input.box, colour: 'red' };
    },
  });

const write = costly('toy.write', { llm_calls: 1, llm_spend: TEXT.estimate, api_calls: 1, storage: 1 });
const scan = costly('toy.scan', { citemind_citation_scans_per_day: 1 });

export const costlyContracts = [write, scan] as unknown as readonly AwfContract[];

/** The shelf's own effects, and these. */
export function withCostly(shelf: Shelf): Shelf['effects'] {
  return async (awf) => {
    const contract = costlyContracts.find(({ name }) => name === awf);
    if (contract === undefined) return shelf.effects(awf);
    const inner = await shelf.effects(putBox.name);
    if (inner === undefined) return undefined;
    const effect: AwfEffect<{ box: string; spends?: number }, unknown> = {
      contract: contract as AwfContract<{ box: string; spends?: number }>,
      execute: async (input, context) => {
        const isCheap = context.degradations?.includes('model_downgrade') === true;
        if (awf === write.name)
          context.spend('llm_spend', input.spends ?? (isCheap ? TEXT.cheap : TEXT.estimate));
        return inner.execute({ box: input.box }, context);
      },
    };
    return effect as unknown as AwfEffect<unknown, unknown>;
  };
}

/** A plan of one such action. */
export function costlyPlan(
  tenant: string,
  awf: 'toy.write' | 'toy.scan',
  {
    box,
    lane,
    spends,
  }: { readonly box: string; readonly lane: 'local' | 'remote'; readonly spends?: number },
): Plan {
  const plan = toyPlan([], { tenant });
  const node = put(box, [], {
    awf,
    lane,
    input: { obj: { box: { lit: box }, ...(spends === undefined ? {} : { spends: { lit: spends } }) } },
  });
  const planned = plan.awfs[putBox.name]!;
  return { ...plan, awfs: { ...plan.awfs, [awf]: { ...planned, external: true } }, body: { nodes: [node] } };
}
