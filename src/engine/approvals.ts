/**
 * Signed decisions: each is checked before it counts, and is kept where its gate is not open yet. Reminders, escalations and
 * expiry of gates and of actions that are held for people.
 * Pure ring. Whether a signature holds and who may decide is the check's to say; nothing here believes an unchecked word.
 */
import { AUTO, coverageOf, escalatesTo, stepsOfGate, type StepAsked } from '../governance/approval-steps';
import type { Failure } from '../kernel/failure';
import type { Json } from '../kernel/json';
import type { ActionNode, GateNode } from '../plan/plan';
import type {
  Check,
  CheckResult,
  Clocks,
  CountedDecision,
  EngineEvent,
  FireResult,
  GateDecision,
  Override,
} from './effects';
import { planNodeOf } from './layout';
import { bearsOn } from './readers';
import type { EngineState, KeptDecision, NodeState } from './state';
import { place, type Placed, type Run } from './run';

/** Checks under way at once for one outcome: a flood of forged decisions must not fill its state. */
const CHECKS_AT_ONCE = 500;

export type SignedAnswer = 'done' | 'kept' | 'late' | 'unknown' | 'refused' | 'checking';

/** Asks for a decision to be checked; what has nothing to decide is answered at once. */
export function takeSigned(run: Run, decision: GateDecision): SignedAnswer {
  const { gate: id } = decision;
  // Nothing is decided any more where everything ends or goes back.
  if (run.state.phase !== 'running' || run.state.stopping !== null) return 'late';
  const state = run.state.nodes[id];
  const node = planNodeOf(run.layout, id);
  if (node?.kind === 'gate') {
    if (state !== undefined && state.status !== 'asking') return 'late';
  } else if (node?.kind === 'action' && state !== undefined) {
    if (!isForPeople(state)) return 'late';
  } else return 'unknown';
  const checks = (run.state.checks ??= { asked: 0, open: {} });
  if (Object.keys(checks.open).length >= CHECKS_AT_ONCE) return 'late';
  const held = node.kind === 'action' && state?.held !== undefined ? { held: heldAs(state, node.awf) } : {};
  run.asked = askCheck(run, decision, { at: run.at, ...held });
  if (state === undefined && run.state.terms?.early === 'again') (checks.early ??= {})[run.asked] = run.at;
  return 'checking';
}

function askCheck(run: Run, decision: GateDecision, rest: Pick<Check, 'at' | 'held'>): string {
  const checks = (run.state.checks ??= { asked: 0, open: {} });
  const check = `c${(checks.asked += 1)}`;
  checks.open[check] = decision.gate;
  const { changes } = run.state;
  if (changes !== undefined) (checks.seen ??= {})[check] = changes;
  run.commands.push({ do: 'check', check, decision, ...rest, ...saidSoFar(run.state) });
  return check;
}

/** What holds it, and who has decided on that already. */
function heldAs(state: NodeState, awf: string): NonNullable<Check['held']> {
  const decided = (state.counted ?? []).map(({ by, for: forWhom }) => ({
    by,
    ...(forWhom === undefined ? {} : { for: forWhom }),
  }));
  return {
    ...{ awf: state.awf ?? awf, input: state.input ?? null, record: state.held?.record ?? null },
    ...(decided.length === 0 ? {} : { decided }),
  };
}

/** The answer to `check`. */
export function checked(run: Run, event: Extract<EngineEvent, { kind: 'checked' }>): SignedAnswer {
  const id = run.state.checks?.open[event.check];
  if (id === undefined || run.state.checks === undefined) return 'late';
  delete run.state.checks.open[event.check];
  const seen = run.state.checks.seen?.[event.check] ?? 0;
  delete run.state.checks.seen?.[event.check];
  const arrivedAt = run.state.checks.early?.[event.check];
  delete run.state.checks.early?.[event.check];
  const { result } = event;
  if (result.kind === 'refused') return denyAuto(run, id, result) ?? refused(run, id, result);
  if (result.kind === 'vouched') return 'late';
  // Somebody changed a step while it was checked: it was for a card that is gone.
  if (seen !== (run.state.changes ?? 0)) {
    const because = 'something was changed while it was on its way';
    if (run.state.nodes[id]?.status === 'asking') askAuto(run, place(run, id));
    return refused(run, id, { by: result.decision.by, code: 'GATE_CARD_CHANGED', because });
  }
  const node = planNodeOf(run.layout, id);
  if (node?.kind === 'gate' && result.takers !== undefined) dropTakers(run, id, result.takers);
  if (node?.kind === 'gate')
    return count(run, id, { ...result.decision, ...(arrivedAt === undefined ? {} : { arrivedAt }) });
  return countForHold(run, id, result.decision);
}

