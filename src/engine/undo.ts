/**
 * Undo: compensations run in the reverse of the executed partial order: a node is undone when everything that ran behind it
 * is. Parallel stays parallel; among equals the plan's order, reversed, decides.
 * Pure ring. When a way back begins is in `back.ts`.
 */
import { invariant } from '../kernel/invariant';
import type { UndoResult } from './effects';
import { hasCompensation } from './firing';
import { enter, resettle } from './forward';
import {
  blockOf,
  dependentsOf,
  firingOf,
  foreignAwf,
  isInScope,
  isLeaving,
  layoutAt,
  owesUndo,
  place,
  predecessorsOf,
  prefixOf,
  stateOf,
  type Placed,
  type Run,
} from './run';
import { nextUndo, type NodeState, type UndoEvent } from './state';

/** Of an incident: a person did it, so a person has to undo it. */
const UNDO_BY_HAND = 'UNDO_BY_HAND';

/** Undoes all that ran in a block. */
export function undoBlock(run: Run, id: string): void {
  const block = blockOf(run, id);
  const prefix = prefixOf(block);
  const ran = layoutAt(run, block.key)
    .nodes.map((node) => prefix + node.id)
    .filter((node) => isWalked(run, node));
  block.undoLeft = ran.length;
  if (ran.length === 0) run.agenda.push({ step: 'undoneBlock', block: id });
  else beginUndo(run, ran);
}

/** Starts with the nodes that nothing which ran stands behind, last of the plan first. */
export function beginUndo(run: Run, ran: readonly string[]): void {
  const among = new Set(ran);
  for (const id of [...ran].reverse()) {
    // Whatever was to follow an undo of this node, it goes back now.
    delete stateOf(run, id).courseAfterUndo;
    const waits = dependentsOf(place(run, id)).filter((dependent) => among.has(dependent)).length;
    stateOf(run, id).undoWaitsFor = waits;
    if (waits === 0) run.agenda.push({ step: 'undoNode', node: id });
  }
}

/** Undoes one node: first what ran inside it, last block first, then its own effect. */
export function undoNode(run: Run, id: string): void {
  const placed = place(run, id);
  const inner = placed.state.inner ?? [];
  placed.state.innerLeft = inner.length;
  if (inner.length > 0) {
    const next = isParallelEach(placed) ? [...inner].reverse() : inner.slice(-1);
    for (const block of next) run.agenda.push({ step: 'undoBlock', block });
    return;
  }
  undoEffect(run, placed);
}

/** All of an inner block is undone: the block before it is next, or the node itself. */
export function undoneBlock(run: Run, id: string): void {
  const { parent } = blockOf(run, id);
  if (parent === null) return end(run, run.state.stopping?.then === 'complete' ? 'completed' : 'backstepped');
  const placed = place(run, parent);
  const left = (placed.state.innerLeft ?? 1) - 1;
  placed.state.innerLeft = left;
  if (left === 0) return undoEffect(run, placed);
  const block = (placed.state.inner ?? [])[left - 1];
  if (!isParallelEach(placed) && block !== undefined) run.agenda.push({ step: 'undoBlock', block });
}

const isParallelEach = (placed: Placed): boolean => placed.node.kind === 'each' && placed.node.parallel;

function undoEffect(run: Run, placed: Placed): void {
  const { id, state } = placed;
  const isKept = run.state.stopping?.among !== undefined && state.isStray !== true;
  if (placed.node.kind !== 'action' || isKept || !owesUndo(run, id)) {
    run.agenda.push({ step: 'undoSettled', node: id });
    return;
  }
  if (!hasCompensation(run, placed)) {
    // Nothing can undo it: it stays, or may, and the end says so.
    if (state.undo === 'acted' || state.isUnclear === true) run.state.residue.push(id);
    state.undo = nextUndo(state.undo ?? 'intended', 'undo_nothing');
    run.agenda.push({ step: 'undoSettled', node: id });
    return;
  }
  askForUndo(run, placed);
}

