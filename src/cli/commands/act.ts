/** `backstep approve|reject|pause|resume|backstep|resolve`: what a person does with an outcome. Entry ring. */
import {
  actOnOutcome,
  backstepOutcome,
  decideGate,
  resolveNode as resolve,
  type Acted,
} from '../../app/act-on-outcome';
import { readNodeAddress, type NodeAddress } from '../../kernel/ids';
import { pauseScope, readScope } from '../../app/control';
import type { Resolution } from '../../engine/effects';
import type { Json } from '../../kernel/json';
import { Complaint, usage, type ExitCode } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { acceptedOf, configOf, outcomeIdFrom } from '../refuse';
import { withServices } from '../services';
import { hintAt, tellStory } from '../story';
import { TracePrinter, widthOfPlan } from '../trace-lines';

export interface ActOptions extends CommonOptions {
  readonly reason?: string;
  readonly as: string;
}

type Run<Given extends readonly unknown[], Options> = (
  context: CommandContext,
  given: Given,
  options: Options,
) => CommandResult;

/** Whoever has this machine has its keys: the rules ask who they say they are, and the history keeps it. */
const LOCAL_ROLES = ['approver'];

/** `approve` or `reject`. */
export const decide =
  (
    verdict: 'approve' | 'reject',
  ): Run<readonly [gate: string], ActOptions & { readonly card?: string; readonly emergency?: true }> =>
  async (context, [text], options) => {
    const address = addressFrom(text, 'a gate', 'acme/EMP-R-001/6f1d#manager');
    return withServices(context, options, { starts: false }, async (services) => {
      const acted = acceptedOf(
        await decideGate(services, address, {
          verdict,
          ...byOf(options),
          roles: options.emergency === true ? [...LOCAL_ROLES, 'break-glass'] : LOCAL_ROLES,
          ...(options.card === undefined ? {} : { card: options.card }),
          ...(options.emergency === true ? { glass: true } : {}),
        }),
      );
      const words = {
        done: verdict === 'approve' ? 'approved' : 'rejected',
        kept: 'kept until the gate opens',
      };
      return show(context, options, acted, {
        ...words,
        late: 'it was decided before, or the outcome is over',
      });
    });
  };

/** `pause` or `resume`; `backstep` is followed to its end. */
export const act =
  (
    what: 'pause' | 'resume' | 'backstep',
  ): Run<readonly [id: string], ActOptions & { readonly detach?: true }> =>
  async (context, [text], options) => {
    const scope = what === 'backstep' ? undefined : readScope(text);
    if (what !== 'backstep' && scope !== undefined) return actOnScope(context, { what, ...scope }, options);
    const id = outcomeIdFrom(text);
    if (what === 'backstep') return takeBack(context, id, options);
    return withServices(context, options, { starts: false }, async (services) => {
      const acted = acceptedOf(await actOnOutcome(services, id, { what, ...byOf(options) }));
      const late = what === 'pause' ? 'it is paused already, or over' : 'it is not paused, or over';
      return show(context, options, acted, {
        done: what === 'pause' ? 'paused' : 'resumed',
        kept: 'kept',
        late,
      });
    });
  };

async function actOnScope(
  context: CommandContext,
  { what, scope, name }: { readonly what: 'pause' | 'resume' } & NonNullable<ReturnType<typeof readScope>>,
  options: ActOptions,
): CommandResult {
  const { reason } = options;
  if (reason === undefined) throw usage(`\`${what}\` of a scope needs \`--reason <text>\``);
  const config = await configOf(context, options.tenant);
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const act = { what, scope, name, by: options.as, reason };
    const { id } = acceptedOf(await pauseScope(services, config, act));
    if (options.json) context.terminal.json({ what, scope, name, control: id });
    else context.terminal.line(`${scope} ${name} is ${what === 'pause' ? 'paused' : 'resumed'}`);
    return 0;
  });
}

async function takeBack(
  context: CommandContext,
  id: string,
  options: ActOptions & { readonly detach?: true },
): CommandResult {
  const { terminal } = context;
  return withServices(context, options, { starts: false }, async (services) => {
    const back = acceptedOf(await backstepOutcome(services, id, byOf(options)));
    const words = { done: 'going back', kept: 'kept', late: 'it has gone back, or is going back, already' };
    if (options.detach || back.answer === 'late') return show(context, options, back, words);
    const json = options.json === true;
    const { plan } = (await services.outcomes.runs(id))[0]!.start;
    const printer = new TracePrinter(terminal, { json, width: widthOfPlan(plan) });
    const signal = context.signal();
    const ending = await tellStory({
      services,
      id,
      terminal,
      printer,
      leavesAtGates: true,
      untilBackstepped: true,
      signal,
    });
    if (json) terminal.json({ ...back, phase: ending.how === 'over' ? ending.state.phase : ending.how });
    if (ending.how === 'waiting') hintAt(terminal, id, ending);
    return ending.how === 'over' ? 0 : 1;
  });
}

export interface ResolveOptions extends ActOptions {
  readonly evidence?: string;
  readonly output?: string;
}

export const resolveNode: Run<readonly [node: string, how: Resolution['as']], ResolveOptions> = async (
  context,
  [text, how],
  options,
) => {
  const address = addressFrom(text, 'a node', 'acme/EMP-R-001/6f1d#channels');
  const resolution = resolutionFrom(how, options);
  return withServices(context, options, { starts: false }, async (services) => {
    const acted = acceptedOf(await resolve(services, address, { resolution, by: options.as }));
    return show(context, options, acted, {
      done: `resolved: ${how}`,
      kept: 'kept',
      late: 'it needs nobody: it was resolved before, or is no incident',
    });
  });
};

export function resolutionFrom(as: Resolution['as'], options: ResolveOptions): Resolution {
  const needed = (name: 'evidence' | 'reason'): string => {
    const value = options[name];
    if (value === undefined)
      throw usage(`\`${as}\` needs \`--${name} <text>\``, 'see `backstep resolve --help`');
    return value;
  };
  switch (as) {
    case 'retry':
      return { as };
    case 'supply':
      return {
        as,
        evidence: needed('evidence'),
        ...(options.output === undefined ? {} : { output: jsonFrom(options.output, '--output') }),
      };
    case 'accept':
    case 'backstep':
      return { as, reason: needed('reason') };
  }
}

/** JSON of an option. */
export function jsonFrom(text: string, option: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw usage(`\`${option}\` is no JSON: ${(error as Error).message}`);
  }
}

/** An address as given; wrong usage where the text is none. */
export function addressFrom(text: string, what: string, example: string): NodeAddress {
  const address = readNodeAddress(text);
  if (address !== undefined) return address;
  throw usage(
    `\`${text}\` is no address of ${what}`,
    `write it as \`<outcome id>#<node>\`, such as \`${example}\``,
  );
}

export const byOf = ({ as, reason }: ActOptions): { readonly by: string; readonly reason?: string } => ({
  by: as,
  ...(reason === undefined ? {} : { reason }),
});

/** Says what came of an act. One that came too late did nothing, which a script wants to know. */
export function show(
  { terminal }: CommandContext,
  { json }: CommonOptions,
  acted: Acted,
  words: Readonly<Record<Acted['answer'], string>>,
): ExitCode {
  const { answer, outcome, node } = acted;
  if (json) terminal.json(acted);
  if (answer === 'late') {
    if (json) return 1;
    throw new Complaint(`\`${outcome}${node === undefined ? '' : `#${node}`}\`: ${words.late}`, {
      code: 'OUTCOME_REFUSED',
    });
  }
  if (!json) terminal.line(words[answer]);
  return 0;
}
