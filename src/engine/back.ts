/**
 * Back: a way back, or the end, begins when what is in flight has settled, and what lost workflow tasks left is found.
 * Pure ring. How each node is undone is in `undo.ts`.
 */
import { invariant } from '../kernel/invariant';
import type { Stray } from './effects';
import { stopAsking } from './approvals';
import { drop, isInScope, layoutAt, place, prefixOf, stateOf, type Placed, type Run } from './run';
import type { Stage } from './state';
import { needsSweep, sweep, takeIn } from './strays';
import { beginUndo, end, hasRun, isReturning, replace } from './undo';

/** Pause before strays are looked for, in milliseconds: as short as a timer can be, it is there for its event. */
const ANCHOR_MS = 1;

/**
 * A completion that becomes a way back has another timer than that: the first may fire as it is stopped, and would be taken for the
 * second where the history is read.
 */
const anchorOf = (run: Run, way: string): string =>
  way === '' && run.state.stopping?.then === 'complete' ? 'ending:' : `anchor:${way}`;

/** Stops the whole outcome: nothing new starts, what waits is closed, what acts is awaited. */
export function stop(run: Run, then: 'complete' | 'backstep'): void {
  const before = run.state.stopping;
  // Going back outranks completing; a backstep under way is not begun again.
  if (before !== null && (before.then === 'backstep' || then === 'complete')) return;
  run.commands.push({ do: 'stopTimer', timer: anchorOf(run, '') });
  run.state.stopping = { then, stage: 'draining' };
  if (then === 'backstep') run.state.phase = 'backstepping';
  for (const [checkpoint, back] of Object.entries(run.state.returns)) {
    // A return whose undoing may have begun is finished before the outcome completes: half of a scope is no state to end in.
    if (then === 'complete' && back.stage !== 'draining') continue;
    run.commands.push({ do: 'stopTimer', timer: anchorOf(run, checkpoint) });
    delete run.state.returns[checkpoint];
  }
  run.state.ready = run.state.ready.filter((id) => stateOf(run, id).status === 'undoing');
  for (const id of Object.keys(run.state.nodes)) {
    if (!isReturning(run, id) && !(then === 'complete' && isUndoIncident(run, id))) close(run, id);
  }
  run.agenda.push({ step: 'drained' });
}

/** Takes back only what stands behind a checkpoint, and then runs the course's body in its place. */
export function returnTo(run: Run, id: string, courseKey: string): void {
  const course = run.layout.courses.get(courseKey);
  invariant(
    course?.do === 'backstep' && course.to !== undefined,
    `course \`${courseKey}\` returns to a checkpoint`,
  );
  const from = place(run, id);
  const depth = layoutAt(run, run.layout.home.get(course.to) ?? '').eachDepth;
  const checkpoint = place(run, (from.block.prefixes[depth] ?? '') + course.to);
  // A second return to the same place would go round for ever, and one to a checkpoint that was taken back itself leads nowhere: what
  // stands behind it is gone, and who returns is not among that. Then everything goes back.
  const isGone = checkpoint.state.status !== 'done' || (checkpoint.state.inner ?? []).length > 0;
  if (run.state.returns[checkpoint.id] !== undefined || isGone) {
    run.agenda.push({ step: 'stop', then: 'backstep' });
    return;
  }
  const scope = behind(checkpoint);
  run.state.returns[checkpoint.id] = { stage: 'draining', scope, undoLeft: 0, course: courseKey };
  for (const other of Object.keys(run.state.nodes)) {
    if (isInScope(run, other, checkpoint.id, scope)) close(run, other);
  }
  run.state.ready = run.state.ready.filter(
    (node) => stateOf(run, node).status === 'undoing' || !isInScope(run, node, checkpoint.id, scope),
  );
  run.agenda.push({ step: 'drained' });
}

/** Instance ids of everything in the same block that waits for this node, directly or not. */
function behind(placed: Placed): readonly string[] {
  const prefix = prefixOf(placed.block);
  const found = new Set<string>();
  const open = [placed.node.id];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const next of placed.layout.dependents.get(id) ?? []) {
      if (!found.has(next)) {
        found.add(next);
        open.push(next);
      }
    }
  }
  return placed.layout.nodes.filter((node) => found.has(node.id)).map((node) => prefix + node.id);
}

