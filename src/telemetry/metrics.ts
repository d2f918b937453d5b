/**
 * The one catalogue of metrics: what a process counts of its work. Dashboard, alerts and `docs/telemetry.md` name what stands
 * here and nothing else; a test holds them to it.
 * Adapter ring; data, and the registry made of it.
 */
import { createRegistry, type MetricCatalogue, type Registry } from './registry';

/** Seconds, from what a lookup takes to what nobody waits for any more. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

export const METRICS = {
  backstep_build_info: {
    type: 'gauge',
    help: '1, with the version and the role of the process',
    labels: ['version', 'role'],
  },
  backstep_events_total: {
    type: 'counter',
    help: 'events taken in, by what became of them',
    labels: ['tenant', 'status'],
  },
  backstep_outcomes_started_total: {
    type: 'counter',
    help: 'outcomes started by this process',
    labels: ['tenant', 'outcome'],
  },
  backstep_outcomes_ended_total: {
    type: 'counter',
    help: 'outcomes that ended, by how, as the projector saw it in their histories',
    labels: ['tenant', 'result'],
  },
  backstep_backsteps_total: {
    type: 'counter',
    help: 'outcomes that began to go back',
    labels: ['tenant'],
  },
  backstep_actions_total: {
    type: 'counter',
    help: 'attempts at actions, by what came of them',
    labels: ['tenant', 'awf', 'result'],
  },
  backstep_undos_total: {
    type: 'counter',
    help: 'attempts at compensations, by what came of them',
    labels: ['tenant', 'awf', 'result'],
  },
  backstep_incidents_total: {
    type: 'counter',
    help: 'compensations that failed for good: each waits for a person',
    labels: ['tenant'],
  },
  backstep_action_seconds: {
    type: 'histogram',
    help: 'how long one attempt took: admission, effect and commit',
    labels: ['awf'],
    buckets: SECONDS,
  },
  backstep_admission_seconds: {
    type: 'histogram',
    help: 'how long admission took: one transaction and the decision',
    labels: ['result'],
    buckets: SECONDS,
  },
  backstep_holds_total: {
    type: 'counter',
    help: 'actions that were held, by the kind of each cause',
    labels: ['tenant', 'cause'],
  },
  backstep_vendor_requests_total: {
    type: 'counter',
    help: 'requests to connected systems, by the class of the answer',
    labels: ['tenant', 'system', 'status'],
  },
  backstep_vendor_request_seconds: {
    type: 'histogram',
    help: 'how long a connected system took to answer',
    labels: ['system'],
    buckets: SECONDS,
  },
  backstep_api_requests_total: {
    type: 'counter',
    help: 'requests to the API, by route and status',
    labels: ['route', 'status'],
  },
  backstep_api_request_seconds: {
    type: 'histogram',
    help: 'how long the API took to answer',
    labels: ['route'],
    buckets: SECONDS,
  },
  backstep_records_total: {
    type: 'counter',
    help: 'records put into the PolicyLog',
    labels: ['tenant', 'kind'],
  },
  backstep_projector_lag_seconds: {
    type: 'gauge',
    help: 'age of the oldest history event that is not projected yet',
    labels: [],
  },
  backstep_histories_unplaced: {
    type: 'gauge',
    help: 'histories that nothing is derived from: they cannot be read, or are of no workflow that is known',
    labels: ['why'],
  },
  backstep_heads_unsigned_total: {
    type: 'counter',
    help: 'times that the head of a log could not be signed',
    labels: ['tenant'],
  },
  backstep_notices_total: {
    type: 'counter',
    help: 'attempts to deliver a notice, by what came of them',
    labels: ['tenant', 'channel', 'result'],
  },
  backstep_notices_waiting: {
    type: 'gauge',
    help: 'notices that are not delivered yet',
    labels: ['tenant'],
  },
  backstep_notices_dead: {
    type: 'gauge',
    help: 'notices that nobody could be given',
    labels: ['tenant'],
  },
  backstep_resident_bytes: {
    type: 'gauge',
    help: 'memory of the process',
    labels: [],
  },
  backstep_event_loop_delay_seconds: {
    type: 'gauge',
    help: 'delay of the event loop since the last reading, 99th percentile',
    labels: [],
  },
} as const satisfies MetricCatalogue;

export type Metrics = Registry<typeof METRICS>;

export const createMetrics = (): Metrics => createRegistry(METRICS);

/**
 * Metrics of Temporal's SDK that dashboard and alerts read; there are more at the same port.
 * @source https://docs.temporal.io/references/sdk-metrics
 */
export const TEMPORAL_METRICS = [
  'temporal_activity_schedule_to_start_latency',
  'temporal_workflow_task_schedule_to_start_latency',
  'temporal_workflow_task_execution_failed',
  'temporal_worker_task_slots_available',
  'temporal_request_failure',
] as const;
