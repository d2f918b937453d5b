/**
 * The walls between tenants, raised after the migrations: row-level security on every table that has a tenant, forced on its
 * owner too, and a role for the program that can not get around it. A table that is new has its wall from the day it is there.
 * Adapter ring; runs as the owner.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { escapeIdentifier, escapeLiteral, type Pool } from 'pg';
import { appRoleOf } from './app-role';
import { StoreError } from './store-error';

/** Where a connection says whose rows it is to see. Without it there are none. */
export const TENANT_SETTING = 'backstep.tenant';

/**
 * Tables that a sweep goes through for all tenants at once, in functions of the owner's: who is owed a message or a notice, and
 * which attempts left no word; which answers are too old; whose logs there are. The functions tell no more than that.
 */
const SWEPT = [
  ...['authority_waiters', 'authority_reservations', 'barriers'],
  ...['kept_answers', 'notices', 'notice_deliveries', 'policy_logs'],
];

export async function raiseWalls(pool: Pool, url: string, folder: string): Promise<void> {
  const role = appRoleOf(url);
  await ensureRole(pool, role);
  const app = escapeIdentifier(role.name);
  await pool.query(`GRANT USAGE ON SCHEMA public TO ${app}`);
  const { rows } = await pool.query<TableRow>(TABLES, [role.name]);
  for (const row of rows) await wallAround(pool, row, app);
  await pool.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${app}`);
  await pool.query(await readFile(join(folder, 'functions', 'sweeps.sql'), 'utf8'));
}

async function ensureRole(pool: Pool, { name, password }: ReturnType<typeof appRoleOf>): Promise<void> {
  const role = escapeIdentifier(name);
  const find = 'SELECT rolsuper OR rolbypassrls OR rolcreaterole AS strong FROM pg_roles WHERE rolname = $1';
  const { rows } = await pool.query<{ readonly strong: boolean }>(find, [name]);
  if (rows[0]?.strong === true) throw new StoreError('STORE_ROLE_UNUSABLE');
  if (rows[0] === undefined) await pool.query(`CREATE ROLE ${role} LOGIN NOINHERIT`);
  if (password !== undefined) await pool.query(`ALTER ROLE ${role} PASSWORD ${escapeLiteral(password)}`);
}

interface TableRow {
  readonly name: string;
  readonly isWalled: boolean;
  readonly hasPolicy: boolean;
  readonly isSwept: boolean;
  readonly isGranted: boolean;
  /** Rows that are never changed: a trigger says so as well. */
  readonly isAppendOnly: boolean;
}

/** $1 role. Tables of ours that have a tenant, with what they lack. */
const TABLES = `
SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS "isWalled",
  EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant_wall') AS "hasPolicy",
  EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'owner_sweep') AS "isSwept",
  has_table_privilege($1, c.oid, 'SELECT') AND has_table_privilege($1, c.oid, 'INSERT') AS "isGranted",
  coalesce(obj_description(c.oid, 'pg_class') LIKE 'append-only%', false) AS "isAppendOnly"
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname`;

/** What stands already is left alone: each of these steps would make a running program wait for the table. */
async function wallAround(pool: Pool, row: TableRow, app: string): Promise<void> {
  const table = escapeIdentifier(row.name);
  const mine = `tenant = current_setting('${TENANT_SETTING}', true)`;
  const steps = [
    ...(row.hasPolicy ? [] : [`CREATE POLICY tenant_wall ON ${table} USING (${mine}) WITH CHECK (${mine})`]),
    ...(row.isSwept || !SWEPT.includes(row.name)
      ? []
      : [`CREATE POLICY owner_sweep ON ${table} TO CURRENT_USER USING (true)`]),
    ...(row.isWalled ? [] : [`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`]),
    ...(row.isGranted
      ? []
      : [`GRANT SELECT, INSERT${row.isAppendOnly ? '' : ', UPDATE, DELETE'} ON ${table} TO ${app}`]),
  ];
  if (steps.length > 0) await pool.query(steps.join('; '));
}
