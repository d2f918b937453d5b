/**
 * What every command is given: where to write, the settings, and the signal that Ctrl-C gives.
 * Entry ring; types only.
 */
import type { Settings } from '../app/settings';
import type { ExitCode } from './complaint';
import type { Terminal } from './terminal';

export interface CommandContext {
  readonly terminal: Terminal;
  readonly settings: Settings;
  /**
   * Aborted by the first Ctrl-C or SIGTERM; the second one ends the process at once. Whoever asks for it has to end when
   * it says so.
   */
  readonly signal: () => AbortSignal;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: true;
  readonly tenant: string;
  /** An API in place of servers. */
  readonly api?: string;
}

export type CommandResult = Promise<ExitCode>;

/** Options of the form `key=value`. */
export type Pairs = readonly (readonly [key: string, value: string])[];
