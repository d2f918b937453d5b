/**
 * Use case: what waits for a person in one tenant: open gates, actions that are held, incidents, escalations, and reviews of what
 * passed a chain in an emergency. Read from the histories of the outcomes that say of themselves that they wait; a review
 * outlives its outcome, and is read from the rows of people.
 * Entry ring. It keeps nothing; a page costs one history an outcome.
 */
import type { HashedCard } from '../approvals/cards';
import { claimantOf } from '../engine/claims';
import type { Override } from '../engine/effects';
import type { TraceEvent } from '../engine/trace';
import type { EngineState } from '../engine/state';
import { outcomeOfWorkflow } from '../../workflows/protocol';
import { splitOutcomeId, type NodeAddress } from '../kernel/ids';
import { inTurns } from '../kernel/in-turns';
import type { Json } from '../kernel/json';
import { ok, type Result } from '../kernel/result';
import { cardOfTask } from './approvals/decide';
import { delegationsOf, type TaskDelegation } from './approvals/delegate-task';
import { pageOfOutcomes, type Page, type PageRequest } from './outcome-pages';
import { refuse, refusing, type Refusal } from './refusal';
import { isReview, openReviewTask, openReviewTasks } from './review-tasks';
import type { Services } from './services';

export const TASK_KINDS = ['gate', 'hold', 'incident', 'escalation', 'review'] as const;

export interface Task {
  /** `<outcome id>#<node>`; of a review `<outcome id>#review:<node>:<mark>`, the mark one of each emergency. */
  readonly id: string;
  readonly kind: (typeof TASK_KINDS)[number];
  readonly outcome: string;
  readonly node: string;
  readonly entity: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Of a gate: what is asked, and of whom; of a review: of whom. */
  readonly approval?: string;
  readonly by?: readonly string[];
  /** To whom those who are asked have handed it on. */
  readonly delegatedTo?: readonly string[];
  /** Of a hold: why, and what would release it; of a review: the reason of who passed the chain; else: the code of the failure. */
  readonly because?: string;
  /** Of a review: who passed the chain, and may not review it. */
  readonly passedBy?: string;
  /** Of a hold: what it would fire. */
  readonly awf?: string;
  /** Who has claimed it; absent where nobody has. */
  readonly claimedBy?: string;
}

/** Which tasks are wanted; what is absent is no condition. */
export interface TaskFilter {
  readonly kind?: Task['kind'] | undefined;
  /** An outcome's code or its id. */
  readonly outcome?: string | undefined;
  readonly entity?: string | undefined;
  /** Who has claimed it; `nobody` for those that are free. */
  readonly claimed?: string | undefined;
  /** Of whom it is asked, such as `manager`, or to whom it was handed on. */
  readonly by?: string | undefined;
  /** Those that began to wait at this instant or later, in milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** What a gate asks for, such as `approve`. */
  readonly approval?: string | undefined;
}

/** A word for those that nobody has claimed: no person's name is without a colon. */
const NOBODY = 'nobody';

/** Histories that are read at once. */
const AT_ONCE = 5;

export type TaskServices = Pick<Services, 'outcomes' | 'approvals' | 'now'>;

/**
 * @param page `limit` counts outcomes, of which each may have several tasks; reviews stand before them on the first page, and are
 *   the whole of the list where they alone are wanted
 */
export async function pageOfTasks(
  services: TaskServices,
  tenant: string,
  page: PageRequest,
  wanted: TaskFilter = {},
): Promise<Result<Page<Task>, Refusal>> {
  const hasReviews = page.cursor === undefined && (wanted.kind === undefined || wanted.kind === 'review');
  const reviews = hasReviews ? await openReviewTasks(services, tenant) : [];
  const found: Result<Page<Task>, Refusal> = wanted.kind === 'review' && page.cursor === undefined
    ? ok({ rows: [] })
    : await pageOfWaiting(services, tenant, page, wanted);
  if (!found.ok) return found;
  const rows = [...reviews, ...found.value.rows].filter((task) => isWanted(task, wanted));
  return ok({ ...found.value, rows });
}

async function pageOfWaiting(
  services: TaskServices,
  tenant: string,
  page: PageRequest,
  { outcome: named, entity }: TaskFilter,
): Promise<Result<Page<Task>, Refusal>> {
  const code = named?.includes('/') === true ? named.split('/')[1] : named;
  const filter = { phase: 'waiting', isRunning: true, outcome: code, entity } as const;
  const found = await pageOfOutcomes(services, tenant, { ...page, filter, withWaysBack: true });
  if (!found.ok) return found;
  const { rows, next } = found.value;
  const tasks = (
    await inTurns(rows, AT_ONCE, async ({ id, entity }) => {
      const outcome = outcomeOfWorkflow(id);
      const { trace, state } = await services.outcomes.tell(outcome);
      return tasksOf({ outcome, entity }, trace, state);
    })
  ).flat();
  const of = [...new Set(tasks.filter(isDecided).map(({ outcome }) => outcome))];
  const delegations = await delegationsOf(services, tenant, of);
  return ok({
    rows: tasks.map((task) => handedOn(task, delegations.get(task.id))),
    ...(next === undefined ? {} : { next }),
  });
}

