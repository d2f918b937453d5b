/**
 * The rows of outcomes, actions and what waits for people, as they follow from entries of the PolicyLog one by one. The same
 * entries give the same rows, whether they come as they happen or all at once in a rebuild.
 * Adapter ring; pure. Members are named as the columns are.
 */
import type { Derived } from '../audit/derived';
import type { Json, JsonObject } from '../kernel/json';
import type { ProjectedRow, ProjectedRows } from '../store/evidence';

type Row = Record<string, Json>;

/** An entry with its place in the log. */
export interface Placed extends Derived {
  readonly seq: number;
}

/** Rows at hand, and which of them have changed. */
export class Rows {
  private readonly outcomes = new Map<string, Row>();
  private readonly actions = new Map<string, Row>();
  private readonly inbox = new Map<string, Row[]>();
  private readonly changed = {
    projected_outcomes: new Set<Row>(),
    projected_actions: new Set<Row>(),
    projected_inbox: new Set<Row>(),
  };

  constructor(rows?: ProjectedRows) {
    for (const row of rows?.projected_outcomes ?? []) this.outcomes.set(textOf(row, 'id'), { ...row });
    for (const row of rows?.projected_actions ?? []) this.actions.set(keyOf(row), { ...row });
    for (const row of rows?.projected_inbox ?? []) this.waits(keyOf(row)).push({ ...row });
  }

  /** What has changed, to be saved. */
  changes(): ProjectedRows {
    const { projected_outcomes, projected_actions, projected_inbox } = this.changed;
    return {
      projected_outcomes: [...projected_outcomes],
      projected_actions: [...projected_actions],
      projected_inbox: [...projected_inbox],
    };
  }

  take(placed: Placed): void {
    const { entry } = placed;
    // The archive's own record says nothing of the outcome.
    if (entry.outcome === undefined || entry.kind === 'log.archived') return;
    if (entry.kind === 'outcome.started') this.begin(placed);
    const outcome = this.outcomes.get(entry.outcome);
    // About an outcome that nobody has told of.
    if (outcome === undefined) return;
    const phase = phaseAfter(entry.kind, entry.data, textOf(outcome, 'phase'));
    if (phase !== undefined) {
      const isOver = phase === 'completed' || phase === 'backstepped' || phase === 'terminated';
      outcome['phase'] = phase;
      outcome['ended_at'] = isOver ? timeOf(entry.at) : null;
      if (isOver) outcome['residue'] = entry.data['residue'] ?? outcome['residue'] ?? [];
    }
    if (entry.kind === 'outcome.taken') outcome['person'] = entry.actor.id;
    this.touch('projected_outcomes', outcome, placed, 'updated_at');
    if (entry.node !== undefined) this.action(placed, outcome);
    this.waiting(placed, outcome);
  }

  private begin({ entry, aside, seq }: Placed): void {
    const { data, tenant, outcome = '', at } = entry;
    if (this.outcomes.has(outcome)) return;
    const cause = (data['cause'] ?? {}) as JsonObject;
    this.outcomes.set(outcome, {
      tenant,
      id: outcome,
      outcome: data['code'] ?? '',
      runbook: data['runbook'] ?? '',
      version: data['version'] ?? '',
      domain: data['domain'] ?? '',
      automation: data['automation'] ?? null,
      entity: aside?.entity ?? '',
      plan_id: data['plan'] ?? '',
      started_by: entry.actor.id,
      event: cause['event'] ?? null,
      person: data['person'] ?? null,
      correlation: data['correlation'] ?? null,
      phase: 'running',
      started_at: timeOf(at),
      ended_at: null,
      residue: [],
      updated_at: timeOf(at),
      seq,
    });
  }

  private action(placed: Placed, outcome: Row): void {
    const { entry } = placed;
    const key = `${entry.outcome ?? ''}#${entry.node ?? ''}`;
    let row = this.actions.get(key);
    if (row === undefined) {
      const awf = entry.data['awf'];
      if (!entry.kind.startsWith('action.') || typeof awf !== 'string') return;
      row = newAction(placed, outcome, awf);
      this.actions.set(key, row);
    }
    if (tellAction(row, placed)) this.touch('projected_actions', row, placed, 'updated_at');
  }

