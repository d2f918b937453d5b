/**
 * Dynamic configuration of the stand's Temporal server.
 * Adapter ring; data only. Each value was measured; `bench/embedded-tuning.ts` measures those of the queues
 * again.
 */

/** Polls a second of each of history's queue processors; the dev server's own 20 adds up to 50 ms to every task. */
const POLLS_PER_SECOND = 2000;

/**
 * How far ahead timers are read. A shorter timer waits that long all the same: with the server's own second the timer of 1 ms before
 * each sweep takes up to a second.
 */
const TIMER_SHIFT = '10ms';

export const DYNAMIC_CONFIG: Readonly<Record<string, unknown>> = {
  'history.transferProcessorMaxPollRPS': POLLS_PER_SECOND,
  'history.timerProcessorMaxPollRPS': POLLS_PER_SECOND,
  'history.visibilityProcessorMaxPollRPS': POLLS_PER_SECOND,
  'history.timerProcessorMaxTimeShift': TIMER_SHIFT,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  // No speed, but behaviour that the engine counts on: one tenant's backlog does not hold up another tenant.
  'matching.useNewMatcher': true,
  'matching.enableFairness': true,
};
