/**
 * Raw histories, derived: what kind of workflow it was, what it owes the log, and what is to be known of it to go on.
 * Adapter ring. It asks no server; the projector and whoever verifies call the same function, so both see the same.
 */
import { createHmac } from 'node:crypto';
import type { PayloadCodec } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { CONTROL_PREFIX } from '../../workflows/control-protocol';
import type { Derived } from '../audit/derived';
import { deriveControl, subjectOfControl } from '../audit/derive-control';
import { deriveOutcome } from '../audit/derive';
import type { Primitives } from '../audit/primitives';
import { splitOutcomeId } from '../kernel/ids';
import { readControl } from '../temporal/control-history';
import { endOf, readRun, timeOf, type ReadRun } from '../temporal/history';
import { idOf } from '../temporal/history-jobs';
import type { ControlRun } from '../audit/derive-control';

type History = temporal.api.history.v1.IHistory;

export interface RunId {
  readonly workflow: string;
  readonly run: string;
}

/** A history, read; deriving from one that has a subject still needs the key of it. */
export type ReadHistory = RunId & {
  readonly lastEvent: number;
  readonly lastAt: number;
  readonly ended?: { readonly how: string; readonly at: number; readonly eventId: number };
  readonly nextRun?: string;
  /** The run that this one continues. */
  readonly previousRun?: string;
} & (
    | { readonly kind: 'outcome'; readonly tenant: string; readonly subject: string; readonly of: ReadRun }
    /** `subject`: of acts that carry values, whose key those are hashed under. */
    | {
        readonly kind: 'control';
        readonly tenant: string;
        readonly subject?: string;
        readonly of: ControlRun;
      }
    /** A workflow that is no act and no outcome: it owes nothing. */
    | { readonly kind: 'other' }
  );

export async function readHistory(id: RunId, history: History, codec: PayloadCodec): Promise<ReadHistory> {
  const events = history.events ?? [];
  const last = events[events.length - 1];
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  const end = endOf(last);
  const previousRun = started?.continuedExecutionRunId;
  const base = {
    ...id,
    lastEvent: last === undefined ? 0 : idOf(last),
    lastAt: timeOf(last),
    ...(end === undefined ? {} : { ended: { how: end.how, at: end.at, eventId: end.eventId } }),
    ...(end?.nextRun === undefined ? {} : { nextRun: end.nextRun }),
    ...(previousRun == null || previousRun === '' ? {} : { previousRun }),
  };
  if (id.workflow.startsWith(CONTROL_PREFIX)) {
    const of = await readControl(id, history, codec);
    const subject = subjectOfControl(of.start);
    return {
      ...base,
      kind: 'control',
      tenant: of.start.tenant,
      of,
      ...(subject === undefined ? {} : { subject }),
    };
  }
  if (!isOfOutcome(id.workflow, history)) return { ...base, kind: 'other' };
  const of = await readRun(history, codec);
  const { tenant, entity } = of.start.plan;
  return { ...base, kind: 'outcome', tenant, subject: entity.id, of };
}

/** The type of an outcome's workflow is its code, and so is the second part of its id. */
const isOfOutcome = (workflow: string, history: History): boolean =>
  splitOutcomeId(workflow)?.outcome ===
  history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name;

export interface DeriveTools extends Pick<Primitives, 'sha256'> {
  /** Of the history's subject; without `key` it was destroyed, and hashes under it are left open. */
  readonly subjectKey?: { readonly id: string; readonly key?: Uint8Array };
}

/** What stands for a hash that nobody can make any more. */
export const UNKNOWABLE = '?';

export function deriveFrom(read: ReadHistory, { sha256, subjectKey }: DeriveTools): readonly Derived[] {
  const { workflow, run } = read;
  const keyed = keyedWith(subjectKey);
  switch (read.kind) {
    case 'other':
      return [];
    case 'control':
      return deriveControl(read.of, { keyed });
    case 'outcome':
      return deriveOutcome({ ...read.of, workflow, run }, { sha256, keyed });
  }
}

function keyedWith(subject: DeriveTools['subjectKey']): (text: string) => string {
  if (subject === undefined) return () => UNKNOWABLE;
  const { id, key } = subject;
  if (key === undefined) return () => `${id}:${UNKNOWABLE}`;
  return (text) => `${id}:${createHmac('sha256', key).update(text).digest('hex')}`;
}
