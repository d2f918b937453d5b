/**
 * The pure lines of the compliance checklist 13.2, and the worked rows of 5.4, 12.3 and 12.4.
 * The two lines that need a running system (audit trail, feedback loop) are held in `test/real/temporal/authority.test.ts`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { RULES } from '../../../src/governance/rules';
import { decide, type Decision } from '../../../src/governance/decide';
import type { Facts } from '../../../src/governance/facts';
import { SPEC_FIGURES } from '../../../src/governance/figures';
import type { ApprovalType, Mode, RiskClass } from '../../../src/governance/mode';
import { decideWith, facts, BY_ADA, type FactsPatch } from './fixtures';

/** An action whose profile is all that is known of its risk, with everything else at its freest. */
const listed = (type: string, more: FactsPatch = {}): Decision =>
  decideWith({
    ...more,
    action: { type, risk: null, category: null, ...(more.action ?? {}) },
    usage: {
      ...facts().usage,
      citemind_google_indexing_per_day: { used: 0, asked: 1 },
      citemind_citation_scans_per_day: { used: 0, asked: 1 },
      citemind_citation_verifications_per_day: { used: 0, asked: 1 },
      citemind_audio_briefings_per_month: { used: 0, asked: 1 },
      citemind_voice_synthesis_per_month: { used: 0, asked: 60 },
    },
  });

describe('13.2 mode eligibility follows the specified matrix', () => {
  // Each row of 2.2 alone, everything else at its freest: what just suffices, and what just does not.
  test.each<[string, FactsPatch, Mode]>([
    ['confidence 0.85', { confidence: { value: 0.85 } }, 'autopilot'],
    ['confidence 0.70', { confidence: { value: 0.7 } }, 'copilot'],
    ['confidence below 0.70', { confidence: { value: 0.699 } }, 'manual'],
    ['risk low', { action: { declaredRisk: 'low' } }, 'autopilot'],
    ['risk medium', { action: { declaredRisk: 'medium' } }, 'copilot'],
    ['risk high', { action: { declaredRisk: 'high' } }, 'manual'],
    ['risk critical', { action: { declaredRisk: 'critical' } }, 'manual'],
    ['reversible', { action: { reversibility: 'full' } }, 'autopilot'],
    ['partially reversible', { action: { reversibility: 'partial' } }, 'copilot'],
    ['trust proven', { trust: { successes: 400 } }, 'autopilot'],
    ['trust established', { trust: { successes: 40, failures: 0 } }, 'copilot'],
    ['trust new', { trust: { successes: 4, failures: 0 } }, 'manual'],
    ['tier enterprise, selected', { tenant: { tier: 'enterprise' } }, 'autopilot'],
    ['tier enterprise, not selected', { action: { selection: 'none' } }, 'copilot'],
    ['tier pro', { tenant: { tier: 'pro' } }, 'copilot'],
    ['tier growth', { tenant: { tier: 'growth' } }, 'copilot'],
    ['tier starter', { tenant: { tier: 'starter' } }, 'manual'],
  ])('%s', (_, patch, mode) => {
    expect(decideWith(patch).mode).toBe(mode);
  });
});

describe('13.2 confidence thresholds are enforced', () => {
  test.each([
    [0.2, 'insufficient', 'withheld', 'observe', 'hold'],
    [0.6, 'low', 'with_warnings', 'manual', 'hold'],
    [0.75, 'moderate', 'shown', 'copilot', 'hold'],
    [0.9, 'high', 'not_needed', 'autopilot', 'allow'],
    [0.99, 'very_high', 'not_needed', 'autopilot', 'allow'],
  ] as const)('%d is %s: proposal %s, mode %s, %s', (value, band, proposal, mode, fire) => {
    const decision = decideWith({ confidence: { value } });
    expect(decision).toMatchObject({ proposal, mode, fire });
    expect(decision.confidence.band).toBe(band);
  });
});

describe('13.2 reversibility is correctly classified', () => {
  test('the worse of the contract and the category counts', () => {
    expect(decideWith({ action: { reversibility: 'full', category: 'owned_publish' } }).mode).toBe('copilot');
    expect(decideWith({ action: { reversibility: 'irreversible', category: 'draft_creation' } }).mode).toBe(
      'manual',
    );
  });
});

