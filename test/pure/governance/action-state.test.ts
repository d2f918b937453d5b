/** The nine states of an action: every way there is, every way there is not, and what each time-out means. Section 8. */
import * as fc from 'fast-check';
import {
  ACTION_EVENTS,
  ACTION_STATES,
  ACTION_TRANSITIONS,
  deadlineOf,
  isFinal,
  proposedAction,
  transition,
  type ActionEvent,
  type ActionState,
  type ActionStateName,
} from '../../../src/governance/action-state';
import type { FailureClass } from '../../../src/kernel/failure';
import { HOUR, NOW } from './fixtures';

const MINUTE = 60_000;
const at = NOW;
const inState = (name: ActionStateName, more: Partial<ActionState> = {}): ActionState => ({
  ...proposedAction(at),
  name,
  ...more,
});
const eventOf = (kind: ActionEvent['kind'], when: number): ActionEvent =>
  kind === 'fail' ? { kind, at: when, class: 'transient' } : { kind, at: when };

/** The name of the state after some events, each at its time; throws on a refusal. */
function after(events: readonly ActionEvent[]): ActionState {
  let state = proposedAction(at);
  for (const event of events) {
    const next = transition(state, event);
    if (!next.ok) throw new Error(next.error.message);
    state = next.value;
  }
  return state;
}

describe('the table', () => {
  test('has the transitions of 8.2 and the time-outs of 8.3, and no others', () => {
    const drawn = ACTION_STATES.flatMap((from) =>
      Object.entries(ACTION_TRANSITIONS[from]).map(([kind, to]) => `${from} -${kind}-> ${to}`),
    );
    expect(drawn).toEqual([
      'proposed -accept-> queued',
      'proposed -decline-> declined',
      'proposed -time_out-> expired',
      'queued -approve-> approved',
      'queued -time_out-> expired',
      'approved -start-> executing',
      'approved -reject-> rejected',
      'approved -time_out-> rejected',
      'executing -complete-> completed',
      'executing -fail-> failed',
      'executing -time_out-> failed',
      'failed -retry-> queued',
    ]);
  });

  test('answers every state and event, with the state drawn or a refusal', () => {
    for (const name of ACTION_STATES) {
      for (const kind of ACTION_EVENTS) {
        const state = inState(name, name === 'failed' ? { retryAt: at } : {});
        const result = transition(state, eventOf(kind, at + 100 * HOUR));
        const to = ACTION_TRANSITIONS[name][kind];
        expect(result.ok ? result.value.name : result.error.code).toBe(to ?? 'ACTION_TRANSITION_REFUSED');
      }
    }
  });

  test('is total on any sequence of events, and never leaves a final state', () => {
    const anyEvent = fc
      .tuple(
        fc.constantFrom(...ACTION_EVENTS),
        fc.integer({ min: 0, max: 200 * HOUR }),
        fc.constantFrom<FailureClass>('transient', 'recoverable', 'permanent', 'unknown'),
      )
      .map(([kind, later, failureClass]): ActionEvent =>
        kind === 'fail' ? { kind, at: at + later, class: failureClass } : { kind, at: at + later },
      );
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        let state = proposedAction(at);
        for (const event of events) {
          const wasFinal = isFinal(state);
          const next = transition(state, event);
          if (wasFinal) expect(next.ok).toBe(false);
          if (next.ok) state = next.value;
          expect(ACTION_STATES).toContain(state.name);
        }
      }),
    );
  });
});

describe('a time-out', () => {
  test.each([
    ['proposed', 48 * HOUR, 'expired'],
    ['queued', 24 * HOUR, 'expired'],
    ['approved', 1 * HOUR, 'rejected'],
    ['executing', 5 * MINUTE, 'failed'],
  ] as const)('of %s comes after %d ms and leads to %s, and not before', (name, afterMs, to) => {
    const state = inState(name);
    expect(deadlineOf(state)).toEqual({ at: at + afterMs, to });
    const early = transition(state, { kind: 'time_out', at: at + afterMs - 1 });
    expect(early.ok ? early.value.name : early.error.code).toBe('ACTION_TOO_EARLY');
    const due = transition(state, { kind: 'time_out', at: at + afterMs });
    expect(due.ok ? due.value.name : due.error.code).toBe(to);
  });

  test('at a time that is no number is refused', () => {
    const result = transition(inState('queued'), { kind: 'time_out', at: NaN });
    expect(result.ok ? 'let through' : result.error.code).toBe('ACTION_TOO_EARLY');
  });

  test('while executing follows the action’s own bound, and leaves the effect unknown', () => {
    const limits = { executingMs: 5_000 };
    const state = inState('executing');
    expect(deadlineOf(state, limits)).toEqual({ at: at + 5_000, to: 'failed' });
    const failed = transition(state, { kind: 'time_out', at: at + 5_000 }, limits);
    expect(failed.ok && failed.value).toMatchObject({
      name: 'failed',
      failures: { transient: 0, recoverable: 0, permanent: 0, unknown: 1 },
      retryAt: at + 5_000 + 300_000,
    });
  });

  test('does not exist in a final state', () => {
    for (const name of ['completed', 'declined', 'expired', 'rejected', 'failed'] as const) {
      expect(deadlineOf(inState(name))).toBeNull();
    }
  });
});

describe('a retry', () => {
  const toExecuting = (when: number): ActionEvent[] => [
    { kind: 'approve', at: when },
    { kind: 'start', at: when },
  ];
  const failure = (failureClass: FailureClass, when: number): ActionEvent => ({
    kind: 'fail',
    at: when,
    class: failureClass,
  });
  const start: ActionEvent[] = [{ kind: 'accept', at }, ...toExecuting(at)];

  test('queues the action again, not before its delay, and counts what failed', () => {
    const failed = after([...start, failure('transient', at)]);
    expect(failed).toMatchObject({ name: 'failed', retryAt: at + 1_000 });
    expect(isFinal(failed)).toBe(false);
    const early = transition(failed, { kind: 'retry', at: at + 999 });
    expect(early.ok ? '' : early.error.code).toBe('ACTION_TOO_EARLY');
    const again = transition(failed, { kind: 'retry', at: at + 1_000 });
    expect(again.ok && again.value).toMatchObject({
      name: 'queued',
      failures: { transient: 1 },
      retryAt: null,
    });
  });

  test('is not owed after a permanent failure', () => {
    const failed = after([...start, failure('permanent', at)]);
    expect(isFinal(failed)).toBe(true);
    const refused = transition(failed, { kind: 'retry', at: at + HOUR });
    expect(refused.ok ? '' : refused.error.code).toBe('ACTION_TRANSITION_REFUSED');
  });

  test('is owed by class: two kinds of failure do not use up each other’s', () => {
    const events = [...start];
    for (const failureClass of ['transient', 'unknown', 'transient', 'transient'] as const) {
      events.push(failure(failureClass, at), { kind: 'retry', at: at + HOUR }, ...toExecuting(at));
    }
    expect(after([...events, failure('transient', at)])).toMatchObject({
      retryAt: null,
      failures: { transient: 4, unknown: 1 },
    });
  });
});
