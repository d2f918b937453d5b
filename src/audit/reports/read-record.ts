/**
 * What reports read of a record's data: by name, and without trust in its form, because a log outlives the program that wrote it.
 * Pure ring.
 */
import { emergencyBy } from '../../governance/emergency';
import type { Json } from '../../kernel/json';
import { RECORD_KINDS, type RecordKind } from '../record';
import type { ReportRecord } from './report';

export const textOf = ({ data }: ReportRecord, name: string, otherwise = 'unknown'): string => {
  const value = data[name];
  return typeof value === 'string' && value !== '' ? value : otherwise;
};

export const numberOf = ({ data }: ReportRecord, name: string): number | null => {
  const value = data[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
};

/** Codes of what never was fired: the rules or a person said no, or nobody said yes in time. It is on record as `action.failed`. */
const UNFIRED: { readonly [code: string]: 'denied' | 'expired' | undefined } = {
  ACTION_DENIED: 'denied',
  ACTION_EXPIRED: 'expired',
};
const ENDED: { readonly [Kind in RecordKind]?: 'committed' | 'failed' | 'held' | 'attested' | 'skipped' } = {
  'action.committed': 'committed',
  'action.failed': 'failed',
  'action.held': 'held',
  'action.attested': 'attested',
  'action.skipped': 'skipped',
};

export type HowEnded = 'committed' | 'failed' | 'denied' | 'expired' | 'held' | 'attested' | 'skipped';

/** How the firing of an action ended, or that there was none; `undefined` for records that tell of neither. */
export function howEnded(record: ReportRecord): HowEnded | undefined {
  const how = ENDED[record.kind];
  return how === 'failed' ? (UNFIRED[textOf(record, 'code')] ?? how) : how;
}

/** Cost by unit, as the contract expects it. */
export function costOf({ data }: ReportRecord): readonly (readonly [unit: string, amount: number])[] {
  const { cost } = data;
  if (!isObject(cost)) return [];
  return Object.entries(cost).flatMap(([unit, amount]) =>
    typeof amount === 'number' ? [[unit, amount] as const] : [],
  );
}

/** Failed attempts before the one that ended it. */
export const attemptsOf = ({ data }: ReportRecord): number =>
  Array.isArray(data['attempts']) ? data['attempts'].length : 0;

/**
 * Who approved, in the order in which they did: `person:mary.major at manager`. Who rejected is none of them; who passed in an
 * emergency is told apart, and so is a gate that was decided in records that are not read here: they may say so.
 */
export function approvalsOf(
  { data, outcome = '' }: ReportRecord,
  gates: { how(outcome: string, gate: string): 'emergency' | 'approved' | undefined },
): string {
  const { approvals } = data;
  if (!Array.isArray(approvals)) return '';
  const told = (approvals as readonly Json[]).flatMap((one) => {
    if (!isObject(one)) return [];
    const { by, gate, as, decision = 'approved' } = one;
    if (decision !== 'approved' || typeof by !== 'string') return [];
    if (typeof gate === 'string') return [`${by} at ${gate}${HOW[gates.how(outcome, gate) ?? 'elsewhere']}`];
    const passedBy = emergencyBy(by);
    if (passedBy !== undefined) return [`${passedBy}${HOW.emergency}`];
    return [`${by}${typeof as === 'string' ? ` as ${as}` : ''}`];
  });
  // Whoever passes a chain stands for each of its steps.
  return [...new Set(told)].join(', ');
}

const HOW = {
  approved: '',
  emergency: ' (in an emergency)',
  elsewhere: ' (decided before this period)',
} as const;

export const stamp = ({ at }: ReportRecord): string => new Date(at).toISOString();
export const actionOf = ({ outcome = '', node = '' }: ReportRecord): string => `${outcome}#${node}`;

export const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads the text of a record; `undefined` where a program of another time wrote a kind that this one does not know. */
export function readRecord(text: string): ReportRecord | undefined {
  const { seq, at, kind, actor, outcome, node, data } = JSON.parse(text) as {
    readonly seq: number;
    readonly at: string;
    readonly kind: string;
    readonly actor: ReportRecord['actor'];
    readonly outcome?: string;
    readonly node?: string;
    readonly data: ReportRecord['data'];
  };
  if (!(RECORD_KINDS as readonly string[]).includes(kind)) return undefined;
  return {
    ...{ seq, at: Date.parse(at), kind: kind as RecordKind, actor, data },
    ...(outcome === undefined ? {} : { outcome }),
    ...(node === undefined ? {} : { node }),
  };
}
