/** The table of routes: everything that the API serves, and nothing else. Entry ring; data only. */
import type { Route } from '../route';
import { backstep, cancel, decide, listTasks, pause, resolve, resume } from './acts';
import { receiveEvent } from './events';
import { compilePlan, getHistory, getOutcome, getTrace, listOutcomes, startOutcome } from './outcomes';
import { health, openApiRoute, readiness } from './service';

export interface TableParts {
  readonly isStopping: () => boolean;
  readonly document: () => Readonly<Record<string, unknown>>;
}

export const tableOf = ({ isStopping, document }: TableParts): readonly Route[] => [
  health,
  readiness(isStopping),
  openApiRoute(document),
  receiveEvent,
  compilePlan,
  startOutcome,
  listOutcomes,
  getOutcome,
  getTrace,
  getHistory,
  pause,
  resume,
  backstep,
  cancel,
  resolve,
  listTasks,
  decide,
];
