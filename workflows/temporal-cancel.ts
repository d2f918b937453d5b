/**
 * What Temporal's own cancellation is called in the story: it tells nobody's name to the workflow.
 * Loaded inside the Temporal sandbox, and by whoever reads a history.
 */
export const TEMPORAL_CANCEL = {
  by: 'temporal',
  reason: 'the workflow was cancelled',
  isTemporals: true,
} as const;
