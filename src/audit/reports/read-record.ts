/**
 * What reports read of a record's data: by name, and without trust in its form, because a log outlives the program that wrote it.
 * Pure ring.
 */
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

/** Who approved, in the order in which they did: `person:mary.major at manager`. */
export function approvalsOf({ data }: ReportRecord): string {
  const { approvals } = data;
  if (!Array.isArray(approvals)) return '';
  return (approvals as readonly Json[])
    .flatMap((one) => {
      if (!isObject(one)) return [];
      const { by, gate, as } = one;
      const where = typeof gate === 'string' ? ` at ${gate}` : typeof as === 'string' ? ` as ${as}` : '';
      return typeof by === 'string' ? [`${by}${where}`] : [];
    })
    .join(', ');
}

const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } =>
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