describe('13.2 risk classification matches action types', () => {
  // 5.4 with the class that the formula of 5.2 gives (DESIGN §9.1): the printed one never makes it milder.
  test.each<[string, number, RiskClass, Mode]>([
    ['tag_internal_content', 0.065, 'low', 'autopilot'],
    ['schedule_content', 0.2, 'low', 'autopilot'],
    ['publish_blog_post', 0.42, 'medium', 'copilot'],
    ['send_pitch_email', 0.645, 'high', 'manual'],
    ['issue_press_release', 0.89, 'critical', 'manual'],
    ['crisis_response', 1, 'critical', 'manual'],
  ])('5.4 %s scores %d, is %s and goes up to %s', (type, score, riskClass, mode) => {
    const decision = listed(type);
    expect(decision.risk).toMatchObject({ score, class: riskClass });
    expect(decision.mode).toBe(mode);
  });

  test('5.4 is whole: every row of the table is among the examples', () => {
    expect(Object.values(SPEC_FIGURES.profiles).filter(({ spec }) => spec === '5.4')).toHaveLength(6);
  });

  test('12.3 audio transformation scores 0.71, is high and manual, and no figure opens autopilot for it', () => {
    const audio = listed('citemind.unheard_of', { action: { subsystem: 'citemind.engine_2' } });
    expect(audio.risk).toMatchObject({ score: 0.71, class: 'high', listed: 'high' });
    expect(audio.mode).toBe('manual');
    expect(audio.rules.find(({ rule }) => rule === 'never-autopilot')?.verdict).toBe('copilot');
  });

  test.each<[string, RiskClass, Mode, ApprovalType, readonly string[]]>([
    ['schema_generation', 'low', 'autopilot', 'none', []],
    ['indexnow_ping', 'low', 'autopilot', 'none', []],
    ['google_indexing_request', 'medium', 'copilot', 'confirm', ['confirm by user']],
    ['citation_scan', 'low', 'autopilot', 'none', []],
    ['citation_verification', 'low', 'copilot', 'review', ['review by user']],
    ['briefing_generation', 'medium', 'copilot', 'confirm', ['confirm by user']],
    ['voice_synthesis', 'high', 'manual', 'approve', ['approve by user', 'approve by manager']],
    [
      'audio_distribution',
      'high',
      'manual',
      'approve',
      ['review by user', 'approve by user', 'approve by manager'],
    ],
    ['daily_citation_scan', 'low', 'autopilot', 'none', []],
    ['narrative_drift_analysis', 'low', 'autopilot', 'none', []],
    ['competitive_monitoring', 'low', 'autopilot', 'none', []],
    ['alert_generation', 'low', 'autopilot', 'none', []],
    ['correction_campaign', 'medium', 'copilot', 'review', ['review by user']],
  ])('12.4 %s is %s, goes up to %s and asks for %s', (action, riskClass, mode, type, steps) => {
    const decision = listed(`citemind.${action}`);
    expect(decision.risk.class).toBe(riskClass);
    expect(decision.mode).toBe(mode);
    expect(decision.approval.type).toBe(type);
    expect(decision.approval.steps.map((step) => `${step.act} by ${step.by}`)).toEqual(steps);
  });

  test('12.4 script review is a step for a person: nothing fires, whoever starts it', () => {
    for (const who of [{}, BY_ADA]) {
      const decision = listed('citemind.script_review', who);
      expect(decision).toMatchObject({ mode: 'manual', fire: 'hold' });
      expect(decision.blocks.map(({ cause }) => cause)).toContain('attestation');
    }
  });

  test('12.4 is whole: every row of the table is among the examples', () => {
    expect(Object.values(SPEC_FIGURES.profiles).filter(({ spec }) => spec === '12.4')).toHaveLength(14);
  });
});

