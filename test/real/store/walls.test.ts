/**
 * The walls between tenants, seen by SQL, against rows of two tenants in every table that has a tenant: for a connection as the role of
 * the program, by its own password, and for one as an owner of the tables that is no superuser.
 */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { appRoleOf, appUrlOf } from '../../../src/store/app-role';
import { createAnswerStore } from '../../../src/store/answers';
import { migrate } from '../../../src/store/database';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';

/** Two tenants of this run alone: some tables keep their rows for good. */
const RUN = randomUUID().slice(0, 8);
const [A, B] = [`wall-a-${RUN}`, `wall-b-${RUN}`];

/** Tables that belong to no tenant. There are none; one that is added is named here, with why. */
const OF_NO_TENANT: readonly string[] = [];

let stand: TestStand;
let app: Client;

interface Table {
  readonly name: string;
  readonly hasTenant: boolean;
  /** Its rows lie in other tables. */
  readonly isParted: boolean;
}
let tables: readonly Table[];

beforeAll(async () => {
  stand = await openTestStand();
  tables = await stand.owner.query<Table>({
    text: `SELECT c.relname AS name, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant') AS "hasTenant", c.relkind = 'p' AS "isParted"
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname NOT LIKE 'toy\\_%' ORDER BY 1`,
  });
  app = new Client({ connectionString: appUrlOf(stand.stand.postgres.url) });
  await app.connect();
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  await app.end();
  await stand.close();
}, 30_000);

const walled = (): readonly string[] => tables.filter(({ hasTenant }) => hasTenant).map(({ name }) => name);

/** Runs as a tenant, or as nobody, and takes everything back. */
async function as<T>(tenant: string | undefined, work: () => Promise<T>, client = app): Promise<T> {
  await client.query('BEGIN');
  try {
    if (tenant !== undefined) await client.query(`SELECT set_config('backstep.tenant', $1, true)`, [tenant]);
    return await work();
  } finally {
    await client.query('ROLLBACK');
  }
}

