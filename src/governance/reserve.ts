/**
 * The arithmetic of limits: what a request of some units does to a counter, in which window it counts, and which
 * limit a tenant has. Admission in the database uses these same definitions.
 * Pure ring: whole numbers and UTC calendar windows, no clock.
 * @source execution model 6.2–6.5; docs/decisions/0030
 */
import { assertNever } from '../kernel/invariant';
import type { Figures } from './figures';
import type { GuardrailId, Window } from './figures/guardrails';
import type { Tier } from './mode';

/**
 * What a reservation comes to. `granted` and `soft` fire; `hard` queues until the window ends or something settles for
 * less; `overage` blocks new actions, since actual use is past the limit; `unattainable` asks more than a whole window holds.
 */
export const RESERVATION_LEVELS = ['granted', 'soft', 'hard', 'overage', 'unattainable'] as const;
export type ReservationLevel = (typeof RESERVATION_LEVELS)[number];

export interface Reservation {
  readonly level: ReservationLevel;
  /** Whether the units may be taken: `granted` or `soft`. */
  readonly fits: boolean;
  /** Units in use once this is settled: with what is asked where it fits, without where it does not. */
  readonly usedAfter: number;
}

/**
 * @param limit most units per window, 0 or more; 0 shuts the door
 * @param used units reserved or settled in the window before this request
 * @param asked units asked for; 0 is a request that holds its reservation already, which no limit stops
 */
export function reserve(
  limit: number,
  used: number,
  asked: number,
  figures: Pick<Figures, 'tiers'>,
): Reservation {
  const { softShare, hardShare } = figures.tiers.enforcement;
  const hardLimit = limit * hardShare;
  const whole = used + asked;
  if (asked > 0) {
    if (asked > hardLimit) return { level: 'unattainable', fits: false, usedAfter: used };
    if (used > hardLimit) return { level: 'overage', fits: false, usedAfter: used };
    if (whole > hardLimit) return { level: 'hard', fits: false, usedAfter: used };
  }
  return {
    level: whole >= limit * softShare && whole > 0 ? 'soft' : 'granted',
    fits: true,
    usedAfter: whole,
  };
}

/**
 * Units by which a reservation is put right once the real cost is known: positive where the action took more than it
 * reserved, which is how use comes to pass a limit.
 */
export function settlement(reserved: number, actual: number): number {
  return actual - reserved;
}

/** The most of a population that may be acted on at once; always at least one. @source theory of operations 4 */
export function shareAtOnce(population: number, share: number): number {
  return Math.max(1, Math.floor(share * population));
}

/** The share of a limit in use, 0 or more; 1 where the limit is 0 and anything is used. */
export function usedShare(limit: number, used: number): number {
  if (limit === 0) return used > 0 ? 1 : 0;
  return used / limit;
}

/** The calendar window that holds a time: `[from, to)` in milliseconds since the epoch; null for `at_once`. */
export function windowAt(window: Window, at: number): { readonly from: number; readonly to: number } | null {
  const time = new Date(at);
  const [year, month, day] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()];
  switch (window) {
    case 'at_once':
      return null;
    case 'hour': {
      const hour = time.getUTCHours();
      return { from: Date.UTC(year, month, day, hour), to: Date.UTC(year, month, day, hour + 1) };
    }
    case 'day':
      return { from: Date.UTC(year, month, day), to: Date.UTC(year, month, day + 1) };
    case 'month':
      return { from: Date.UTC(year, month), to: Date.UTC(year, month + 1) };
    default:
      return assertNever(window);
  }
}

/**
 * The limit in force, in the guardrail's unit. A tenant's own limit stands in where the tier says Custom, and may only
 * tighten where the tier prints a number; Custom without a contract falls back to the largest tier that prints one.
 */
export function limitOf(
  guardrail: GuardrailId,
  tenant: { readonly tier: Tier; readonly limits: Readonly<Partial<Record<GuardrailId, number | null>>> },
  figures: Pick<Figures, 'tiers'>,
): number {
  const { limits } = figures.tiers.guardrails[guardrail];
  const printed = limits[tenant.tier];
  const own = tenant.limits[guardrail] ?? null;
  if (printed === null) return own ?? limits[figures.tiers.customFallsBackTo] ?? 0;
  return own === null ? printed : Math.min(printed, own);
}

/** Approvers that the tier's chain may have after the initiator. */
export function chainDepthOf(tier: Tier, figures: Pick<Figures, 'tiers'>): number {
  const { approvalChainDepth: depth, customFallsBackTo } = figures.tiers;
  return depth[tier] ?? depth[customFallsBackTo] ?? 0;
}
