/** What somebody finds who has the whole database of a stand. */
import type { TestStand } from './stand';

/** Every row of a tenant, and all of tables that tests made, as text; bytes as they are. */
export async function dumpOf(
  { owner, database }: Pick<TestStand, 'owner' | 'database'>,
  tenant: string,
): Promise<string> {
  const tables = await owner.query<{ readonly name: string }>({
    text: `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND NOT c.relispartition ORDER BY 1`,
  });
  const texts = await Promise.all(
    [...tables, { name: 'policy_log' }].map(async ({ name }) => {
      const text = `SELECT to_jsonb(t)::text AS row FROM ${name} t`;
      const rows = await database
        .of(tenant)
        .query<{ readonly row: string }>({ text })
        .catch(() => owner.query<{ readonly row: string }>({ text }));
      return rows.map(({ row }) => `${name} ${row}`).join('\n');
    }),
  );
  return texts
    .join('\n')
    .replace(/\\\\x([0-9a-f]+)/g, (_all, hex: string) => Buffer.from(hex, 'hex').toString('latin1'));
}
