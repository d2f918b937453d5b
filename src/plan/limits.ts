/**
 * Every bound of a plan, in one place: its unit, and why it is what it is. Temporal's own limits stand behind most.
 * Pure ring.
 */
export const PLAN_LIMITS = {
  /**
   * Nodes in one plan, nested ones and the elements of bounded for-each included. Temporal ends a workflow at 51,200
   * events; a remote action costs at most 6 of them, and continue-as-new cuts in long before.
   */
  nodes: 10_000,
  /** Bytes of canonical JSON. Temporal refuses a payload over 2 MiB; the rest is room for state carried along. */
  planBytes: 1_500_000,
  /** Nodes that can be in flight at once. Temporal refuses over 2,000 pending activities in one workflow. */
  fanOut: 500,
  /** Elements of one run-time for-each. */
  eachElements: 1_000,
  /** Sub-runbooks inside each other. */
  subRunbookDepth: 8,
  /** Choices, for-each and exits inside each other. */
  blockDepth: 16,
  /** Cases of one choice. */
  choiceCases: 64,
  /** Longest wait or gate, in milliseconds: 400 days, so that a yearly review fits. */
  waitMs: 400 * 86_400_000,
  /** Retries that one exit may ask for. */
  exitRetries: 10,
  /**
   * Events of an outcome's whole story if everything in it ran, retried and was undone: five full Temporal histories of
   * 51,200. Continue-as-new cuts a story into runs; one that needs more of them is a programme and not one outcome.
   */
  historyEvents: 256_000,
  /** Longest attempt that may take the local lane, in milliseconds: below the 10 s of a workflow task. */
  localTimeoutMs: 5_000,
  /** Points of one runbook's configuration space that are walked. */
  configurations: 4_096,
  /** Characters of one node id. */
  nodeIdLength: 200,
  /** Bytes of one action's input or output as JSON: well below Temporal's 2 MiB, and the history holds many. */
  payloadBytes: 256 * 1024,
} as const;
