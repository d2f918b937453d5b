/**
 * The one catalogue of log events: what a process of Backstep says of itself. A log never holds personal data, secrets or
 * payloads; who wants to know what an outcome did reads its trace.
 * Adapter ring; data only.
 */

/** Every event by name, with its level and meaning; fields are named where the event is logged. */
export const LOG_EVENTS = {
  'worker.started': { level: 'info', meaning: 'robots of this process take work' },
  'worker.stopping': { level: 'info', meaning: 'robots take no more work and finish what they have' },
  'worker.stopped': { level: 'info', meaning: 'all work of this process has ended' },
  'worker.failed': { level: 'error', meaning: 'a robot ended with an error' },
  'stand.progress': { level: 'info', meaning: 'the embedded stand is being found, installed or started' },
  'store.connection_lost': {
    level: 'warn',
    meaning: 'an idle connection to the database broke; it is replaced',
  },
  'action.note': { level: 'info', meaning: 'an effect says what it does' },
  'action.warning': { level: 'warn', meaning: 'an effect met something unexpected and goes on' },
  'event.kept': {
    level: 'warn',
    meaning: 'an event selected no automation or more than one, and was kept with the reason',
  },
  'metrics.shown': { level: 'info', meaning: 'metrics of this process are read at an address' },
  'metrics.not_shown': {
    level: 'error',
    meaning: 'the address for metrics cannot be had; the process works on without it',
  },
  'notice.failed': { level: 'warn', meaning: 'a notice was not delivered; it is tried again later' },
  'notice.dead': { level: 'error', meaning: 'a notice could not be delivered and is not tried again' },
  'notices.interrupted': {
    level: 'warn',
    meaning: 'notices can not be sent now, because the database or a configuration is not at hand',
  },
  'projector.waiting': {
    level: 'debug',
    meaning: 'histories are not projected for now: Temporal or the database is not at hand',
  },
  'projector.stalled': {
    level: 'error',
    meaning: 'a history cannot be projected for a reason that does not pass by itself',
  },
  'projector.unsigned': {
    level: 'warn',
    meaning: 'the head of the log of one tenant was not signed; it is tried again, and the others are signed',
  },
  'policy.unrecorded': {
    level: 'warn',
    meaning:
      'the configuration of a tenant was not put on record; it is tried again, and robots decide by it',
  },
  'archive.waiting': {
    level: 'warn',
    meaning: 'an archived history was not brought to its place; it waits in the database and is tried again',
  },
  'api.started': { level: 'info', meaning: 'the API takes requests' },
  'api.stopping': { level: 'info', meaning: 'the API takes no more requests and finishes what it has' },
  'api.failed': { level: 'error', meaning: 'a request ended with an error that nobody expected' },
  'api.dependency_down': {
    level: 'warn',
    meaning: 'a request could not be served because Temporal, the database or the issuer does not answer',
  },
} as const satisfies Record<string, { readonly level: LogLevel; readonly meaning: string }>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogEventName = keyof typeof LOG_EVENTS;
