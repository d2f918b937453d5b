/** What people can be told of. Authoring ring; data only. */

/** What is told of. A channel takes all of these, or those that its configuration names. */
export const NOTICE_KINDS = [
  'approval_asked',
  'approval_reminded',
  'approval_escalated',
  'review_due',
  'action_held',
  'incident_opened',
  'escalation_opened',
  'outcome_backstepped',
  // A guardrail at its soft limit, at its hard limit, and past it: once each in a window.
  'limit_near',
  'limit_reached',
  'limit_passed',
  'outcome_terminated',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];
