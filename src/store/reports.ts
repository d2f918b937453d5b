/**
 * Kept reports in Postgres: one a period, and the first that was made of it stays.
 * Adapter ring. It makes no report. Throws StoreError.
 */
import type { Report, ReportKind } from '../audit/reports/report';
import type { Database } from './database';

export interface KeptReport {
  readonly kind: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly records: number;
  readonly madeAt: number;
}

export interface ReportStore {
  /** False where there was one of that period. */
  keep(report: Report): Promise<boolean>;
  /** The newest periods first. */
  list(tenant: string, limit: number): Promise<readonly KeptReport[]>;
  /** The one of this very period. */
  find(
    tenant: string,
    kind: ReportKind,
    period: { readonly from: number; readonly to: number },
  ): Promise<Report | undefined>;
}

export function createReportStore(database: Database): ReportStore {
  return {
    async keep(report) {
      const { tenant, kind, period, records } = report;
      const values = [tenant, kind, period.from, period.to, records.count, JSON.stringify(report)];
      return (await database.of(tenant).query({ name: 'reports-keep', text: KEEP, values })).length > 0;
    },
    list: (tenant, limit) =>
      database.of(tenant).query<KeptReport>({ name: 'reports-list', text: LIST, values: [tenant, limit] }),
    async find(tenant, kind, { from, to }) {
      const values = [tenant, kind, new Date(from), new Date(to)];
      const [row] = await database
        .of(tenant)
        .query<{ readonly body: Report }>({ name: 'reports-find', text: FIND, values });
      return row?.body;
    },
  };
}

const KEEP = `
  INSERT INTO kept_reports (tenant, kind, from_at, to_at, records, body) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT DO NOTHING RETURNING 1`;
const epoch = (column: string, name: string): string =>
  `(extract(epoch FROM ${column}) * 1000)::float8 AS "${name}"`;
const LIST = `
  SELECT kind, records, ${epoch('from_at', 'from')}, ${epoch('to_at', 'to')}, ${epoch('made_at', 'madeAt')}
  FROM kept_reports WHERE tenant = $1 ORDER BY to_at DESC, kind LIMIT $2`;
const FIND = `SELECT body FROM kept_reports WHERE tenant = $1 AND kind = $2 AND from_at = $3 AND to_at = $4`;
