/**
 * The authority modes as a chain from strictest to freest, and the small ordered vocabularies beside it.
 * Pure ring: names and their order, no numbers.
 * @source execution model 2.1, 2.3, 4.2, 5.3, 6.2
 */

/** Strictest first. `observe` recommends only, `autopilot` decides and executes within bounds. */
export const MODES = ['observe', 'manual', 'copilot', 'autopilot'] as const;
export type Mode = (typeof MODES)[number];

export const isMode = (value: unknown): value is Mode => (MODES as readonly unknown[]).includes(value);

/** Least severe first. */
export const RISK_CLASSES = ['low', 'medium', 'high', 'critical'] as const;
export type RiskClass = (typeof RISK_CLASSES)[number];

/** How completely an effect can be undone; completely first. */
export const REVERSIBILITIES = ['full', 'partial', 'irreversible'] as const;
export type Reversibility = (typeof REVERSIBILITIES)[number];

/** Least trusted first. */
export const TRUST_LEVELS = ['new', 'established', 'proven', 'veteran'] as const;
export type TrustLevel = (typeof TRUST_LEVELS)[number];

/** Plan tiers, smallest first. */
export const TIERS = ['starter', 'growth', 'pro', 'enterprise'] as const;
export type Tier = (typeof TIERS)[number];

/** What is asked of people before an action fires; least first. @source execution model 9.1 */
export const APPROVAL_TYPES = ['none', 'confirm', 'review', 'approve', 'chain'] as const;
export type ApprovalType = (typeof APPROVAL_TYPES)[number];

/** Who an approver is to the organisation; least authority first. */
export const APPROVER_LEVELS = ['user', 'manager', 'director', 'executive'] as const;
export type ApproverLevel = (typeof APPROVER_LEVELS)[number];

/** The part of 6.2 that opens autopilot: for no action, for those the configuration selects, or for all. */
export const AUTOPILOT_SCOPES = ['no', 'selected', 'full'] as const;
export type AutopilotScope = (typeof AUTOPILOT_SCOPES)[number];

/** The element of `a` and `b` that stands earlier in `order`; with MODES that is the meet of the lattice. */
export function earlier<T extends string>(order: readonly T[], a: T, b: T): T {
  return order.indexOf(a) <= order.indexOf(b) ? a : b;
}

/** The element of `a` and `b` that stands later in `order`. */
export function later<T extends string>(order: readonly T[], a: T, b: T): T {
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}

/** Whether `a` stands at or after `b` in `order`. */
export function atLeast<T extends string>(order: readonly T[], a: T, b: T): boolean {
  return order.indexOf(a) >= order.indexOf(b);
}

/** The strictest of some modes; `autopilot`, which binds nothing, for none. Associative, commutative, idempotent. */
export function strictestMode(modes: Iterable<Mode>): Mode {
  let strictest: Mode = 'autopilot';
  for (const mode of modes) strictest = earlier(MODES, strictest, mode);
  return strictest;
}