describe('13.2 plan-tier guardrails are enforced', () => {
  test.each([
    ['starter', 10, 2, 1],
    ['growth', 50, 10, 3],
    ['pro', 200, 50, 10],
  ] as const)('on %s: %d actions a day, %d external ones, %d at once', (tier, actions, external, atOnce) => {
    const fireWith = (usage: Facts['usage']): string =>
      decideWith({ ...BY_ADA, tenant: { tier }, action: { external: true }, usage: { ...room, ...usage } })
        .fire;
    const room = {
      actions_per_day: { used: 0, asked: 1 },
      external_actions_per_day: { used: 0, asked: 1 },
      concurrent_executions: { used: 0, asked: 1 },
    };
    expect(fireWith({ actions_per_day: { used: actions - 1, asked: 1 } })).toBe('allow');
    expect(fireWith({ actions_per_day: { used: actions, asked: 1 } })).toBe('hold');
    expect(fireWith({ actions_per_day: { used: actions + 1, asked: 1 } })).toBe('deny');
    expect(fireWith({ external_actions_per_day: { used: external - 1, asked: 1 } })).toBe('allow');
    expect(fireWith({ external_actions_per_day: { used: external, asked: 1 } })).toBe('hold');
    expect(fireWith({ concurrent_executions: { used: atOnce - 1, asked: 1 } })).toBe('allow');
    expect(fireWith({ concurrent_executions: { used: atOnce, asked: 1 } })).toBe('hold');
  });

  test('6.4 from 80 % on it warns and goes on', () => {
    const at = (used: number): Decision =>
      decideWith({ ...BY_ADA, tenant: { tier: 'growth' }, usage: { actions_per_day: { used, asked: 1 } } });
    expect(at(38)).toMatchObject({ fire: 'allow', warnings: [] });
    expect(at(39)).toMatchObject({ fire: 'allow', warnings: ['Max Actions/Day: 40 of 50 (soft)'] });
  });

  test('6.4 a hard limit says when its window ends', () => {
    const { blocks } = decideWith({
      tenant: { tier: 'pro' },
      usage: { actions_per_day: { used: 200, asked: 1 } },
    });
    expect(blocks.find(({ rule }) => rule === 'guardrails')).toMatchObject({
      cause: 'guardrail:actions_per_day',
      verdict: 'hold',
      until: Date.UTC(2026, 2, 11),
    });
  });

  test('a guardrail that counts the action and is not counted holds it', () => {
    const { blocks } = decide({ ...facts({ action: { external: true } }), usage: {} });
    expect(blocks.map(({ cause }) => cause)).toEqual([
      'guardrail:actions_per_day',
      'guardrail:concurrent_executions',
      'guardrail:external_actions_per_day',
    ]);
  });

  test('11.2 of several guardrails the strictest wins', () => {
    const usage = {
      actions_per_day: { used: 51, asked: 1 },
      concurrent_executions: { used: 3, asked: 1 },
    };
    const decision = decideWith({ tenant: { tier: 'growth' }, usage });
    expect(decision.fire).toBe('deny');
    expect(decision.blocks.filter(({ rule }) => rule === 'guardrails').map(({ verdict }) => verdict)).toEqual(
      ['deny', 'hold'],
    );
  });

  test('12.5 a starter has no voice synthesis at all', () => {
    const decision = decideWith({
      ...BY_ADA,
      tenant: { tier: 'starter' },
      action: { type: 'citemind.voice_synthesis' },
      usage: { citemind_voice_synthesis_per_month: { used: 0, asked: 1 } },
    });
    expect(decision.blocks).toContainEqual(
      expect.objectContaining({ cause: 'guardrail:citemind_voice_synthesis_per_month', verdict: 'deny' }),
    );
  });

  test('6.5 each degradation begins at its trigger', () => {
    const degraded = (usage: Facts['usage']): readonly string[] =>
      decideWith({ tenant: { tier: 'growth' }, usage }).degradations;
    const dollars = (n: number): number => n * 1_000_000;
    expect(degraded({ llm_spend_per_month: { used: dollars(159), asked: 0 } })).toEqual([]);
    expect(degraded({ llm_spend_per_month: { used: dollars(160), asked: 0 } })).toEqual(['model_downgrade']);
    expect(degraded({ api_calls_per_month: { used: 22_499, asked: 0 } })).toEqual([]);
    expect(degraded({ api_calls_per_month: { used: 22_499, asked: 1 } })).toEqual(['frequency_reduction']);
    expect(degraded({ concurrent_executions: { used: 3, asked: 1 } })).toEqual(['queue_mode']);
  });

  test('6.5 in priority mode, when every limit is stressed, only critical actions fire', () => {
    const usage = {
      actions_per_day: { used: 40, asked: 1 },
      external_actions_per_day: { used: 8, asked: 0 },
      concurrent_executions: { used: 2, asked: 1 },
      llm_calls_per_hour: { used: 80, asked: 0 },
      llm_spend_per_month: { used: 160_000_000, asked: 0 },
      api_calls_per_month: { used: 20_000, asked: 0 },
      storage_per_month: { used: 8_000_000_000, asked: 0 },
    };
    const stressed = { ...BY_ADA, tenant: { tier: 'growth' }, usage } as const;
    expect(decideWith(stressed).degradations).toContain('priority_mode');
    expect(decideWith(stressed).fire).toBe('hold');
    expect(decideWith({ ...stressed, action: { priority: 'critical' } }).fire).toBe('allow');
    const relieved = { ...usage, storage_per_month: { used: 7_999_999_999, asked: 0 } };
    expect(decideWith({ ...stressed, usage: relieved }).fire).toBe('allow');
  });
});

