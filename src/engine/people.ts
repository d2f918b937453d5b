/**
 * People, time and signals: decisions at gates, resolutions of incidents, pause and resume, requests to go back.
 * Pure ring. Who may do what is judged before the engine hears of it.
 */
import { assertNever } from '../kernel/invariant';
import { notTheirsToSupply, wrongOutput, type Refusal, type Refused } from './override-rules';
import { anchored } from './back';
import type { Act, EngineEvent, GateDecision, Resolution } from './effects';
import { clock, renewGates, stopAsking, takeKept, takeSigned } from './approvals';
import { fire } from './firing';
import { engineFailure } from './forward';
import { planNodeOf } from './layout';
import { readersOf } from './readers';
import { refuse } from './refusals';
import { firingOf, isLeaving, place, type Placed, type Run } from './run';
import { askForUndo, setUndo, undoIsOver } from './undo';

/** What came of an act, for the door that it came through. */
export type Answer =
  | 'done'
  /** Kept for a gate that is not open yet, or a hold that has not been heard of. */
  | 'kept'
  /** Nothing to do: decided, resolved or ended already. */
  | 'late'
  /** The outcome has no such gate or node. */
  | 'unknown'
  | Refusal;

/** What the machine answers. */
export type Heard =
  | Answer
  /** A decision that does not count: it is on record, and of no effect. */
  | 'refused'
  /** A decision that is being checked: the answer comes with the check's. */
  | 'checking';

/** Signals that are kept for waits to come: more would fill the state of the outcome. */
const MAIL_KEPT = 200;

/** A decision for a gate that is open now, or is kept until it opens. */
export function decide(run: Run, decision: GateDecision): Heard {
  if (run.state.terms !== undefined) return takeSigned(run, decision);
  const { gate } = decision;
  if (isOver(run)) return 'late';
  const state = run.state.nodes[gate];
  if (state === undefined) {
    if (planNodeOf(run.layout, gate)?.kind !== 'gate') return 'unknown';
    if (run.state.early[gate] !== undefined) return 'late';
    run.state.early[gate] = decision;
    return 'kept';
  }
  const placed = place(run, gate);
  if (placed.node.kind !== 'gate') return 'unknown';
  if (state.status !== 'asking') return 'late';
  stopAsking(run, gate);
  settleGate(run, placed, decision);
  return 'done';
}

/** A decision that was there before its gate opened is taken as soon as it does. */
export function takeEarly(run: Run, gate: string): void {
  takeKept(run, gate);
  const decision = run.state.early[gate];
  if (decision === undefined || run.state.nodes[gate]?.status !== 'asking') return;
  delete run.state.early[gate];
  decide(run, decision);
}

function settleGate(run: Run, placed: Placed, decision: GateDecision): void {
  const { gate, by, verdict, reason } = decision;
  const why = reason === undefined ? {} : { reason };
  run.notes.push({ kind: verdict === 'approve' ? 'gate.approved' : 'gate.rejected', gate, by, ...why });
  if (verdict === 'approve') {
    run.agenda.push({ step: 'finish', node: gate, output: { by, ...why } });
  } else {
    const failure = engineFailure('GATE_REJECTED', `rejected by ${by}`);
    run.agenda.push({ step: 'fail', node: placed.id, failure });
  }
}

/** A timer has run out: a gate expires, a wait is over, a retry is due, an escalation found nobody. */
export function timer(run: Run, name: string): void {
  const colon = name.indexOf(':');
  const id = name.slice(colon + 1);
  if (['anchor', 'ending'].includes(name.slice(0, colon))) return anchored(run, id);
  const state = run.state.nodes[id];
  if (state === undefined) return;
  const placed = place(run, id);
  switch (name.slice(0, colon)) {
    case 'gate':
      if (state.status !== 'asking') return;
      stopAsking(run, id);
      run.notes.push({ kind: 'gate.expired', gate: id });
      run.agenda.push({
        step: 'fail',
        node: id,
        failure: engineFailure('GATE_EXPIRED', 'nobody decided in time'),
      });
      return;
    case 'remind':
    case 'escalate':
    case 'lapse':
      return clock(run, name.slice(0, colon) as 'remind' | 'escalate' | 'lapse', id);
    case 'wait':
      if (state.status === 'sleeping') waitIsOver(run, placed);
      return;
    case 'retry':
      if (state.status === 'sleeping') run.agenda.push({ step: 'ready', node: id });
      return;
    case 'ask':
      if (state.status !== 'incident') return;
      run.notes.push({ kind: 'escalation.expired', node: id });
      run.notes.push({ kind: 'backstep', from: id, code: 'ESCALATION_EXPIRED' });
      run.agenda.push({ step: 'stop', then: 'backstep' });
      return;
  }
}

