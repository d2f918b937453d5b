/**
 * Use cases: a report of a period on demand, those that a schedule made, and the schedules themselves.
 * Entry ring.
 */
import { lastPeriod, ReportMaker } from '../audit/reports/make';
import { readRecord } from '../audit/reports/read-record';
import {
  REPORT_KINDS,
  REPORTS,
  type Frequency,
  type Period,
  type Report,
  type ReportKind,
} from '../audit/reports/report';
import { ok, type Result } from '../kernel/result';
import type { Database } from '../store/database';
import { createPolicyLogStore, type PolicyLogStore } from '../store/policy-log';
import { createReportStore, type ReportStore } from '../store/reports';
import { setSchedule } from '../temporal/schedules';
import { refuse, type Refusal } from './refusal';
import type { Services } from './services';

export interface ReportRequest {
  readonly kind: ReportKind;
  /** Milliseconds since the epoch; absent: the last whole period, or the seven days before now. */
  readonly from?: number;
  readonly to?: number;
}

/** Records read at once: some megabytes. */
const PAGE = 2_000;
/** A report of more than this reads too much for one answer, in milliseconds. */
const LONGEST_MS = 400 * 86_400_000;

/** The one that was kept of this very period, or one that is made now. Errors: `REPORT_REFUSED`. */
export async function reportOf(
  { evidence, reports, now }: Pick<Services, 'evidence' | 'reports' | 'now'>,
  tenant: string,
  request: ReportRequest,
): Promise<Result<Report, Refusal>> {
  const { kind } = request;
  const whole = lastPeriod(REPORTS[kind].frequency, now());
  const period = {
    from: request.from ?? whole.from,
    to: request.to ?? (request.from === undefined ? whole.to : now()),
  };
  if (period.from >= period.to || period.to - period.from > LONGEST_MS) {
    return refuse('REPORT_REFUSED', 'a report begins before it ends, and spans 400 days at most', {
      help: 'name `from` and `to` as dates, such as 2026-05-01',
    });
  }
  const kept = await reports.find(tenant, kind, period);
  return ok(kept ?? (await makeReport(evidence.log, { tenant, kind, period })));
}

/** Makes a report of the log as it is now. */
async function makeReport(
  log: PolicyLogStore,
  of: { readonly tenant: string; readonly kind: ReportKind; readonly period: Period },
): Promise<Report> {
  const maker = new ReportMaker(of);
  const { from: since, to: until } = of.period;
  for (let from = 0; ;) {
    const page = await log.list(of.tenant, { from, since, until, limit: PAGE });
    for (const { text } of page) {
      const record = readRecord(text);
      if (record !== undefined) maker.take(record);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return maker.finish();
    from = last.seq + 1;
  }
}

/** Makes and keeps the report of the last whole period before an instant, once. */
async function keepReport(
  { log, reports }: { readonly log: PolicyLogStore; readonly reports: ReportStore },
  tenant: string,
  { kind, before }: { readonly kind: ReportKind; readonly before: number },
): Promise<void> {
  const period = lastPeriod(REPORTS[kind].frequency, before);
  if ((await reports.find(tenant, kind, period)) !== undefined) return;
  await reports.keep(await makeReport(log, { tenant, kind, period }));
}

/** After midnight, so that the projector has caught up with the day; in UTC. */
const CRON: { readonly [Each in Frequency]?: string } = {
  daily: '15 0 * * *',
  weekly: '20 0 * * 1',
  monthly: '25 0 1 * *',
  quarterly: '30 0 1 1,4,7,10 *',
};

/** Reports that can be made by themselves. */
export const SCHEDULED = REPORT_KINDS.filter((kind) => CRON[REPORTS[kind].frequency] !== undefined);

/** Has a report made by itself, or no more. Errors: `REPORT_REFUSED` for one that is made on demand alone. */
export async function scheduleReport(
  { outcomes }: Pick<Services, 'outcomes'>,
  tenant: string,
  { kind, on, by }: { readonly kind: ReportKind; readonly on: boolean; readonly by: string },
): Promise<Result<{ readonly kind: ReportKind; readonly cron: string | null }, Refusal>> {
  const cron = CRON[REPORTS[kind].frequency];
  if (cron === undefined) {
    return refuse('REPORT_REFUSED', `\`${kind}\` is made on demand`, {
      help: `by themselves are made ${SCHEDULED.map((one) => `\`${one}\``).join(', ')}`,
    });
  }
  await setSchedule(outcomes.client, {
    ...{ tenant, family: 'report', name: kind, by, act: { do: 'report', report: kind } },
    ...(on ? { cron } : {}),
  });
  return ok({ kind, cron: on ? cron : null });
}

/**
 * What a schedule's act of control does: the report of the period before it was due, however late that is. A kind that this program
 * does not know is another's to make.
 */
export function reporting(
  database: Database,
  now: () => number,
): (tenant: string, kind: string, due?: number) => Promise<void> {
  const parts = { log: createPolicyLogStore(database), reports: createReportStore(database) };
  return async (tenant, kind, due = now()) => {
    const known = REPORT_KINDS.find((one) => one === kind);
    if (known !== undefined) await keepReport(parts, tenant, { kind: known, before: due });
  };
}
