/**
 * How a command fails: a complaint carries what goes to standard error and the exit code. Everything that other rooms throw
 * (`thrown.ts`) or return (`refuse.ts`) is turned into one, so that every command speaks in the same way.
 * Entry ring.
 */
import type { Diagnostic } from '../kernel/diagnostic';
import type { Colours, Terminal } from './terminal';

/** 0 done, 1 failed, 2 wrong usage. @source DESIGN §8 */
export type ExitCode = 0 | 1 | 2;

export interface ComplaintDetails {
  /** Stable and readable; `CLI_…` where it is the command line's own. */
  readonly code: string;
  readonly help?: string;
  readonly diagnostics?: readonly Diagnostic[];
  readonly exit?: 1 | 2;
  readonly cause?: unknown;
  /** With `--json`, the result that the error stands in: a program reads one object, not two. */
  readonly result?: object;
}

/** A command cannot do what it was asked. `message` is lower case, no final stop. */
export class Complaint extends Error {
  override readonly name = 'Complaint';
  readonly code: string;
  readonly help: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly exit: 1 | 2;
  readonly result: object | undefined;

  constructor(message: string, details: ComplaintDetails) {
    super(message, { cause: details.cause });
    this.code = details.code;
    this.help = details.help;
    this.diagnostics = details.diagnostics ?? [];
    this.exit = details.exit ?? 1;
    this.result = details.result;
  }
}

/** Wrong usage: exit code 2. */
export function usage(message: string, help?: string): Complaint {
  return new Complaint(message, { code: 'CLI_USAGE', exit: 2, ...(help === undefined ? {} : { help }) });
}

/** Shows a complaint to people on standard error, and with `json` to programs on standard output as well. */
export function showComplaint(
  terminal: Terminal,
  complaint: Complaint,
  how: { readonly json: boolean; readonly stack: boolean },
): void {
  const { errColours } = terminal;
  for (const diagnostic of complaint.diagnostics) {
    for (const line of diagnosticLines(diagnostic, errColours)) terminal.note(line);
  }
  terminal.note(`${errColours.red('error:')} ${complaint.message}${codeSuffix(complaint, errColours)}`);
  if (complaint.help !== undefined) terminal.note(`${errColours.cyan('help:')} ${complaint.help}`);
  if (how.stack && complaint.cause instanceof Error) terminal.note(complaint.cause.stack ?? '');
  if (how.json) {
    const { code, message, help, diagnostics } = complaint;
    terminal.json({
      ...complaint.result,
      error: {
        code,
        message,
        ...(help === undefined ? {} : { help }),
        ...(diagnostics.length === 0 ? {} : { diagnostics }),
      },
    });
  }
}

/** One diagnostic: code and address, what is wrong, how to mend it. */
export function diagnosticLines(diagnostic: Diagnostic, colours: Colours): readonly string[] {
  const { code, at, message, help } = diagnostic;
  return [
    `${colours.red(colours.bold(code))} ${colours.bold(at)}`,
    `  ${message}`,
    ...(help === undefined ? [] : [`  ${colours.cyan('help:')} ${help}`]),
  ];
}

const codeSuffix = (complaint: Complaint, colours: Colours): string =>
  complaint.code === 'CLI_USAGE' || complaint.code === 'CLI_UNEXPECTED'
    ? ''
    : ` ${colours.dim(`[${complaint.code}]`)}`;
