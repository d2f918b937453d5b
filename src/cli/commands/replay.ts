/**
 * `backstep replay rehearse|review|fork` and `backstep explain`: what happened, what would happen, and why. Nothing is
 * executed by any of them.
 * Entry ring.
 */
import {
  explain as explainUse,
  forkFrom,
  rehearseEvent,
  rehearseOutcome,
  reviewDecision,
  storyFrom,
} from '../../app/replay/replay';
import { todayFor, type Readers } from '../../app/replay/today';
import { explainDifference } from '../../governance/compare';
import type { Json } from '../../kernel/json';
import { readNodeAddress, splitOutcomeId, type NodeAddress } from '../../kernel/ids';
import { atLevel, explanationLines, type Level } from '../../replay/explanation';
import type { Fork, ForkRequest } from '../../replay/fork';
import type { Rehearsal } from '../../replay/rehearse';
import type { Review } from '../../replay/review';
import type { Today } from '../../replay/today';
import type { Plan } from '../../plan/plan';
import { Complaint, usage, type ExitCode } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import type { Pairs } from '../context';
import { textOfInput } from '../files';
import { afterExplanation, noteAll } from '../next-steps';
import { acceptedOf, configOf, outcomeIdFrom } from '../refuse';
import { withSource, type SourceOptions } from '../histories';
import { forkLines, rehearsalLines, reviewLines } from '../replay-lines';
import type { Terminal } from '../terminal';

async function todayIn(
  context: CommandContext,
  options: CommonOptions,
  readers: Readers | undefined,
): Promise<Today> {
  return todayFor(await configOf(context, options.tenant), readers);
}

export async function rehearse(
  context: CommandContext,
  [what]: readonly [what: string],
  options: SourceOptions,
): CommandResult {
  const { terminal } = context;
  const outcome = rehearsedOf(what, options);
  if (outcome === undefined) {
    const sent = await eventFrom(what);
    const today = await todayIn(context, options, undefined);
    return showRehearsal(terminal, options, acceptedOf(await rehearseEvent(sent, today)));
  }
  return withSource<ExitCode>(context, options, async (source, { readers }) => {
    const today = await todayIn(context, options, readers);
    return showRehearsal(terminal, options, acceptedOf(await rehearseOutcome(source, outcome, today)));
  });
}

export function showRehearsal(terminal: Terminal, { json }: CommonOptions, rehearsal: Rehearsal): ExitCode {
  if (json) terminal.json(rehearsal);
  else for (const line of rehearsalLines(rehearsal)) terminal.line(line);
  return 0;
}

/** The outcome that is rehearsed; `undefined` where it is an event of a file. */
export const rehearsedOf = (what: string, { file }: SourceOptions): string | undefined =>
  file !== undefined || isOutcome(what) ? outcomeIdFrom(what) : undefined;

/** An outcome's id has a tenant and a code; a path that looks like one is written `./…`. */
const isOutcome = (what: string): boolean =>
  splitOutcomeId(what) !== undefined && !/^[./]/.test(what) && !what.endsWith('.json');

/** The JSON of a file; `-` reads standard input. */
export async function eventFrom(file: string): Promise<unknown> {
  const content = await textOfInput(file);
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    throw new Complaint(`\`${file}\` is no JSON: ${(error as Error).message}`, { code: 'EVENT_REFUSED' });
  }
}

export interface ReviewOptions extends SourceOptions {
  readonly nth?: number;
}

export async function review(
  context: CommandContext,
  [given]: readonly [action: string],
  options: ReviewOptions,
): CommandResult {
  const { terminal } = context;
  const address = addressFrom(given);
  return withSource<ExitCode>(context, options, async (source, { readers }) => {
    const today = await todayIn(context, options, readers);
    const nth = options.nth === undefined ? {} : { nth: options.nth };
    return showReview(
      terminal,
      options,
      acceptedOf(await reviewDecision(source, address, { today, ...nth })),
    );
  });
}

export function showReview(terminal: Terminal, { json }: CommonOptions, reviewed: Review): ExitCode {
  if (json) terminal.json({ ...reviewed, words: explainDifference(reviewed.difference) });
  else for (const line of reviewLines(reviewed)) terminal.line(line);
  // What can't be proven is a finding, whatever today's rules say.
  return reviewed.proof.isSame ? 0 : 1;
}

export interface ForkOptions extends SourceOptions {
  readonly from: string;
  readonly param?: Pairs;
  readonly input?: Pairs;
  readonly rules: 'then' | 'today';
  readonly reject?: readonly string[];
}

export async function fork(
  context: CommandContext,
  [given]: readonly [outcome: string],
  options: ForkOptions,
): CommandResult {
  const { terminal } = context;
  const outcome = outcomeIdFrom(given);
  return withSource<ExitCode>(context, options, async (source, { readers }) => {
    const today = await todayIn(context, options, readers);
    const { plan } = acceptedOf(await storyFrom(source, outcome)).start;
    return showFork(
      terminal,
      options,
      acceptedOf(await forkFrom(source, outcome, { ...forkIn(plan, options), today })),
    );
  });
}

/** What is asked for, with values of the types that they have in the plan. */
export function forkIn(
  plan: Plan,
  { from, rules, reject, param = [], input = [] }: ForkOptions,
): ForkRequest {
  const params = Object.fromEntries(param.map(([name, value]) => [name, paramIn(plan, name, value)]));
  const inputs = Object.fromEntries(input.map(([address, value]) => [address, jsonOrText(value)]));
  return { from, rules, params, inputs, ...(reject === undefined ? {} : { reject }) };
}

export function showFork(terminal: Terminal, { json }: CommonOptions, forked: Fork): ExitCode {
  if (json) terminal.json(forked);
  else for (const line of forkLines(forked)) terminal.line(line);
  return 0;
}

/** A parameter that is a text takes the text as it is; others are read as JSON, or as a list with commas. */
function paramIn({ params }: Plan, name: string, value: string): Json {
  const was = params[name]?.value;
  if (typeof was === 'string') return value;
  const read = jsonOrText(value);
  return Array.isArray(was) && typeof read === 'string' ? read.split(',') : read;
}

function jsonOrText(value: string): Json {
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

interface ExplainOptions extends SourceOptions {
  readonly level: string;
}

export async function explain(
  context: CommandContext,
  [given]: readonly [action: string],
  options: ExplainOptions,
): CommandResult {
  const { terminal } = context;
  const address = addressFrom(given);
  const level = Number(options.level) as Level;
  return withSource<ExitCode>(context, options, async (source) => {
    const explanation = acceptedOf(await explainUse(source, address));
    if (options.json) terminal.json(atLevel(explanation, level));
    else for (const line of explanationLines(explanation, level)) terminal.line(line);
    if (options.json !== true && options.file === undefined)
      noteAll(terminal, afterExplanation(address.outcome, explanation.action));
    return 0;
  });
}

export function addressFrom(given: string): NodeAddress {
  const address = readNodeAddress(given);
  if (address !== undefined) return address;
  throw usage(
    `\`${given}\` is no address of an action`,
    'write it as `<outcome id>#<node>`, such as `acme/EMP-R-001/6f1d#identity`',
  );
}
