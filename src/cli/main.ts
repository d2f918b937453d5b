/**
 * The entry of the CLI: reads the environment once, builds the commands, and turns whatever they throw into one message and
 * an exit code.
 * Entry ring; a composition root.
 */
import { CommanderError, type Command } from 'commander';
import { readSettings } from '../app/settings';
import { didYouMean } from '../kernel/diagnostic';
import { Complaint, showComplaint, usage, type ExitCode } from './complaint';
import { buildProgram } from './program';
import { Terminal } from './terminal';
import { complaintOf } from './thrown';

/** Runs the command line of this process. Sets the exit code; ends the process only where something would keep it alive. */
export function main(argv: readonly string[] = process.argv.slice(2)): void {
  const { env } = process;
  const terminal = new Terminal({ out: process.stdout, err: process.stderr, env });
  // A reader that has seen enough (`| head`) is no error.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? 0 : 1);
    });
  }
  void runCommandLine(argv, terminal, env).then((code) => {
    process.exitCode = code;
    // A command that is done is done: no pool or channel that was left open keeps its caller waiting.
    process.stdout.write('', () => process.exit(code));
  });
}

async function runCommandLine(
  argv: readonly string[],
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
): Promise<ExitCode> {
  const json = argv.includes('--json');
  const signal = new Interruption(terminal);
  let stack = false;
  let standDir: string | undefined;
  let program: Command | undefined;
  try {
    const settings = readSettings(env);
    ({ showsStacks: stack, standDir } = settings);
    let code: ExitCode = 0;
    program = buildProgram({ terminal, settings, signal: () => signal.watch() }, (exit) => (code = exit));
    refuseUnknownHelp(program, argv);
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError)
      return commanderExit(error, terminal, { json, command: commandIn(program, argv) });
    const complaint = signal.wasAsked() ? interrupted(error) : complaintFor(error, standDir);
    showComplaint(terminal, complaint, { json, stack });
    return complaint.exit;
  }
}

/** Help and version are no errors; everything else that commander throws is wrong usage. */
function commanderExit(
  error: CommanderError,
  terminal: Terminal,
  { json, command }: { readonly json: boolean; readonly command: string },
): ExitCode {
  if (error.exitCode === 0 || error.code === 'commander.help') return error.exitCode === 0 ? 0 : 2;
  const [first = '', ...rest] = error.message.split('\n');
  const message = first.replace(/^error: /, '').replace(/'([^']*)'/g, '`$1`');
  const hint = rest
    .join(' ')
    .trim()
    .replace(/^\(Did you mean (.*)\?\)$/, 'did you mean `$1`?');
  showComplaint(terminal, usage(message, hint === '' ? `see \`${command} --help\`` : hint), {
    json,
    stack: false,
  });
  return 2;
}

/** The command that the words name, as far as they name one: `backstep config explain`. */
function commandIn(program: Command | undefined, argv: readonly string[]): string {
  const path = ['backstep'];
  let at = program;
  for (const word of argv) {
    at = at?.commands.find((command) => command.name() === word);
    if (at === undefined) break;
    path.push(word);
  }
  return path.join(' ');
}

/** Commander answers `help` of a command that does not exist with the help of all. */
function refuseUnknownHelp(program: Command, [first, name]: readonly string[]): void {
  if (first !== 'help' || name === undefined || name.startsWith('-')) return;
  const names = [...program.commands.map((command) => command.name()), 'help'];
  if (names.includes(name)) return;
  throw usage(`unknown command \`${name}\``, didYouMean(name, names) ?? 'see `backstep --help`');
}

const complaintFor = (error: unknown, standDir: string | undefined): Complaint =>
  error instanceof RangeError && !(error instanceof Complaint)
    ? usage(error.message)
    : complaintOf(error, standDir);

/** What fails once the person has asked for the end fails because of it, whatever it says. */
const interrupted = (cause: unknown): Complaint =>
  new Complaint('interrupted before it was done', {
    code: 'CLI_INTERRUPTED',
    help: 'everything that this command had started is stopped; the next start goes on from the data on disk',
    cause,
  });

/**
 * The first Ctrl-C asks for an orderly end, the second one ends at once. A command that never asks for the signal is ended by the
 * first one, as programs are.
 */
class Interruption {
  private controller: AbortController | undefined;

  constructor(private readonly terminal: Terminal) {}

  wasAsked(): boolean {
    return this.controller?.signal.aborted === true;
  }

  watch(): AbortSignal {
    if (this.controller !== undefined) return this.controller.signal;
    const watched = (this.controller = new AbortController());
    const onSignal = (): void => {
      if (watched.signal.aborted) process.exit(1);
      this.terminal.note('stopping; once more to stop at once');
      watched.abort();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    return watched.signal;
  }
}
