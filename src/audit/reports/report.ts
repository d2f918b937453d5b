/**
 * A report: what a tenant's PolicyLog says of a period, as figures, tables and pictures that every format is made of. The same
 * records give the same report, to the byte.
 * Pure ring; types and names.
 * @source execution model 7.3
 */
import type { Actor, RecordKind } from '../record';
import type { JsonObject } from '../../kernel/json';

export const REPORT_KINDS = ['actions', 'automation', 'cost', 'failures', 'authority'] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

export type Frequency = 'daily' | 'weekly' | 'monthly' | 'quarterly' | 'on-demand';

/** What each is called, how often it is made, and what is in it. @source execution model 7.3 */
export const REPORTS: {
  readonly [Kind in ReportKind]: {
    readonly title: string;
    readonly frequency: Frequency;
    readonly contents: string;
  };
} = {
  actions: {
    title: 'Action Summary',
    frequency: 'daily',
    contents: 'all actions, outcomes, approval chains',
  },
  automation: {
    title: 'Automation Audit',
    frequency: 'weekly',
    contents: 'autopilot actions, success rates, interventions',
  },
  cost: { title: 'Cost Report', frequency: 'monthly', contents: 'LLM spend and API usage by action type' },
  failures: {
    title: 'Failure Analysis',
    frequency: 'on-demand',
    contents: 'failed actions, root causes, remediation',
  },
  authority: {
    title: 'Authority Report',
    frequency: 'quarterly',
    contents: 'mode usage, trust progression, guardrail hits',
  },
};

/** What a record of the log is to a report. */
export interface ReportRecord {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: RecordKind;
  readonly actor: Actor;
  readonly outcome?: string;
  readonly node?: string;
  readonly data: JsonObject;
}

export interface Period {
  /** Milliseconds since the epoch: from, inclusive, and to, exclusive. */
  readonly from: number;
  readonly to: number;
}

export type Cell = string | number | null;

export interface Table {
  /** Name in CSV and JSON. */
  readonly id: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Rows beyond those that are listed. */
  readonly more: number;
}

export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly { readonly label: string; readonly value: number }[];
}

/** What a report says of its period, before it is known which that is. */
export interface Findings {
  readonly figures: readonly { readonly label: string; readonly value: number; readonly unit: string }[];
  readonly charts: readonly Chart[];
  readonly tables: readonly Table[];
}

export interface Report extends Findings {
  readonly format: 1;
  readonly kind: ReportKind;
  readonly title: string;
  readonly tenant: string;
  readonly period: { readonly from: string; readonly to: string };
  /** What it was made of: records of the period, by their places in the log. */
  readonly records: { readonly count: number; readonly first: number | null; readonly last: number | null };
  /** Which records of the period evidence which control. */
  readonly controls: Table;
}

/** Takes records in their order, and says what it found. */
export interface Collector {
  take(record: ReportRecord): void;
  findings(): Findings;
}

/** Rows of a table that are listed: a page that is printed ends somewhere, and the log has the rest. */
export const ROWS_MAX = 5_000;
