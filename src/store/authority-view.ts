/**
 * What admission would read of a tenant, read without asking for anything: how firings have ended, and how systems stand.
 * Adapter ring. It takes nothing, so two looks at once are two looks.
 */
import type { Remembered } from './authority';
import type { Database } from './database';

export interface SystemState {
  readonly system: string;
  readonly state: 'closed' | 'half_open' | 'open';
  /** Milliseconds since the epoch. */
  readonly probeAt: number | null;
  readonly retryAt: number | null;
}

export interface AuthorityView {
  memory(tenant: string): Promise<readonly Remembered[]>;
  systems(tenant: string): Promise<readonly SystemState[]>;
}

/** Throws StoreError. */
export const createAuthorityView = (database: Database): AuthorityView => ({
  memory: (tenant) =>
    database.of(tenant).query<Remembered>({
      name: 'view-memory',
      text: 'SELECT scope, name, successes, failures FROM authority_memory WHERE tenant = $1',
      values: [tenant],
    }),
  systems: (tenant) =>
    database.of(tenant).query<SystemState>({
      name: 'view-systems',
      text: `SELECT system, state, probe_at::float8 AS "probeAt", retry_at::float8 AS "retryAt" FROM authority_breakers WHERE tenant = $1`,
      values: [tenant],
    }),
});
