/**
 * How commands are declared: options that all have, examples in the help, and actions that load their code when called.
 * Entry ring.
 */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { actorNamed } from '../kernel/ids';
import type { CommandContext, CommandResult, CommonOptions, Pairs } from './context';
import type { ExitCode } from './complaint';
import { wholeOf } from './numbers';

/** What the groups of commands are added to, and with. */
export interface Declaring {
  readonly program: Command;
  readonly context: CommandContext;
  readonly done: (exit: ExitCode) => void;
}

/** Adds what every command has: `--json`, `--tenant` and examples. */
export function common(command: Command, context: CommandContext, examples: readonly string[]): Command {
  return command
    .addOption(new Option('--tenant <name>', 'whose world it is').default(context.settings.tenant))
    .addOption(new Option('--json', 'print the result as JSON'))
    .addOption(new Option('--api <url>', 'an API to ask in place of the servers; who acts is BACKSTEP_TOKEN'))
    .addHelpText('after', examplesText(examples));
}

export const examplesText = (examples: readonly string[]): string =>
  examples.length === 0 ? '' : `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}\n`;

/** An option that names who acts. */
export const asOption = (context: CommandContext): Option =>
  new Option('--as <person>', 'who acts, such as `[person:]mary.major`')
    .argParser((text: string) => actorNamed(notBlank(text)))
    .default(context.settings.actor);

/** Text that says something, without the blanks around it: what the API asks of a reason, too. */
export function notBlank(text: string): string {
  const said = text.trim();
  if (said === '') throw new InvalidArgumentError('It cannot be blank.');
  return said;
}

/** The name of something, which is never changed on its way: what the API asks of one, too. */
export function plainName(text: string): string {
  if (notBlank(text) !== text) throw new InvalidArgumentError('It has a blank at its begin or end.');
  return text;
}

/** The name of a person, in full: `mary.major` is `person:mary.major`, as in a token. */
export const personNamed = (text: string): string => actorNamed(plainName(text));

/** Why somebody does it. */
export const reasonOption = (meaning = 'why; kept in the history'): Option =>
  new Option('--reason <text>', meaning).argParser(notBlank);

/** Calls what `load` gives with the arguments, then the options, and passes its exit code on. */
export function action<Given extends readonly unknown[], Options extends CommonOptions>(
  command: Command,
  declaring: Declaring,
  load: () => Promise<(context: CommandContext, given: Given, options: Options) => CommandResult>,
): Command {
  return command.action(async (...all: unknown[]) => {
    // Commander passes the arguments, then the options, then the command itself.
    const given = all.slice(0, -2) as unknown as Given;
    const options = command.optsWithGlobals<Options>();
    const { context } = declaring;
    const over = await remotely(command, context, { given, options });
    if (over !== undefined) return declaring.done(over);
    const run = await load();
    declaring.done(await run(context, given, options));
  });
}

/** Names of a command and of those it belongs to, without the program's own. */
const pathOf = (command: Command): readonly string[] =>
  command.parent === null ? [] : [...pathOf(command.parent), command.name()];

/** What the command came to over an API; `undefined` where none is named, or the command needs no servers. */
async function remotely(
  command: Command,
  context: CommandContext,
  asked: { readonly given: readonly unknown[]; readonly options: CommonOptions },
): Promise<ExitCode | undefined> {
  if ((asked.options.api ?? context.settings.remote.url) === undefined) return undefined;
  const { openRemote, remoteOf } = await import('./remote/api.js');
  const remote = remoteOf(context.settings, asked.options.api);
  const { REMOTE } = await import('./remote/commands.js');
  const run = REMOTE[pathOf(command).join(' ')];
  if (remote === undefined || run === undefined) return undefined;
  return run(openRemote(remote), context, asked as never);
}

/** Gathers `key=value` options; the values stay text, because only the one who reads them knows their type. */
export function collectPair(text: string, before: Pairs = []): Pairs {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It has to be `key=value`.');
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
}

export function collectText(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').map((part) => part.trim())];
}

/** A whole number within bounds. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = wholeOf(text);
    if (value === undefined || value < min || value > max) {
      throw new InvalidArgumentError(`It has to be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
