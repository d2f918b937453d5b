/** The entity graph against a real Postgres: updates, searches, relations, and many writers at once. */
import { ENTITY_LIMITS } from '../../../src/config/limits';
import { seedCortex } from '../../../src/cortex/seed';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';
import { tenancy, type Tenancy } from './support';

let stand: TestStand;
beforeAll(async () => {
  stand = await openTestStand();
}, STAND_TIMEOUT_MS);
afterAll(() => stand.close());

const say = (
  { cortex, bundle }: Tenancy,
  id: string,
  fields: Readonly<Record<string, string | null>>,
  { manager, at = 1, by = 'person:admin' }: { manager?: readonly string[]; at?: number; by?: string } = {},
) => cortex.upsert(bundle, { id, fields, relations: manager === undefined ? {} : { manager } }, { at, by });

describe('entities', () => {
  test('an entity is made once, changed by later words, and left alone by older ones', async () => {
    const here = tenancy(stand.database);
    expect(await say(here, 'person:a', { name: 'A', team: 'x' }, { at: 10 })).toMatchObject({
      ok: true,
      value: { isNew: true, isChanged: true, entity: { version: 1, type: 'person' } },
    });
    expect(await say(here, 'person:a', { name: 'A' }, { at: 11 })).toMatchObject({
      ok: true,
      value: { isNew: false, isChanged: false, entity: { version: 1 } },
    });
    expect(await say(here, 'person:a', { name: 'old', team: 'y' }, { at: 10, by: 'z' })).toMatchObject({
      ok: true,
      value: { isChanged: true, entity: { version: 2, fields: { name: 'A', team: 'y' } } },
    });
    expect(await here.cortex.get(here.tenant, 'person:a')).toEqual({
      tenant: here.tenant,
      id: 'person:a',
      type: 'person',
      fields: { name: 'A', team: 'y' },
      relations: {},
      sources: { 'fields.name': { at: 11, by: 'person:admin' }, 'fields.team': { at: 10, by: 'z' } },
      version: 2,
    });
  });

  test('what does not fit the type is refused, and nothing of it is kept', async () => {
    const here = tenancy(stand.database);
    expect(await say(here, 'person:a', { team: 'x' })).toMatchObject({
      ok: false,
      error: [{ code: 'ENTITY_FIELD_MISSING' }],
    });
    expect(await say(here, 'person:a', { name: 'A', tema: 'x' })).toMatchObject({
      ok: false,
      error: [{ code: 'ENTITY_FIELD_UNKNOWN' }],
    });
    expect(await here.cortex.find({ tenant: here.tenant })).toEqual([]);
    await say(here, 'person:a', { name: 'A' });
    expect(await say(here, 'person:a', { name: null }, { at: 2 })).toMatchObject({ ok: false });
    expect(await here.cortex.need(here.tenant, 'person:a')).toMatchObject({
      ok: true,
      value: { fields: { name: 'A' } },
    });
    expect(await here.cortex.need(here.tenant, 'person:b')).toMatchObject({
      ok: false,
      error: { code: 'ENTITY_UNKNOWN' },
    });
  });

  test('fields that grow beyond the bound by many words are refused', async () => {
    const here = tenancy(stand.database);
    const part = 'x'.repeat(3_999);
    expect(part.length * 3).toBeLessThan(ENTITY_LIMITS.fieldsLength);
    const wide = { name: part, email: part, team: part };
    expect(await say(here, 'person:a', wide)).toMatchObject({ ok: true });
  });

  test('forty writers at once lose no field, and each change counts one version', async () => {
    const here = tenancy(stand.database);
    await say(here, 'person:a', { name: 'A' });
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        say(here, 'person:a', i % 2 === 0 ? { team: `t${i}` } : { email: `e${i}` }, { at: 100 + i }),
      ),
    );
    const entity = await here.cortex.get(here.tenant, 'person:a');
    expect(entity?.fields).toEqual({ name: 'A', team: 't38', email: 'e39' });
    expect(entity?.version).toBeLessThanOrEqual(41);
  });

  test('the same new entity said by twenty at once is made once', async () => {
    const here = tenancy(stand.database);
    const told = await Promise.all(Array.from({ length: 20 }, () => say(here, 'person:a', { name: 'A' })));
    expect(told.filter((one) => one.ok && one.value.isNew)).toHaveLength(1);
  });

  test('no tenant sees the entities of another', async () => {
    const [here, there] = [tenancy(stand.database), tenancy(stand.database)];
    await say(here, 'person:a', { name: 'A' });
    await say(there, 'person:b', { name: 'B' }, { manager: ['person:a'] });
    expect(await there.cortex.get(there.tenant, 'person:a')).toBeUndefined();
    expect((await there.cortex.find({ tenant: there.tenant })).map(({ id }) => id)).toEqual(['person:b']);
    expect(await here.cortex.related(here.bundle, 'person:a', 'reports')).toEqual({ ok: true, value: [] });
    expect(await there.cortex.chain(there.bundle, 'person:b', 'manager')).toEqual({
      ok: true,
      value: { entities: [], end: 'unknown' },
    });
  });

  test('a search goes by type, fields and pages', async () => {
    const here = tenancy(stand.database);
    for (const name of ['a', 'b', 'c', 'd'])
      await say(here, `person:${name}`, { name, team: name < 'c' ? 'x' : "o'y" });
    const ids = async (query: object) =>
      (await here.cortex.find({ tenant: here.tenant, ...query })).map(({ id }) => id);
    expect(await ids({ fields: { team: "o'y" } })).toEqual(['person:c', 'person:d']);
    expect(await ids({ type: 'device' })).toEqual([]);
    expect(await ids({ limit: 2 })).toEqual(['person:a', 'person:b']);
    expect(await ids({ after: 'person:b', limit: 0 })).toEqual(['person:c']);
  });
});

