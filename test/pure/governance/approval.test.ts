/** Who is asked before an action fires, who has answered, and by when: 5.3, 6.2, 9.1 to 9.3 and 11.2. */
import type { ApprovalRequirement } from '../../../src/governance/approval';
import { overrideFigures } from '../../../src/governance/figures';
import { approved, BY_ADA, decideWith, HOUR, riskOf, type FactsPatch } from './fixtures';

const risk = { low: riskOf(0.1), medium: riskOf(0.4), high: riskOf(0.7), critical: riskOf(0.9) };
const stepsOf = ({ steps }: ApprovalRequirement): readonly string[] =>
  steps.map(({ act, by, coveredBy }) => `${act} by ${by}: ${coveredBy ?? 'open'}`);
const approvalOf = (patch: FactsPatch): ApprovalRequirement => decideWith(patch).approval;

describe('9.1 the type asked for', () => {
  test('is none on autopilot, confirm for low and review for medium risk on copilot', () => {
    expect(approvalOf({}).type).toBe('none');
    expect(approvalOf({ automation: { dial: 'copilot' } }).type).toBe('confirm');
    expect(approvalOf({ action: { risk: risk.medium } }).type).toBe('review');
  });

  test.each([
    ['low', 'none', []],
    ['medium', 'review', ['review by user: starter']],
    ['high', 'approve', ['approve by user: starter', 'approve by manager: open']],
    ['critical', 'chain', ['chain by user: starter', 'chain by manager: open', 'chain by executive: open']],
  ] as const)('when a person starts a %s risk is %s', (riskClass, type, steps) => {
    const approval = approvalOf({ ...BY_ADA, action: { risk: risk[riskClass] } });
    expect(approval.type).toBe(type);
    expect(stepsOf(approval)).toEqual(steps);
    expect(approval.reasonRequired).toBe(riskClass === 'high' || riskClass === 'critical');
  });

  test('can be set so that a starter needs another user as well', () => {
    const strict = overrideFigures({ approvals: { starterIsUser: false } });
    if (!strict.ok) throw new Error('refused');
    const decision = decideWith({ ...BY_ADA, action: { risk: risk.medium } }, strict.value);
    expect(stepsOf(decision.approval)).toEqual(['review by user: open']);
    expect(decision.fire).toBe('hold');
  });
});

describe('an approval', () => {
  const high = { ...BY_ADA, action: { risk: risk.high } };

  test('releases the hold once every step is covered', () => {
    expect(decideWith(high).blocks).toMatchObject([{ cause: 'approval', release: 'approve by manager' }]);
    expect(decideWith({ ...high, approvals: [approved('person:bo', 'manager')] }).fire).toBe('allow');
    expect(decideWith({ ...high, approvals: [approved('person:bo', 'executive')] }).fire).toBe('allow');
  });

  test('of too low a level, or of the starter, covers nothing', () => {
    expect(decideWith({ ...high, approvals: [approved('person:bo', 'user')] }).fire).toBe('hold');
    expect(decideWith({ ...high, approvals: [approved('person:ada', 'executive')] }).fire).toBe('hold');
  });

  test('of one person covers one step only', () => {
    const critical = { ...BY_ADA, action: { risk: risk.critical } };
    const bo = approved('person:bo', 'executive');
    expect(decideWith({ ...critical, approvals: [bo, approved('person:bo', 'manager')] }).fire).toBe('hold');
    expect(decideWith({ ...critical, approvals: [bo, approved('person:cy', 'manager')] }).fire).toBe('allow');
    // The executive is kept for the executive's step, in whatever order they answered.
    expect(
      decideWith({
        ...critical,
        approvals: [approved('person:cy', 'executive'), approved('person:bo', 'manager')],
      }).fire,
    ).toBe('allow');
  });

  test('does not stand in for the person who must fire in manual mode', () => {
    const approvals = [approved('person:bo', 'manager'), approved('person:cy', 'user')];
    const decision = decideWith({ action: { risk: risk.high }, approvals });
    expect(decision.approval.complete).toBe(true);
    expect(decision.blocks.map(({ cause }) => cause)).toEqual(['person']);
  });

  test('is undone by a rejection', () => {
    const approvals = [
      approved('person:bo', 'manager'),
      { by: 'person:cy', as: 'user', decision: 'rejected' },
    ] as const;
    expect(decideWith({ ...high, approvals })).toMatchObject({ fire: 'deny' });
  });
});

