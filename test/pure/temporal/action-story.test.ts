/** The states of an action, told from the trace of its outcome. */
import type { TraceEvent } from '../../../src/engine/trace';
import { tellAction } from '../../../src/projection/action-story';

const action = { node: 'identity', awf: 'okta.create_identity' };
const statesOf = (...trace: readonly TraceEvent[]) =>
  tellAction(trace, 'identity')?.steps.map(({ state, at }) => `${at} ${state}`);

test('an action that was let in at once went through every state in order', () => {
  expect(statesOf({ kind: 'awf.ok', at: 5, ...action })).toEqual([
    '5 proposed',
    '5 queued',
    '5 approved',
    '5 executing',
    '5 completed',
  ]);
});

test('a held action stays queued until it fires, however often it asked', () => {
  const held = { kind: 'awf.held', because: 'no room', ...action } as const;
  expect(
    statesOf(
      { at: 1, ...held },
      { kind: 'awf.released', at: 2, ...action },
      { at: 3, ...held },
      { kind: 'awf.released', at: 4, ...action },
      { kind: 'awf.ok', at: 5, ...action },
    ),
  ).toEqual(['1 proposed', '1 queued', '5 approved', '5 executing', '5 completed']);
});

test('a denied action is rejected, and a failed one failed', () => {
  expect(statesOf({ kind: 'awf.failed', code: 'ACTION_DENIED', at: 1, ...action })?.at(-1)).toBe(
    '1 rejected',
  );
  expect(statesOf({ kind: 'awf.failed', code: 'login_taken', at: 1, ...action })?.at(-1)).toBe('1 failed');
});

test('the last decision is told along, and an action that nothing tells of has no story', () => {
  const decision = { mode: 'manual' };
  expect(tellAction([{ kind: 'awf.ok', at: 5, ...action, decision }], 'identity')?.decision).toEqual(
    decision,
  );
  expect(tellAction([{ kind: 'awf.ok', at: 5, ...action }], 'groups')).toBeUndefined();
});