const count = async (table: string, client = app): Promise<number> =>
  Number((await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`)).rows[0]?.n);

/** A row with something in each column that has to have something. */
async function insertRow(table: string, tenant: string): Promise<void> {
  await stand.owner.query({ text: await rowOf(table, tenant) });
}

async function rowOf(table: string, tenant: string): Promise<string> {
  const columns = await stand.owner.query<{ name: string; type: string }>({
    text: `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef AND attgenerated = '' AND attname <> 'tenant'`,
    values: [table],
  });
  const names = ['tenant', ...columns.map(({ name }) => `"${name}"`)];
  const values = [`'${tenant}'`, ...columns.map(({ type }) => fillerOf(type))];
  return `INSERT INTO ${table} (${names.join(', ')}) VALUES (${values.join(', ')}) ON CONFLICT DO NOTHING`;
}

function fillerOf(type: string): string {
  if (type.endsWith('[]')) return `'{}'`;
  if (type === 'jsonb' || type === 'json') return `'{}'`;
  if (type === 'text') return `'walls'`;
  if (type === 'boolean') return 'false';
  if (type.startsWith('timestamp')) return 'now()';
  if (type === 'bytea') return `'\\x00'`;
  return '0';
}

test('every table has a tenant, but for those that are named', () => {
  expect(tables.filter(({ hasTenant }) => !hasTenant).map(({ name }) => name)).toEqual(OF_NO_TENANT);
  expect(walled().length).toBeGreaterThan(10);
});

test('the role of the program owns nothing and can get around nothing', async () => {
  const { rows } = await app.query(
    `SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit,
  (SELECT count(*)::int FROM pg_class WHERE relowner = r.oid) AS owned,
  (SELECT count(*)::int FROM pg_auth_members WHERE member = r.oid) AS memberships
FROM pg_roles r WHERE rolname = current_user`,
  );
  expect(rows).toEqual([
    {
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolinherit: false,
      owned: 0,
      memberships: 0,
    },
  ]);
  const owner = new URL(stand.stand.postgres.url).username;
  await expect(app.query(`SET ROLE "${owner}"`)).rejects.toThrow('permission denied');
  await expect(app.query('ALTER TABLE barriers DISABLE ROW LEVEL SECURITY')).rejects.toThrow('must be owner');
  await expect(app.query('CREATE TABLE own (n int)')).rejects.toThrow('permission denied');
});

test('its password is neither the owner’s nor anybody’s to guess', async () => {
  const { url } = stand.stand.postgres;
  expect(appRoleOf(url).password).not.toBe(new URL(url).password);
  const guessed = new URL(appUrlOf(url));
  guessed.password = 'backstep';
  const client = new Client({ connectionString: guessed.href });
  await expect(client.connect()).rejects.toThrow('password authentication failed');
});

test('of every table a tenant sees, changes and deletes its own rows alone, and who says no tenant none', async () => {
  const kept = tables.filter(({ hasTenant, isParted }) => hasTenant && !isParted);
  for (const { name: table } of kept) {
    await insertRow(table, A);
    expect([table, await as(A, () => count(table))]).toEqual([table, 1]);
    expect([table, await as(B, () => count(table))]).toEqual([table, 0]);
    expect([table, await as('', () => count(table))]).toEqual([table, 0]);
    expect([table, await as(undefined, () => count(table))]).toEqual([table, 0]);
    for (const change of [`UPDATE ${table} SET tenant = tenant`, `DELETE FROM ${table}`]) {
      const changed = await as(B, () => app.query(change)).catch((error: unknown) => ({
        rowCount: String(error),
      }));
      // A table that is only ever added to refuses both altogether.
      expect([
        change,
        changed.rowCount === 0 || String(changed.rowCount).includes('permission denied'),
      ]).toEqual([change, true]);
    }
    const moved = as(A, () => app.query(`UPDATE ${table} SET tenant = '${B}'`));
    await expect(moved).rejects.toThrow(/row-level security|permission denied|never changed|append/);
    const forged = as(B, () =>
      app.query(`INSERT INTO ${table} SELECT (jsonb_populate_record(NULL::${table}, $1)).*`, [{ tenant: A }]),
    );
    await expect(forged).rejects.toThrow(/row-level security|null value/);
  }
});

test('row-level security is forced on the owner of each table, too', async () => {
  const rows = await stand.owner.query<{ name: string }>({
    text: `SELECT relname AS name FROM pg_class WHERE relname = ANY($1) AND relrowsecurity AND relforcerowsecurity ORDER BY 1`,
    values: [walled()],
  });
  expect(rows.map(({ name }) => name)).toEqual(walled());
});

describe('an owner of the tables that is no superuser', () => {
  const name = `wall_owner_${RUN}`;
  const password = randomUUID();
  let owner: Client;
  let url: string;

  beforeAll(async () => {
    await stand.owner.query({ text: `CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD '${password}'` });
    await stand.owner.query({ text: `CREATE DATABASE ${name} OWNER ${name}` });
    const own = new URL(stand.stand.postgres.url);
    [own.username, own.password, own.pathname] = [name, password, `/${name}`];
    url = own.href;
    await migrate({ url });
    owner = new Client({ connectionString: url });
    await owner.connect();
  }, 60_000);

  afterAll(async () => {
    await owner.end();
    await stand.owner.query({ text: `DROP DATABASE ${name}` });
    await stand.owner.query({ text: `DROP ROLE ${appRoleOf(url).name}` });
    await stand.owner.query({ text: `DROP ROLE ${name}` });
  }, 30_000);

  test('migrates, owns every table, and can get around row-level security in no way but to lift it', async () => {
    const { rows } = await owner.query(
      `SELECT rolsuper, rolbypassrls, (SELECT count(*)::int FROM pg_class c WHERE c.relowner <> r.oid
  AND c.relnamespace = 'public'::regnamespace) AS others FROM pg_roles r WHERE rolname = current_user`,
    );
    expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false, others: 0 }]);
  });

  test('sees, changes and writes the rows of the one tenant that it names, but in its own sweeps', async () => {
    const swept = await owner.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE p.polname = 'owner_sweep'`,
    );
    const sweeps = swept.rows.map((row) => row.name);
    const kept = tables.filter(({ hasTenant, isParted }) => hasTenant && !isParted).map((one) => one.name);
    expect(sweeps.length).toBeLessThan(kept.length / 2);
    for (const table of kept.filter((one) => !sweeps.includes(one))) {
      const row = await rowOf(table, A);
      const forged = as(B, () => owner.query(row), owner);
      await expect(forged).rejects.toThrow('row-level security');
      await owner.query('BEGIN');
      await owner.query(`SELECT set_config('backstep.tenant', $1, true)`, [A]);
      await owner.query(row);
      await owner.query('COMMIT');
      expect([table, await as(A, () => count(table, owner), owner)]).toEqual([table, 1]);
      for (const other of [B, '', undefined]) {
        expect([table, await as(other, () => count(table, owner), owner)]).toEqual([table, 0]);
        const change = () => owner.query(`UPDATE ${table} SET tenant = tenant`);
        expect([table, (await as(other, change, owner)).rowCount]).toEqual([table, 0]);
      }
    }
  });
});

test('a connection that one tenant had shows the next nothing of it', async () => {
  const answers = createAnswerStore(stand.database);
  await answers.claim({ tenant: A, caller: 'ada', key: 'k' }, 'digest', 'try');
  const seen = await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      stand.database
        .of(n % 2 === 0 ? A : B)
        .query<{ n: number }>({ text: 'SELECT count(DISTINCT tenant)::int AS n FROM kept_answers' }),
    ),
  );
  expect(seen.map(([row]) => row?.n)).toEqual(Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? 1 : 0)));
  const none = await stand.database.shared.query({ name: 'shared-none', text: 'SELECT * FROM kept_answers' });
  expect(none).toEqual([]);
});

test('a transaction sees one tenant from its first statement on', async () => {
  const inside = await stand.database.of(A).transaction(async (client) => {
    await client.query(`INSERT INTO authority_tenants (tenant) VALUES ('${A}') ON CONFLICT DO NOTHING`);
    return (await client.query<{ tenant: string }>(`SELECT DISTINCT tenant FROM authority_tenants`)).rows;
  });
  expect(inside).toEqual([{ tenant: A }]);
});

test('bringing the schema up to date again changes nothing, and is left to the owner', async () => {
  const { url } = stand.stand.postgres;
  await migrate({ url });
  await migrate({ url: appUrlOf(url) });
  expect(await as(B, () => count('barriers'))).toBe(0);
});
