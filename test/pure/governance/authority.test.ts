/**
 * What the engine may do alone: the mode that each factor allows, who must act, and what releases a hold.
 */
import { overrideFigures } from '../../../src/governance/figures';
import type { Mode, RiskClass, Tier } from '../../../src/governance/mode';
import { BY_ADA, DAY, decideWith, facts, HOUR, NOW, riskOf, type FactsPatch } from './fixtures';
import { decide } from '../../../src/governance/decide';
import { parseFacts } from '../../../src/governance/facts-parse';

const modeOf = (patch: FactsPatch): Mode => decideWith(patch).mode;
const boundBy = (patch: FactsPatch): readonly string[] => decideWith(patch).boundBy;
const causes = (patch: FactsPatch): readonly string[] => decideWith(patch).blocks.map(({ cause }) => cause);

describe('the mode', () => {
  test('is autopilot, and fires, when nothing binds', () => {
    const decision = decideWith();
    expect(decision).toMatchObject({
      mode: 'autopilot',
      fire: 'allow',
      boundBy: [],
      blocks: [],
      warnings: [],
    });
    expect(decision.approval).toMatchObject({ type: 'none', complete: true, steps: [] });
  });

  test('is observe when nothing is known but the action: what no rule covers, the engine may only recommend', () => {
    const parsed = parseFacts({ now: NOW, action: { type: 'anything' } });
    if (!parsed.ok) throw new Error('refused');
    const decision = decide(parsed.value);
    expect(decision).toMatchObject({ mode: 'observe', fire: 'hold', proposal: 'withheld' });
    expect(decision.risk).toMatchObject({ score: null, class: 'critical' });
    expect(decision.blocks.map(({ cause }) => cause)).toEqual(
      expect.arrayContaining(['automation', 'confidence', 'guardrail:actions_per_day']),
    );
  });

  test.each<[number, Mode]>([
    [0.49, 'observe'],
    [0.5, 'manual'],
    [0.69, 'manual'],
    [0.7, 'copilot'],
    [0.84, 'copilot'],
    [0.85, 'autopilot'],
    [0.95, 'autopilot'],
    [1, 'autopilot'],
  ])('with confidence %d is %s', (value, mode) => {
    expect(modeOf({ confidence: { value } })).toBe(mode);
  });

  test.each<[number, RiskClass, Mode]>([
    [0.29, 'low', 'autopilot'],
    [0.3, 'medium', 'copilot'],
    [0.59, 'medium', 'copilot'],
    [0.6, 'high', 'manual'],
    [0.79, 'high', 'manual'],
    [0.8, 'critical', 'manual'],
    [1, 'critical', 'manual'],
  ])('with risk score %d is of class %s and goes up to %s', (score, riskClass, mode) => {
    const decision = decideWith({ action: { risk: riskOf(score) } });
    expect(decision.risk).toMatchObject({ score, class: riskClass });
    expect(decision.mode).toBe(mode);
  });

  test.each<['full' | 'partial' | 'irreversible', Mode]>([
    ['full', 'autopilot'],
    ['partial', 'copilot'],
    ['irreversible', 'manual'],
  ])('with %s reversibility goes up to %s', (reversibility, mode) => {
    expect(modeOf({ action: { reversibility } })).toBe(mode);
  });

  test.each([
    ['internal_state', 'autopilot'],
    ['draft_creation', 'autopilot'],
    ['schedule_modification', 'autopilot'],
    ['owned_publish', 'copilot'],
    ['external_message', 'manual'],
    ['public_statement', 'manual'],
    ['integration_trigger', 'autopilot'],
    ['spend_commitment', 'manual'],
  ] as const)('in category %s goes up to %s', (category, mode) => {
    expect(modeOf({ action: { category } })).toBe(mode);
  });

  test.each<[Tier, 'none' | 'standard', Mode]>([
    ['starter', 'standard', 'manual'],
    ['growth', 'standard', 'copilot'],
    ['pro', 'standard', 'copilot'],
    ['enterprise', 'standard', 'autopilot'],
    ['enterprise', 'none', 'copilot'],
  ])('on the %s tier with selection %s goes up to %s', (tier, selection, mode) => {
    expect(modeOf({ tenant: { tier }, action: { selection } })).toBe(mode);
  });

  test('on the pro tier opens to autopilot by a change of figures, for selected actions only', () => {
    const opened = overrideFigures({ eligibility: { autopilot: { tiers: { pro: 'selected' } } } });
    if (!opened.ok) throw new Error('refused');
    const pro = { tenant: { tier: 'pro' } } as const;
    expect(decideWith(pro, opened.value).mode).toBe('autopilot');
    expect(decideWith({ ...pro, action: { selection: 'none' } }, opened.value).mode).toBe('copilot');
  });

  test.each([
    [{ successes: 29, failures: 0 }, 'new', 'manual'],
    [{ successes: 30, failures: 0 }, 'established', 'copilot'],
    [{ successes: 100, failures: 2, since: NOW - 90 * DAY }, 'proven', 'autopilot'],
    [{ successes: 100, failures: 3, since: NOW - 90 * DAY }, 'established', 'copilot'],
    [{ successes: 100, failures: 2, since: NOW - 90 * DAY + 1 }, 'established', 'copilot'],
    [{ successes: 500, failures: 5, since: NOW - 180 * DAY }, 'veteran', 'autopilot'],
    [{ successes: 196, failures: 4, since: NOW - 90 * DAY }, 'established', 'copilot'],
    [{ base: 'proven', successes: 98, failures: 2 }, 'established', 'copilot'],
    [{ base: 'proven', successes: 99, failures: 2 }, 'proven', 'autopilot'],
    [{ base: 'proven', successes: 0, failures: 1 }, 'proven', 'autopilot'],
    [{ score: 0.69 }, 'proven', 'autopilot'],
    [{ score: 0.39 }, 'established', 'copilot'],
    [{ lastActiveAt: null }, 'new', 'manual'],
  ] as const)('with trust %j is %s and goes up to %s', (trust, level, mode) => {
    const decision = decideWith({ trust });
    expect(decision.trust.effective).toBe(level);
    expect(decision.mode).toBe(mode);
  });

  test('needs a veteran for actions of the extended scope', () => {
    const extended = { action: { selection: 'extended' } } as const;
    expect(modeOf(extended)).toBe('autopilot');
    expect(modeOf({ ...extended, trust: { successes: 150 } })).toBe('copilot');
  });

  test.each<Mode>(['observe', 'manual', 'copilot', 'autopilot'])('follows the dial at %s', (dial) => {
    expect(modeOf({ automation: { dial } })).toBe(dial);
  });

  test('decays by the formula of 3.4', () => {
    const { confidence, mode } = decideWith({ confidence: { value: 0.9, assessedAt: NOW - 2 * DAY } });
    expect(confidence.effective).toBeCloseTo(0.9 * Math.exp(-0.1), 8);
    expect(mode).toBe('copilot');
  });

  test('stays autopilot after one unknown failure only with very high confidence', () => {
    expect(modeOf({ confidence: { value: 0.95, unknownFailures: 1 } })).toBe('autopilot');
    expect(modeOf({ confidence: { value: 0.94, unknownFailures: 1 } })).toBe('copilot');
  });

  test('takes confidence from its components, and from the lower of two statements', () => {
    const parts = { signalQuality: 1, historicalSuccess: 0.8, patternMatch: 0.6, riskAssessment: 0.5 };
    expect(decideWith({ confidence: { value: null, parts } }).confidence.initial).toBe(0.75);
    expect(decideWith({ confidence: { value: 0.9, parts } }).confidence.initial).toBe(0.75);
    expect(decideWith({ confidence: { value: 0.6, parts } }).confidence.initial).toBe(0.6);
    const derived = decideWith({ confidence: { value: null, parts: { ...parts, riskAssessment: null } } });
    expect(derived.confidence.initial).toBeCloseTo(0.65 + 0.2 * (1 - 0.065), 9);
  });

  test('takes each risk dimension from whoever rates it higher, the contract or the profile', () => {
    const risk = (rated: object): number | null =>
      decideWith({ action: { type: 'publish_blog_post', risk: { ...riskOf(0), ...rated } } }).risk.score;
    expect(risk({})).toBe(0.42);
    expect(risk({ externality: 1 })).toBe(0.595);
    expect(risk({ magnitude: 1 })).toBe(0.6);
    expect(risk({ recovery: 1 })).toBe(0.54);
    expect(risk({ precedent: 1 })).toBe(0.525);
  });

  test('takes the stricter of the declared and the computed risk class', () => {
    expect(decideWith({ action: { declaredRisk: 'high' } }).risk).toMatchObject({
      computed: 'low',
      class: 'high',
    });
    expect(decideWith({ action: { declaredRisk: 'low', risk: riskOf(0.7) } }).risk.class).toBe('high');
  });

  test('is bounded by declared ceilings, by policies, by a passive node and by the blast radius', () => {
    expect(boundBy({ ceilings: [{ source: 'contract', mode: 'copilot' }] })).toEqual(['declared-ceilings']);
    const policy = { id: 'p1', effect: 'permit', ceiling: 'manual', approval: null, approvers: [] } as const;
    expect(boundBy({ policies: [policy] })).toEqual(['policy-ceilings']);
    expect(boundBy({ passive: true })).toEqual(['passive-node']);
    expect(boundBy({ automation: { blastRadius: { firedThisHour: 100 } } })).toEqual(['blast-radius']);
    expect(modeOf({ automation: { blastRadius: { firedThisHour: 100 } } })).toBe('copilot');
    expect(modeOf({ automation: { blastRadius: null } })).toBe('copilot');
  });
});

