/**
 * The embedded default: one real Temporal server and one real Postgres on this machine, found or installed into the
 * ignored project folder `.backstep/`, started and stopped for the user. `docs/embedded.md` tells the user's side.
 * Adapter ring; reads no environment of its own.
 */
export { openStand } from './stand';
export {
  inspectStand,
  type ProgramReport,
  type ServerReport,
  type StandFinding,
  type StandReport,
} from './inspect';
export { startTimeSkippingServerPath } from './test-server';
export { StandError, type StandProblem } from './stand-error';
export {
  SEARCH_ATTRIBUTES,
  STAND_NAMESPACE,
  type Durability,
  type Environment,
  type OpenStandOptions,
  type Places,
  type PostgresServer,
  type Stand,
  type StandPorts,
  type TemporalServer,
} from './stand-types';
