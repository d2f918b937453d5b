/** Events against a real Postgres: each counts once, and none is lost, whatever it selects and whoever dies. */
import { createCortex } from '../../../src/cortex/cortex';
import { createIngest } from '../../../src/cortex/ingest';
import { createEntityStore } from '../../../src/store/entities';
import { openDatabase } from '../../../src/store/database';
import { StoreError } from '../../../src/store/store-error';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';
import { hired, NOW, tenancy, type Tenancy } from './support';

let stand: TestStand;
beforeAll(async () => {
  stand = await openTestStand();
}, STAND_TIMEOUT_MS);
afterAll(() => stand.close());

const keyOf = ({ tenant }: Tenancy, id = 'e-1', source = '/hr') => ({ tenant, source, id });
const statuses = async ({ events, tenant }: Tenancy) =>
  (await events.list({ tenant, limit: 100 })).map(({ id, status }) => `${id} ${status}`);

test('an event makes its entity known, selects its automation and is kept', async () => {
  const here = tenancy(stand.database);
  const taken = await here.ingest.receive(
    here.bundle,
    hired({ time: '2026-11-23T08:00:00Z' }, { boss: 'maya', team: 'x' }),
  );
  expect(taken).toMatchObject({
    ok: true,
    value: {
      kind: 'selected',
      selection: { outcome: 'EMP-R-001', entity: 'person:ada', automation: { id: 'contractors' } },
      entity: {
        id: 'person:ada',
        fields: { name: 'Ada', email: 'ada@acme.example', team: 'x' },
        relations: { manager: ['person:maya'] },
        sources: { 'fields.name': { at: Date.parse('2026-11-23T08:00:00Z'), by: 'event /hr e-1' } },
      },
    },
  });
  expect(await here.events.get(keyOf(here))).toMatchObject({
    status: 'selected',
    automation: 'contractors',
    outcome: 'EMP-R-001',
    entity: 'person:ada',
    reasons: [],
    event: hired({ time: '2026-11-23T08:00:00Z' }, { boss: 'maya', team: 'x' }),
  });
});

test('what is no event is refused with all its mistakes and not kept', async () => {
  const here = tenancy(stand.database);
  expect(await here.ingest.receive(here.bundle, { ...hired(), id: undefined, source: '' })).toMatchObject({
    ok: false,
    error: [{ code: 'EVENT_ATTRIBUTE_MISSING' }, { code: 'EVENT_ATTRIBUTE_INVALID' }],
  });
  expect(await statuses(here)).toEqual([]);
});

test('an event that was started is a duplicate for ever, and tells when its content differs', async () => {
  const here = tenancy(stand.database);
  await here.ingest.receive(here.bundle, hired());
  await here.ingest.started(keyOf(here), 'o/1');
  expect(await here.ingest.receive(here.bundle, hired())).toMatchObject({
    ok: true,
    value: { kind: 'duplicate', isSame: true, stored: { status: 'started', outcomeId: 'o/1' } },
  });
  expect(await here.ingest.receive(here.bundle, hired({}, { name: 'Eve' }))).toMatchObject({
    ok: true,
    value: { kind: 'duplicate', isSame: false },
  });
  expect(await here.cortex.get(here.tenant, 'person:ada')).toMatchObject({ fields: { name: 'Ada' } });
  await here.ingest.failed(keyOf(here), []);
  expect(await here.events.get(keyOf(here))).toMatchObject({ status: 'started', outcomeId: 'o/1' });
});

test('the same event sent thirty times at once is kept once', async () => {
  const here = tenancy(stand.database);
  const taken = await Promise.all(
    Array.from({ length: 30 }, () => here.ingest.receive(here.bundle, hired())),
  );
  expect(taken.every((one) => one.ok && one.value.kind === 'selected')).toBe(true);
  expect(await statuses(here)).toEqual(['e-1 selected']);
  expect(await here.cortex.get(here.tenant, 'person:ada')).toMatchObject({ version: 1 });
});

test('an event whose process died before or after selection goes on when it is sent again', async () => {
  const here = tenancy(stand.database);
  await here.events.receive(keyOf(here), { type: 'hr.hired', event: { ...hired(), extensions: {} } });
  expect(await statuses(here)).toEqual(['e-1 received']);
  expect(await here.ingest.receive(here.bundle, hired())).toMatchObject({
    ok: true,
    value: { kind: 'selected' },
  });
  expect(await here.ingest.receive(here.bundle, hired())).toMatchObject({
    ok: true,
    value: { kind: 'selected' },
  });
});

test('an event that selects none is kept, is not tried by itself, and starts once the configuration has changed', async () => {
  const here = tenancy(stand.database);
  const intern = hired({}, { kind: 'intern' });
  const kept = { kind: 'kept', status: 'unselected', reasons: [{ code: 'SELECT_NONE' }] };
  expect(await here.ingest.receive(here.bundle, intern)).toMatchObject({ ok: true, value: kept });
  expect(await here.events.get(keyOf(here))).toMatchObject({
    status: 'unselected',
    reasons: [{ code: 'SELECT_NONE' }],
  });
  const wider = here.withAutomations({ contractors: 'contractor', interns: 'intern' });
  expect(await here.ingest.receive(wider, intern)).toMatchObject({ ok: true, value: { kind: 'duplicate' } });
  expect(await here.ingest.retry(here.bundle, keyOf(here))).toMatchObject({ ok: true, value: kept });
  expect(await here.ingest.retry(wider, keyOf(here))).toMatchObject({
    ok: true,
    value: { kind: 'selected', selection: { automation: { id: 'interns' } } },
  });
  expect(await here.events.get(keyOf(here))).toMatchObject({ status: 'selected', reasons: [], tries: 3 });
});

