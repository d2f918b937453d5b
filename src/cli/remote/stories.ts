/** Outcomes over the API: run, taken in, traced and taken back, and followed as on the servers' own machine. Entry ring. */
import type { Acted } from '../../app/act-on-outcome';
import type { EventTaken } from '../../app/ingest-event';
import type { OutcomeRow } from '../../app/outcome-pages';
import type { EngineState } from '../../engine/state';
import type { TraceEvent } from '../../engine/trace';
import type { Told } from '../../engine/fold';
import type { Json } from '../../kernel/json';
import type { Plan } from '../../plan/plan';
import { Complaint, usage, type ExitCode } from '../complaint';
import { showTaken, sentFrom } from '../commands/emit';
import { show } from '../commands/act';
import type { CommandContext, CommonOptions } from '../context';
import type { Pairs } from '../context';
import { textOfFile } from '../files';
import { outcomeIdFrom, paramsOf, runbookOf } from '../refuse';
import { hintAt, tellStory, type Ending } from '../story';
import { afterTrace, noteAll } from '../next-steps';
import { TracePrinter, widthOf, widthOfPlan } from '../trace-lines';
import type { RemoteApi } from './api';

export const pathOf = (id: string, rest = ''): string => `/v1/outcomes/${encodeURIComponent(id)}${rest}`;

/** Between two looks, in milliseconds: an API counts requests. */
const EVERY_MS = 400;

interface TraceBody {
  readonly phase: EngineState['phase'];
  readonly paused: boolean;
  readonly waiting: readonly { readonly node: string; readonly status: string }[];
  readonly events: readonly TraceEvent[];
}

/** What a follower asks for, and no more of a state than it looks at. */
const storiesOf = (api: RemoteApi) => ({
  tell: async (id: string): Promise<Told> => {
    const { phase, paused, waiting, events } = await api.get<TraceBody>(pathOf(id, '/trace'));
    const nodes = Object.fromEntries(waiting.map(({ node, status }) => [node, { status }]));
    const state = { phase, paused, nodes, inFlight: 0, ready: [] } as unknown as EngineState;
    return { trace: events, state };
  },
  describe: async (id: string) => (await api.get<OutcomeRow>(pathOf(id))) as never,
});

async function follow(
  api: RemoteApi,
  context: CommandContext,
  of: {
    readonly id: string;
    readonly json: boolean;
    readonly plan: Plan;
    readonly leavesAtGates: boolean;
    readonly untilBackstepped?: boolean;
  },
): Promise<Ending> {
  const { id, json, plan, ...how } = of;
  const { terminal } = context;
  const printer = new TracePrinter(terminal, { json, width: widthOfPlan(plan) });
  const services = { outcomes: storiesOf(api) };
  return tellStory({ services, id, terminal, printer, everyMs: EVERY_MS, signal: context.signal(), ...how });
}

const planOf = async (
  api: RemoteApi,
  id: string,
): Promise<{ readonly plan: Plan; readonly planId: string }> => api.get(pathOf(id, '/plan'));

export interface RunOptions extends CommonOptions {
  readonly entity?: string;
  readonly param?: Pairs;
  readonly plan?: string;
  readonly proposal?: string;
  readonly id?: string;
  readonly detach?: true;
  readonly reason?: string;
}

export async function run(
  api: RemoteApi,
  context: CommandContext,
  {
    given: [outcome],
    options,
  }: { readonly given: readonly [outcome?: string]; readonly options: RunOptions },
): Promise<ExitCode> {
  const { terminal } = context;
  const json = options.json === true;
  const id = await started(api, context, { outcome, options });
  const { plan, planId } = await planOf(api, id);
  if (options.detach) {
    if (json) terminal.json({ outcome: id, planId, phase: 'running' });
    else terminal.line(id);
    return 0;
  }
  const ending = await follow(api, context, { id, json, plan, leavesAtGates: true });
  if (json) terminal.json({ outcome: id, planId, phase: phaseOf(ending) });
  if (ending.how === 'waiting') hintAt(terminal, id, ending);
  if (ending.how === 'interrupted') {
    terminal.note(terminal.errColours.dim(`it goes on: backstep trace ${id} --follow`));
  }
  return ending.how === 'over' && ending.state.phase !== 'completed' ? 1 : 0;
}

const phaseOf = (ending: Ending): string => (ending.how === 'over' ? ending.state.phase : ending.how);

