/**
 * An outcome whose workflow was ended by force, so that nobody heard what was under way: the state from which it can be taken back,
 * in a workflow of its own.
 * Pure ring. It decides nothing: the request to go back that follows does all the rest, as it does while an outcome runs.
 */
import { jsonCopy } from '../kernel/json';
import type { Plan } from '../plan/plan';
import type { Happening } from './effects';
import { steps, type Beginning, type Step } from './fold';
import { nextUndo, type EngineState, type NodeState } from './state';

export interface Severed {
  readonly state: EngineState;
  /** How often this run asked for each node: whoever asks next is the one after, with retries of its own. */
  readonly asked: Asked;
}

/** By node: firings, and undos. */
interface Asked {
  readonly fire: { readonly [node: string]: number };
  readonly undo: { readonly [node: string]: number };
}

/** @param before what runs before this one had asked for */
export function severed(
  plan: Plan,
  run: { readonly start: Beginning; readonly happenings: Iterable<Happening> },
  before: Asked = { fire: {}, undo: {} },
): Severed {
  const asked = { fire: { ...before.fire }, undo: { ...before.undo } };
  let last: Step | undefined;
  for (const step of steps(plan, run.start, run.happenings)) {
    for (const command of step.commands) {
      if (command.do !== 'fire' && command.do !== 'undo') continue;
      const counts = asked[command.do];
      counts[command.node] = (counts[command.node] ?? 0) + 1;
    }
    last = step;
  }
  return { state: cutOff(last!.state), asked };
}

/**
 * The state without what only a running workflow can wait for. What acted has an effect that nobody knows: its compensation finds
 * it by its key, once whoever still writes has come to an end. A way back that was under way begins anew, from what is left of it.
 */
function cutOff(before: EngineState): EngineState {
  const state = jsonCopy(before);
  if (state.phase === 'backstepping') state.phase = 'running';
  Object.assign(state, { paused: false, stopping: null, returns: {}, ready: [], timers: {}, inFlight: 0 });
  delete state.checks;
  for (const node of Object.values(state.nodes)) {
    if (node.status === 'acting') unknown(node);
    else if (node.status === 'undoing') node.status = 'failed';
  }
  return state;
}

function unknown(node: NodeState): void {
  node.status = 'failed';
  if (node.undo === undefined) return;
  node.isUnclear = true;
  node.undo = nextUndo(node.undo, 'fail_unknown');
}
