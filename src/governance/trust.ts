/**
 * Trust: earned by executions without incident, lost by failure and by idleness. A ledger is folded from events; its
 * standing at a time gives the effective level.
 * Pure ring: times come in as milliseconds since the epoch.
 *
 * A *climb* is the stretch since the first execution or since the last critical failure. Each level is earned by the
 * climb's own counts; a critical failure lowers the base by one level and begins a new climb, so that what was lost
 * must be earned anew and "0 critical failures" (2.3) does not shut a tenant out for ever.
 * @source execution model 2.3, 11.2; DESIGN §9.5
 */
import { assertNever } from '../kernel/invariant';
import type { Figures } from './figures';
import { earlier, TRUST_LEVELS, type TrustLevel } from './mode';
import { roundShare } from './risk';

const DAY_MS = 86_400_000;

/** What a decision needs to know of a tenant's history. */
export interface TrustStanding {
  /** The level kept whatever the climb's counts say: `new` at first, one below the old level after a critical failure. */
  readonly base: TrustLevel;
  /** Counts of the climb. `failures` counts moderate and critical ones. */
  readonly successes: number;
  readonly failures: number;
  readonly criticalFailures: number;
  /** Start of the climb; null before the first execution. */
  readonly since: number | null;
  /** The last execution of any kind; null before the first. */
  readonly lastActiveAt: number | null;
  /** In [0, 1], as it stood at `lastActiveAt`. */
  readonly score: number;
}

/** A standing and what is needed to go on folding. */
export interface TrustLedger extends TrustStanding {
  /** Successes in a row since the last failure or gain. */
  readonly streak: number;
}

export interface TrustEvent {
  readonly at: number;
  /** Critical: an effect that could not be undone, or a guardrail breached. Moderate: failed for good, undone cleanly. */
  readonly kind: 'success' | 'moderate_failure' | 'critical_failure';
}

export interface TrustView {
  /** What the counts have earned. */
  readonly earned: TrustLevel;
  /** The score after idleness, in [0, 1]. */
  readonly score: number;
  /** The earned level, lowered by the score; what decisions go by. */
  readonly effective: TrustLevel;
}

/** A tenant that has done nothing yet. */
export function freshTrust(figures: Pick<Figures, 'trust'>): TrustLedger {
  return {
    base: 'new',
    successes: 0,
    failures: 0,
    criticalFailures: 0,
    since: null,
    lastActiveAt: null,
    score: figures.trust.score.start,
    streak: 0,
  };
}

/** The ledger after some events, oldest first; an event older than its predecessor counts as of that one's time. */
export function foldTrust(events: Iterable<TrustEvent>, figures: Pick<Figures, 'trust'>): TrustLedger {
  let ledger = freshTrust(figures);
  for (const event of events) ledger = applyTrustEvent(ledger, event, figures);
  return ledger;
}

/** The ledger after one more event. */
export function applyTrustEvent(
  ledger: TrustLedger,
  event: TrustEvent,
  figures: Pick<Figures, 'trust'>,
): TrustLedger {
  const at = Math.max(event.at, ledger.lastActiveAt ?? event.at);
  const active: TrustLedger = {
    ...ledger,
    since: ledger.since ?? at,
    lastActiveAt: at,
    score: scoreAfterIdling(ledger, at, figures),
  };
  switch (event.kind) {
    case 'success':
      return afterSuccess(active, figures);
    case 'moderate_failure':
      return {
        ...active,
        failures: active.failures + 1,
        streak: 0,
        score: roundShare(active.score * figures.trust.decay.moderateFactor),
      };
    case 'critical_failure': {
      const dropped = lowered(earnedTrust(active, at, figures), figures.trust.decay.criticalDropsLevels);
      return { ...freshTrust(figures), base: dropped, since: at, lastActiveAt: at, score: active.score };
    }
    default:
      return assertNever(event.kind);
  }
}