describe('who may fire', () => {
  test('in observe nobody: the hold names what binds and how it is raised', () => {
    const { blocks } = decideWith({ automation: { dial: 'observe' } });
    expect(blocks).toEqual([
      {
        rule: 'authority',
        verdict: 'hold',
        cause: 'dial:onboarding',
        because: 'the dial of `onboarding` stands at observe',
        release: 'raise the dial of `onboarding`, or run it by name',
        until: null,
      },
    ]);
  });

  test('in manual a person, under their own name', () => {
    expect(causes({ automation: { dial: 'manual' } })).toEqual(['person']);
    expect(decideWith({ ...BY_ADA, automation: { dial: 'manual' } })).toMatchObject({
      mode: 'manual',
      fire: 'allow',
    });
  });

  test('a person who starts it is bound by neither dial nor confidence', () => {
    const decision = decideWith({ ...BY_ADA, automation: { dial: 'observe' }, confidence: null });
    expect(decision).toMatchObject({ mode: 'manual', fire: 'allow', proposal: 'not_needed' });
  });

  test('a thrown kill switch holds people and events alike', () => {
    for (const who of [{}, BY_ADA]) {
      const decision = decideWith({ ...who, automation: { killed: true } });
      expect(decision).toMatchObject({ mode: 'observe', fire: 'hold' });
      expect(decision.blocks.map(({ cause }) => cause)).toEqual(['kill:onboarding']);
    }
  });

  test('every pause in force is a hold of its own', () => {
    const pauses = [
      { scope: 'domain', name: 'people' },
      { scope: 'tenant', name: 'acme' },
    ] as const;
    expect(causes({ pauses })).toEqual(['pause:domain:people', 'pause:tenant:acme']);
  });

  test('nothing fires inside a freeze nor outside a maintenance window, and deny wins', () => {
    const freeze = { id: 'year-end', kind: 'freeze', windows: [{ from: NOW, to: NOW + DAY }] } as const;
    const open = {
      id: 'nightly',
      kind: 'maintenance',
      windows: [{ from: NOW - HOUR, to: NOW + HOUR }],
    } as const;
    const shut = { ...open, windows: [{ from: NOW + HOUR, to: NOW + 2 * HOUR }] };
    expect(decideWith({ calendars: [open] }).fire).toBe('allow');
    expect(decideWith({ calendars: [open, freeze] }).blocks).toMatchObject([
      { cause: 'calendar:year-end', verdict: 'hold', until: NOW + DAY },
    ]);
    expect(decideWith({ calendars: [shut] }).blocks).toMatchObject([
      { cause: 'calendar:nightly', until: NOW + HOUR },
    ]);
    expect(decideWith({ calendars: [{ ...freeze, windows: [{ from: NOW - DAY, to: NOW }] }] }).fire).toBe(
      'allow',
    );
  });

  test('an open breaker and a Retry-After hold; the probe of a half-open breaker passes', () => {
    expect(causes({ system: { breaker: 'open' } })).toEqual(['system:okta']);
    expect(decideWith({ system: { retryAt: NOW + 1 } }).blocks).toMatchObject([{ until: NOW + 1 }]);
    expect(decideWith({ system: { breaker: 'half_open', retryAt: NOW } }).fire).toBe('allow');
  });

  test('a policy that forbids denies, whatever others permit', () => {
    const policy = { ceiling: null, approval: null, approvers: [] };
    const policies = [
      { ...policy, id: 'a', effect: 'permit' },
      { ...policy, id: 'b', effect: 'forbid' },
    ] as const;
    expect(decideWith({ policies })).toMatchObject({ mode: 'autopilot', fire: 'deny' });
    expect(causes({ policies })).toEqual(['policy:b']);
  });

  test('the shares of the blast radius hold', () => {
    const reach = (blastRadius: object): FactsPatch => ({ automation: { blastRadius } });
    expect(decideWith(reach({ inFlight: 24 })).fire).toBe('allow');
    expect(decideWith(reach({ inFlight: 25 })).fire).toBe('hold');
    expect(decideWith(reach({ inFlight: 0, population: 1 })).fire).toBe('allow');
    expect(decideWith(reach({ failed: 2, finished: 2 })).fire).toBe('allow');
    expect(decideWith(reach({ failed: 3, finished: 30 })).fire).toBe('hold');
    expect(decideWith(reach({ failed: 3, finished: 31 })).fire).toBe('allow');
    expect(decideWith({ automation: { blastRadius: null } }).fire).toBe('hold');
  });

  test('a rate limit of the automation or the customer holds until its window ends', () => {
    const limit = { id: 'customer:acme', window: 'hour', limit: 2, used: 2, asked: 1 } as const;
    expect(decideWith({ limits: [limit] }).blocks).toMatchObject([
      { cause: 'limit:customer:acme', verdict: 'hold', until: Date.UTC(2026, 2, 10, 11) },
    ]);
    expect(decideWith({ limits: [{ ...limit, used: 1 }] }).fire).toBe('allow');
    expect(decideWith({ limits: [{ ...limit, limit: 0 }] }).fire).toBe('deny');
  });

  test('a rate limit of one entity says what it counts, and not even by a digest whom', () => {
    const limit = {
      id: 'outcomes:leavers:person:~Zm9v-_',
      window: 'day',
      limit: 1,
      used: 1,
      asked: 1,
    } as const;
    expect(decideWith({ limits: [limit] }).blocks).toMatchObject([
      { cause: `limit:${limit.id}`, because: '`outcomes:leavers:person`: 1 used and 1 asked of 1' },
    ]);
  });
});

describe('facts', () => {
  test('that the builders make are the facts themselves', () => {
    expect(facts().action.type).toBe('okta.assign_groups');
  });
});
