/**
 * What acts of control do: one statement each on the authority's rows, and for the kill switch the wait for what executes.
 * Adapter ring. A database that is down is tried again by the workflow.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { isOfSignedWords, type Words } from '../approvals/words';
import type { Json } from '../kernel/json';
import type { Authority, Control } from '../store/authority';
import type { EvidenceControls } from '../store/evidence-controls';
import type { LegalHolds } from '../store/legal-holds';
import type { Retention } from '../store/retention';
import { OPENED_REVIEW, PEOPLE, TOOK } from '../store/decision-keys';
import {
  CONTROL_TIMES,
  type ControlAct,
  type ControlActivities,
  type ControlStart,
} from '../../workflows/control-protocol';

/** Between two looks at what still executes, in milliseconds; bounded by the kill's own bound. */
const LOOK_EVERY_MS = 20;

/** The configuration on record. No waiting action is of it: another one makes nothing ask again. */
export const POLICY_ROW = { scope: 'system', name: 'configuration', kind: 'policy' } as const;

export function createControlActivities(parts: {
  readonly authority: Authority;
  readonly evidence: EvidenceControls;
  readonly holds: Pick<LegalHolds, 'hold' | 'lift'>;
  readonly retention: Pick<Retention, 'cut' | 'drop'>;
  /** Words of people, which count for their signature. */
  readonly words: Words;
  /** Makes and keeps the report of the last whole period before it was due; without `due` before now. */
  readonly report: (tenant: string, kind: string, due?: number) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}): ControlActivities {
  const { authority, evidence, holds, retention, now } = parts;
  return {
    async applyControl(start) {
      if (start.act.do === 'importTrust') {
        const { tenant, act, by, reason } = start;
        return authority.importTrust(tenant, act, { by, reason, at: now() });
      }
      const { tenant, act, by, reason } = start;
      if (act.do === 'erase') return eraseUnlessHeld(evidence, tenant, act.key);
      if (act.do === 'expire') {
        if (act.before === undefined) return;
        await retention.drop(tenant, act.before);
        await evidence.fade(tenant, act.before);
        return;
      }
      if (act.do === 'people') return sayOrRefuse(parts, start, act, now());
      if (act.do === 'report') return parts.report(tenant, act.report, start.due);
      if (act.do === 'hold') {
        const { do: _do, on, ...hold } = act;
        return on
          ? holds.hold(tenant, { ...hold, by, reason, at: now() })
          : holds.lift(tenant, act.id, now());
      }
      const [first, ...rest] = rowsOf(start, now());
      if (first !== undefined) await authority.control(first, ...rest);
    },
    cutArchive: (tenant) => retention.cut(tenant, now()),
    async drainAutomation({ tenant, automation, boundMs }) {
      const until = now() + Math.min(boundMs, CONTROL_TIMES.longestBound);
      const { cancellationSignal: signal } = Context.current();
      while ((await authority.inFlight(tenant, automation)) > 0) {
        if (now() >= until) return authority.executing(tenant, automation);
        await sleep(LOOK_EVERY_MS, undefined, { signal });
      }
      return [];
    },
  };
}

/** A hold that was set since somebody asked ends the act: it had no effect, and says so on record. */
async function eraseUnlessHeld(evidence: EvidenceControls, tenant: string, key: string): Promise<void> {
  if ((await evidence.erase(tenant, key)) === 'held') throw refusal('LOG_HELD', 'a legal hold keeps the key');
}

/** What people say. A word that was not signed, or that a newer one has replaced, ends the act: it had no effect. */
async function sayOrRefuse(
  { authority, words }: { readonly authority: Authority; readonly words: Words },
  { tenant, by, reason }: ControlStart,
  { row: kind, value }: Extract<ControlAct, { do: 'people' }>,
  at: number,
): Promise<void> {
  // A review is opened by the check of decisions, and nobody's to take away or to put in another's name.
  if (kind.startsWith(OPENED_REVIEW)) throw refusal('ACT_UNSIGNED', 'the check of decisions opens reviews');
  const row = { kind, by, reason, at };
  // Who claims a review, and what became of a key, is on record for people to read, and decides nothing.
  if (!isOfSignedWords(kind)) return authority.control({ tenant, ...PEOPLE, ...row, value });
  const took = value === null ? 'unsigned' : await words.take(tenant, { ...row, value });
  if (took === 'unsigned')
    throw refusal('ACT_UNSIGNED', 'it is no word of this row that the tenant has signed');
  if (took === 'older') throw refusal('ACT_REPEATED', 'what stands there was said later');
}

const refusal = (code: string, because: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(because, code);

/** The rows that an act writes, in order; a row without a value is taken away. */
function rowsOf({ tenant, act, by, reason }: ControlStart, at: number): readonly Control[] {
  const row = (scope: Control['scope'], name: string, kind: string, value: Json): Control => ({
    ...{ tenant, scope, name, kind, value, by, reason, at },
  });
  switch (act.do) {
    case 'dial':
      return [row('automation', act.automation, 'dial', act.mode)];
    case 'kill':
      return [
        row('automation', act.automation, 'kill', true),
        row('automation', act.automation, 'dial', 'observe'),
      ];
    case 'pause':
      return [row(act.scope, act.name, 'pause', true)];
    case 'resume':
      return [
        ...(act.scope === 'automation' ? [row(act.scope, act.name, 'kill', null)] : []),
        row(act.scope, act.name, 'pause', null),
      ];
    case 'passive':
      return [
        row('node', act.node, 'passive', act.on ? true : null),
        ...(act.within ?? []).map((name) =>
          row('runbook', name, `passive:${act.node}`, act.on ? true : null),
        ),
      ];
    case 'limit':
      return [row('tenant', tenant, `limit:${act.guardrail}`, act.limit)];
    case 'calendar': {
      const { kind, windows } = act;
      const value = windows === undefined ? null : { kind, windows: windows.map((one) => ({ ...one })) };
      return [row(act.scope, act.name, `calendar:${act.id}`, value)];
    }
    case 'take': {
      const [scope, name] =
        act.node === undefined
          ? (['outcome', act.outcome] as const)
          : (['action', `${act.outcome}#${act.node}`] as const);
      // The first says whose it is, and the next who takes it writes it over; the second stays.
      return [row(scope, name, 'person', true), row(scope, name, `${TOOK}${by}`, true)];
    }
    case 'override':
      return [row('automation', act.automation, `override:${act.name}`, act.override as unknown as Json)];
    case 'approve':
      return [
        row('action', `${act.outcome}#${act.node}`, `approval:${by}`, { as: act.as, decision: act.decision }),
      ];
    case 'policy':
      return [row(POLICY_ROW.scope, POLICY_ROW.name, POLICY_ROW.kind, act.bundle)];
    case 'people':
    case 'importTrust':
    case 'export':
    case 'erase':
    case 'hold':
    case 'expire':
    case 'report':
      // They set no control, or have done so elsewhere.
      return [];
  }
}
