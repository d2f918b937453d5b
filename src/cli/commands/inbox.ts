/** `backstep inbox|claim|unclaim`: what waits for a person, and whose it is. Entry ring. */
import { oneTask, pageOfTasks, type Task, type TaskDetail, type TaskFilter } from '../../app/tasks';
import { claimTask } from '../../app/work-on-task';
import type { Page, PageRequest } from '../../app/outcome-pages';
import { readNodeAddress, type NodeAddress } from '../../kernel/ids';
import { printTraceEvent } from '../../engine/trace';
import { usage } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { acceptedOf } from '../refuse';
import { withServices } from '../services';
import { table } from '../table';
import { timeOf } from '../times';
import { cardLines } from '../card-lines';
import { addressFrom, byOf, show, type ActOptions } from './act';

export interface InboxOptions extends CommonOptions {
  readonly kind?: Task['kind'];
  readonly outcome?: string;
  readonly entity?: string;
  readonly claimed?: string;
  readonly by?: string;
  readonly since?: string;
  readonly approval?: string;
  readonly limit: number;
}

/** Outcomes whose histories are read for one page. */
const PAGE = 20;

/** Where tasks are read: the servers themselves, or an API. */
export interface TaskSource {
  one(address: NodeAddress): Promise<TaskDetail>;
  page(page: PageRequest, wanted: TaskFilter): Promise<Page<Task>>;
}

export async function inbox(
  context: CommandContext,
  [given]: readonly [task?: string],
  options: InboxOptions,
): CommandResult {
  const asked = askedFrom(given, options);
  return withServices(context, options, { starts: false }, (services) =>
    showTasks(context, asked, {
      one: async (address) => acceptedOf(await oneTask(services, address)),
      page: async (page, wanted) => acceptedOf(await pageOfTasks(services, options.tenant, page, wanted)),
    }),
  );
}

/** What the command was asked, wherever it is answered. */
export interface InboxAsked {
  readonly options: InboxOptions;
  readonly wanted: TaskFilter;
  /** One task alone. */
  readonly address?: NodeAddress;
}

export function askedFrom(given: string | undefined, options: InboxOptions): InboxAsked {
  const wanted = filterFrom(options);
  if (given === undefined) return { options, wanted };
  const address = readNodeAddress(given);
  if (address !== undefined) return { options, wanted, address };
  throw usage(
    `\`${given}\` is no task`,
    'write it as `<outcome id>#<node>`, such as `acme/EMP-R-001/6f1d#manager`',
  );
}

export async function showTasks(
  { terminal }: CommandContext,
  { options, wanted, address }: InboxAsked,
  source: TaskSource,
): CommandResult {
  if (address !== undefined) {
    const task = await source.one(address);
    if (options.json) terminal.json(task);
    else for (const line of detailLines(task)) terminal.line(line);
    return 0;
  }
  const tasks: Task[] = [];
  let cursor: string | undefined;
  for (let left = options.limit; left > 0; left -= PAGE) {
    const page = await source.page({ limit: Math.min(PAGE, left), cursor }, wanted);
    tasks.push(...page.rows);
    cursor = page.next;
    if (cursor === undefined) break;
  }
  if (options.json) for (const task of tasks) terminal.json(task);
  else if (tasks.length === 0) terminal.line('nothing waits for a person');
  else for (const line of taskTable(tasks)) terminal.line(line);
  return 0;
}

function filterFrom({ kind, outcome, entity, claimed, by, since, approval }: InboxOptions): TaskFilter {
  const at = since === undefined ? undefined : timeOf('--since', since);
  return { kind, outcome, entity, claimed, by, since: at, approval };
}

const taskTable = (tasks: readonly Task[]): readonly string[] =>
  table([
    ['task', 'waits for', 'about', 'since', 'claimed by'],
    ...tasks.map((task) => [task.id, waitsFor(task), task.entity, shortTime(task), task.claimedBy ?? '']),
  ]);

function waitsFor({ kind, approval, by, awf, because, passedBy }: Task): string {
  switch (kind) {
    case 'review':
      return `a look at what ${passedBy ?? ''} let pass: ${because ?? ''}`;
    case 'gate':
      return `${approval ?? ''} by ${(by ?? []).join(', ')}`;
    case 'hold':
      return `${awf ?? 'an action'}: ${because ?? ''}`;
    case 'incident':
    case 'escalation':
      return `${kind}: ${because ?? ''}`;
  }
}

const shortTime = ({ since }: Task): string => new Date(since).toISOString().slice(0, 19).replace('T', ' ');

function detailLines(task: TaskDetail): readonly string[] {
  const { input, overrides = [], evidence, claimedBy, card, delegations = [] } = task;
  return [
    `${task.kind} ${task.id}`,
    `waits for ${waitsFor(task)}, since ${shortTime(task)}, about ${task.entity}`,
    ...(claimedBy === undefined ? [] : [`claimed by ${claimedBy}`]),
    ...delegations.map(
      ({ from, to, until, whenAbsent }) =>
        `${to} may decide for ${from} until ${new Date(until).toISOString()}${whenAbsent ? ', while they are away' : ''}`,
    ),
    ...(evidence === undefined ? [] : [`was done by hand: ${evidence}`]),
    ...(card === undefined ? [] : cardLines(card)),
    ...(input === undefined ? [] : [`input ${JSON.stringify(input)}`]),
    ...overrides.map((override) =>
      printTraceEvent({ kind: 'override', at: task.since, ...override }).slice(9),
    ),
  ];
}

export const CLAIM_WORDS = {
  claim: { done: 'it is yours', kept: 'kept', late: 'it is yours already' },
  unclaim: { done: 'given back', kept: 'kept', late: 'nobody has claimed it' },
} as const;

/** `claim` or `unclaim`. */
export const claiming =
  (what: 'claim' | 'unclaim') =>
  async (context: CommandContext, [given]: readonly [task: string], options: ActOptions): CommandResult => {
    const address = addressFrom(given, 'a task', 'acme/EMP-R-001/6f1d#manager');
    return withServices(context, options, { starts: false }, async (services): CommandResult => {
      const acted = acceptedOf(await claimTask(services, address, { what, ...byOf(options) }));
      return show(context, options, acted, CLAIM_WORDS[what]);
    });
  };