  private waiting(placed: Placed, outcome: Row): void {
    const { entry } = placed;
    const { kind, data } = entry;
    const node = entry.node ?? '';
    const opens = OPENS[kind];
    // Nobody hears what people say to an outcome that was ended by force: all that is left to do is to take it back.
    if (kind === 'outcome.terminated') this.closeAll(placed);
    if (opens !== undefined) {
      const asks =
        textOf(data, 'approval') || textOf(data, 'because') || textOf(data, 'code') || textOf(data, 'how');
      this.open(placed, { kind: opens, asks, entity: textOf(outcome, 'entity') });
      return;
    }
    const endsAll = ENDS_ALL.has(kind) || (kind === 'backstep.begun' && data['to'] === undefined);
    if (endsAll) return this.closeAll(placed);
    if (entry.node === undefined || !(kind in CLOSES)) return;
    const as = typeof data['as'] === 'string' ? data['as'] : CLOSES[kind]!;
    for (const row of this.waits(`${entry.outcome ?? ''}#${node}`)) this.close(row, placed, as);
  }

  private open(
    placed: Placed,
    { kind, asks, entity }: { readonly kind: string; readonly asks: string; readonly entity: string },
  ): void {
    const { entry, seq } = placed;
    const { tenant, outcome = '', node = '' } = entry;
    const rows = this.waits(`${outcome}#${node}`);
    const last = rows.at(-1);
    if (last?.['closed_at'] === null && last['kind'] === kind) {
      last['asks'] = asks;
      this.touch('projected_inbox', last, placed);
      return;
    }
    if (last !== undefined) this.close(last, placed, 'superseded');
    const row: Row = {
      ...{ tenant, outcome, node, turn: rows.length + 1, kind, asks },
      asked_of: entry.data['of'] ?? [],
      entity,
      opened_at: timeOf(entry.at),
      ...{ closed_at: null, closed_as: null, closed_by: null, seq },
    };
    rows.push(row);
    this.changed.projected_inbox.add(row);
  }

  private closeAll(placed: Placed): void {
    for (const [key, rows] of this.inbox)
      if (key.startsWith(`${placed.entry.outcome ?? ''}#`))
        for (const row of rows) this.close(row, placed, 'over');
  }

  private close(row: Row, placed: Placed, as: string): void {
    if (row['closed_at'] !== null) return;
    // Incidents of the way back stand until they are resolved.
    if (as === 'over' && row['kind'] === 'incident' && placed.entry.kind === 'backstep.begun') return;
    row['closed_at'] = timeOf(placed.entry.at);
    row['closed_as'] = as;
    row['closed_by'] = placed.entry.actor.id;
    this.touch('projected_inbox', row, placed);
  }

  private touch(name: keyof ProjectedRows, row: Row, { entry, seq }: Placed, at?: 'updated_at'): void {
    row['seq'] = seq;
    if (at !== undefined) row[at] = timeOf(entry.at);
    this.changed[name].add(row);
  }

  private waits(key: string): Row[] {
    let rows = this.inbox.get(key);
    if (rows === undefined) this.inbox.set(key, (rows = []));
    return rows;
  }
}

const OPENS: { readonly [kind: string]: string | undefined } = {
  'gate.opened': 'gate',
  'action.held': 'held',
  'incident.opened': 'incident',
  'escalation.opened': 'escalation',
  'outcome.terminated': 'terminated',
};
const CLOSES: { readonly [kind: string]: string | undefined } = {
  'gate.approved': 'approved',
  'gate.rejected': 'rejected',
  'gate.expired': 'expired',
  'gate.closed': 'closed',
  'action.released': 'released',
  'action.committed': 'committed',
  'action.failed': 'failed',
  'action.skipped': 'skipped',
  'action.attested': 'attested',
  'action.overridden': 'overridden',
  'incident.resolved': 'resolved',
  'escalation.resolved': 'resolved',
  'escalation.expired': 'expired',
};
const ENDS_ALL = new Set<string>(['outcome.completed', 'outcome.backstepped']);

/** `undefined` where it does not change. A way back to a checkpoint is a part of running. */
function phaseAfter(kind: string, data: JsonObject, before: string): string | undefined {
  switch (kind) {
    case 'outcome.paused':
      return before === 'running' ? 'paused' : undefined;
    case 'outcome.resumed':
      return before === 'paused' ? 'running' : undefined;
    case 'backstep.begun':
      return data['to'] === undefined ? 'backstepping' : undefined;
    case 'outcome.completed':
      return 'completed';
    case 'outcome.backstepped':
      return 'backstepped';
    case 'outcome.terminated':
      return 'terminated';
    default:
      return undefined;
  }
}

