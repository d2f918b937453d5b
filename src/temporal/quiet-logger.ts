/** A logger that says nothing, for Temporal's SDK: what matters reaches our own log by other ways. Adapter ring. */
import type { Logger } from '@temporalio/worker';

const nothing = (): void => undefined;

export const quietLogger: Logger = {
  log: nothing,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};
