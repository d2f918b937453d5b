/** Reports for auditors: JSON, CSV, or a page that can be printed. Entry ring. */
import { z } from 'zod';
import { reportOf, SCHEDULED, scheduleReport } from '../../app/reports';
import { reportCsv } from '../../audit/reports/csv';
import { reportHtml } from '../../audit/reports/html';
import { REPORT_KINDS } from '../../audit/reports/report';
import { ok } from '../../kernel/result';
import { defineRoute } from '../route';

const kind = z.enum(REPORT_KINDS);
const when = z.iso.date().or(z.iso.datetime());
const table = z.object({
  id: z.string(),
  title: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))),
  more: z.int(),
});

/** Styles of its own, and nothing that is loaded. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

export const getReport = defineRoute({
  id: 'getReport',
  method: 'GET',
  path: '/v1/reports/{kind}',
  access: { roles: ['auditor', 'admin'] },
  about: 'own',
  summary: 'A report of a period, made of the PolicyLog',
  description:
    'Without a period the last whole one of the report: yesterday, last week, month or quarter, in UTC.',
  params: z.object({ kind }),
  query: z.object({
    from: when.optional().describe('a date or an instant, inclusive'),
    to: when.optional().describe('exclusive'),
    format: z.enum(['json', 'csv', 'html']).default('json'),
  }),
  answer: z.object({
    format: z.literal(1),
    kind,
    title: z.string(),
    tenant: z.string(),
    period: z.object({ from: z.string(), to: z.string() }),
    records: z.object({ count: z.int(), first: z.int().nullable(), last: z.int().nullable() }),
    figures: z.array(z.object({ label: z.string(), value: z.number(), unit: z.string() })),
    charts: z.array(
      z.object({
        title: z.string(),
        unit: z.string(),
        bars: z.array(z.object({ label: z.string(), value: z.number() })),
      }),
    ),
    tables: z.array(table),
    controls: table,
  }),
  answers: { 200: 'the report' },
  texts: ['text/csv', 'text/html'],
  problems: ['REPORT_REFUSED'],
  async handle({ params, query, caller: { tenant } }, { services }) {
    const { from, to, format } = query;
    const made = await reportOf(services, tenant, {
      kind: params.kind,
      ...(from === undefined ? {} : { from: Date.parse(from) }),
      ...(to === undefined ? {} : { to: Date.parse(to) }),
    });
    if (!made.ok) return made;
    const report = made.value;
    switch (format) {
      case 'json':
        return ok({ status: 200, body: mutable(report) });
      case 'csv':
        return ok({ status: 200, text: reportCsv(report), type: 'text/csv; charset=utf-8' });
      case 'html':
        return ok({
          status: 200,
          text: reportHtml(report),
          type: 'text/html; charset=utf-8',
          headers: { 'content-security-policy': PAGE_POLICY },
        });
    }
  },
});

export const listReports = defineRoute({
  id: 'listReports',
  method: 'GET',
  path: '/v1/reports',
  access: { roles: ['auditor', 'admin'] },
  summary: 'Reports that a schedule made, the newest first',
  answer: z.object({
    items: z.array(
      z.object({ kind: z.string(), from: z.string(), to: z.string(), records: z.int(), madeAt: z.string() }),
    ),
  }),
  answers: { 200: 'at most 200' },
  async handle({ caller: { tenant } }, { services }) {
    const kept = await services.reports.list(tenant, 200);
    const iso = (at: number): string => new Date(at).toISOString();
    const items = kept.map((one) => ({
      ...{ kind: one.kind, records: one.records },
      ...{ from: iso(one.from), to: iso(one.to), madeAt: iso(one.madeAt) },
    }));
    return ok({ status: 200, body: { items } });
  },
});

export const setReportRoute = defineRoute({
  id: 'scheduleReport',
  method: 'POST',
  path: '/v1/reports/{kind}/schedule',
  access: { roles: ['admin'] },
  about: 'own',
  summary: 'Has a report made by itself, or no more',
  description: `By Temporal's schedule: ${SCHEDULED.join(', ')}.`,
  params: z.object({ kind }),
  body: z.object({ on: z.boolean() }),
  answer: z.object({ kind, cron: z.string().nullable() }),
  answers: { 200: 'when it is made, in UTC' },
  problems: ['REPORT_REFUSED'],
  keepsAnswers: true,
  async handle({ params, body, caller: { tenant, name } }, { services }) {
    const set = await scheduleReport(services, tenant, { kind: params.kind, on: body.on, by: name });
    return set.ok ? ok({ status: 200, body: set.value }) : set;
  },
});

/** The schemas of answers know no `readonly`. */
const mutable = <T>(value: T): never => value as never;
