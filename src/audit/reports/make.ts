/**
 * Makes a report of the records of a period, taken one by one in their order, so that a log of any size fits.
 * Pure ring.
 */
import { COLLECTORS } from './collectors';
import { ControlMap } from './controls';
import {
  REPORTS,
  type Frequency,
  type Period,
  type Report,
  type ReportKind,
  type ReportRecord,
} from './report';

export class ReportMaker {
  private readonly collector;
  private readonly controls = new ControlMap();
  private count = 0;
  private first: number | null = null;
  private last: number | null = null;

  constructor(
    private readonly of: { readonly kind: ReportKind; readonly tenant: string; readonly period: Period },
  ) {
    this.collector = COLLECTORS[of.kind]();
  }

  /** What lies outside of the period is passed over. */
  take(record: ReportRecord): void {
    const { from, to } = this.of.period;
    if (record.at < from || record.at >= to) return;
    this.count += 1;
    this.first = Math.min(this.first ?? record.seq, record.seq);
    this.last = Math.max(this.last ?? record.seq, record.seq);
    this.controls.take(record);
    this.collector.take(record);
  }

  finish(): Report {
    const { kind, tenant, period } = this.of;
    return {
      format: 1,
      kind,
      title: REPORTS[kind].title,
      tenant,
      period: { from: new Date(period.from).toISOString(), to: new Date(period.to).toISOString() },
      records: { count: this.count, first: this.first, last: this.last },
      ...this.collector.findings(),
      controls: this.controls.table(),
    };
  }
}

const DAY_MS = 86_400_000;

/** The last whole period of a report before an instant, in UTC: yesterday, the week from Monday, the month, the quarter. */
export function lastPeriod(frequency: Frequency, now: number): Period {
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  const date = new Date(now);
  const month = (back: number): number => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back, 1);
  switch (frequency) {
    case 'daily':
      return { from: today - DAY_MS, to: today };
    case 'weekly': {
      const monday = today - ((date.getUTCDay() + 6) % 7) * DAY_MS;
      return { from: monday - 7 * DAY_MS, to: monday };
    }
    case 'monthly':
      return { from: month(1), to: month(0) };
    case 'quarterly': {
      const into = date.getUTCMonth() % 3;
      return { from: month(into + 3), to: month(into) };
    }
    case 'on-demand':
      // Up to now: whoever asks has just seen something fail.
      return { from: now - 7 * DAY_MS, to: now };
  }
}