function newAction({ entry, aside, seq }: Placed, outcome: Row, awf: string): Row {
  const { tenant, outcome: id = '', node = '', at, data } = entry;
  return {
    ...{ tenant, outcome: id, node, awf },
    runbook: outcome['runbook'] ?? '',
    domain: outcome['domain'] ?? '',
    automation: outcome['automation'] ?? null,
    state: 'proposed',
    ...{ mode: null, fire: null, confidence: null, risk_class: null, risk_score: null },
    reversibility: data['reversibility'] ?? '',
    proposed_at: timeOf(Math.min(at, askedAt(aside?.decision) ?? at)),
    ...{ ended_at: null, undone_at: null, undo: null, attempts: 0, holds: 0, held_because: null },
    ...{ failure_code: null, failure_class: null, approvals: [], overridden_by: null },
    cost: data['cost'] ?? {},
    decision: null,
    updated_at: timeOf(at),
    seq,
  };
}

const REFUSALS: { readonly [code: string]: string | undefined } = {
  ACTION_DENIED: 'rejected',
  ACTION_EXPIRED: 'expired',
};

/** Whether the entry says anything of the action. */
function tellAction(row: Row, { entry, aside }: Placed): boolean {
  const { kind, data, at } = entry;
  const tried = Array.isArray(data['attempts']) ? data['attempts'].length : 0;
  const took = (state: string, ended: boolean): void => {
    row['state'] = state;
    row['ended_at'] = ended ? timeOf(at) : null;
    if (data['mode'] === undefined) return;
    row['mode'] = data['mode'];
    row['fire'] = data['fire'] ?? null;
    row['confidence'] = data['confidence'] ?? null;
    row['risk_class'] = data['riskClass'] ?? null;
    row['risk_score'] = data['riskScore'] ?? null;
    row['decision'] = aside?.decision ?? null;
  };
  const count = (column: string, more: number): void => void (row[column] = Number(row[column]) + more);
  switch (kind) {
    case 'action.held':
      took('queued', false);
      count('holds', 1);
      row['held_because'] = data['because'] ?? null;
      return true;
    case 'action.committed':
      took('completed', true);
      count('attempts', tried + 1);
      Object.assign(row, { failure_code: null, failure_class: null });
      return true;
    case 'action.failed': {
      const code = textOf(data, 'code');
      took(REFUSALS[code] ?? 'failed', true);
      count('attempts', tried);
      Object.assign(row, { failure_code: code, failure_class: data['class'] ?? null });
      return true;
    }
    case 'action.attested':
      took('completed', true);
      row['overridden_by'] = entry.actor.id;
      return true;
    case 'action.overridden':
      row['overridden_by'] = entry.actor.id;
      return true;
    case 'action.undone':
      row['undo'] = data['changed'] === false ? 'undo_skipped' : 'undone';
      row['undone_at'] = timeOf(at);
      return true;
    case 'action.undo_failed':
      row['undo'] = 'undo_failed';
      return true;
    case 'incident.resolved':
    case 'escalation.resolved':
      row['overridden_by'] = entry.actor.id;
      return true;
    case 'gate.approved':
    case 'gate.rejected': {
      const verdict = kind === 'gate.approved' ? 'approved' : 'rejected';
      const said: Json = { by: entry.actor.id, verdict, at, reason: data['reason'] ?? null };
      row['approvals'] = [...(row['approvals'] as readonly Json[]), said];
      return true;
    }
    default:
      return false;
  }
}

/** When the action was asked for first, as its decision says. */
function askedAt(decision: Json | undefined): number | undefined {
  const facts = ((decision ?? null) as JsonObject | null)?.['facts'];
  const confidence = ((facts ?? null) as JsonObject | null)?.['confidence'];
  const at = ((confidence ?? null) as JsonObject | null)?.['assessedAt'];
  return typeof at === 'number' ? at : undefined;
}

const timeOf = (at: number): string => new Date(at).toISOString();
const textOf = (row: ProjectedRow, name: string): string => {
  const value = row[name];
  return typeof value === 'string' ? value : '';
};
const keyOf = (row: ProjectedRow): string => `${textOf(row, 'outcome')}#${textOf(row, 'node')}`;