/** What was said at an open gate by who has taken the outcome over since falls: nobody approves their own act. */
function dropTakers(run: Run, gate: string, takers: readonly string[]): void {
  const state = run.state.nodes[gate];
  if (state?.status !== 'asking' || state.counted === undefined) return;
  const isTheirs = (one: CountedDecision): boolean => isWordOf(takers, one);
  const [fallen, left] = [state.counted.filter(isTheirs), state.counted.filter((one) => !isTheirs(one))];
  if (fallen.length === 0) return;
  if (left.length === 0) delete state.counted;
  else state.counted = left;
  const names = [...new Set(fallen.map(({ by }) => `\`${by}\``))].join(' and ');
  run.notes.push({ kind: 'gate.renewed', gate, because: `${names} took it over` });
}

/** Whether it was said by one of these people, or in the name of one. */
export const isWordOf = (
  people: readonly string[],
  { by, for: forWhom }: { readonly by: string; readonly for?: string | undefined },
): boolean => people.includes(by) || (forWhom !== undefined && people.includes(forWhom));

// --- by rule

/** A gate that no person is asked at: the rules answer. */
export const isAuto = (gate: GateNode): boolean => gate.by.length === 1 && gate.by[0] === AUTO;

/** Asks the rules at a gate that names no people; what they say is signed and checked as a person's word is. */
export function askAuto(run: Run, { id, node }: Placed): void {
  if (run.state.terms === undefined || node.kind !== 'gate' || !isAuto(node)) return;
  takeSigned(run, { gate: id, verdict: 'approve', by: AUTO });
  // Nobody outside has asked.
  delete run.asked;
}

/** The rules ask for people where none are named: the gate says no. `undefined` where it is not they who were asked. */
function denyAuto(
  run: Run,
  id: string,
  { by, code, because }: Extract<CheckResult, { kind: 'refused' }>,
): SignedAnswer | undefined {
  const state = run.state.nodes[id];
  if (code !== 'GATE_AUTO_DENIED' || state?.status !== 'asking') return undefined;
  stopAsking(run, id);
  run.notes.push({ kind: 'gate.rejected', gate: id, by, reason: because });
  run.agenda.push({ step: 'fail', node: id, failure: failureOf('GATE_REJECTED', because) });
  run.refusal = { code, because };
  return 'refused';
}

function refused(
  run: Run,
  node: string,
  { by, code, because }: { readonly by: string; readonly code: string; readonly because: string },
): SignedAnswer {
  run.refusal = { code, because };
  run.notes.push({ kind: 'decision.refused', node, by, code, because });
  return 'refused';
}

/** What people have changed so far, for cards to show; absent where nothing is. */
export function saidSoFar({ overrides, supplied = [] }: Pick<EngineState, 'overrides' | 'supplied'>): {
  readonly overrides?: readonly Override[];
} {
  const said = [...Object.values(overrides ?? {}).flat(), ...supplied];
  return said.length === 0 ? {} : { overrides: said };
}

function count(run: Run, gate: string, { arrivedAt, ...decision }: KeptDecision): SignedAnswer {
  const state = run.state.nodes[gate];
  if (state === undefined) {
    const kept = ((run.state.kept ??= {})[gate] ??= []);
    if (hasDecided(kept, decision)) return 'late';
    kept.push({ ...decision, ...(arrivedAt === undefined ? {} : { arrivedAt }) });
    return 'kept';
  }
  if (state.status !== 'asking') return 'late';
  if (state.spent?.includes(wordOf(decision)) === true) {
    const because = 'it has counted before, when the gate was open for the last time';
    return refused(run, gate, { by: decision.by, code: 'ACT_REPEATED', because });
  }
  return settle(run, place(run, gate), decision);
}

/** What was signed of a token: the signature itself can be written in more ways than one. */
const wordOf = ({ token }: Pick<CountedDecision, 'token'>): string => {
  const end = token.lastIndexOf('.');
  return end < 0 ? token : token.slice(0, end);
};

