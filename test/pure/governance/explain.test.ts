/** A decision in words: what may happen first, then why, rule by rule. */
import { explain } from '../../../src/governance/explain';
import { RULES } from '../../../src/governance/rules';
import type { Facts } from '../../../src/governance/facts';
import { BY_ADA, DAY, decideWith, NOW, riskOf, type FactsPatch } from './fixtures';

describe('an explanation', () => {
  test('has a summary and a line for every rule', () => {
    const lines = explain(decideWith());
    expect(lines[0]).toBe('`okta.assign_groups` may fire now; mode autopilot');
    for (const { rule, spec } of RULES) {
      const line = lines.find((text) => text.trim().split(/\s+/)[0] === rule);
      expect(line).toContain(`[${spec}]`);
    }
    expect(lines).toHaveLength(2 + RULES.length);
  });

  test('says what holds, what would release it and when', () => {
    const calendars = [
      { id: 'year-end', kind: 'freeze', windows: [{ from: NOW, to: NOW + 1_000 }] },
    ] as const;
    const decision = decideWith({ ...BY_ADA, action: { risk: riskOf(0.7) }, calendars });
    expect(explain(decision).slice(0, 5)).toEqual([
      '`okta.assign_groups` is held; mode manual, bound by initiator, risk-class',
      'risk high (0.7), confidence 0.97 (very high), trust veteran',
      'approval approve: approve by user (who started it), approve by manager (open), a reason is required, expected within 4h',
      'held: approve is needed; released by: approve by manager',
      'held: the change freeze `year-end` is on; released by: the end of the freeze, at 2026-03-10T10:42:01.000Z',
    ]);
  });

  test('of a killed automation begins with the kill switch', () => {
    const lines = explain(decideWith({ automation: { killed: true } }));
    expect(lines[0]).toBe('`okta.assign_groups` is held; mode observe, bound by kill-switch');
    expect(lines).toContain(
      'held: the kill switch of `onboarding` is thrown; released by: lift the kill switch of `onboarding`',
    );
  });

  test('tells what confidence was when it was assessed, once it is no longer that', () => {
    const confidenceLine = (assessedAt: number): string | undefined =>
      explain(decideWith({ confidence: { assessedAt } })).find((line) =>
        line.trim().startsWith('confidence '),
      );
    expect(confidenceLine(NOW)).toContain('confidence 0.97 is very high');
    expect(confidenceLine(NOW - DAY)).toContain('confidence 0.9227 (was 0.97 when assessed) is high');
  });

  test('tells every class that had a say in the risk', () => {
    const riskLine = (action: FactsPatch['action']): string | undefined =>
      explain(decideWith({ action: action ?? {} })).find((line) => line.trim().startsWith('risk-class'));
    expect(riskLine({})).toContain('risk is low (score 0.065 is low)');
    expect(riskLine({ declaredRisk: 'high' })).toContain('risk is high (score 0.065 is low, declared high)');
    expect(riskLine({ risk: null })).toContain('risk is critical (no dimensions known, so critical)');
    expect(riskLine({ type: 'citemind.citation_scan', risk: null })).toContain(
      '(no dimensions known, so low, listed low)',
    );
  });

  test('tells which calendars are shut, and that all others are open', () => {
    const freeze = { id: 'a', kind: 'freeze', windows: [{ from: NOW - 2, to: NOW - 1 }] } as const;
    const lines = (calendars: Facts['calendars']): string | undefined =>
      explain(decideWith({ calendars })).find((line) => line.trim().startsWith('calendars'));
    expect(lines([])).toContain('no change calendar covers it');
    expect(lines([freeze])).toContain('every change calendar is open');
    expect(lines([freeze, { ...freeze, id: 'b', kind: 'maintenance' }])).toContain(
      'it is outside the windows of `b`',
    );
  });

  test('expects nothing more of an approval that is complete', () => {
    const risky = { ...BY_ADA, action: { risk: riskOf(0.4) } };
    expect(explain(decideWith(risky))[2]).toBe('approval review: review by user (who started it)');
  });

  test('tells how each full guardrail gets room again', () => {
    const lines = (usage: Facts['usage']): string => explain(decideWith({ usage })).join('\n');
    expect(lines({ concurrent_executions: { used: 10, asked: 1 } })).toContain(
      'released by: one that is running ends\n',
    );
    expect(lines({ actions_per_day: { used: 100_000, asked: 1 } })).toContain(
      'released by: the window ends, or the limit is raised, at 2026-03-11T00:00:00.000Z',
    );
  });

  test('tells of warnings and degradations', () => {
    const usage = {
      llm_spend_per_month: { used: 900_000_000, asked: 1 },
      concurrent_executions: { used: 11, asked: 1 },
    };
    const lines = explain(decideWith({ usage }));
    expect(lines).toContain('degraded: model downgrade, queue mode');
    expect(lines).toContain('warning: LLM Spend/Month: 900000001 of 1000000000 (soft)');
    expect(
      lines.some((line) => line.startsWith('denied: Concurrent Executions: 11 used and 1 asked of 10')),
    ).toBe(true);
  });
});
