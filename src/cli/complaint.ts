/**
 * How a command fails: a complaint carries what goes to standard error and the exit code. Everything that other rooms throw
 * or return is turned into one here, so that every command speaks in the same way.
 * Entry ring.
 */
import { canonicalJson } from '../kernel/json';
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
}

/** A command cannot do what it was asked. `message` is lower case, no final stop. */
export class Complaint extends Error {
  override readonly name = 'Complaint';
  readonly code: string;
  readonly help: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly exit: 1 | 2;

  constructor(message: string, details: ComplaintDetails) {
    super(message, { cause: details.cause });
    this.code = details.code;
    this.help = details.help;
    this.diagnostics = details.diagnostics ?? [];
    this.exit = details.exit ?? 1;
  }
}

/** Wrong usage: exit code 2. */
export function usage(message: string, help?: string): Complaint {
  return new Complaint(message, { code: 'CLI_USAGE', exit: 2, ...(help === undefined ? {} : { help }) });
}

/** The complaint that stands for whatever was thrown. */
export function complaintOf(error: unknown): Complaint {
  if (error instanceof Complaint) return error;
  if (!(error instanceof Error)) return new Complaint(String(error), { code: 'CLI_UNEXPECTED' });
  const { code, help } = error as { readonly code?: unknown; readonly help?: unknown };
  // Rooms that expect their errors to be shown give them a code and a mend.
  return new Complaint(error.message, {
    code: typeof code === 'string' ? code : 'CLI_UNEXPECTED',
    cause: error,
    ...(typeof help === 'string' ? { help } : {}),
  });
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
    terminal.line(
      canonicalJson({
        error: {
          code,
          message,
          ...(help === undefined ? {} : { help }),
          ...(diagnostics.length === 0 ? {} : { diagnostics }),
        },
      }),
    );
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
