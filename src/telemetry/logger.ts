/**
 * The structured logger: one JSON object a line, on whatever stream the composition root gives.
 * Adapter ring; reads no environment and no clock of its own.
 */
import { LOG_EVENTS, type LogEventName, type LogLevel } from './log-events';

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Characters of one field; a longer text is cut, so that no log line can flood its reader. */
const FIELD_LENGTH_MAX = 2_000;

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly write: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In every line, such as the role of the process. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Fields of the work at hand, such as its correlation id. */
  readonly scope?: () => Readonly<Record<string, unknown>>;
}

export interface Logger {
  log(event: LogEventName, fields?: object): void;
  /** A logger whose lines have these fields as well. */
  with(fields: Readonly<Record<string, unknown>>): Logger;
}

export function createLogger(options: LoggerOptions): Logger {
  return {
    log(event, fields = {}) {
      const { level } = LOG_EVENTS[event];
      if (RANK[level] < RANK[options.level]) return;
      const line = {
        at: new Date(options.now()).toISOString(),
        level,
        event,
        ...options.fields,
        ...options.scope?.(),
        ...(fields as Readonly<Record<string, unknown>>),
      };
      options.write(`${JSON.stringify(line, plain)}\n`);
    },
    with: (fields) => createLogger({ ...options, fields: { ...options.fields, ...fields } }),
  };
}

/** Errors become their name and message: a stack in a log line is noise, and its paths say where we are installed. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return `${value.name}: ${value.message}`.slice(0, FIELD_LENGTH_MAX);
  if (typeof value === 'string') return value.slice(0, FIELD_LENGTH_MAX);
  return typeof value === 'bigint' ? value.toString() : value;
}