function waitIsOver(run: Run, placed: Placed): void {
  const { id, node } = placed;
  if (node.kind === 'wait' && 'signal' in node.for) {
    run.notes.push({ kind: 'wait.timeout', node: id });
    const failure = engineFailure('WAIT_TIMED_OUT', `no signal \`${node.for.signal}\` came in time`);
    run.agenda.push({ step: 'fail', node: id, failure });
    return;
  }
  run.notes.push({ kind: 'wait.over', node: id });
  run.agenda.push({ step: 'finish', node: id, output: null });
}

/** A named signal: the first wait for it takes it, or it is kept for one that comes. */
export function signal(run: Run, event: Extract<EngineEvent, { kind: 'signal' }>): Heard {
  if (isOver(run)) return 'late';
  for (const id of Object.keys(run.state.nodes)) {
    if (run.state.nodes[id]?.status !== 'sleeping') continue;
    const { node } = place(run, id);
    if (node.kind !== 'wait' || !('signal' in node.for) || node.for.signal !== event.name) continue;
    run.commands.push({ do: 'stopTimer', timer: `wait:${id}` });
    run.notes.push({ kind: 'wait.over', node: id });
    run.agenda.push({ step: 'finish', node: id, output: event.data });
    return 'done';
  }
  if (run.state.mail.length >= MAIL_KEPT) {
    const because = 'too many signals wait to be taken';
    return refuse(run, { act: event.name, by: 'unknown' }, { code: 'ACT_CROWDED', because });
  }
  run.state.mail.push({ name: event.name, data: event.data });
  return 'kept';
}

/** Holds every firing that has not begun. Going back is never held. */
export function pause(run: Run, act: Act): Answer {
  if (isOver(run) || run.state.paused) return 'late';
  run.state.paused = true;
  run.notes.push({ kind: 'paused', ...actOf(act) });
  return 'done';
}

/** Fires what the pause held, in the order it became ready; nothing twice, nothing forgotten. */
export function resume(run: Run, act: Act): Answer {
  if (isOver(run) || !run.state.paused) return 'late';
  run.state.paused = false;
  run.notes.push({ kind: 'resumed', ...actOf(act) });
  if (!isLeaving(run)) askForReady(run);
  return 'done';
}

/** Asks for everything that was due but held. */
export function askForReady(run: Run): void {
  const due = run.state.ready.splice(0);
  for (const id of due) {
    const placed = place(run, id);
    if (placed.state.status === 'undoing') askForUndo(run, placed);
    else if (run.state.paused) run.state.ready.push(id);
    else if (placed.state.status === 'ready') fire(run, placed);
  }
}

/** Asks for everything to be undone, also after the outcome has completed. */
export function goBack(run: Run, act: Act, code: string): Answer {
  if (run.state.phase === 'backstepping' || run.state.phase === 'backstepped') return 'late';
  // A backstep of a finished outcome is a story of its own, with a duration of its own.
  if (run.state.phase === 'completed') run.state.startedAt = run.at;
  run.notes.push({ kind: 'backstep', from: 'request', code, ...actOf(act) });
  run.agenda.push({ step: 'stop', then: 'backstep' });
  return 'done';
}

/** The cause of a hold is gone; kept where the hold itself is still on its way. */
export function release(run: Run, id: string): Answer {
  const state = run.state.nodes[id];
  if (state === undefined) return 'unknown';
  if (state.status === 'acting') {
    state.isReleased = true;
    return 'kept';
  }
  if (state.status !== 'held') return 'late';
  const placed = place(run, id);
  run.notes.push({ kind: 'awf.released', node: id, awf: firingOf(run, placed).awf });
  run.agenda.push({ step: 'ready', node: id });
  return 'done';
}

