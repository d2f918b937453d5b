import { personIds, seededId } from '../../../src/sandbox';
import { serviceNowClient } from './clients';
import { useSandbox } from './support';

const stand = useSandbox();
const MAC = seededId.catalogueItem('acme', 'MacBook Pro 14');
const sarah = personIds('acme', 'sarah.chen');

beforeEach(() => stand.current.admin.reset());

const order = (correlation: string) =>
  serviceNowClient(stand.current.sandbox)('POST', `/api/sn_sc/servicecatalog/items/${MAC}/order_now`, {
    sysparm_quantity: '1',
    sysparm_requested_for: sarah.serviceNowId,
    variables: { justification: 'new contractor', correlation_id: correlation },
  });

const itemsOf = async (query: string) =>
  (
    await serviceNowClient(stand.current.sandbox)(
      'GET',
      `/api/now/table/sc_req_item?sysparm_query=${encodeURIComponent(query)}`,
    )
  ).at('result') as Record<string, unknown>[];

const setState = (table: string, id: string, state: string) =>
  serviceNowClient(stand.current.sandbox)('PATCH', `/api/now/table/${table}/${id}`, { state });

describe('an order', () => {
  test('makes a request and an item that is found by its correlation', async () => {
    const ordered = await order('key-1');
    expect(ordered.status).toBe(200);
    expect(ordered.at('result')).toMatchObject({
      table: 'sc_request',
      request_number: expect.stringMatching(/^REQ\d{7}$/) as string,
    });
    const [item] = await itemsOf('correlation_id=key-1');
    expect(item).toMatchObject({
      state: '1',
      stage: 'request_approved',
      request: { value: ordered.text('result.request_id') },
    });
  });

  test('is found by its catalogue variable, and through the request it belongs to', async () => {
    await order('key-1');
    const variable = seededId.catalogueVariable('acme', 'MacBook Pro 14', 'correlation_id');
    expect(await itemsOf(`variables.${variable}=key-1`)).toHaveLength(1);
    expect(await itemsOf('request.correlation_id=key-1^active=true')).toHaveLength(1);
    expect(await itemsOf('correlation_id=key-2')).toHaveLength(0);
  });

  test('sent twice is two orders', async () => {
    await order('key-1');
    await order('key-1');
    expect(await itemsOf('correlation_id=key-1')).toHaveLength(2);
  });

  test('without its mandatory variable, or of something that is not sold, is refused', async () => {
    const call = serviceNowClient(stand.current.sandbox);
    const path = (item: string) => `/api/sn_sc/servicecatalog/items/${item}/order_now`;
    expect(await call('POST', path(MAC), { sysparm_quantity: '1', variables: {} })).toMatchObject({
      status: 400,
      body: { error: { message: 'Mandatory Variables are required' }, status: 'failure' },
    });
    expect((await call('POST', path('nothing'), { sysparm_quantity: '1' })).status).toBe(404);
  });

  test('that is cancelled leaves nothing standing', async () => {
    const before = await stand.current.admin.snapshot({ view: 'standing' });
    const ordered = await order('key-1');
    const [item] = await itemsOf('correlation_id=key-1');
    expect(await setState('sc_req_item', item?.['sys_id'] as string, '4')).toMatchObject({
      status: 200,
      body: { result: { state: '4', stage: 'Request Cancelled', active: 'false' } },
    });
    const request = await serviceNowClient(stand.current.sandbox)(
      'GET',
      `/api/now/table/sc_request/${ordered.text('result.request_id')}`,
    );
    expect(request.at('result.request_state')).toBe('closed_cancelled');
    expect(await stand.current.admin.snapshot({ view: 'standing' })).toEqual(before);
  });

  test('that is fulfilled can no longer be cancelled', async () => {
    await order('key-1');
    const [item] = await itemsOf('correlation_id=key-1');
    const id = item?.['sys_id'] as string;
    await setState('sc_req_item', id, '3');
    const refused = await setState('sc_req_item', id, '4');
    expect(refused).toMatchObject({ status: 403, body: { error: { message: 'Operation Failed' } } });
    expect((await itemsOf('correlation_id=key-1'))[0]).toMatchObject({ state: '3' });
  });
});

describe('the Table API', () => {
  test('makes a second record of the same POST', async () => {
    const call = serviceNowClient(stand.current.sandbox);
    const incident = { short_description: 'printer', correlation_id: 'key-9' };
    const first = await call('POST', '/api/now/table/incident', incident);
    const second = await call('POST', '/api/now/table/incident', incident);
    expect(first.status).toBe(201);
    expect(second.at('result.sys_id')).not.toBe(first.at('result.sys_id'));
    const found = await call(
      'GET',
      '/api/now/table/incident?sysparm_query=correlation_id=key-9&sysparm_limit=1',
    );
    expect(found.at('result')).toHaveLength(1);
    expect(found.headers.get('x-total-count')).toBe('2');
  });

  test('shows the fields asked for, with references as links or plain', async () => {
    const call = serviceNowClient(stand.current.sandbox);
    const path = `/api/now/table/sys_user/${sarah.serviceNowId}?sysparm_fields=user_name,department`;
    const department = seededId.serviceNowDepartment('acme', 'Engineering');
    expect((await call('GET', path)).at('result')).toMatchObject({
      user_name: 'sarah.chen',
      department: { value: department },
    });
    expect((await call('GET', `${path}&sysparm_exclude_reference_link=true`)).at('result.department')).toBe(
      department,
    );
  });

  test('names a missing record and an unknown table in its own words', async () => {
    const call = serviceNowClient(stand.current.sandbox);
    expect(await call('GET', '/api/now/table/incident/none')).toMatchObject({
      status: 404,
      body: { error: { message: 'No Record found' }, status: 'failure' },
    });
    expect((await call('GET', '/api/now/table/u_nothing')).status).toBe(400);
  });

  test('deletes once', async () => {
    const call = serviceNowClient(stand.current.sandbox);
    const id = (await call('POST', '/api/now/table/incident', { short_description: 'x' })).text(
      'result.sys_id',
    );
    expect((await call('DELETE', `/api/now/table/incident/${id}`)).status).toBe(204);
    expect((await call('DELETE', `/api/now/table/incident/${id}`)).status).toBe(404);
  });
});
