/** The table of routes: everything that the API serves, and nothing else. Entry ring; data only. */
import type { Route } from '../route';
import { backstep, cancel, decide, listTasks, pause, resolve, resume } from './acts';
import { decideFacts, getAction, getGuardrails, getTrust, setGuardrail, takeOver } from './authority';
import { kill, listAutomations, pauseWhole, resumeWhole, setAutomationDial } from './automations';
import { checkConfig, explainKey, getCatalog, getEntity, listEntities, putEntity } from './catalog';
import { receiveEvent } from './events';
import {
  compilePlan,
  getFeed,
  getHistory,
  getOutcome,
  getTrace,
  listOutcomes,
  startOutcome,
} from './outcomes';
import { health, metricsRoute, openApiRoute, readiness } from './service';

export interface TableParts {
  readonly isStopping: () => boolean;
  readonly document: () => Readonly<Record<string, unknown>>;
}

export const tableOf = ({ isStopping, document }: TableParts): readonly Route[] => [
  health,
  readiness(isStopping),
  openApiRoute(document),
  metricsRoute,
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
  getFeed,
  getAction,
  takeOver,
  listAutomations,
  setAutomationDial,
  kill,
  pauseWhole,
  resumeWhole,
  getGuardrails,
  setGuardrail,
  getTrust,
  decideFacts,
  getCatalog,
  checkConfig,
  explainKey,
  listEntities,
  getEntity,
  putEntity,
];
