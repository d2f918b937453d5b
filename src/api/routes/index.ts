/** The table of routes: everything that the API serves, and nothing else. Entry ring; data only. */
import type { Route } from '../route';
import { followLinkRoute, openLink } from './links';
import { backstep, cancel, decide, pause, resolve, resume } from './acts';
import { decideFacts, getAction, getGuardrails, getTrust, setGuardrail, takeOver } from './authority';
import { kill, listAutomations, pauseWhole, resumeWhole, setAutomationDial } from './automations';
import { checkConfig, explainKey, getCatalog, getEntity, listEntities, putEntity } from './catalog';
import { docsRoutes } from './docs';
import { receiveEvent } from './events';
import {
  compilePlan,
  getFeed,
  getHistory,
  getPlan,
  getOutcome,
  getTrace,
  listOutcomes,
  startOutcome,
} from './outcomes';
import { getReport, listReports, setReportRoute } from './reports';
import { listNotices, reviveNotices } from './notices';
import { attest, override } from './overrides';
import { keepingRoutes } from './keeping';
import { exportLogRoute, getConsistency, getRecordProof, listCheckpoints, listPolicyLog } from './policy-log';
import { forkRoute, rehearseEventRoute, rehearseRoute, reviewRoute } from './replay';
import { health, metricsRoute, openApiRoute, readiness } from './service';
import { claim, complete, delegateOne, fire, getTask, listTasks, unclaim } from './tasks';
import { standingRoutes } from './standing';

export interface TableParts {
  readonly isStopping: () => boolean;
  readonly document: () => Readonly<Record<string, unknown>>;
}

export const tableOf = ({ isStopping, document }: TableParts): readonly Route[] => [
  health,
  readiness(isStopping),
  openApiRoute(document),
  ...docsRoutes,
  metricsRoute,
  openLink,
  followLinkRoute,
  listNotices,
  reviveNotices,
  listPolicyLog,
  listCheckpoints,
  getRecordProof,
  getConsistency,
  ...keepingRoutes,
  exportLogRoute,
  getReport,
  listReports,
  setReportRoute,
  receiveEvent,
  compilePlan,
  startOutcome,
  listOutcomes,
  getOutcome,
  getTrace,
  getHistory,
  getPlan,
  pause,
  resume,
  backstep,
  cancel,
  resolve,
  override,
  attest,
  listTasks,
  getTask,
  decide,
  delegateOne,
  claim,
  unclaim,
  fire,
  complete,
  getFeed,
  getAction,
  reviewRoute,
  rehearseRoute,
  rehearseEventRoute,
  forkRoute,
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
  ...standingRoutes,
];
