/**
 * The state machine of requests and their items, as the instance's business rules hold it.
 * Adapter ring, no I/O.
 * @source https://docs.servicenow.com/bundle/washingtondc-servicenow-platform/page/product/service-catalog-management/concept/c_RequestFulfillment.html
 */
import type { JsonObject } from '../../kernel/json';

/** 1 open, 2 work in progress, 3 closed complete, 4 closed incomplete (cancelled), 7 closed skipped. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  '-5': ['1', '2', '4'],
  '1': ['1', '2', '3', '4', '7'],
  '2': ['1', '2', '3', '4', '7'],
  '3': ['3'],
  '4': ['4'],
  '7': ['7'],
};

const STAGE: Readonly<Record<string, string>> = {
  '2': 'fulfillment',
  '3': 'complete',
  '4': 'Request Cancelled',
  '7': 'complete',
};

const GOVERNED = ['sc_request', 'sc_req_item'];

export type Transition =
  | { readonly ok: true; readonly sets: JsonObject }
  | { readonly ok: false; readonly rule: string; readonly why: string };

/** What follows from the fields sent, or which rule refuses them. */
export function transitionOf(table: string, row: JsonObject, sent: JsonObject): Transition {
  const from = typeof row['state'] === 'string' ? row['state'] : '1';
  const to = typeof sent['state'] === 'string' ? sent['state'] : from;
  if (!GOVERNED.includes(table)) return { ok: true, sets: {} };
  if (NEXT[from]?.includes(to) !== true) {
    return from === '3' && to === '4'
      ? { ok: false, rule: 'Refuse cancel after fulfilment', why: 'A fulfilled request can not be cancelled' }
      : { ok: false, rule: 'Guard closed records', why: `State ${from} can not become ${to}` };
  }
  if (to === from) return { ok: true, sets: {} };
  const isClosed = ['3', '4', '7'].includes(to);
  return {
    ok: true,
    sets: {
      ...(table === 'sc_req_item' && STAGE[to] !== undefined ? { stage: STAGE[to] } : {}),
      ...(table === 'sc_request' && to === '4' ? { request_state: 'closed_cancelled' } : {}),
      ...(table === 'sc_request' && to === '3' ? { request_state: 'closed_complete' } : {}),
      active: String(!isClosed),
    },
  };
}
