/**
 * ServiceNow's Service Catalog: items and `order_now`. Ordering has no key either: an order sent twice is two requests.
 * Adapter ring.
 * @source https://docs.servicenow.com/bundle/washingtondc-api-reference/page/integrate/inbound-rest/concept/c_ServiceCatalogAPI.html
 */
import type { JsonObject } from '../../kernel/json';
import type { Call, VendorRoute } from '../vendor';
import { asObject, list, record, text, type Answer } from '../wire';
import type { Found } from '../world';
import { failure, result } from './errors';
import { insert } from './table';

const view = ({ id, row }: Found<JsonObject>): JsonObject => ({ sys_id: id, ...row });

function withItem(call: Call, handle: (item: Found<JsonObject>) => Answer): Answer {
  const id = call.params['item'] ?? '';
  const row = call.world.get('servicenow.sc_cat_item', id);
  return row ? handle({ id, row }) : failure(404, 'Item does not exist', null);
}

function items(call: Call): Answer {
  const wanted = (call.query['sysparm_text'] ?? '').toLowerCase();
  const found = call.world
    .all('servicenow.sc_cat_item')
    .filter(({ row }) => (text(row, 'name') ?? '').toLowerCase().includes(wanted));
  return result(200, found.map(view));
}

/** Somebody ordered for is named by `sys_id` or by user name. */
function requestedFor(call: Call): string | undefined {
  const named = text(call.body, 'sysparm_requested_for') ?? '';
  if (named === '') return '';
  if (call.world.get('servicenow.sys_user', named)) return named;
  return call.world.first('servicenow.sys_user', 'user_name', named.toLowerCase())?.id;
}

function orderNow(call: Call): Answer {
  return withItem(call, ({ id, row }) => {
    const sent = record(call.body, 'variables');
    const quantity = Number(call.body['sysparm_quantity'] ?? 0);
    call.target(`${id} ${text(call.body, 'sysparm_requested_for') ?? ''}`);
    if (!Number.isInteger(quantity) || quantity < 1) return failure(400, 'Invalid Quantity', null);
    const questions = list(row, 'variables').map((item) => asObject(item) ?? {});
    const missing = questions.filter(
      (item) => item['mandatory'] === true && !text(sent, text(item, 'name') ?? ''),
    );
    if (missing.length > 0) {
      return failure(
        400,
        'Mandatory Variables are required',
        missing.map((item) => text(item, 'name') ?? '').join(', '),
      );
    }
    const user = requestedFor(call);
    if (user === undefined) return failure(400, 'Invalid requested_for user', null);

    const variables = questions.flatMap((question) => {
      const value = text(sent, text(question, 'name') ?? '');
      return value === undefined
        ? []
        : [{ sys_id: question['sys_id'] ?? '', name: question['name'] ?? '', value }];
    });
    // A business rule of this instance copies the variable `correlation_id` to the record, where it can be searched.
    const correlation = text(sent, 'correlation_id') ?? '';
    const request = insert(call, 'sc_request', {
      state: '1',
      request_state: 'approved',
      requested_for: user,
      correlation_id: correlation,
      active: 'true',
    });
    insert(call, 'sc_req_item', {
      request: request.id,
      cat_item: id,
      short_description: text(row, 'name') ?? '',
      requested_for: user,
      quantity: String(quantity),
      price: text(row, 'price') ?? '0',
      state: '1',
      stage: 'request_approved',
      correlation_id: correlation,
      active: 'true',
      variables,
    });
    const number = text(request.row, 'number') ?? '';
    return result(200, {
      sys_id: request.id,
      number,
      request_number: number,
      request_id: request.id,
      parent_id: null,
      parent_table: 'task',
      table: 'sc_request',
    });
  });
}

const base = '/api/sn_sc/servicecatalog/items';
const versioned = '/api/sn_sc/v1/servicecatalog/items';

export const catalogRoutes: readonly VendorRoute[] = [base, versioned].flatMap((path): VendorRoute[] => [
  { op: 'servicenow.catalog.items', method: 'GET', path, scope: 'catalog', handle: items },
  {
    op: 'servicenow.catalog.item',
    method: 'GET',
    path: `${path}/:item`,
    scope: 'catalog',
    handle: (call) => withItem(call, (item) => result(200, view(item))),
  },
  {
    op: 'servicenow.catalog.order_now',
    method: 'POST',
    path: `${path}/:item/order_now`,
    scope: 'catalog_order',
    handle: orderNow,
  },
]);
