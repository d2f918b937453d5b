/**
 * What our AWFs need of a ServiceNow instance (Table API, Service Catalog), as a plain typed client: there is no SDK for
 * calling it. Neither API has a key: our orders carry the action's key as correlation id, which the instance must keep.
 * @source https://docs.servicenow.com/bundle/washingtondc-api-reference/page/integrate/inbound-rest/concept/c_ServiceCatalogAPI.html
 */
import type { EffectContext } from '../../src/dsl/effect';
import type { JsonObject } from '../../src/kernel/json';
import { Names, perConnection } from '../kit/cached';
import { request, SystemError, type PlainRequest } from '../kit/http';

/** States of requests and their items. @source ServiceNow, sc_request.state */
export const STATE = { complete: '3', incomplete: '4', skipped: '7' } as const;

export interface Order {
  readonly id: string;
  readonly number: string;
  readonly state: string;
}

export interface OrderItem {
  readonly id: string;
  readonly item: string;
  readonly requestedFor: string;
  readonly quantity: string;
  readonly state: string;
}

const names = perConnection(() => ({ people: new Names(), items: new Names() }));

/** A user's id by id, e-mail address or user name. */
export async function userId(context: EffectContext, user: string): Promise<string | undefined> {
  if (SYS_ID.test(user)) return user;
  return names(context.connection).people.idOf(user.toLowerCase(), context.now(), async () => {
    const field = user.includes('@') ? 'email' : 'user_name';
    const [hit] = await list(context, 'sys_user', `${field}=${term(user)}`, ['sys_id'], 1);
    return hit?.['sys_id'];
  });
}

/** An active catalog item's id by id or name. */
export async function itemId(context: EffectContext, item: string): Promise<string | undefined> {
  if (SYS_ID.test(item)) return item;
  return names(context.connection).items.idOf(item.toLowerCase(), context.now(), async () => {
    const query = `name=${term(item)}^active=true`;
    const [hit] = await list(context, 'sc_cat_item', query, ['sys_id'], 1);
    return hit?.['sys_id'];
  });
}

/** Places an order that carries the action's key. */
export async function orderNow(
  context: EffectContext,
  asked: { readonly item: string; readonly user: string; readonly quantity: number },
): Promise<Order> {
  const answer = await call(context, {
    method: 'POST',
    path: `/api/sn_sc/servicecatalog/items/${asked.item}/order_now`,
    json: {
      sysparm_quantity: String(asked.quantity),
      sysparm_requested_for: asked.user,
      variables: {
        [context.connection.settings?.['correlationVariable'] ?? 'correlation_id']: markOf(context),
        justification: 'ordered by Backstep',
        deliver_to: asked.user,
      },
    },
  });
  const order = answer as { request_id?: string; request_number?: string };
  return { id: order.request_id ?? '', number: order.request_number ?? '', state: '1' };
}

/** The orders that carry this action's key, oldest first. */
export async function ourOrders(context: EffectContext): Promise<Order[]> {
  const query = `correlation_id=${markOf(context)}^ORDERBYnumber`;
  const rows = await list(context, 'sc_request', query, ['sys_id', 'number', 'state'], 50);
  return rows.map((row) => ({ id: row['sys_id']!, number: row['number']!, state: row['state']! }));
}

export async function itemsOf(context: EffectContext, order: string): Promise<OrderItem[]> {
  const fields = ['sys_id', 'cat_item', 'requested_for', 'quantity', 'state'];
  const rows = await list(context, 'sc_req_item', `request=${order}`, fields, 100);
  return rows.map((row) => ({
    id: row['sys_id']!,
    item: row['cat_item']!,
    requestedFor: row['requested_for']!,
    quantity: row['quantity']!,
    state: row['state']!,
  }));
}

/** Closes a request or one of its items as cancelled; the instance's rules may refuse. */
export async function cancel(
  context: EffectContext,
  table: 'sc_request' | 'sc_req_item',
  id: string,
): Promise<void> {
  await call(context, {
    method: 'PATCH',
    path: `/api/now/table/${table}/${id}`,
    json: { state: STATE.incomplete },
  });
}

export async function stateOf(context: EffectContext, order: string): Promise<string | undefined> {
  const [row] = await list(context, 'sc_request', `sys_id=${order}`, ['state'], 1);
  return row?.['state'];
}

/** Whether a refusal came from a rule of the instance, and not from missing rights: both are 403. */
export function isRuleRefusal(error: unknown): error is SystemError {
  return (
    error instanceof SystemError &&
    [400, 403].includes(error.status) &&
    /Business Rule|Mandatory|Invalid/.test(JSON.stringify(error.body))
  );
}

const SYS_ID = /^[0-9a-f]{32}$/;

/** `^` separates the terms of a query, so a value can't hold it. */
const term = (value: string): string => value.replaceAll('^', '');

const markOf = (context: EffectContext): string => term(context.key);

async function list(
  context: EffectContext,
  table: string,
  query: string,
  fields: readonly string[],
  limit: number,
): Promise<Readonly<Record<string, string>>[]> {
  const rows = await call(context, {
    method: 'GET',
    path: `/api/now/table/${table}`,
    query: {
      sysparm_query: query,
      sysparm_fields: fields.join(','),
      sysparm_exclude_reference_link: 'true',
      sysparm_limit: String(limit),
    },
  });
  return rows as unknown as Readonly<Record<string, string>>[];
}

async function call(context: EffectContext, asked: PlainRequest): Promise<JsonObject> {
  const { username, password } = context.connection.secrets;
  const basic = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  const answer = await request(context, { ...asked, headers: { authorization: `Basic ${basic}` } });
  return ((answer as JsonObject | null)?.['result'] ?? {}) as JsonObject;
}
