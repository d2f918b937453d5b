/** `backstep override|attest|complete`: what a person changes of a step, and what they did elsewhere. Entry ring. */
import { overrideStep, type Overridden, type WantedOverride } from '../../app/override-step';
import { attestAction, completeTask } from '../../app/work-on-task';
import type { Override } from '../../engine/effects';
import type { Json } from '../../kernel/json';
import { mergePatch, type Difference } from '../../kernel/merge-patch';
import { usage, type ExitCode } from '../complaint';
import type { CommandContext, CommandResult } from '../context';
import type { Pairs } from '../context';
import { acceptedOf } from '../refuse';
import { withServices } from '../services';
import { timeOf } from '../times';
import { addressFrom, jsonFrom, show, type ActOptions } from './act';

export interface OverrideOptions extends ActOptions {
  readonly reason: string;
  readonly scope: Override['scope'];
  readonly until?: string;
  readonly output?: string;
  readonly input?: string;
  readonly set?: Pairs;
  readonly then: 'backstep' | 'complete';
  readonly withdraw?: true;
}

export type How = 'skip' | 'edit' | 'choose' | 'replace' | 'decline';

export async function override(
  context: CommandContext,
  [given, how, value]: readonly [step: string, how: How, value?: string],
  options: OverrideOptions,
): CommandResult {
  const address = addressFrom(given, 'a step', STEP_EXAMPLE);
  const { as: by, reason, scope } = options;
  const change = changeFrom(how, value, options);
  const wanted: WantedOverride = { change, by, reason, scope, ...untilFrom(options) };
  return withServices(context, options, { starts: false }, async (services) =>
    showOverridden(context, options, acceptedOf(await overrideStep(services, address, wanted))),
  );
}

export const STEP_EXAMPLE = 'acme/EMP-R-001/6f1d#groups';

/** What was changed, and when it holds. */
export function showOverridden(
  context: CommandContext,
  options: OverrideOptions,
  done: Overridden,
): ExitCode {
  const { scope, until } = options;
  if (!options.json) for (const line of done.diff.map(lineOf)) context.terminal.line(line);
  return show(context, options, done, {
    done: options.withdraw ? 'taken back' : 'taken',
    kept: options.withdraw
      ? 'taken back before its turn'
      : scope === 'automation'
        ? `it holds for what the automation starts until ${until ?? ''}`
        : 'kept until the turn of the step comes',
    late: 'the outcome is over, or going back',
  });
}

const lineOf = ({ path, was, is }: Difference): string =>
  `${path === '' ? 'input' : path}: ${printed(was)} → ${printed(is)}`;

const printed = (value: Json | undefined): string =>
  value === undefined ? 'nothing' : JSON.stringify(value);

/** The change that the arguments say. */
export function changeFrom(
  how: How,
  value: string | undefined,
  options: OverrideOptions,
): WantedOverride['change'] {
  const named = (what: string): string => {
    if (value === undefined) throw usage(`\`${how}\` needs ${what}`, 'see `backstep override --help`');
    return value;
  };
  if (options.withdraw) return { do: 'withdraw', what: how };
  switch (how) {
    case 'skip':
      return {
        do: how,
        ...(options.output === undefined ? {} : { output: jsonFrom(options.output, '--output') }),
      };
    case 'edit': {
      const input = patchFrom(options);
      if (input === undefined) throw usage('`edit` needs `--set <key=value>` or `--input <json>`');
      return { do: how, input };
    }
    case 'choose':
      return { do: how, value: named('the case') };
    case 'replace': {
      const input = patchFrom(options);
      return { do: how, awf: named('the name of an AWF'), ...(input === undefined ? {} : { input }) };
    }
    case 'decline':
      return { do: how, then: options.then };
  }
}

/** `--input`, with each `--set` on top of it: a value that is JSON is meant so, all else is text. */
function patchFrom({ input, set = [] }: OverrideOptions): Json | undefined {
  if (input === undefined && set.length === 0) return undefined;
  const whole = input === undefined ? {} : jsonFrom(input, '--input');
  return set.reduce<Json>((patch, [name, text]) => mergePatch(patch, { [name]: jsonOrText(text) }), whole);
}

function jsonOrText(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Until when, in milliseconds since the epoch; of the scope `automation` alone. */
export function untilFrom({ scope, until, withdraw }: OverrideOptions): { readonly until?: number } {
  if (scope !== 'automation' || withdraw) {
    if (until !== undefined) throw usage('`--until` is for `--scope automation`, and not for `--withdraw`');
    return {};
  }
  if (until === undefined)
    throw usage('`--scope automation` needs `--until <time>`', 'such as `--until 2027-01-31`');
  return { until: timeOf('--until', until) };
}

export interface ByHandOptions extends ActOptions {
  readonly evidence?: string;
  /** Of a review. */
  readonly verdict?: 'sound' | 'unsound';
  readonly output: string;
  readonly undo: 'person' | 'compensation';
  readonly undoInput?: string;
}

/** What a person says of work that they did elsewhere. */
export function doneFrom({ evidence, output, undo, undoInput, reason }: ByHandOptions) {
  if (evidence === undefined) throw usage('`complete` needs `--evidence <text>`, or of a review `--verdict`');
  return {
    ...{ evidence, undo, output: jsonFrom(output, '--output') },
    ...(undoInput === undefined ? {} : { undoInput: jsonFrom(undoInput, '--undo-input') }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** What came of the look, where the options say that. */
export function lookedFrom({ verdict, reason }: ByHandOptions) {
  if (verdict === undefined) return undefined;
  if (reason === undefined) throw usage('`--verdict` needs `--reason <text>`');
  return { verdict, reason };
}

export const BY_HAND_WORDS = {
  done: 'recorded as done by hand',
  kept: 'recorded; it will not be fired when its turn comes',
  late: 'it needs nobody any more',
} as const;

/** Whoever has this machine has its keys: the rules ask who they say they are, and the history keeps it. */
const LOCAL_REVIEWER: readonly string[] = ['auditor'];

/** `complete` a task, or `attest` a step that is yet to come. */
export const byHand =
  (what: 'complete' | 'attest') =>
  async (
    context: CommandContext,
    [given]: readonly [node: string],
    options: ByHandOptions,
  ): CommandResult => {
    const address = addressFrom(given, 'a task', STEP_EXAMPLE);
    const { as: by } = options;
    const looked = what === 'complete' ? lookedFrom(options) : undefined;
    const done = looked === undefined ? { ...doneFrom(options), by } : undefined;
    return withServices(context, options, { starts: false }, async (services): CommandResult => {
      const acted =
        done === undefined
          ? await completeTask(services, address, { ...looked!, by, roles: LOCAL_REVIEWER })
          : await (what === 'complete' ? completeTask : attestAction)(services, address, done);
      return show(context, options, acceptedOf(acted), BY_HAND_WORDS);
    });
  };
