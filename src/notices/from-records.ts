/**
 * Which records people are told of, and what of them: made as the record is, in its transaction.
 * Adapter ring; pure.
 */
import type { Entry, RecordKind } from '../audit/record';
import type { NoticeKind } from '../config/notice-kinds';
import { AUTO } from '../governance/approval-steps';
import { splitOutcomeId } from '../kernel/ids';
import type { Json, JsonObject } from '../kernel/json';
import { noticeIdOf, type Notice, type NoticeBody } from './notice';

const TOLD: { readonly [Kind in RecordKind]?: NoticeKind } = {
  'gate.opened': 'approval_asked',
  'gate.reminded': 'approval_reminded',
  'gate.escalated': 'approval_escalated',
  'action.held': 'action_held',
  'incident.opened': 'incident_opened',
  'escalation.opened': 'escalation_opened',
  'outcome.backstepped': 'outcome_backstepped',
  'outcome.terminated': 'outcome_terminated',
};

/** What happened so long ago is nobody's to act on any more: a log that is written late wakes nobody, in milliseconds. */
export const LATE_MS = 86_400_000;

/** Members of a record that a card shows, by the words it shows them under. */
const SHOWN: Readonly<Record<string, string>> = {
  approval: 'Approval',
  awf: 'Action',
  comp: 'Compensation',
  mode: 'Mode',
  riskClass: 'Risk',
  confidence: 'Confidence',
  reversibility: 'Undo',
  cost: 'Cost',
  code: 'Code',
  to: 'Now asked',
};

/** The notice of a record; `undefined` where nobody is told of it. */
export function noticeOfRecord(entry: Entry, now: number): Notice | undefined {
  const kind =
    entry.kind === 'gate.approved' && entry.data['glass'] === true ? 'review_due' : TOLD[entry.kind];
  const { tenant, outcome, node, at, data, origin } = entry;
  if (kind === undefined || outcome === undefined || now - at > LATE_MS) return undefined;
  const code = splitOutcomeId(outcome)?.outcome ?? outcome;
  const { of } = data;
  const because = becauseOf(kind, outcome, data);
  const asked = Array.isArray(of) ? of.filter((one): one is string => typeof one === 'string') : undefined;
  // Where the rules answer nobody is asked.
  if (asked?.length === 1 && asked[0] === AUTO) return undefined;
  const body: NoticeBody = {
    ...{ kind, outcome, at, title: node === undefined ? code : `${code} at ${node}` },
    // The task is the review, and not the gate that is passed.
    ...(node === undefined ? {} : { node: kind === 'review_due' ? `review:${node}` : node }),
    ...(typeof because === 'string' ? { because } : {}),
    ...(asked === undefined || asked.length === 0 ? {} : { asked }),
    card: Object.entries(SHOWN).flatMap(([name, label]) => {
      const value = data[name];
      return value === undefined || value === null ? [] : [{ label, value: printed(value) }];
    }),
  };
  // One event of one run is one occasion.
  return { tenant, id: noticeIdOf(body, `${origin.run}/${origin.event}/${origin.part}`), body };
}

function becauseOf(kind: NoticeKind, outcome: string, data: JsonObject): Json | undefined {
  if (kind === 'outcome_terminated') return offerOf(outcome, data);
  // Who passed a chain in an emergency had to say why.
  return data[kind === 'review_due' ? 'reason' : 'because'];
}

/** Compensations did not run: whoever is told can have them run. */
function offerOf(outcome: string, { how, reason, standing }: JsonObject): string {
  const why = typeof reason === 'string' ? ` (${reason})` : '';
  const left =
    Array.isArray(standing) && standing.length > 0 ? `, and left ${standing.join(', ')} standing` : '';
  return `Its workflow was ${typeof how === 'string' ? how : 'ended'}${why}${left}. To take it back: backstep backstep ${outcome} --reason …`;
}

/** `{api_calls: 2}` as `2 api_calls`. */
function printed(value: Json): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, one]) => `${JSON.stringify(one)} ${name}`)
    .join(', ');
}
