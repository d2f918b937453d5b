/**
 * Effects of the AWFs on ServiceNow. An order is found by the action's key that it carries: before a second attempt places
 * another, and when it is cancelled.
 */
import { implement, type EffectContext } from '../../src/dsl/effect';
import { diverged, refusal } from '../kit/http';
import { erased, looking, type AnyEffect, type Look } from '../kit/steps';
import * as contracts from './contract';
import * as servicenow from './client';

export const effects = (look: Look = looking): readonly AnyEffect[] => erased(orderEffects(look));

function orderEffects(look: Look) {
  const order = implement(contracts.orderDev, {
    execute: async (input, context) => {
      const contract = contracts.orderDev;
      const earlier = context.attempt > 1 ? await look(() => servicenow.ourOrders(context), []) : [];
      const [placed] = earlier.filter(({ state }) => state !== servicenow.STATE.incomplete);
      if (placed) return { request: placed.number, requestId: placed.id };
      const user = await servicenow.userId(context, input.requestedFor);
      if (user === undefined) throw refusal(contract, 'person_not_found', context);
      const item = await servicenow.itemId(context, input.item);
      if (item === undefined) throw refusal(contract, 'item_not_found', context);
      try {
        const { number, id } = await servicenow.orderNow(context, {
          item,
          user,
          quantity: input.quantity ?? 1,
        });
        return { request: number, requestId: id };
      } catch (error) {
        throw servicenow.isRuleRefusal(error) ? refusal(contract, 'order_refused', context) : error;
      }
    },
  });

  const cancel = implement(contracts.cancelOrder, {
    execute: async (input, context) => {
      const orders = await servicenow.ourOrders(context);
      let changed = false;
      // All that carry the key: a request that the network delivered twice is two orders.
      for (const placed of orders.filter(({ state }) => state !== servicenow.STATE.incomplete)) {
        if (placed.state === servicenow.STATE.complete) {
          throw refusal(contracts.cancelOrder, 'order_fulfilled', context);
        }
        const items = await look(() => unchangedItems(context, placed.id, input), undefined);
        await cancelOne(context, placed.id, items ?? (await servicenow.itemsOf(context, placed.id)));
        changed = true;
      }
      return { changed };
    },
  });
  return [order, cancel];
}

interface Ordered {
  readonly requestedFor: string;
  readonly item: string;
  readonly quantity: number;
}

/** The items of an order, which must say what was ordered. */
async function unchangedItems(
  context: EffectContext,
  order: string,
  input: Ordered,
): Promise<servicenow.OrderItem[]> {
  const items = await servicenow.itemsOf(context, order);
  const user = await servicenow.userId(context, input.requestedFor);
  const item = await servicenow.itemId(context, input.item);
  for (const line of items) {
    if (line.state === servicenow.STATE.complete) {
      throw refusal(contracts.cancelOrder, 'order_fulfilled', context);
    }
    const isSame =
      line.requestedFor === user && line.item === item && line.quantity === String(input.quantity);
    if (!isSame && line.state !== servicenow.STATE.incomplete) {
      throw diverged(context, 'somebody else changed the order meanwhile');
    }
  }
  return items;
}

async function cancelOne(
  context: EffectContext,
  order: string,
  items: readonly servicenow.OrderItem[],
): Promise<void> {
  try {
    for (const { id, state } of items) {
      if (state !== servicenow.STATE.incomplete) await servicenow.cancel(context, 'sc_req_item', id);
    }
    // Most instances close a request with its last item; where none does, we do.
    if ((await servicenow.stateOf(context, order)) !== servicenow.STATE.incomplete) {
      await servicenow.cancel(context, 'sc_request', order);
    }
  } catch (error) {
    throw servicenow.isRuleRefusal(error)
      ? refusal(contracts.cancelOrder, 'order_fulfilled', context)
      : error;
  }
}
