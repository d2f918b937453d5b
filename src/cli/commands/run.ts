/** `backstep run`: one outcome, followed to its end or to where it waits for a person. Entry ring. */
import { randomBytes } from 'node:crypto';
import { takeProposal } from '../../app/control';
import type { Refusal } from '../../app/refusal';
import { resumeOutcome } from '../../app/resume-outcome';
import { runOutcome, type RunRequest, type RunStarted } from '../../app/run-outcome';
import type { Services } from '../../app/services';
import { fireByName } from '../../app/work-on-task';
import { ENTITY_ID } from '../../config/entity-id';
import { readNodeAddress, splitOutcomeId } from '../../kernel/ids';
import type { Result } from '../../kernel/result';
import type { Plan } from '../../plan/plan';
import { usage } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import type { Pairs } from '../context';
import { textOfFile } from '../files';
import { acceptedOf, configOf, outcomeIdFrom, paramsOf, runbookOf } from '../refuse';
import { withServices } from '../services';
import { hintAt, tellStory, type Ending } from '../story';
import { TracePrinter, widthOfPlan } from '../trace-lines';

interface RunOptions extends CommonOptions {
  readonly entity?: string;
  readonly param?: Pairs;
  readonly plan?: string;
  readonly proposal?: string;
  readonly resume?: string;
  readonly from?: string;
  readonly inherit?: true;
  readonly anew?: readonly string[];
  readonly id?: string;
  readonly detach?: true;
  readonly reason?: string;
  readonly as: string;
}

/** Bytes of chance in an id of ours: enough that two runs of a tenant never meet. */
const ID_BYTES = 6;

export async function run(
  context: CommandContext,
  [outcome]: readonly [outcome?: string],
  options: RunOptions,
): CommandResult {
  const { terminal } = context;
  if (options.proposal !== undefined) return runProposal(context, options.proposal, options);
  const start = await starter(outcome, options);
  const config = await configOf(context, options.tenant);
  const eventId = options.id ?? randomBytes(ID_BYTES).toString('hex');
  return withServices(context, options, { starts: true, seeds: config }, async (services) => {
    const { id, plan, planId, isNew } = acceptedOf(
      await start(services, { config, eventId, by: options.as }),
    );
    const { dim } = terminal.errColours;
    terminal.note(dim(isNew ? `outcome ${id}` : `outcome ${id} had been run before: this is its story`));
    const ending = await follow(context, services, { id, plan, planId }, options);
    if (ending?.how === 'interrupted') terminal.note(dim(`it goes on: backstep trace ${id} --follow`));
    return exitOf(ending);
  });
}

/** What an event had proposed, all of it or one action, goes on under the name of who asks, and is followed like any other. */
async function runProposal(context: CommandContext, given: string, options: RunOptions): CommandResult {
  const action = readNodeAddress(given);
  const id = action?.outcome ?? outcomeIdFrom(given);
  return withServices(context, options, { starts: false }, async (services) => {
    const why = { by: options.as, reason: options.reason ?? 'run by name' };
    if (action === undefined) acceptedOf(await takeProposal(services, id, why));
    else acceptedOf(await fireByName(services, action, why));
    const { plan, planId } = (await services.outcomes.runs(id))[0]!.start;
    return exitOf(await follow(context, services, { id, plan, planId }, options));
  });
}

/** Tells the story of an outcome to its end or to a gate; `undefined` where it is left alone. */
async function follow(
  { terminal, signal }: CommandContext,
  services: Services,
  { id, plan, planId }: { readonly id: string; readonly plan: Plan; readonly planId: string },
  options: RunOptions,
): Promise<Ending | undefined> {
  const json = options.json === true;
  if (options.detach) {
    if (json) terminal.json({ outcome: id, planId, phase: 'running' });
    else terminal.line(id);
    return undefined;
  }
  const printer = new TracePrinter(terminal, { json, width: widthOfPlan(plan) });
  const ending = await tellStory({ services, id, terminal, printer, leavesAtGates: true, signal: signal() });
  if (json) {
    terminal.json({ outcome: id, planId, phase: ending.how === 'over' ? ending.state.phase : ending.how });
  }
  if (ending.how === 'waiting') hintAt(terminal, id, ending);
  return ending;
}

const exitOf = (ending: Ending | undefined): 0 | 1 =>
  ending?.how === 'over' && ending.state.phase !== 'completed' ? 1 : 0;

/** How what was asked for is started: by the line, by a reviewed plan, or from a node of another outcome. */
async function starter(
  outcome: string | undefined,
  options: RunOptions,
): Promise<(services: Services, who: Omit<RunRequest, 'what'>) => Promise<Result<RunStarted, Refusal>>> {
  const { resume, from, inherit, anew = [], param = [] } = options;
  if (resume === undefined) {
    const what = await whatToRun(outcome, options);
    return (services, who) => runOutcome(services, { ...who, what });
  }
  if (from === undefined) throw usage('`--resume` needs `--from <node>`', 'see `backstep run --help`');
  const of = outcomeIdFrom(resume);
  const params = paramsOf(runbookOf(splitOutcomeId(of)?.outcome ?? ''), param);
  return (services, who) =>
    resumeOutcome(services, { ...who, of, from, params, anew, inherits: inherit === true });
}

async function whatToRun(outcome: string | undefined, options: RunOptions): Promise<RunRequest['what']> {
  if (options.plan !== undefined) {
    const reviewed = await textOfFile(options.plan);
    return outcome === undefined ? { reviewed } : { reviewed, outcome: runbookOf(outcome).outcome };
  }
  if (outcome === undefined)
    throw usage('name an outcome, or give `--plan`', 'see `backstep catalog runbooks`');
  const runbook = runbookOf(outcome);
  if (options.entity === undefined) {
    throw usage('required option `--entity <id>` not specified', 'such as `--entity person:sarah.chen`');
  }
  if (!ENTITY_ID.test(options.entity)) {
    const help = 'write it as `<type>:<name>`, such as `person:sarah.chen`';
    throw usage(`\`${options.entity}\` is no id of an entity`, help);
  }
  return { runbook, entity: options.entity, params: paramsOf(runbook, options.param ?? []) };
}
