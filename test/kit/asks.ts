/** What an action asks of the authority, and how it ends, as tests of its rows say it; one automation, and one instant. */
import { randomUUID } from 'node:crypto';
import type { Ask, AttemptEnd, AuthorityScope, Said } from '../../src/store/authority';
import type { ActionKey, ExecuteRequest } from '../../src/store/barrier';

export const HOUR = 3_600_000;
export const NOW = Date.UTC(2031, 4, 5, 10, 20);
export const lost = {
  class: 'transient',
  code: 'ACTION_ATTEMPT_LOST',
  message: '',
  effect: 'unknown',
} as const;
export const scope: AuthorityScope = {
  automation: 'hire',
  runbook: 'toys.tidy',
  domain: 'toys',
  awf: 'toy.put',
  system: 'toy',
  probeMs: 1_000,
};
export const newTenant = (): string => `t-${randomUUID().slice(0, 8)}`;
export const keyOf = (tenant: string, node = 'box'): ActionKey => ({
  tenant,
  outcome: `${tenant}/TOY/${randomUUID()}`,
  node,
});
export const request = (key: ActionKey, rest: Partial<ExecuteRequest> = {}): ExecuteRequest => ({
  key,
  firing: 1,
  // Longer than any of these tests: attempts are lost by the clock of the database.
  leaseMs: 60_000,
  isAlone: false,
  lost,
  at: NOW,
  ...rest,
});
export const perDay = (l: number): Ask => ({ k: 'actions_per_day', w: 'day', u: 1, l, p: null });
export const atOnce = (l: number): Ask => ({ k: 'concurrent_executions', w: 'at_once', u: 1, l, p: null });
export const flight: Ask = { k: 'flight:hire', w: 'at_once', u: 1, l: null };
export const end = (rest: Partial<AttemptEnd> = {}): AttemptEnd => ({
  how: 'done',
  runbook: 'toys.tidy',
  system: 'toy',
  call: 'ok',
  retryAt: null,
  breaker: { share: 0.1, windowMs: 60_000, fewest: 5, probeMs: 1_000 },
  trust: null,
  decision: '{}',
  ...rest,
});
export const hold = (said: Said, rest: object = {}) => ({
  causes: said.short.map((key) => `guardrail:${key}`),
  because: 'no room',
  waitsFor: said.short,
  since: said.since,
  seq: said.seq,
  releasesAt: null,
  expiresAt: NOW + 24 * HOUR,
  version: said.version,
  ...rest,
});