/** The level in force at a time, with what it came from. */
export function trustAt(standing: TrustStanding, now: number, figures: Pick<Figures, 'trust'>): TrustView {
  const { oneLowerBelow, twoLowerBelow } = figures.trust.score;
  const earned = earnedTrust(standing, now, figures);
  const score = scoreAfterIdling(standing, now, figures);
  const levelsLost = score < twoLowerBelow ? 2 : score < oneLowerBelow ? 1 : 0;
  return { earned, score, effective: lowered(earned, levelsLost) };
}

/** The standing inside a ledger, in the order of the published form, whatever the order of the ledger's own members. */
export function standingOf(ledger: TrustLedger): TrustStanding {
  const { base, successes, failures, criticalFailures, since, lastActiveAt, score } = ledger;
  return { base, successes, failures, criticalFailures, since, lastActiveAt, score };
}

/** The highest level that the base keeps or the climb has reached, each level resting on the ones below it. */
function earnedTrust(standing: TrustStanding, now: number, figures: Pick<Figures, 'trust'>): TrustLevel {
  // Nothing executed is nothing earned, whatever a summary claims.
  if (standing.lastActiveAt === null || standing.since === null) return 'new';
  let earned: TrustLevel = 'new';
  for (const level of TRUST_LEVELS) {
    const kept = earlier(TRUST_LEVELS, level, standing.base) === level;
    if (!(kept ? keeps(standing, level, figures) : reaches(standing, level, now, figures))) break;
    earned = level;
  }
  return earned;
}

function reaches(
  standing: TrustStanding,
  level: TrustLevel,
  now: number,
  figures: Pick<Figures, 'trust'>,
): boolean {
  const asked = figures.trust.levels[level];
  const daysActive = (now - (standing.since ?? now)) / DAY_MS;
  return (
    standing.successes >= asked.successes &&
    (asked.criticalFailures === null || standing.criticalFailures <= asked.criticalFailures) &&
    (asked.failureRateBelow === null || failureRate(standing) < asked.failureRateBelow) &&
    daysActive >= asked.daysActive
  );
}

/** A level kept through a drop is lost again to a spike of failures. @source execution model 11.2, trust regression */
function keeps(standing: TrustStanding, level: TrustLevel, figures: Pick<Figures, 'trust'>): boolean {
  const { failureRateBelow, criticalFailures } = figures.trust.levels[level];
  if (criticalFailures !== null && standing.criticalFailures > criticalFailures) return false;
  if (failureRateBelow === null || standing.failures < figures.trust.regression.failures) return true;
  return failureRate(standing) < failureRateBelow;
}

function failureRate({ successes, failures }: TrustStanding): number {
  return failures === 0 ? 0 : failures / (successes + failures);
}

/** The score at a time: it decays once for each whole period that was exceeded without activity. */
function scoreAfterIdling(standing: TrustStanding, now: number, figures: Pick<Figures, 'trust'>): number {
  const { idleDays, idleFactor } = figures.trust.decay;
  const idleMs = standing.lastActiveAt === null ? 0 : Math.max(0, now - standing.lastActiveAt);
  // "Inactivity > 60 days": the sixtieth day to the millisecond is not yet more than sixty.
  const periods = Math.max(0, Math.ceil(idleMs / (Math.max(1, idleDays) * DAY_MS)) - 1);
  return roundShare(standing.score * idleFactor ** periods);
}

function afterSuccess(ledger: TrustLedger, figures: Pick<Figures, 'trust'>): TrustLedger {
  const { streak, gain, cap } = figures.trust.score;
  const inARow = ledger.streak + 1;
  const gains = inARow >= streak;
  return {
    ...ledger,
    successes: ledger.successes + 1,
    streak: gains ? 0 : inARow,
    score: gains ? roundShare(Math.max(ledger.score, Math.min(cap, ledger.score + gain))) : ledger.score,
  };
}

function lowered(level: TrustLevel, by: number): TrustLevel {
  return TRUST_LEVELS[Math.max(0, TRUST_LEVELS.indexOf(level) - by)] ?? 'new';
}