/** Asks for the compensation, or a person; where the run has to leave, the next one asks. */
export function askForUndo(run: Run, placed: Placed): void {
  const { id, state } = placed;
  if (isForPerson(placed)) return askPersonToUndo(run, placed);
  if (isLeaving(run)) {
    state.status = 'undoing';
    run.state.ready.push(id);
    return;
  }
  const { awf: of, planned, lane } = firingOf(run, placed);
  const awf = planned.compensation;
  invariant(awf !== undefined, `\`${of}\` has a compensation`);
  state.status = 'undoing';
  run.state.inFlight += 1;
  run.commands.push({
    do: 'undo',
    node: id,
    awf,
    of,
    ofInput: state.input ?? null,
    ...(state.undoArgs === undefined ? {} : { args: state.undoArgs }),
    lane,
    ...foreignAwf(run, awf),
    ...(state.attested !== undefined && state.isStray !== true ? { attested: true } : {}),
  });
}

/**
 * What a person did elsewhere is undone by a person, unless they let the compensation do it. Without its arguments it would
 * find nothing on record, and say that all is well.
 */
const isForPerson = ({ state: { attested, isStray, undoArgs } }: Placed): boolean =>
  attested !== undefined && isStray !== true && (attested.undo === 'person' || undoArgs === undefined);

function askPersonToUndo(run: Run, { id, state }: Placed): void {
  if (state.undo !== 'undo_failed') setUndo(run, id, 'undo_fail');
  state.status = 'incident';
  run.notes.push({ kind: 'incident.open', node: id, code: UNDO_BY_HAND });
}

/** The answer to `undo`. A compensation that failed for good is an incident: it never passes silently. */
export function undone(run: Run, id: string, result: UndoResult): void {
  const placed = place(run, id);
  const { state } = placed;
  const { awf: of, planned } = firingOf(run, placed);
  invariant(state.status === 'undoing', `an answer to the undo of \`${id}\` comes while it is undone`);
  run.state.inFlight -= 1;
  const comp = planned.compensation ?? '';
  if (result.kind === 'failed') {
    run.notes.push({ kind: 'comp.failed', node: id, comp, of, code: result.failure.code });
    setUndo(run, id, 'undo_fail');
    if (isDrainingBack(run)) {
      state.status = 'failed';
    } else {
      state.status = 'incident';
      run.notes.push({ kind: 'incident.open', node: id, code: result.failure.code });
    }
  } else {
    run.notes.push({ kind: 'comp.ok', node: id, comp, of, changed: result.changed });
    setUndo(run, id, result.changed ? 'undo_ok' : 'undo_nothing');
    state.status = 'failed';
    undoIsOver(run, id);
  }
  run.agenda.push({ step: 'drained' });
}

/** Whether everything goes back anyhow, and this undo is tried again when its turn comes. */
const isDrainingBack = ({ state: { stopping } }: Run): boolean =>
  stopping?.stage === 'draining' && stopping.then === 'backstep';

/** What has become of the effect of a node that has one. */
export function setUndo(run: Run, id: string, event: UndoEvent): void {
  const state = stateOf(run, id);
  invariant(state.undo !== undefined, `\`${id}\` has an effect to undo`);
  state.undo = nextUndo(state.undo, event);
}

/** The undo of one effect is over, by compensation or by a person. */
export function undoIsOver(run: Run, id: string): void {
  const { state } = place(run, id);
  const course = state.courseAfterUndo;
  delete state.courseAfterUndo;
  if (run.state.stopping?.stage === 'draining' && !isReturning(run, id)) {
    stateOf(run, id).status = 'failed';
    run.agenda.push({ step: 'drained' });
    return;
  }
  run.agenda.push(
    course === undefined ? { step: 'undoSettled', node: id } : { step: 'follow', node: id, course },
  );
}

