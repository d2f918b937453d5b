/** The database as its owner has it: for tables that tests make, and for looking behind the walls between tenants. */
import { Pool, type QueryConfig, type QueryResultRow } from 'pg';

export interface Owner {
  query<Row extends QueryResultRow>(statement: QueryConfig): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** @param url the owner's address */
export function openOwner(url: string): Owner {
  const pool = new Pool({ connectionString: url, max: 5, application_name: 'backstep-test-owner' });
  pool.on('error', () => undefined);
  return {
    query: async <Row extends QueryResultRow>(statement: QueryConfig) =>
      (await pool.query<Row>(statement)).rows,
    close: () => pool.end(),
  };
}
