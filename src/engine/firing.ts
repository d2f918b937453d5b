/**
 * Firing: an action asks for its effect, and its answer is taken in.
 * Pure ring. What comes of it for the nodes around it is in `forward.ts`.
 */
import { assertNever, invariant } from '../kernel/invariant';
import type { Json } from '../kernel/json';
import { holdFor, letGo } from './approvals';
import type { FireResult } from './effects';
import { proofsBefore } from './gate-proofs';
import { inputOf, isChanged } from './overrides';
import { drop, firingOf, foreignAwf, isLeaving, isStopped, place, type Placed, type Run } from './run';
import { nextUndo } from './state';

/** Starts an action, or lets it stand ready where nothing may start. */
export function startAction(run: Run, placed: Placed): void {
  if (run.state.paused || isLeaving(run)) {
    placed.state.status = 'ready';
    run.state.ready.push(placed.id);
    return;
  }
  fire(run, placed);
}

/** Asks for the effect. The compensation stands in the same command, so it is on record before the effect can exist. */
export function fire(run: Run, placed: Placed): void {
  const { state, id } = placed;
  state.status = 'acting';
  delete state.isReleased;
  state.input ??= inputOf(run, placed);
  const { awf, planned, lane } = firingOf(run, placed);
  if (planned.effect === 'mutate' && state.undo === undefined) state.undo = 'intended';
  run.state.inFlight += 1;
  state.firings = (state.firings ?? 0) + 1;
  const { compensation } = planned;
  run.commands.push({
    do: 'fire',
    node: id,
    awf,
    input: state.input,
    lane,
    ...(compensation === undefined ? {} : { compensation }),
    ...foreignAwf(run, awf),
    ...(isChanged(run, placed) ? { changed: true } : {}),
    ...proofsBefore(run, id),
  });
}

/** The answer to `fire`. */
export function fired(run: Run, id: string, result: FireResult): void {
  const placed = place(run, id);
  const { state } = placed;
  const { awf, planned } = firingOf(run, placed);
  invariant(
    state.status === 'acting',
    `an answer to \`${id}\` comes while it acts, not while it is ${state.status}`,
  );
  run.state.inFlight -= 1;
  switch (result.kind) {
    case 'committed': {
      state.undoArgs = result.undo;
      if (state.undo !== undefined) state.undo = nextUndo(state.undo, 'commit');
      const comp = planned.compensation;
      if (state.undo !== undefined && result.undo === null && comp !== undefined) {
        state.undo = nextUndo(state.undo, 'undo_nothing');
      }
      if (isPivot(placed)) run.state.pivoted = true;
      run.notes.push({
        kind: 'awf.ok',
        node: id,
        awf,
        ...(comp === undefined ? {} : { comp }),
        ...decidedBy(result),
      });
      letGo(run, placed);
      run.agenda.push({ step: 'finish', node: id, output: result.output });
      break;
    }
    case 'held':
      run.notes.push({
        kind: 'awf.held',
        node: id,
        awf,
        because: result.because,
        ...decidedBy(result),
      });
      if (state.undo !== undefined && state.isUnclear !== true)
        state.undo = nextUndo(state.undo, 'fail_clean');
      if (!isStopped(run, id)) holdFor(run, placed, result);
      if (isStopped(run, id)) drop(run, id);
      else if (state.isReleased !== true) state.status = 'held';
      else {
        run.notes.push({ kind: 'awf.released', node: id, awf });
        run.agenda.push({ step: 'ready', node: id });
      }
      break;
    case 'failed':
      run.notes.push({
        kind: 'awf.failed',
        node: id,
        awf,
        code: result.failure.code,
        ...decidedBy(result),
      });
      letGo(run, placed);
      if (result.failure.effect === 'unknown') state.isUnclear = true;
      // What acted in a lost workflow task was the plan's own, and so is its compensation.
      if (result.failure.code === 'ACTION_OVERTAKEN') delete state.awf;
      if (state.undo !== undefined) {
        state.undo = nextUndo(state.undo, state.isUnclear === true ? 'fail_unknown' : 'fail_clean');
      }
      run.agenda.push({ step: 'fail', node: id, failure: result.failure });
      break;
    default:
      assertNever(result);
  }
  run.agenda.push({ step: 'drained' });
}

/** Whether what ran ahead of the story is the answer to a firing: not to one that a person has changed meanwhile. */
export const takesAhead = (run: Run, id: string): boolean =>
  run.state.nodes[id]?.status === 'acting' && !isChanged(run, place(run, id));

const decidedBy = ({ decision }: FireResult): { readonly decision?: Json } =>
  decision === undefined ? {} : { decision };

/** Whether nothing goes back once this action has acted. */
export const isPivot = ({ node }: Placed): boolean => node.kind === 'action' && node.pivot === true;

export const hasCompensation = (run: Run, placed: Placed): boolean =>
  firingOf(run, placed).planned.compensation !== undefined;