/** Ends a node that waits for people, for time or for its turn. What acts is left to settle. */
function close(run: Run, id: string): void {
  const { node, state } = place(run, id);
  switch (state.status) {
    case 'asking':
      stopAsking(run, id);
      run.notes.push({ kind: 'gate.closed', gate: id });
      break;
    case 'incident':
      run.commands.push({ do: 'stopTimer', timer: `ask:${id}` });
      break;
    case 'sleeping':
      run.commands.push({ do: 'stopTimer', timer: `${node.kind === 'wait' ? 'wait' : 'retry'}:${id}` });
      break;
    case 'held':
      stopAsking(run, id);
      break;
    case 'ready':
      break;
    default:
      return;
  }
  drop(run, id);
}

/** A compensation that failed for good: no outcome completes over it. */
const isUndoIncident = (run: Run, id: string): boolean => {
  const { status, undo } = stateOf(run, id);
  return status === 'incident' && undo === 'undo_failed';
};

/** Whether what was in flight has settled; if so, undoing begins, or the outcome ends. */
export function drained(run: Run): void {
  const { stopping } = run.state;
  if (stopping !== null) {
    const isBusy =
      run.state.inFlight > 0 ||
      isUndoHeld(run) ||
      Object.keys(run.state.returns).length > 0 ||
      Object.keys(run.state.nodes).some((id) => isUndoIncident(run, id));
    if (stopping.stage === 'draining' && !isBusy) settled(run, '');
    return;
  }
  for (const [checkpoint, back] of Object.entries(run.state.returns)) {
    if (back.stage !== 'draining') continue;
    const acting = Object.entries(run.state.nodes).some(
      ([id, node]) =>
        (node.status === 'acting' || node.status === 'undoing') && isInScope(run, id, checkpoint, back.scope),
    );
    if (!acting) settled(run, checkpoint);
  }
}

/**
 * What was in flight has settled. Where effects may be hidden in lost workflow tasks, a timer comes first: by the time it has
 * run out the way here is on record, so that whatever happens to this task, the next one goes the same way. Only then may
 * anything be fenced, or undone in the local lane.
 */
function settled(run: Run, of: string): void {
  const way = wayOf(run, of);
  if (way === null) return;
  if (!needsSweep(run, of)) return beginWay(run, of);
  way.stage = 'anchoring';
  run.commands.push({ do: 'startTimer', timer: anchorOf(run, of), ms: ANCHOR_MS });
}

/** The decision to end or to go back is on record. */
export function anchored(run: Run, of: string): void {
  const way = wayOf(run, of);
  if (way?.stage !== 'anchoring') return;
  way.stage = 'sweeping';
  run.state.inFlight += 1;
  run.commands.push(sweep(run, of));
}

/** The answer to `sweep`: strays take their places in the graph, and go back like all else. */
export function swept(run: Run, of: string, strays: readonly Stray[]): void {
  run.state.inFlight -= 1;
  const way = wayOf(run, of);
  if (way?.stage === 'sweeping') {
    const touched = takeIn(run, of, strays);
    const { stopping } = run.state;
    if (of === '' && stopping?.then === 'complete' && touched.length > 0) stopping.among = touched;
    beginWay(run, of);
  }
  run.agenda.push({ step: 'drained' });
}

/** A return, or with an empty name the end of the whole outcome. */
const wayOf = (run: Run, of: string): { stage: Stage } | null =>
  of === '' ? run.state.stopping : (run.state.returns[of] ?? null);

function beginWay(run: Run, of: string): void {
  const { stopping } = run.state;
  const back = run.state.returns[of];
  if (back !== undefined) {
    back.stage = 'undoing';
    const ran = back.scope.filter((id) => hasRun(run, id));
    back.undoLeft = ran.length;
    if (ran.length === 0) replace(run, of);
    else beginUndo(run, ran);
  } else if (stopping !== null) {
    stopping.stage = 'undoing';
    if (stopping.then === 'complete' && stopping.among === undefined) end(run, 'completed');
    else run.agenda.push({ step: 'undoBlock', block: '' });
  }
}

/** An undo that this run was about to ask for when it had to leave: the next run asks, and everything else waits for it. */
const isUndoHeld = (run: Run): boolean =>
  run.state.ready.some((id) => run.state.nodes[id]?.status === 'undoing');
