/**
 * A toy world for tests: contracts that are small, total and predictable, so that a test shows what it is about.
 * `toy.create` and `toy.set` are undone by `toy.remove` and `toy.restore`; `toy.send` cannot be undone.
 */
import { z } from 'zod';
import { defineAwf } from '../../src/dsl/awf';
import type { Json } from '../../src/kernel/json';

const base = {
  version: 1,
  system: 'toy',
  domain: 'people',
  risk: { externality: 0.1, magnitude: 0.1, recovery: 0.1, precedent: 0.1 },
  external: false,
  cost: {},
  timeout: '2s',
  undoWindow: '24h',
  idempotency: 'natural-key',
  evidence: 'contract',
  errors: {},
} as const;

const Key = z.object({ key: z.string().min(1) });
const Nothing = z.object({});

/** Creates `toy/<key>`; knows the business errors `taken` and `gone`. */
export const create = defineAwf({
  ...base,
  name: 'toy.create',
  summary: 'Create a toy',
  input: z.object({ key: z.string().min(1), colour: z.enum(['red', 'blue']).optional() }),
  output: z.object({ id: z.string(), kind: z.enum(['big', 'small']), parts: z.array(z.string()) }),
  effect: 'mutate',
  reversibility: 'full',
  errors: {
    taken: { class: 'permanent', summary: 'the toy exists already' },
    gone: { class: 'recoverable', summary: 'the shelf is gone' },
  },
  compensation: { awf: 'toy.remove', input: ({ input }) => ({ key: input.key }) },
  predict: (world, input) => {
    if (world.get(`toy/${input.key}`) !== undefined) world.fail('taken');
    world.set(`toy/${input.key}`, input.colour ?? 'red');
    return { id: `id-${input.key}`, kind: 'small' as const, parts: ['a', 'b'] };
  },
});

/** Undoes `toy.create`. */
export const remove = defineAwf({
  ...base,
  name: 'toy.remove',
  summary: 'Remove a toy',
  input: Key,
  output: Nothing,
  effect: 'mutate',
  reversibility: 'full',
  idempotency: 'declarative',
  retriable: true,
  compensation: { awf: 'toy.create', input: ({ input }) => ({ key: input.key }) },
  predict: (world, input) => {
    world.delete(`toy/${input.key}`);
    return {};
  },
});

/** Sets `setting/<key>` to any JSON and captures what was there; retriable. */
export const set = defineAwf({
  ...base,
  name: 'toy.set',
  summary: 'Set a value',
  input: z.object({ key: z.string().min(1), value: z.json() }),
  output: Nothing,
  effect: 'mutate',
  reversibility: 'full',
  idempotency: 'declarative',
  retriable: true,
  compensation: {
    awf: 'toy.restore',
    input: ({ input, prior }): Json => ({ key: input.key, prior: prior ?? null }),
  },
  predict: (world, input) => {
    const at = `setting/${input.key}`;
    world.capture(world.get(at) ?? null);
    world.set(at, input.value);
    return {};
  },
});

/** Undoes `toy.set`: puts back what was captured. */
export const restore = defineAwf({
  ...base,
  name: 'toy.restore',
  summary: 'Put a value back',
  input: z.object({ key: z.string().min(1), prior: z.json() }),
  output: Nothing,
  effect: 'mutate',
  reversibility: 'partial',
  idempotency: 'conditional-write',
  predict: (world, input) => {
    const at = `setting/${input.key}`;
    if (input.prior === null) world.delete(at);
    else world.set(at, input.prior);
    return {};
  },
});

/** Reads `toy/<key>`. */
export const look = defineAwf({
  ...base,
  name: 'toy.look',
  summary: 'Look at a toy',
  input: Key,
  output: z.object({ found: z.boolean(), tags: z.array(z.enum(['new', 'old'])) }),
  effect: 'read',
  reversibility: 'full',
  predict: (world, input) => ({
    found: world.get(`toy/${input.key}`) !== undefined,
    tags: ['new' as const],
  }),
});

/** Sends a message outside: slow, safe only by our ledger, and nothing undoes it. Fit to be a pivot. */
export const send = defineAwf({
  ...base,
  name: 'toy.send',
  summary: 'Send a message',
  input: z.object({ to: z.string().min(1), text: z.string() }),
  output: z.object({ messageId: z.string() }),
  effect: 'mutate',
  reversibility: 'irreversible',
  external: true,
  cost: { external_messages: 1 },
  timeout: '30s',
  idempotency: 'ledger-only',
  errors: { bounced: { class: 'permanent', summary: 'the address does not exist' } },
  predict: (world, input) => {
    world.set(`sent/${input.to}`, input.text);
    return { messageId: `m-${input.to}` };
  },
});