function settle(run: Run, placed: Placed, decision: CountedDecision): SignedAnswer {
  const { id, state } = placed;
  const { by, verdict, reason } = decision;
  if (verdict === 'reject') {
    stopAsking(run, id);
    (state.spent ??= []).push(wordOf(decision));
    run.notes.push({ kind: 'gate.rejected', gate: id, ...saidBy(decision) });
    run.agenda.push({ step: 'fail', node: id, failure: failureOf('GATE_REJECTED', `rejected by ${by}`) });
    return 'done';
  }
  const before = state.counted ?? [];
  if (hasDecided(before, decision)) return 'late';
  const steps = stepsOf(run, placed.node as GateNode);
  const given = [...before, decision].map((one) => ({ by: one.for ?? one.by, may: one.may }));
  const { coveredBy, isComplete } = coverageOf(steps, given);
  const left = needOf(steps) - seatsIn(coveredBy);
  const isNews =
    decision.glass === true || seatsIn(coveredBy) > seatsIn(coverageOf(steps, given.slice(0, -1)).coveredBy);
  if (!isNews) return 'late';
  (state.counted ??= []).push(decision);
  if (!isComplete && decision.glass !== true) {
    run.notes.push({ kind: 'gate.endorsed', gate: id, by, left });
    startReminding(run, id, placed.node as GateNode);
    return 'done';
  }
  stopAsking(run, id);
  (run.state.proven ??= []).push(id);
  run.notes.push({ kind: 'gate.approved', gate: id, ...saidBy(decision) });
  run.agenda.push({ step: 'finish', node: id, output: { by, ...(reason === undefined ? {} : { reason }) } });
  return 'done';
}

/**
 * Takes what was decided before the gate opened, in the order in which it came: each is checked again, because whoever decided may
 * have become one who may not. What was kept without its time, in an outcome from before that was asked, counts as it did.
 */
export function takeKept(run: Run, gate: string): void {
  const kept = run.state.kept?.[gate];
  if (kept === undefined || run.state.nodes[gate]?.status !== 'asking') return;
  delete run.state.kept![gate];
  for (const { arrivedAt, ...decision } of kept) {
    if (run.agenda.some((step) => 'node' in step && step.node === gate && step.step !== 'ready')) return;
    if (arrivedAt === undefined) settle(run, place(run, gate), decision);
    else askCheck(run, asSent(gate, decision), { at: arrivedAt });
  }
}

const asSent = (gate: string, { verdict, by, reason, token }: CountedDecision): GateDecision => ({
  ...{ gate, verdict, by, token },
  ...(reason === undefined ? {} : { reason }),
});

function countForHold(run: Run, id: string, decision: CountedDecision): SignedAnswer {
  const state = run.state.nodes[id];
  if (state === undefined || !isForPeople(state)) return 'late';
  if (hasDecided(state.counted ?? [], decision)) return 'late';
  (state.counted ??= []).push(decision);
  // What it is being asked now may have been asked before this was heard.
  if (state.status === 'acting') state.isCountedEarly = true;
  const { awf } = place(run, id).node as ActionNode;
  const kind = decision.verdict === 'approve' ? 'awf.approved' : 'awf.rejected';
  run.notes.push({ kind, node: id, awf: state.awf ?? awf, ...saidBy(decision) });
  return 'done';
}

/** Held for people; or asking again just now, because something that held it has changed: the card it was held with stands. */
const isForPeople = ({ status, held }: NodeState): boolean =>
  held !== undefined && (status === 'held' || status === 'acting');

/** One person, or one whose authority somebody else has used, decides once. */
export const hasDecided = (
  before: readonly Pick<CountedDecision, 'by' | 'for'>[],
  { by, for: forWhom }: { readonly by: string; readonly for?: string | undefined },
): boolean => before.some((one) => one.by === by || (one.for ?? one.by) === (forWhom ?? by));

/**
 * A step was changed: what people have said at open gates before it, or before those that read its output, falls, and what was
 * kept for gates to come, because nobody has seen the step as it is now.
 */
export function renewGates(run: Run, changed: string): void {
  const isBefore = (id: string): boolean => {
    const gate = planNodeOf(run.layout, id);
    return gate?.kind === 'gate' && bearsOn(run.layout, changed, gate.id);
  };
  const renew = (gate: string): void => {
    run.notes.push({ kind: 'gate.renewed', gate, because: `\`${changed}\` was changed` });
  };
  for (const [id, state] of Object.entries(run.state.nodes)) {
    if (state.status !== 'asking' || state.counted === undefined || !isBefore(id)) continue;
    delete state.counted;
    renew(id);
    startReminding(run, id, place(run, id).node as GateNode);
  }
  for (const id of Object.keys(run.state.kept ?? {})) {
    if (!isBefore(id)) continue;
    delete run.state.kept![id];
    renew(id);
  }
}

export const stepsOf = (run: Run, gate: GateNode): readonly StepAsked[] =>
  stepsOfGate(gate.by, run.state.terms?.depth ?? null);

export const needOf = (steps: readonly StepAsked[]): number => steps.reduce((sum, { need }) => sum + need, 0);
const seatsIn = (coveredBy: readonly (readonly string[])[]): number =>
  coveredBy.reduce((sum, people) => sum + people.length, 0);

// --- by when