async function started(
  api: RemoteApi,
  { terminal }: CommandContext,
  { outcome, options }: { readonly outcome: string | undefined; readonly options: RunOptions },
): Promise<string> {
  if (options.proposal !== undefined) {
    const id = outcomeIdFrom(options.proposal);
    await api.post('/v1/proposals', { outcome: id, reason: options.reason ?? 'run by name' });
    return id;
  }
  const wanted = await whatToRun(outcome, options);
  const own = options.id === undefined ? {} : { id: options.id };
  const { id, isNew } = await api.post<{ readonly id: string; readonly isNew: boolean }>('/v1/outcomes', {
    ...wanted,
    ...own,
  });
  const { dim } = terminal.errColours;
  terminal.note(dim(isNew ? `outcome ${id}` : `outcome ${id} had been run before: this is its story`));
  return id;
}

async function whatToRun(outcome: string | undefined, options: RunOptions): Promise<object> {
  if (options.plan !== undefined) {
    const text = await textOfFile(options.plan);
    return { plan: JSON.parse(text) as Json };
  }
  if (outcome === undefined)
    throw usage('name an outcome, or give `--plan`', 'see `backstep catalog runbooks`');
  if (options.entity === undefined) {
    throw usage('required option `--entity <id>` not specified', 'such as `--entity person:sarah.chen`');
  }
  const runbook = runbookOf(outcome);
  return {
    outcome: runbook.outcome,
    entity: options.entity,
    params: paramsOf(runbook, options.param ?? []),
  };
}

export async function emit(
  api: RemoteApi,
  context: CommandContext,
  {
    given: [file],
    options,
  }: {
    readonly given: readonly [file: string];
    readonly options: CommonOptions & { readonly follow?: true };
  },
): Promise<ExitCode> {
  const { terminal } = context;
  const json = options.json === true;
  const taken = await api.post<EventTaken>('/v1/events', (await sentFrom(file)) as object);
  if (json) terminal.json(taken);
  else showTaken(terminal, taken);
  if (!('outcome' in taken)) {
    if (json) return 1;
    throw new Complaint(`the event is kept: ${taken.status}`, {
      code: 'EVENT_KEPT',
      diagnostics: taken.because,
    });
  }
  if (options.follow && taken.outcome !== null) {
    const id = taken.outcome;
    const { plan } = await planOf(api, id);
    const ending = await follow(api, context, { id, json, plan, leavesAtGates: true });
    if (ending.how === 'waiting') hintAt(terminal, id, ending);
  }
  return 0;
}

const runs = async (api: RemoteApi, id: string): Promise<boolean> =>
  (await api.get<OutcomeRow>(pathOf(id))).isRunning;

export async function trace(
  api: RemoteApi,
  context: CommandContext,
  {
    given: [text],
    options,
  }: { readonly given: readonly [id: string]; readonly options: CommonOptions & { readonly follow?: true } },
): Promise<ExitCode> {
  const id = outcomeIdFrom(text);
  const json = options.json === true;
  if (!options.follow) {
    const { events, phase, paused, waiting } = await api.get<TraceBody>(pathOf(id, '/trace'));
    new TracePrinter(context.terminal, { json, width: widthOf(events) }).printAll(events);
    const isOver = phase !== 'running' || (!paused && waiting.length === 0 && !(await runs(api, id)));
    if (!json) noteAll(context.terminal, afterTrace({ id, isOver, trace: events, state: { phase } }));
    return 0;
  }
  const { plan } = await planOf(api, id);
  await follow(api, context, { id, json, plan, leavesAtGates: false });
  return 0;
}

export async function takeBack(
  api: RemoteApi,
  context: CommandContext,
  {
    given: [text],
    options,
  }: {
    readonly given: readonly [id: string];
    readonly options: CommonOptions & { readonly reason: string; readonly detach?: true };
  },
): Promise<ExitCode> {
  const { terminal } = context;
  const id = outcomeIdFrom(text);
  const json = options.json === true;
  const back = await api.post<Acted>(pathOf(id, '/backstep'), { reason: options.reason });
  if (options.detach) return show(context, options, back, { done: 'going back', kept: 'kept', late: '' });
  const { plan } = await planOf(api, id);
  const ending = await follow(api, context, { id, json, plan, leavesAtGates: true, untilBackstepped: true });
  if (json) terminal.json({ ...back, phase: phaseOf(ending) });
  if (ending.how === 'waiting') hintAt(terminal, id, ending);
  return ending.how === 'over' ? 0 : 1;
}
