/** Named builders of facts: a baseline on which nothing binds, and changes of it. */
import { decide, type Decision } from '../../../src/governance/decide';
import type { Facts } from '../../../src/governance/facts';
import { parseFacts } from '../../../src/governance/facts-parse';
import type { Figures } from '../../../src/governance/figures';
import { SPEC_FIGURES } from '../../../src/governance/figures';

export const DAY = 86_400_000;
export const HOUR = 3_600_000;
export const NOW = Date.UTC(2026, 2, 10, 10, 42);

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> | null }
    : T;
export type FactsPatch = DeepPartial<Facts>;

/** An internal, reversible, low-risk action of a veteran enterprise tenant, on full autopilot with room everywhere. */
export const FREEST: Facts = {
  v: 1,
  now: NOW,
  startedByPerson: null,
  tenant: { tier: 'enterprise', limits: {} },
  action: {
    type: 'okta.assign_groups',
    subsystem: null,
    category: 'internal_state',
    external: false,
    reversibility: 'full',
    risk: { externality: 0, magnitude: 0.1, recovery: 0.1, precedent: 0.1 },
    declaredRisk: null,
    selection: 'standard',
    priority: 'normal',
  },
  confidence: { value: 0.97, parts: null, assessedAt: NOW, unknownFailures: 0 },
  trust: {
    base: 'new',
    successes: 600,
    failures: 2,
    criticalFailures: 0,
    since: NOW - 200 * DAY,
    lastActiveAt: NOW - DAY,
    score: 1,
  },
  automation: {
    id: 'onboarding',
    dial: 'autopilot',
    killed: false,
    blastRadius: {
      limitPerHour: null,
      firedThisHour: 3,
      mostAtOnceShare: null,
      inFlight: 1,
      population: 100,
      stopAtErrorShare: null,
      failed: 0,
      finished: 3,
    },
  },
  passive: false,
  pauses: [],
  ceilings: [],
  policies: [],
  calendars: [],
  system: { name: 'okta', breaker: 'closed', retryAt: null },
  usage: {
    actions_per_day: { used: 3, asked: 1 },
    external_actions_per_day: { used: 1, asked: 0 },
    concurrent_executions: { used: 1, asked: 1 },
  },
  limits: [],
  approvals: [],
};

/** The freest facts with some changed; an object is merged, a list or null replaces. */
export function facts(patch: FactsPatch = {}): Facts {
  const parsed = parseFacts(merge(FREEST, patch));
  if (!parsed.ok) throw new Error(`these facts are malformed: ${JSON.stringify(parsed.error)}`);
  return parsed.value;
}

export function decideWith(patch: FactsPatch = {}, figures: Figures = SPEC_FIGURES): Decision {
  return decide(facts(patch), figures);
}

/** A patch for what a person starts by name. */
export const BY_ADA = { startedByPerson: 'person:ada' } as const;

/** Risk dimensions that all stand at one score, which is then the risk score. */
export function riskOf(score: number): Facts['action']['risk'] {
  return { externality: score, magnitude: score, recovery: score, precedent: score };
}

export function approved(by: string, as: Facts['approvals'][number]['as']): Facts['approvals'][number] {
  return { by, as, decision: 'approved' };
}

function merge(base: unknown, patch: unknown): unknown {
  if (!isObject(base) || !isObject(patch)) return patch;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) merged[key] = merge(merged[key], value);
  return merged;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