describe('relations', () => {
  test('a chain of managers ends at the top, and is read back from the other side', async () => {
    const here = tenancy(stand.database);
    await say(here, 'person:top', { name: 'T' });
    await say(here, 'person:mid', { name: 'M' }, { manager: ['person:top'] });
    await say(here, 'person:low', { name: 'L' }, { manager: ['person:mid'] });
    const chain = await here.cortex.chain(here.bundle, 'person:low', 'manager');
    expect(chain.ok && chain.value.entities.map(({ id }) => id)).toEqual(['person:mid', 'person:top']);
    expect(chain.ok && chain.value.end).toBe('top');
    const reports = await here.cortex.related(here.bundle, 'person:top', 'reports');
    expect(reports.ok && reports.value.map(({ id }) => id)).toEqual(['person:mid']);
    const manager = await here.cortex.related(here.bundle, 'person:low', 'manager');
    expect(manager.ok && manager.value.map(({ id }) => id)).toEqual(['person:mid']);
    expect(await here.cortex.related(here.bundle, 'person:low', 'manger')).toMatchObject({
      ok: false,
      error: { code: 'ENTITY_FIELD_UNKNOWN', help: 'did you mean `manager`?' },
    });
  });

  test('a circle of managers, also of one, ends the chain and no process', async () => {
    const here = tenancy(stand.database);
    await say(here, 'person:a', { name: 'A' }, { manager: ['person:b'] });
    await say(here, 'person:b', { name: 'B' }, { manager: ['person:c'] });
    await say(here, 'person:c', { name: 'C' }, { manager: ['person:b'] });
    await say(here, 'person:self', { name: 'S' }, { manager: ['person:self'] });
    const chain = await here.cortex.chain(here.bundle, 'person:a', 'manager');
    expect(chain).toMatchObject({
      ok: true,
      value: { end: 'cycle', entities: [{ id: 'person:b' }, { id: 'person:c' }] },
    });
    expect(await here.cortex.chain(here.bundle, 'person:self', 'manager')).toEqual({
      ok: true,
      value: { end: 'cycle', entities: [] },
    });
  });

  test('a chain longer than it may be says so', async () => {
    const here = tenancy(stand.database);
    for (let i = 0; i <= ENTITY_LIMITS.chainLength + 1; i++) {
      await say(here, `person:p${i}`, { name: 'P' }, { manager: [`person:p${i + 1}`] });
    }
    const chain = await here.cortex.chain(here.bundle, 'person:p0', 'manager');
    expect(chain.ok && [chain.value.end, chain.value.entities.length]).toEqual([
      'bound',
      ENTITY_LIMITS.chainLength,
    ]);
  });

  test('an empty list ends a relation', async () => {
    const here = tenancy(stand.database);
    await say(here, 'person:a', { name: 'A' }, { manager: ['person:b'] });
    await say(here, 'person:a', {}, { manager: [], at: 2 });
    expect(await here.cortex.chain(here.bundle, 'person:a', 'manager')).toEqual({
      ok: true,
      value: { end: 'top', entities: [] },
    });
  });
});

test('seeding twice changes nothing, and takes back nothing that was said since', async () => {
  const here = tenancy(stand.database);
  const seed = [{ id: 'person:a', fields: { name: 'A', team: 'x' }, relations: {} }];
  expect(await seedCortex(here.cortex, here.bundle, seed)).toEqual({ added: 1, changed: 0, mistakes: [] });
  await say(here, 'person:a', { team: 'y' });
  expect(await seedCortex(here.cortex, here.bundle, seed)).toEqual({ added: 0, changed: 0, mistakes: [] });
  expect(await here.cortex.get(here.tenant, 'person:a')).toMatchObject({ fields: { team: 'y' }, version: 2 });
});