/** A person resolves an incident: a compensation that failed, a failure past the pivot, or an escalation. */
export function resolve(run: Run, id: string, resolution: Resolution, by: string): Answer {
  const state = run.state.nodes[id];
  if (state === undefined) return 'unknown';
  if (state.status !== 'incident') return 'late';
  const placed = place(run, id);
  const undoing = state.undo === 'undo_failed';
  const refused = undoing
    ? undefined
    : (ledAround(placed, resolution) ?? unfitting(run, placed, resolution, by));
  if (refused !== undefined) {
    run.notes.push({ kind: 'act.refused', act: 'resolve', by, node: id, ...refused });
    return refused.code;
  }
  run.state.isSwayed = true;
  run.commands.push({ do: 'stopTimer', timer: `ask:${id}` });
  const kind = undoing || run.state.pivoted ? 'incident.resolved' : 'escalation.resolved';
  run.notes.push({ kind, node: id, as: resolution.as, by });
  if (undoing) resolveUndo(run, placed, resolution, by);
  else resolveForward(run, placed, resolution, by);
  return 'done';
}

/** A gate that was rejected, or to which nobody came, is not passed by the word of whoever resolves it: its people are asked again. */
function ledAround({ node }: Placed, { as }: Resolution): Refused | undefined {
  if (node.kind !== 'gate' || (as !== 'accept' && as !== 'supply')) return undefined;
  const because = 'a gate is decided, and nobody goes on over it: ask again, or go back';
  return { code: 'OVERRIDE_NOT_POSSIBLE', because };
}

/** Nobody goes on over a step of which others read what is not there, nor puts there what others have approved otherwise. */
function unfitting(run: Run, placed: Placed, resolution: Resolution, by: string): Refused | undefined {
  const { id } = placed.node;
  if (resolution.as === 'accept') return wrongOutput(run.layout, id, undefined);
  if (resolution.as !== 'supply') return undefined;
  return wrongOutput(run.layout, id, resolution.output) ?? notTheirsToSupply(run, placed, by);
}

function resolveUndo(run: Run, placed: Placed, resolution: Resolution, by: string): void {
  const { id } = placed;
  switch (resolution.as) {
    case 'retry':
      // Of what a person did elsewhere: from now on the compensation may undo it.
      if (placed.state.attested !== undefined)
        placed.state.attested = { ...placed.state.attested, undo: 'compensation' };
      askForUndo(run, placed);
      return;
    case 'supply':
      setUndo(run, id, 'undo_ok');
      undoIsOver(run, id);
      return;
    case 'accept':
      run.state.residue.push(id);
      undoIsOver(run, id);
      return;
    case 'backstep':
      // Everything else goes back too; this one is tried again when its turn comes.
      if (run.state.stopping?.then !== 'backstep') {
        run.notes.push({ kind: 'backstep', from: id, code: 'REQUESTED', by, reason: resolution.reason });
        run.agenda.push({ step: 'stop', then: 'backstep' });
      } else askForUndo(run, placed);
      return;
    default:
      assertNever(resolution);
  }
}

function resolveForward(run: Run, placed: Placed, resolution: Resolution, by: string): void {
  const { id } = placed;
  switch (resolution.as) {
    case 'retry':
      run.agenda.push({ step: 'ready', node: id });
      return;
    case 'supply':
      showOnCards(run, placed, resolution, by);
      run.agenda.push({ step: 'finish', node: id, output: resolution.output ?? null });
      return;
    case 'accept':
      run.agenda.push({ step: 'finish', node: id, output: null });
      return;
    case 'backstep':
      run.notes.push({ kind: 'backstep', from: id, code: 'REQUESTED', by, reason: resolution.reason });
      run.agenda.push({ step: 'stop', then: 'backstep' });
      return;
    default:
      assertNever(resolution);
  }
}

/**
 * An output in the place of one that others read is a change of what they do: at gates that let them go it stands on the card, with
 * whose it is, and what was said there before falls.
 */
function showOnCards(
  run: Run,
  { id, node }: Placed,
  { output = null, evidence }: Extract<Resolution, { readonly as: 'supply' }>,
  by: string,
): void {
  if (run.state.terms === undefined || readersOf(run.layout, node.id).length === 0) return;
  const change = { do: 'attest', output, evidence, undo: 'person' } as const;
  (run.state.supplied ??= []).push({ node: id, change, by, reason: evidence, scope: 'step' });
  run.state.changes = (run.state.changes ?? 0) + 1;
  renewGates(run, node.id);
}

const isOver = (run: Run): boolean => run.state.phase === 'completed' || run.state.phase === 'backstepped';

const actOf = (act: Act): Act => ({
  by: act.by,
  ...(act.reason === undefined ? {} : { reason: act.reason }),
});
