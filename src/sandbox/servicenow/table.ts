/**
 * ServiceNow's Table API. It has no key of any kind: the same POST twice makes two records, and a search on
 * `correlation_id` is all that a client has.
 * Adapter ring.
 * @source https://docs.servicenow.com/bundle/washingtondc-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html
 */
import type { Json, JsonObject } from '../../kernel/json';
import { COLLECTIONS, type CollectionName } from '../collections';
import type { Call, VendorRoute } from '../vendor';
import { answer, asObject, list, text, type Answer } from '../wire';
import type { Found } from '../world';
import { abortedBy, failure, noRecord, result } from './errors';
import { equalityOn, ordered, parseQuery, satisfies } from './query';
import { transitionOf } from './states';

/** Fields that point to a record, and the table that they point to. */
const REFERENCES: Readonly<Record<string, string>> = {
  request: 'sc_request',
  requested_for: 'sys_user',
  opened_by: 'sys_user',
  caller_id: 'sys_user',
  cat_item: 'sc_cat_item',
  department: 'cmn_department',
};

const PREFIX: Readonly<Record<string, string>> = { sc_request: 'REQ', sc_req_item: 'RITM', incident: 'INC' };

const sysTime = (date: Date): string => date.toISOString().slice(0, 19).replace('T', ' ');

const numberOf = (table: string, n: number): string =>
  `${PREFIX[table] ?? 'REC'}${String(n).padStart(7, '0')}`;

/** 32 hex digits for a record made later; seeded ones are digests, so these can't meet them. */
const sysIdOf = (n: number): string => n.toString(16).padStart(32, '0');

const tableOf = (call: Call): CollectionName | undefined => {
  const name = `servicenow.${call.params['table'] ?? ''}`;
  return name in COLLECTIONS ? (name as CollectionName) : undefined;
};

function withTable(call: Call, handle: (table: CollectionName) => Answer): Answer {
  const table = tableOf(call);
  return table ? handle(table) : failure(400, `Invalid table ${call.params['table'] ?? ''}`, null);
}

function withRecord(
  call: Call,
  handle: (table: CollectionName, record: Found<JsonObject>) => Answer,
): Answer {
  return withTable(call, (table) => {
    const id = call.params['id'] ?? '';
    const row = call.world.get(table, id);
    return row ? handle(table, { id, row }) : noRecord();
  });
}

/** A field of a record by name; with dots it follows references, and `variables.<sys_id>` reads a catalogue variable. */
function fieldOf(call: Call, { id, row }: Found<JsonObject>, name: string): string {
  if (name === 'sys_id') return id;
  const [head = '', ...rest] = name.split('.');
  if (head === 'variables') {
    const variable = list(row, 'variables')
      .map(asObject)
      .find((item) => item?.['sys_id'] === rest[0]);
    return text(variable, 'value') ?? '';
  }
  const value = typeof row[head] === 'string' ? row[head] : '';
  const table = REFERENCES[head];
  if (rest.length === 0 || table === undefined) return value;
  const next = call.world.get(`servicenow.${table}` as CollectionName, value);
  return next ? fieldOf(call, { id: value, row: next }, rest.join('.')) : '';
}

/** A record as the API shows it: text in every field, references as link and value, variables not at all. */
function view(call: Call, { id, row }: Found<JsonObject>): JsonObject {
  const plain = call.query['sysparm_exclude_reference_link'] === 'true';
  const fields = call.query['sysparm_fields']?.split(',').map((name) => name.trim());
  const shown: Record<string, Json> = {};
  for (const name of fields ?? ['sys_id', ...Object.keys(row).filter((key) => key !== 'variables')]) {
    const value = fieldOf(call, { id, row }, name);
    const table = REFERENCES[name];
    shown[name] =
      table === undefined || plain || value === ''
        ? value
        : { link: `${call.baseUrl}/api/now/table/${table}/${value}`, value };
  }
  return shown;
}

const DEFAULT_LIMIT = 10_000;

