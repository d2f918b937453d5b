/**
 * What a runbook means where it says nothing. One place, so that the guide and the code cannot differ.
 * Authoring ring.
 */
export const DEFAULTS = {
  /**
   * A gate without a decision expires: it is a proposal that waits for a person.
   * @source execution model 8.3, Proposed → Expired
   */
  gateExpiresAfter: '48h',
  /** An escalation asks a person too, so it waits as long. @source execution model 8.3, Proposed → Expired */
  escalationExpiresAfter: '48h',
  /** Retries that `retryAfter` asks for; the retry table of the failure's class has been used up before. */
  exitRetries: 1,
  /** Monday to Friday. */
  businessDays: [1, 2, 3, 4, 5],
  businessFrom: '09:00',
  businessTo: '17:00',
} as const;
