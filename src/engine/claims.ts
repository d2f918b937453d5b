/**
 * Whose a task is: said by people for each other, kept in the outcome's history. It decides nothing, and keeps nobody out.
 * Pure ring.
 */
import type { Act } from './effects';
import type { Refusal } from './override-rules';
import type { Run } from './run';
import type { EngineState, NodeStatus } from './state';

const WAITING: readonly NodeStatus[] = ['asking', 'held', 'incident'];

/** Who has claimed what a node waits for now; `undefined` where nobody has. */
export function claimantOf({ claims, nodes }: EngineState, node: string): string | undefined {
  const claim = claims?.[node];
  // A claim on the hold of an action is none on the incident that may follow.
  return claim !== undefined && claim.as === nodes[node]?.status ? claim.by : undefined;
}

export function claim(run: Run, node: string, { by }: Act): 'done' | 'late' | 'unknown' | Refusal {
  const status = run.state.nodes[node]?.status;
  if (status === undefined) return 'unknown';
  if (!WAITING.includes(status)) return 'late';
  const claimant = claimantOf(run.state, node);
  if (claimant !== undefined) return claimant === by ? 'late' : 'TASK_CLAIMED';
  (run.state.claims ??= {})[node] = { by, as: status };
  run.notes.push({ kind: 'task.claimed', node, by });
  return 'done';
}

/** Whoever gives a task back that another claimed says why. */
export function unclaim(run: Run, node: string, { by, reason }: Act): 'done' | 'late' | 'unknown' | Refusal {
  if (run.state.nodes[node] === undefined) return 'unknown';
  const claimant = claimantOf(run.state, node);
  if (claimant === undefined) return 'late';
  if (claimant !== by && reason === undefined) return 'TASK_CLAIMED';
  delete run.state.claims?.[node];
  run.notes.push({ kind: 'task.unclaimed', node, by, ...(reason === undefined ? {} : { reason }) });
  return 'done';
}