/** A gate opens, for the first time or anew: whatever was said of an earlier asking was said of that. */
export function beginAsking(run: Run, { id, state }: Placed): void {
  if (state.counted !== undefined) (state.spent ??= []).push(...state.counted.map(wordOf));
  delete state.counted;
  if (run.state.terms === undefined) return;
  const opened = (run.state.opened ??= []);
  if (!opened.includes(id)) opened.push(id);
}

/** Starts the clocks of a gate; called again when one of several people has decided, because each is given the whole time. */
export function startReminding(run: Run, id: string, gate: GateNode): void {
  if (isAuto(gate)) return;
  const clocks = run.state.terms?.clocks?.[gate.approval];
  if (clocks !== undefined) startTimers(run, id, clocks);
}

function startTimers(run: Run, id: string, { remindAfterMs, escalateAfterMs }: Clocks): void {
  if (remindAfterMs !== null) restart(run, `remind:${id}`, remindAfterMs);
  if (escalateAfterMs !== null) restart(run, `escalate:${id}`, escalateAfterMs);
}

function restart(run: Run, timer: string, ms: number): void {
  run.commands.push({ do: 'stopTimer', timer }, { do: 'startTimer', timer, ms });
}

/** Ends every clock of a gate or of a held action. */
export function stopAsking(run: Run, id: string): void {
  for (const clock of ['gate', 'remind', 'escalate', 'lapse']) {
    run.commands.push({ do: 'stopTimer', timer: `${clock}:${id}` });
  }
}

/** An action is held: if for people, the clocks run; a step that has been covered gives the next one its whole time. */
export function holdFor(run: Run, placed: Placed, result: Extract<FireResult, { kind: 'held' }>): void {
  const { id, state } = placed;
  if (run.state.terms === undefined) return;
  const { asks, decision } = result;
  const before = state.held?.asked ?? null;
  const asked = asks === undefined ? null : asks.open.join('\n');
  if (decision === undefined) delete state.held;
  else state.held = { record: decision, asked };
  forgetLapsed(state, decision);
  if (asks === undefined) {
    if (before !== null) stopAsking(run, id);
    return;
  }
  if (asked === before) return;
  startTimers(run, id, asks);
  if (before === null) restart(run, `lapse:${id}`, asks.expiresAfterMs);
}

/** Whose approval the rules did not find any more, because it has lapsed or covers less than is asked now, is asked anew. */
function forgetLapsed(state: NodeState, decision: Json | undefined): void {
  const isEarly = state.isCountedEarly === true;
  delete state.isCountedEarly;
  if (isEarly || decision === undefined || state.counted === undefined) return;
  const { facts } = decision as {
    readonly facts?: { readonly approvals?: readonly { readonly by: string }[] };
  };
  const found = facts?.approvals ?? [];
  const counted = state.counted.filter(({ by, for: forWhom, glass }) =>
    found.some((one) => one.by === (forWhom ?? by) || (glass === true && one.by.startsWith(`${by}!`))),
  );
  if (counted.length > 0) state.counted = counted;
  else delete state.counted;
}

/** It is held no more. */
export function letGo(run: Run, placed: Placed): void {
  if (placed.state.held === undefined) return;
  if (placed.state.held.asked !== null) stopAsking(run, placed.id);
  delete placed.state.held;
}

/** One of the clocks has run out. */
export function clock(run: Run, name: 'remind' | 'escalate' | 'lapse', id: string): void {
  const state = run.state.nodes[id];
  if (state === undefined) return;
  const { node } = place(run, id);
  if (node.kind === 'gate' && state.status === 'asking') {
    if (name === 'remind') run.notes.push({ kind: 'gate.reminded', gate: id });
    if (name === 'escalate') run.notes.push({ kind: 'gate.escalated', gate: id, to: escalatesTo(node.by) });
  }
  if (node.kind !== 'action' || state.status !== 'held' || state.held?.asked == null) return;
  const awf = state.awf ?? node.awf;
  if (name === 'remind') run.notes.push({ kind: 'awf.reminded', node: id, awf });
  else if (name === 'escalate') {
    run.notes.push({ kind: 'awf.escalated', node: id, awf, to: escalatesTo(state.held.asked.split('\n')) });
  } else {
    stopAsking(run, id);
    delete state.held;
    run.notes.push({ kind: 'awf.expired', node: id, awf });
    run.agenda.push({
      step: 'fail',
      node: id,
      failure: failureOf('ACTION_EXPIRED', 'nobody decided in time'),
    });
  }
}

const saidBy = ({ by, for: forWhom, glass, reason }: CountedDecision) => ({
  by,
  ...(forWhom === undefined ? {} : { for: forWhom }),
  ...(glass === undefined ? {} : { glass }),
  ...(reason === undefined ? {} : { reason }),
});

const failureOf = (code: string, message: string): Failure => ({
  class: 'permanent',
  code,
  message,
  effect: 'none',
});
