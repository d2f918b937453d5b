/**
 * Use case: what waits for a person in one tenant: open gates, actions that are held, incidents and escalations. Read from
 * the histories of the outcomes that say of themselves that they wait.
 * Entry ring. It keeps nothing; a page costs one history an outcome.
 */
import type { TraceEvent } from '../engine/trace';
import type { EngineState } from '../engine/state';
import { BACKSTEP_SUFFIX } from '../../workflows/protocol';
import { ok, type Result } from '../kernel/result';
import { pageOfOutcomes, type Page, type PageRequest } from './outcome-pages';
import type { Refusal } from './refusal';
import type { Services } from './services';

export interface Task {
  /** `<outcome id>#<node>`. */
  readonly id: string;
  readonly kind: 'gate' | 'hold' | 'incident' | 'escalation';
  readonly outcome: string;
  readonly node: string;
  readonly entity: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Of a gate: what is asked, and of whom. */
  readonly approval?: string;
  readonly by?: readonly string[];
  /** Of a hold: why, and what would release it; of the others: the code of the failure. */
  readonly because?: string;
}

/** Histories that are read at once. */
const AT_ONCE = 5;

/** @param page `limit` counts outcomes, of which each may have several tasks */
export async function pageOfTasks(
  services: Pick<Services, 'outcomes'>,
  tenant: string,
  page: PageRequest,
): Promise<Result<Page<Task>, Refusal>> {
  const filter = { phase: 'waiting', isRunning: true } as const;
  const found = await pageOfOutcomes(services, tenant, { ...page, filter, withWaysBack: true });
  if (!found.ok) return found;
  const { rows, next } = found.value;
  const tasks: Task[] = [];
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    const read = rows.slice(at, at + AT_ONCE).map(async ({ id, entity }) => {
      const outcome = id.endsWith(BACKSTEP_SUFFIX) ? id.slice(0, -BACKSTEP_SUFFIX.length) : id;
      const { trace, state } = await services.outcomes.tell(outcome);
      return tasksOf({ outcome, entity }, trace, state);
    });
    tasks.push(...(await Promise.all(read)).flat());
  }
  return ok({ rows: tasks, ...(next === undefined ? {} : { next }) });
}

/** What of one outcome waits for a person, in the order in which it began to. */
export function tasksOf(
  of: { readonly outcome: string; readonly entity: string },
  trace: readonly TraceEvent[],
  state: EngineState,
): readonly Task[] {
  const open = new Map<string, Task>();
  for (const event of trace) {
    const task = opened(event);
    if (task === undefined || !isWaiting(state, task)) continue;
    // Of a node that waited more than once the last time counts.
    open.delete(task.node);
    open.set(task.node, { id: `${of.outcome}#${task.node}`, ...of, ...task });
  }
  return [...open.values()];
}

type Opened = Omit<Task, 'id' | 'outcome' | 'entity'>;

function opened(event: TraceEvent): Opened | undefined {
  const since = event.at;
  switch (event.kind) {
    case 'gate.open':
      return { kind: 'gate', node: event.gate, since, approval: event.approval, by: event.by };
    case 'awf.held':
      return { kind: 'hold', node: event.node, since, because: event.because };
    case 'incident.open':
      return { kind: 'incident', node: event.node, since, because: event.code };
    case 'escalation.open':
      return { kind: 'escalation', node: event.node, since, because: event.code };
    default:
      return undefined;
  }
}

const STATUS = { gate: 'asking', hold: 'held', incident: 'incident', escalation: 'incident' } as const;

const isWaiting = ({ nodes }: EngineState, { kind, node }: Opened): boolean =>
  nodes[node]?.status === STATUS[kind];