describe('every rule always answers', () => {
  test.each([
    ['the freest facts', {}],
    ['a killed automation', { automation: { killed: true } }],
    ['a person’s start', BY_ADA],
  ] as const)('for %s', (_, patch) => {
    const { rules } = decideWith(patch);
    expect(rules.map(({ rule }) => rule)).toEqual(RULES.map(({ rule }) => rule).sort());
    for (const finding of rules) {
      expect(finding.because).not.toBe('');
      expect(finding.spec).not.toBe('');
    }
  });

  test('an empty table of rules allows nothing', () => {
    expect(decide(facts(), SPEC_FIGURES, []).mode).toBe('observe');
  });
});

describe('13.2 approval workflows match specifications', () => {
  const stepsOf = (patch: FactsPatch): readonly string[] => {
    const { type, steps } = decideWith(patch).approval;
    return [type, ...steps.map((step) => `${step.act} by ${step.by}`)];
  };

  test('9.1 low risk on autopilot asks nobody, copilot a confirmation, medium risk on copilot a review', () => {
    expect(stepsOf({})).toEqual(['none']);
    expect(stepsOf({ automation: { dial: 'copilot' } })).toEqual(['confirm', 'confirm by user']);
    expect(stepsOf({ action: { declaredRisk: 'medium' } })).toEqual(['review', 'review by user']);
  });

  test('5.3 and 9.2 high risk asks user and manager, critical risk the whole chain', () => {
    expect(stepsOf({ action: { declaredRisk: 'high' } })).toEqual([
      'approve',
      'approve by user',
      'approve by manager',
    ]);
    expect(stepsOf({ action: { declaredRisk: 'critical' } })).toEqual([
      'chain',
      'chain by user',
      'chain by manager',
      'chain by executive',
    ]);
  });

  test('nothing that asks for approval fires without it, and what has it does', () => {
    const action = { declaredRisk: 'medium' } as const;
    expect(decideWith({ action }).fire).toBe('hold');
    const approvals = [{ by: 'person:eve', as: 'user', decision: 'approved' }] as const;
    expect(decideWith({ action, approvals }).fire).toBe('allow');
    const rejected = [{ by: 'person:eve', as: 'user', decision: 'rejected' }] as const;
    expect(decideWith({ action, approvals: rejected }).fire).toBe('deny');
  });
});

test('13.2 is whole: each line of the checklist names a group of tests', () => {
  const read = (file: string): string => readFileSync(path.join(__dirname, '../../..', file), 'utf8');
  const checklist = read('docs/spec/automate-execution-model.md').split('### 13.2')[1]!.split('### 13.3')[0]!;
  const lines = [...checklist.matchAll(/^- \[ \] (.+)$/gm)].map(([, line = '']) => line.toLowerCase());
  const tests = ['test/pure/governance/compliance.test.ts', 'test/real/temporal/authority.test.ts'];
  const named = tests.flatMap((file) =>
    [...read(file).matchAll(/'13\.2 ([^']+)'/g)].map(([, name = '']) =>
      name.toLowerCase().replace('the ', ''),
    ),
  );
  expect(lines).toHaveLength(8);
  expect(lines.filter((line) => !named.includes(line))).toEqual([]);
});