function listRecords(call: Call): Answer {
  return withTable(call, (table) => {
    const query = parseQuery(call.query['sysparm_query'] ?? '');
    if (!query) return failure(400, 'Invalid query', 'The encoded query can not be read.');
    const exact = equalityOn(query, Object.keys(COLLECTIONS[table].indexes));
    const lowered =
      exact && ['user_name', 'email', 'name'].includes(exact.field)
        ? exact.value.toLowerCase()
        : exact?.value;
    const candidates =
      exact && lowered !== undefined ? call.world.find(table, exact.field, lowered) : call.world.all(table);
    const found = candidates.filter((record) => satisfies(query, (field) => fieldOf(call, record, field)));
    const sorted = ordered(
      found.map(({ id, row }) => ({ ...row, sys_id: id })),
      query.orderBy,
    );
    const offset = Number(call.query['sysparm_offset']) || 0;
    const limit = Number(call.query['sysparm_limit']) || DEFAULT_LIMIT;
    const page = sorted.slice(offset, offset + limit).map((row) => view(call, { id: row.sys_id, row }));
    return result(200, page, { 'x-total-count': String(found.length) });
  });
}

/** Makes a record with what the platform adds to every one. */
export function insert(call: Call, table: string, fields: JsonObject): Found<JsonObject> {
  const n = call.world.nextId();
  const id = sysIdOf(n);
  const now = sysTime(call.now);
  const row: JsonObject = {
    ...(PREFIX[table] === undefined ? {} : { number: numberOf(table, n) }),
    ...fields,
    sys_created_on: now,
    sys_created_by: call.principal.name,
    sys_updated_on: now,
    sys_updated_by: call.principal.name,
    sys_mod_count: '0',
  };
  call.world.put(`servicenow.${table}` as CollectionName, id, row);
  return { id, row };
}

/** Every field of a record is text. */
function textFields(body: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(body)
      .filter(([key]) => key !== 'variables' && !key.startsWith('sys_'))
      .map(([key, value]) => [
        key,
        value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value),
      ]),
  );
}

function createRecord(call: Call): Answer {
  return withTable(call, (table) => {
    const name = table.slice('servicenow.'.length);
    const created = insert(call, name, { state: '1', active: 'true', ...textFields(call.body) });
    return result(201, view(call, created), {
      location: `${call.baseUrl}/api/now/table/${name}/${created.id}`,
    });
  });
}

function updateRecord(call: Call): Answer {
  return withRecord(call, (table, { id, row }) => {
    const name = table.slice('servicenow.'.length);
    const sent = textFields(call.body);
    const transition = transitionOf(name, row, sent);
    if (!transition.ok) return abortedBy(transition.rule, name, transition.why);
    const after: JsonObject = {
      ...row,
      ...sent,
      ...transition.sets,
      sys_updated_on: sysTime(call.now),
      sys_updated_by: call.principal.name,
      sys_mod_count: String(Number(row['sys_mod_count'] ?? 0) + 1),
    };
    call.world.put(table, id, after);
    if (name === 'sc_req_item') closeRequestIfAllClosed(call, text(row, 'request') ?? '');
    return result(200, view(call, { id, row: after }));
  });
}

/** A request whose items are all cancelled is cancelled too, as the platform's own flow does. */
function closeRequestIfAllClosed(call: Call, request: string): void {
  const row = call.world.get('servicenow.sc_request', request);
  const items = call.world.find('servicenow.sc_req_item', 'request', request);
  if (!row || items.length === 0 || items.some((item) => item.row['state'] !== '4')) return;
  call.world.put('servicenow.sc_request', request, {
    ...row,
    state: '4',
    request_state: 'closed_cancelled',
    active: 'false',
  });
}

function deleteRecord(call: Call): Answer {
  return withRecord(call, (table, { id }) => {
    call.world.remove(table, id);
    return answer(204);
  });
}

const one = '/api/now/table/:table/:id';

export const tableRoutes: readonly VendorRoute[] = [
  {
    op: 'servicenow.table.list',
    method: 'GET',
    path: '/api/now/table/:table',
    scope: 'rest',
    handle: listRecords,
  },
  {
    op: 'servicenow.table.create',
    method: 'POST',
    path: '/api/now/table/:table',
    scope: 'itil',
    handle: createRecord,
  },
  {
    op: 'servicenow.table.get',
    method: 'GET',
    path: one,
    scope: 'rest',
    handle: (call) => withRecord(call, (_table, record) => result(200, view(call, record))),
  },
  { op: 'servicenow.table.update', method: 'PATCH', path: one, scope: 'itil', handle: updateRecord },
  { op: 'servicenow.table.update', method: 'PUT', path: one, scope: 'itil', handle: updateRecord },
  { op: 'servicenow.table.delete', method: 'DELETE', path: one, scope: 'itil', handle: deleteRecord },
];