test('an event that selects two is kept with both names, and its selection of before is no longer so', async () => {
  const here = tenancy(stand.database);
  await here.ingest.receive(here.bundle, hired());
  const both = here.withAutomations({ contractors: 'contractor', all: '*' });
  expect(await here.ingest.retry(both, keyOf(here))).toMatchObject({
    ok: true,
    value: { kind: 'kept', status: 'ambiguous', reasons: [{ code: 'SELECT_AMBIGUOUS' }] },
  });
  const stored = await here.events.get(keyOf(here));
  expect(stored).toMatchObject({ status: 'ambiguous', automation: null, outcome: null, entity: null });
  expect(stored?.reasons[0]?.message).toMatch(/`all`.*`contractors`/);
});

test('an event that says what the entity graph refuses, or names nobody, is kept as failed with the reason', async () => {
  const here = tenancy(stand.database);
  expect(await here.ingest.receive(here.bundle, hired({}, { name: 7 }))).toMatchObject({
    ok: true,
    value: { kind: 'kept', status: 'failed', reasons: [{ code: 'ENTITY_FIELD_INVALID' }] },
  });
  expect(
    await here.ingest.receive(here.bundle, hired({ id: 'e-2', data: { kind: 'contractor' } })),
  ).toMatchObject({
    ok: true,
    value: { kind: 'kept', status: 'failed', reasons: [{ code: 'SELECT_INCOMPLETE' }] },
  });
  expect(await statuses(here)).toEqual(['e-1 failed', 'e-2 failed']);
});

test('EVENT_ID_TAKEN: two sources with one id never share an outcome, and the second is not lost', async () => {
  const here = tenancy(stand.database);
  await here.ingest.receive(here.bundle, hired());
  expect(
    await here.ingest.receive(here.bundle, hired({ source: '/other' }, { email: 'bob@acme.example' })),
  ).toMatchObject({
    ok: true,
    value: { kind: 'kept', status: 'failed', reasons: [{ code: 'EVENT_ID_TAKEN' }] },
  });
  expect(await here.events.get(keyOf(here, 'e-1', '/other'))).toMatchObject({ status: 'failed' });
  const elsewhere = tenancy(stand.database);
  expect(await elsewhere.ingest.receive(elsewhere.bundle, hired())).toMatchObject({
    ok: true,
    value: { kind: 'selected' },
  });
});

test('an event from a clock that runs ahead does not have the last word for ever', async () => {
  const here = tenancy(stand.database);
  await here.ingest.receive(here.bundle, hired({ time: '2099-01-01T00:00:00Z' }));
  expect(await here.cortex.get(here.tenant, 'person:ada')).toMatchObject({
    sources: { 'fields.name': { at: NOW } },
  });
});

test('an event that arrives late changes nothing that a later one has said', async () => {
  const here = tenancy(stand.database);
  await here.ingest.receive(here.bundle, hired({ time: '2026-11-23T09:00:00Z' }, { team: 'new' }));
  await here.ingest.receive(here.bundle, hired({ id: 'e-0', time: '2026-11-23T08:00:00Z' }, { team: 'old' }));
  expect(await here.cortex.get(here.tenant, 'person:ada')).toMatchObject({ fields: { team: 'new' } });
});

test('EVENT_UNKNOWN: what was never received cannot be retried', async () => {
  const here = tenancy(stand.database);
  expect(await here.ingest.retry(here.bundle, keyOf(here))).toMatchObject({
    ok: false,
    error: [{ code: 'EVENT_UNKNOWN' }],
  });
});

test('a list goes by arrival, forwards and backwards, by status and by tenant', async () => {
  const here = tenancy(stand.database);
  for (const [id, kind] of [
    ['1', 'contractor'],
    ['2', 'intern'],
    ['3', 'intern'],
    ['4', 'contractor'],
  ] as const) {
    await here.ingest.receive(here.bundle, hired({ id }, { kind }));
  }
  const page = async (query: object) =>
    (await here.events.list({ tenant: here.tenant, limit: 2, ...query })).map(({ id }) => id);
  expect(await page({})).toEqual(['1', '2']);
  const second = (await here.events.get(keyOf(here, '2')))!.seq;
  expect(await page({ after: second })).toEqual(['3', '4']);
  expect(await page({ before: Number.MAX_SAFE_INTEGER })).toEqual(['4', '3']);
  expect(await page({ statuses: ['unselected'] })).toEqual(['2', '3']);
});

test('with the database down nothing is answered as taken, and a later try takes it', async () => {
  const here = tenancy(stand.database);
  const unreachable = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none' });
  const ingest = createIngest({
    events: here.events,
    cortex: createCortex(createEntityStore(unreachable)),
    now: () => NOW,
  });
  await expect(ingest.receive(here.bundle, hired())).rejects.toBeInstanceOf(StoreError);
  await unreachable.close();
  expect(await statuses(here)).toEqual(['e-1 received']);
  expect(await here.ingest.receive(here.bundle, hired())).toMatchObject({
    ok: true,
    value: { kind: 'selected' },
  });
});
