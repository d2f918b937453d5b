/**
 * Contracts of the AWFs on ServiceNow: ordering a device from the catalog, and cancelling the order.
 * Authoring ring: data and pure functions, no SDK.
 */
import { z } from 'zod';
import { defineAwf } from '../../src/dsl/awf';
import { handle, personal, undone } from '../kit/contract';

export const orderDev = defineAwf({
  name: 'servicenow.order_dev',
  version: 1,
  system: 'servicenow',
  domain: 'devices',
  summary: 'Order a device for a person from the catalog',
  input: z.object({
    requestedFor: personal,
    /** Catalog item, by id or name. */
    item: handle,
    /** 1 where it is left out. */
    quantity: z.int().min(1).max(20).optional(),
  }),
  output: z.object({ request: handle, requestId: handle }),
  effect: 'mutate',
  // Until the order is fulfilled; after that the cancellation fails with `order_fulfilled` and asks a person.
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.4, recovery: 0.3, precedent: 0.2 },
  category: 'integration_trigger',
  external: false,
  cost: { api_calls: 3 },
  timeout: '5s',
  undoWindow: '24h',
  idempotency: 'search-before-create',
  evidence: 'sandbox',
  errors: {
    item_not_found: { class: 'permanent', summary: 'no active catalog item with this id or name' },
    person_not_found: { class: 'permanent', summary: 'no user with this e-mail address or user name' },
    order_refused: { class: 'permanent', summary: 'a rule of the instance refused the order' },
  },
  compensation: {
    awf: 'servicenow.cancel_order',
    // The order carries the action's key, so it is found whether or not its number is known.
    input: ({ input, output }) => ({
      requestedFor: input.requestedFor,
      item: input.item,
      quantity: input.quantity ?? 1,
      request: output?.request ?? null,
    }),
  },
  predict: (world, input) => {
    const prefix = orders(input.requestedFor, input.item);
    const request = `REQ-${input.requestedFor}-${input.item}-${world.list(prefix).length + 1}`;
    world.set(`${prefix}${request}`, { quantity: input.quantity ?? 1 });
    return { request, requestId: request };
  },
});

export const cancelOrder = defineAwf({
  name: 'servicenow.cancel_order',
  version: 1,
  system: 'servicenow',
  domain: 'devices',
  summary: 'Cancel the order that this action placed',
  input: z.object({
    requestedFor: personal,
    item: handle,
    quantity: z.int(),
    request: handle.nullable(),
  }),
  output: undone,
  effect: 'mutate',
  reversibility: 'partial',
  risk: { externality: 0.1, magnitude: 0.3, recovery: 0.2, precedent: 0.1 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 3 },
  timeout: '5s',
  undoWindow: '24h',
  idempotency: 'search-before-create',
  evidence: 'sandbox',
  errors: {
    order_fulfilled: {
      class: 'permanent',
      summary: 'the order was fulfilled and can no longer be cancelled',
    },
  },
  retriable: true,
  predict: (world, input) => {
    const prefix = orders(input.requestedFor, input.item);
    const at = input.request === null ? world.list(prefix).at(-1) : `${prefix}${input.request}`;
    if (at === undefined || world.get(at) === undefined) return { changed: false };
    world.delete(at);
    return { changed: true };
  },
});

const orders = (requestedFor: string, item: string): string => `servicenow/order/${requestedFor}/${item}/`;