const isDecided = ({ kind }: Task): boolean => kind === 'gate' || kind === 'hold';

const handedOn = <T extends Task>(task: T, to: readonly TaskDelegation[] = []): T =>
  to.length === 0 ? task : { ...task, delegatedTo: to.map((one) => one.to) };

/** Whether a task is one of those that are wanted. */
export function isWanted(task: Task, wanted: TaskFilter): boolean {
  const { kind, outcome, entity, claimed, by, since, approval } = wanted;
  return (
    (kind === undefined || task.kind === kind) &&
    (outcome?.includes('/') !== true || task.outcome === outcome) &&
    (entity === undefined || task.entity === entity) &&
    (claimed === undefined || (task.claimedBy ?? NOBODY) === claimed) &&
    (by === undefined || task.by?.includes(by) === true || task.delegatedTo?.includes(by) === true) &&
    (since === undefined || task.since >= since) &&
    (approval === undefined || task.approval === approval)
  );
}

/** A task with what there is to see of it. */
export interface TaskDetail extends Task {
  /** Of an action: the input that it has, or would have. */
  readonly input?: Json;
  /** What people have changed of the step, oldest first. */
  readonly overrides?: readonly Override[];
  /** Of an incident: where to see that a person did what is to be undone. */
  readonly evidence?: string;
  /** What is decided on, and the hash that a decision is bound to. */
  readonly card?: HashedCard;
  /** Who of those who are asked has handed it on, to whom and until when. */
  readonly delegations?: readonly TaskDelegation[];
}

/** One task as it stands. Errors: `TASK_UNKNOWN`, `OUTCOME_UNKNOWN`. */
export async function oneTask(
  services: TaskServices,
  { outcome, node }: NodeAddress,
): Promise<Result<TaskDetail, Refusal>> {
  const tenant = splitOutcomeId(outcome)?.tenant ?? '';
  if (isReview(node)) {
    const id = `${outcome}#${node}`;
    const review = await openReviewTask(services, tenant, { outcome, node });
    return review === undefined ? noSuchTask(id) : ok(review);
  }
  const read = await refusing(() => services.outcomes.describe(outcome));
  if (!read.ok) return read;
  const [{ trace, state }, runs] = await Promise.all([
    services.outcomes.tell(outcome),
    services.outcomes.runs(outcome),
  ]);
  const task = tasksOf({ outcome, entity: read.value.entity }, trace, state).find((one) => one.node === node);
  if (task === undefined) return noSuchTask(`${outcome}#${node}`);
  const card = cardOfTask(outcome, node, runs);
  const input = state.nodes[node]?.input;
  const overrides = Object.values(state.overrides ?? {})
    .flat()
    .filter((one) => one.node === node || (one.scope !== 'step' && node.endsWith(`/${one.node}`)));
  const attested = trace.findLast((event) => event.kind === 'awf.attested' && event.node === node);
  const delegations = isDecided(task) ? (await delegationsOf(services, tenant, [outcome])).get(task.id) : [];
  return ok({
    ...handedOn(task, delegations),
    ...(delegations === undefined || delegations.length === 0 ? {} : { delegations }),
    ...(input === undefined ? {} : { input }),
    ...(overrides.length === 0 ? {} : { overrides }),
    ...(attested?.kind === 'awf.attested' ? { evidence: attested.evidence } : {}),
    ...(card === undefined ? {} : { card }),
  });
}

const noSuchTask = (id: string): Result<never, Refusal> =>
  refuse('TASK_UNKNOWN', `nothing of \`${id}\` waits for a person`, {
    help: '`backstep inbox` lists what does',
  });

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
    const claimedBy = claimantOf(state, task.node);
    const claimed = claimedBy === undefined ? {} : { claimedBy };
    open.set(task.node, { id: `${of.outcome}#${task.node}`, ...of, ...task, ...claimed });
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
      return { kind: 'hold', node: event.node, since, because: event.because, awf: event.awf };
    case 'incident.open':
      return { kind: 'incident', node: event.node, since, because: event.code };
    case 'escalation.open':
      return { kind: 'escalation', node: event.node, since, because: event.code };
    default:
      return undefined;
  }
}

/** By which status a node shows that it still waits; a review waits by no node. */
const STATUS = {
  review: 'none',
  gate: 'asking',
  hold: 'held',
  incident: 'incident',
  escalation: 'incident',
} as const;

const isWaiting = ({ nodes }: EngineState, { kind, node }: Opened): boolean =>
  nodes[node]?.status === STATUS[kind];
