/**
 * What an act of control owes the PolicyLog: one entry once it has taken effect, with who, why and when it was asked for.
 * Pure ring. An act whose kind is not listed is on record as `admin.acted`: nothing is left out.
 */
import { recordedJson, type Json, type JsonObject } from '../kernel/json';
import { actorOf } from './actor';
import type { Derived, Tools } from './derived';
import type { Entry, RecordKind } from './record';

/** One act of control, as its history tells it. */
export interface ControlRun {
  readonly workflow: string;
  readonly run: string;
  /** When it was asked for. */
  readonly at: number;
  readonly start: {
    readonly tenant: string;
    readonly act: { readonly do: string };
    readonly by: string;
    readonly reason: string;
  };
  /** The event with which it had taken effect. */
  readonly applied?: { readonly at: number; readonly eventId: number };
  readonly end?: {
    readonly how: string;
    readonly at: number;
    readonly eventId: number;
    /** What it answered with. */
    readonly result?: Json;
  };
}

const KIND_OF_ACT: { readonly [act: string]: RecordKind | undefined } = {
  dial: 'control.dialled',
  kill: 'control.killed',
  pause: 'control.paused',
  resume: 'control.resumed',
  passive: 'control.observed',
  limit: 'control.limited',
  calendar: 'control.scheduled',
  importTrust: 'control.trusted',
  take: 'outcome.taken',
  export: 'log.exported',
  hold: 'log.held',
  erase: 'log.erased',
};

/**
 * Whose key an act's values are hashed under and its history is sealed with: what stands in an override of an automation is
 * about whoever comes by, so it belongs to the automation as a whole. No id of an entity is like it: those have a colon.
 * `undefined` for acts that carry no values.
 */
export function subjectOfControl({ act }: Pick<ControlRun['start'], 'act'>): string | undefined {
  const { do: name, automation, override } = act as JsonObject;
  const carries = name === 'override' && typeof automation === 'string' && override != null;
  return carries ? `automation/${automation}` : undefined;
}

export function deriveControl(run: ControlRun, { keyed }: Pick<Tools, 'keyed'>): readonly Derived[] {
  const { start, applied, end } = run;
  const { tenant, by, reason } = start;
  const { do: act, ...rest } = start.act as JsonObject & { readonly do: string };
  const { outcome, node } = rest as { readonly outcome?: Json; readonly node?: Json };
  const about = {
    ...(typeof outcome === 'string' ? { outcome } : {}),
    ...(typeof outcome === 'string' && typeof node === 'string' ? { node } : {}),
  };
  const entryOf = (
    kind: RecordKind,
    from: { readonly at: number; readonly eventId: number },
    data: JsonObject,
  ): Entry => ({
    tenant,
    at: from.at,
    kind,
    actor: actorOf(by),
    origin: { workflow: run.workflow, run: run.run, event: from.eventId, part: 0 },
    ...about,
    data,
  });
  const said = act === 'override' ? { ...rest, override: withoutValues(rest['override'], keyed) } : rest;
  const asked: JsonObject = { act, ...said, reason, askedAt: new Date(run.at).toISOString() };
  const derived: Derived[] = [];
  // Of the end of retention the record is the cut, which the history has at its end.
  if (applied !== undefined && act !== 'expire')
    derived.push({ entry: entryOf(kindOf(start.act), applied, asked) });
  if (end === undefined) return derived;
  if (applied === undefined || end.how !== 'completed') {
    const failed = { ...asked, how: end.how, hadEffect: applied !== undefined };
    return [...derived, { entry: entryOf('control.failed', end, failed) }];
  }
  if (act === 'expire') {
    const { cut } = (end.result ?? {}) as { readonly cut?: JsonObject };
    derived.push({ entry: entryOf('log.expired', end, { ...asked, ...cut }) });
  }
  const executing = ((end.result ?? null) as JsonObject | null)?.['executing'];
  if (act === 'kill')
    derived.push({
      entry: entryOf('control.drained', end, {
        automation: rest['automation'] ?? null,
        executing: executing ?? [],
      }),
    });
  return derived;
}

/** What is changed of which step, and until when; the values of the change as a hash. */
function withoutValues(override: Json | undefined, keyed: Tools['keyed']): Json {
  if (typeof override !== 'object' || override === null || Array.isArray(override)) return null;
  const { node, change, until } = override as JsonObject;
  return {
    node: node ?? null,
    do: (change as JsonObject | undefined)?.['do'] ?? null,
    change: keyed(recordedJson(change ?? null)),
    ...(until === undefined ? {} : { until }),
  };
}

function kindOf(act: { readonly do: string; readonly decision?: Json; readonly row?: string }): RecordKind {
  const { do: name, decision, row } = act;
  if (name === 'approve') return decision === 'approved' ? 'gate.approved' : 'gate.rejected';
  if (name.startsWith('policy')) return 'policy.changed';
  // A task, or all that somebody decides, is handed on.
  if (name === 'people' && row?.startsWith('grant:') === true) return 'gate.delegated';
  return KIND_OF_ACT[name] ?? 'admin.acted';
}