describe('6.2 the chain depth of the tier', () => {
  const chainOn = (tier: 'starter' | 'growth' | 'pro' | 'enterprise'): ApprovalRequirement =>
    approvalOf({ ...BY_ADA, tenant: { tier }, action: { risk: risk.critical } });

  test('keeps the executive that 5.3 asks for, and the manager where there is room', () => {
    expect(chainOn('starter').steps.map(({ by }) => by)).toEqual(['user', 'executive']);
    expect(chainOn('growth').steps.map(({ by }) => by)).toEqual(['user', 'manager', 'executive']);
    expect([chainOn('starter').depthLimit, chainOn('growth').depthLimit, chainOn('pro').depthLimit]).toEqual([
      1, 2, 3,
    ]);
    expect(chainOn('enterprise').depthLimit).toBe(3);
  });

  test('denies what a policy asks for beyond it', () => {
    const approvers = ['director', 'person:bo'];
    const policies = [{ id: 'sox', effect: 'permit', ceiling: null, approval: 'chain', approvers }] as const;
    const asked = { ...BY_ADA, action: { risk: risk.high }, policies };
    expect(decideWith({ ...asked, tenant: { tier: 'pro' } }).blocks.map(({ cause }) => cause)).toEqual([
      'approval',
      'chain-depth',
    ]);
  });
});

describe('a policy', () => {
  const asking = (approval: 'none' | 'review' | 'chain', approvers: readonly string[] = []): FactsPatch => ({
    policies: [{ id: 'p', effect: 'permit', ceiling: null, approval, approvers }],
  });

  test('can ask for approval even on autopilot', () => {
    const decision = decideWith(asking('review'));
    expect(decision).toMatchObject({ mode: 'autopilot', fire: 'hold' });
    expect(stepsOf(decision.approval)).toEqual(['review by user: open']);
  });

  test('that names several is asked by level, then by name, whatever its own order', () => {
    const named = ['person:cy', 'executive', 'person:bo', 'director'];
    const steps = approvalOf(asking('none', named)).steps.map(({ by }) => by);
    expect(steps).toEqual(['user', 'manager', 'director', 'executive', 'person:bo', 'person:cy']);
    expect(approvalOf(asking('none', [...named].reverse())).steps.map(({ by }) => by)).toEqual(steps);
  });

  test('that names approvers asks for them besides, by name', () => {
    const patch = asking('none', ['person:bo']);
    expect(stepsOf(approvalOf(patch))).toEqual([
      'approve by user: open',
      'approve by manager: open',
      'approve by person:bo: open',
    ]);
    const approvals = [approved('person:bo', 'user'), approved('person:cy', 'manager')];
    expect(stepsOf(approvalOf({ ...patch, approvals })).at(-1)).toBe('approve by person:bo: person:bo');
  });
});

describe('9.3 service levels', () => {
  test.each([
    ['confirm', { automation: { dial: 'copilot' } }, 0, null, null],
    ['review', { action: { risk: risk.medium } }, HOUR, HOUR / 2, null],
    ['approve', { action: { risk: risk.high } }, 4 * HOUR, null, 2 * HOUR],
    ['chain', { action: { risk: risk.critical } }, 8 * HOUR, null, 4 * HOUR],
  ] as const)('of %s', (type, patch, respondWithinMs, remindAfterMs, escalateAfterMs) => {
    const approval = approvalOf(patch);
    expect(approval).toMatchObject({
      type,
      respondWithinMs,
      remindAfterMs,
      escalateAfterMs,
      expiresAfterMs: 48 * HOUR,
    });
  });
});
