/**
 * The states of a governed action and every way between them: pure, total, and refusing whatever the spec does not draw.
 * Pure ring: times come in with the events, and time-outs are asked for, never set.
 *
 * A held action stays queued. A time-out while executing says that the effect is unknown, so it fails as *unknown*.
 * @source execution model 8.1–8.4
 */
import type { FailureClass } from '../kernel/failure';
import { assertNever } from '../kernel/invariant';
import { err, ok, type Result } from '../kernel/result';
import { SPEC_FIGURES, type Figures } from './figures';
import { retryDelay } from './retry';

export const ACTION_STATES = [
  'proposed',
  'queued',
  'approved',
  'executing',
  'completed',
  'declined',
  'expired',
  'rejected',
  'failed',
] as const;
export type ActionStateName = (typeof ACTION_STATES)[number];

export interface ActionState {
  readonly name: ActionStateName;
  /** When it entered this state, in milliseconds since the epoch. */
  readonly since: number;
  /** Attempts that failed so far, by class; a retry keeps them. */
  readonly failures: Readonly<Record<FailureClass, number>>;
  /** Of a failed action: the earliest retry, or null where none is owed. Null in every other state. */
  readonly retryAt: number | null;
}

export type ActionEvent =
  /** Taken up, by a person or by authority: it now waits for its slot. */
  | { readonly kind: 'accept'; readonly at: number }
  | { readonly kind: 'decline'; readonly at: number }
  /** Authorised, with a slot: by people, or by the decision alone where none are asked. */
  | { readonly kind: 'approve'; readonly at: number }
  /** Blocked by a guardrail or a policy. */
  | { readonly kind: 'reject'; readonly at: number }
  | { readonly kind: 'start'; readonly at: number }
  | { readonly kind: 'complete'; readonly at: number }
  | { readonly kind: 'fail'; readonly at: number; readonly class: FailureClass }
  | { readonly kind: 'retry'; readonly at: number }
  /** Its time in this state is up. */
  | { readonly kind: 'time_out'; readonly at: number };

export const ACTION_EVENTS = [
  'accept',
  'decline',
  'approve',
  'reject',
  'start',
  'complete',
  'fail',
  'retry',
  'time_out',
] as const satisfies readonly ActionEvent['kind'][];

export interface ActionRefusal {
  /** `ACTION_TRANSITION_REFUSED`: no such way from here; `ACTION_TOO_EARLY`: there is one, and its time is not come. */
  readonly code: 'ACTION_TRANSITION_REFUSED' | 'ACTION_TOO_EARLY';
  readonly message: string;
}

export interface ActionLimits {
  readonly figures?: Pick<Figures, 'lifecycle' | 'retry'>;
  /** How long this action may execute, in milliseconds; the default of 8.3 where its contract states none. */
  readonly executingMs?: number;
}

/** What every pair of state and event leads to; a pair that is not here is refused. @source execution model 8.2, 8.3 */
export const ACTION_TRANSITIONS: Readonly<
  Record<ActionStateName, Readonly<Partial<Record<ActionEvent['kind'], ActionStateName>>>>
> = {
  proposed: { accept: 'queued', decline: 'declined', time_out: 'expired' },
  queued: { approve: 'approved', time_out: 'expired' },
  approved: { start: 'executing', reject: 'rejected', time_out: 'rejected' },
  executing: { complete: 'completed', fail: 'failed', time_out: 'failed' },
  failed: { retry: 'queued' },
  completed: {},
  declined: {},
  expired: {},
  rejected: {},
};

/** A new action: proposed. */
export function proposedAction(at: number): ActionState {
  const failures = { transient: 0, recoverable: 0, permanent: 0, unknown: 0 };
  return { name: 'proposed', since: at, failures, retryAt: null };
}

/** The state after an event, or why the event is refused; the old state is never changed. */
export function transition(
  state: ActionState,
  event: ActionEvent,
  limits: ActionLimits = {},
): Result<ActionState, ActionRefusal> {
  const to = ACTION_TRANSITIONS[state.name][event.kind];
  if (to === undefined || (event.kind === 'retry' && state.retryAt === null)) {
    return err({
      code: 'ACTION_TRANSITION_REFUSED',
      message: `no \`${event.kind}\` leads on from ${state.name}`,
    });
  }
  const notBefore = earliestOf(state, event.kind, limits);
  // Written so that a time which is no number is refused, not let through.
  if (!(event.at >= notBefore)) {
    const message = `\`${event.kind}\` of ${state.name} is due in ${notBefore - event.at} ms`;
    return err({ code: 'ACTION_TOO_EARLY', message });
  }
  if (to !== 'failed') return ok({ ...state, name: to, since: event.at, retryAt: null });
  return ok(failedAction(state, event.kind === 'fail' ? event.class : 'unknown', event.at, limits));
}

/** When a state's time is up and where that leads; null for states that wait for nothing. @source execution model 8.3 */
export function deadlineOf(
  state: ActionState,
  limits: ActionLimits = {},
): { readonly at: number; readonly to: ActionStateName } | null {
  const to = ACTION_TRANSITIONS[state.name].time_out;
  const afterMs = timeoutMs(state.name, limits);
  return to === undefined || afterMs === null ? null : { at: state.since + afterMs, to };
}

/** Whether nothing can follow: a failed action is final only when no retry is owed. */
export function isFinal(state: ActionState): boolean {
  if (state.name === 'failed') return state.retryAt === null;
  return Object.keys(ACTION_TRANSITIONS[state.name]).length === 0;
}

function failedAction(
  state: ActionState,
  failureClass: FailureClass,
  at: number,
  limits: ActionLimits,
): ActionState {
  const failures = { ...state.failures, [failureClass]: state.failures[failureClass] + 1 };
  const verdict = retryDelay(failureClass, failures[failureClass], limits.figures ?? SPEC_FIGURES);
  return { name: 'failed', since: at, failures, retryAt: verdict.retry ? at + verdict.afterMs : null };
}

/** The earliest time for an event, or minus infinity where it may come at any. */
function earliestOf(state: ActionState, kind: ActionEvent['kind'], limits: ActionLimits): number {
  if (kind === 'time_out') return deadlineOf(state, limits)?.at ?? Infinity;
  if (kind === 'retry') return state.retryAt ?? Infinity;
  return -Infinity;
}

function timeoutMs(
  name: ActionStateName,
  { figures = SPEC_FIGURES, executingMs }: ActionLimits,
): number | null {
  const { lifecycle } = figures;
  switch (name) {
    case 'proposed':
      return lifecycle.proposedMs;
    case 'queued':
      return lifecycle.queuedMs;
    case 'approved':
      return lifecycle.approvedMs;
    case 'executing':
      return executingMs ?? lifecycle.executingMs;
    case 'completed':
    case 'declined':
    case 'expired':
    case 'rejected':
    case 'failed':
      return null;
    default:
      return assertNever(name);
  }
}
