/** Whom a limit that is near, reached or passed would wake, and how often. */
import type { Entry } from '../../../src/audit/record';
import type { Json } from '../../../src/kernel/json';
import { limitNotices } from '../../../src/notices/from-limits';
import { messageOf } from '../../../src/notices/message';

const NOON = Date.parse('2026-08-08T12:00:00Z');
const entry = (at = NOON, outcome = 'acme/EMP-R-001/1'): Entry =>
  ({ tenant: 'acme', kind: 'action.committed', outcome, node: 'identity', at }) as Entry;
const decision = (used: number, more: object = {}, at = NOON): Json => ({
  figures: {},
  facts: {
    now: at,
    tenant: { tier: 'pro' },
    action: { type: 'okta.create_identity' },
    usage: { actions_per_day: { used, asked: 1 }, concurrent_executions: { used: 8, asked: 1 } },
    ...more,
  },
});
const told = (used: number, more?: object) =>
  limitNotices(entry(), decision(used, more), NOON).map(({ body }) => [body.kind, body.title]);

test('at 80 % people are warned, at the limit they are told, past it it is an emergency', () => {
  expect(told(158)).toEqual([]);
  expect(told(159)).toEqual([['limit_near', 'Max Actions/Day: 160 of 200']]);
  expect(told(199)).toEqual([['limit_near', 'Max Actions/Day: 200 of 200']]);
  expect(told(200)).toEqual([['limit_reached', 'Max Actions/Day: 200 of 200']]);
  expect(told(201)).toEqual([['limit_passed', 'Max Actions/Day: 201 of 200']]);
});

test('money is told in dollars, and what an action takes nothing from is not told of', () => {
  const spend = (asked: number) => ({ usage: { llm_spend_per_month: { used: 900_000_000, asked } } });
  expect(told(0, spend(1_000_000))).toEqual([['limit_near', 'LLM Spend/Month: 901 of 1000']]);
  expect(told(0, spend(0))).toEqual([]);
});

test('all actions of a window tell of one limit once, and those of the next day, or of a raised limit, again', () => {
  const idOf = (used: number, outcome: string, at = NOON, more: object = {}) =>
    limitNotices(entry(at, outcome), decision(used, more, at), at).map(({ id }) => id);
  const first = idOf(170, 'acme/EMP-R-001/1');
  expect(first).toHaveLength(1);
  expect(idOf(171, 'acme/EMP-R-001/2', NOON + 3_600_000)).toEqual(first);
  expect(idOf(171, 'acme/EMP-R-001/2', NOON + 86_400_000)).not.toEqual(first);
  const lower = { tenant: { tier: 'pro', limits: { actions_per_day: 190 } } };
  expect(idOf(171, 'acme/EMP-R-001/2', NOON, lower)).not.toEqual(first);
});

test('a log that is written late, and a decision that cannot be read, wake nobody', () => {
  expect(limitNotices(entry(), decision(199), NOON + 86_400_001)).toEqual([]);
  for (const unreadable of [undefined, null, [], {}, { facts: { now: -1 }, figures: {} }])
    expect(limitNotices(entry(), unreadable as Json, NOON)).toEqual([]);
});

test('the message says what becomes of actions, and where to look', () => {
  const [notice] = limitNotices(entry(), decision(201), NOON);
  const { subject, text } = messageOf(notice!, undefined);
  expect(subject).toBe('EMERGENCY: a limit is passed, and actions are blocked: Max Actions/Day: 201 of 200');
  expect(text).toContain('New actions are refused until the window ends');
  expect(text).toContain('Ends: 2026-08-09T00:00:00.000Z');
  expect(text).toContain('backstep guardrails');
});