/** A node's undo is settled: those that ran before it may be undone, and its block or scope may be through. */
export function undoSettled(run: Run, id: string): void {
  const placed = place(run, id);
  if (isBothDone(placed)) {
    keepAttested(placed.state);
    // Going back means both; an outcome that completes goes without the stray alone.
    if (run.state.stopping?.among === undefined) {
      run.agenda.push({ step: 'undoNode', node: id });
      return;
    }
  }
  if (run.state.stopping?.among === undefined || placed.state.isStray === true)
    placed.state.status = 'dropped';
  for (const before of predecessorsOf(placed)) {
    const state = run.state.nodes[before];
    if (state?.undoWaitsFor === undefined || !isWalked(run, before)) continue;
    state.undoWaitsFor -= 1;
    if (state.undoWaitsFor === 0) run.agenda.push({ step: 'undoNode', node: before });
  }
  for (const [checkpoint, back] of Object.entries(run.state.returns)) {
    if (back.stage !== 'undoing' || !back.scope.includes(id)) continue;
    back.undoLeft -= 1;
    if (back.undoLeft === 0) replace(run, checkpoint);
    return;
  }
  placed.block.undoLeft = (placed.block.undoLeft ?? 1) - 1;
  if (placed.block.undoLeft === 0) run.agenda.push({ step: 'undoneBlock', block: placed.state.block });
}

/** A lost task did what a person did, too: of the two effects the stray's is undone. */
const isBothDone = ({ state: { attested, isStray } }: Placed): boolean =>
  attested !== undefined && isStray === true;

/** What the person did is still there. */
function keepAttested(state: NodeState): void {
  delete state.isStray;
  delete state.isUnclear;
  delete state.undoArgs;
  state.undo = 'acted';
  state.status = 'done';
  if (state.attested?.args !== undefined) state.undoArgs = state.attested.args;
}

/** The scope behind a checkpoint is undone: the course's body takes its place. */
export function replace(run: Run, checkpoint: string): void {
  const back = run.state.returns[checkpoint];
  invariant(back !== undefined, `a return to \`${checkpoint}\` is under way`);
  delete run.state.returns[checkpoint];
  const placed = place(run, checkpoint);
  for (const id of back.scope) {
    run.state.nodes[id] ??= { status: 'dropped', block: placed.state.block };
    stateOf(run, id).status = 'dropped';
  }
  const course = run.layout.courses.get(back.course);
  if (run.state.stopping !== null) {
    run.agenda.push({ step: 'drained' });
    return;
  }
  if (course?.do === 'backstep' && course.body !== undefined) {
    placed.state.status = 'inside';
    const id = prefixOf(placed.block) + back.course;
    enter(run, id, { key: back.course, parent: checkpoint, prefixes: placed.block.prefixes });
  } else {
    resettle(run, placed.state.block);
  }
}

/** Whether a return that has come past its draining undoes this node, or will. */
export const isReturning = (run: Run, id: string): boolean =>
  Object.entries(run.state.returns).some(
    ([checkpoint, back]) => back.stage !== 'draining' && isInScope(run, id, checkpoint, back.scope),
  );

/** Ran, in part or in whole, and is not undone yet. */
export function hasRun(run: Run, id: string): boolean {
  const status = run.state.nodes[id]?.status;
  return status !== undefined && status !== 'dropped' && status !== 'ready';
}

/** Whether the way back that is under way touches this node. */
function isWalked(run: Run, id: string): boolean {
  const among = run.state.stopping?.among;
  return among === undefined ? hasRun(run, id) : among.includes(id);
}

/** The outcome is over. */
export function end(run: Run, phase: 'completed' | 'backstepped'): void {
  run.state.phase = phase;
  run.state.stopping = null;
  const durationMs = run.at - run.state.startedAt;
  const { residue } = run.state;
  run.notes.push(
    phase === 'completed'
      ? { kind: 'outcome.complete', durationMs }
      : {
          kind: 'outcome.backstepped',
          durationMs,
          ...(residue.length === 0 ? {} : { residue: [...residue] }),
        },
  );
}
