/**
 * One attempt at an effect: bounded in time, heard out, and whatever comes of it told as a value.
 * Adapter ring; it knows nothing of the barrier and nothing of Temporal.
 */
import { EffectError } from '../dsl/effect';
import type { Failure } from '../kernel/failure';

export const ATTEMPT_LIMITS = {
  /** How long an effect is heard out after its signal was aborted, in milliseconds, before it is given up. */
  graceMs: 500,
  /**
   * What an attempt may take beyond the timeout of its AWF, in milliseconds: the grace, the barrier's statements and the
   * capture. Its lease lasts so long, and so does Temporal's start-to-close.
   */
  marginMs: 3_000,
  /** Attempts of one firing that may be lost before an effect counts as one that kills its workers. */
  lost: 10,
  /** Longest wait that a system may ask for (Retry-After), in milliseconds. */
  retryAfterMs: 3_600_000,
} as const;

export type Tried<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** The worker shuts down or was told to stop: no fault of the action. */
  | { readonly kind: 'interrupted' };

export interface AttemptOptions {
  readonly timeoutMs: number;
  /** Aborts when the worker shuts down, or Temporal has given the attempt up. */
  readonly signal: AbortSignal;
  /** Whether the effect may have changed something when it ends without a clear answer. */
  readonly isMutating: boolean;
}

/** Runs `work`; its signal aborts at the timeout and with the outer signal. Never rejects. */
export async function tryOnce<T>(
  work: (signal: AbortSignal) => Promise<T>,
  options: AttemptOptions,
): Promise<Tried<T>> {
  const inner = new AbortController();
  const { promise: givenUp, resolve: giveUp } = deferred<Tried<T>>();
  let ended: Tried<T> | undefined;
  let grace: NodeJS.Timeout | undefined;
  const end = (how: Tried<T>): void => {
    if (ended !== undefined) return;
    ended = how;
    inner.abort(new Error('the attempt is over'));
    grace = setTimeout(() => giveUp(how), ATTEMPT_LIMITS.graceMs);
  };
  const interrupt = (): void => end({ kind: 'interrupted' });
  const timer = setTimeout(() => end({ kind: 'failed', failure: timedOut(options) }), options.timeoutMs);
  if (options.signal.aborted) interrupt();
  else options.signal.addEventListener('abort', interrupt, { once: true });
  try {
    return await Promise.race([heardOut(work, inner.signal, options, () => ended), givenUp]);
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    options.signal.removeEventListener('abort', interrupt);
  }
}

/** What the effect itself says outranks that its time is over: a late success is a success, a late clear refusal is clear. */
async function heardOut<T>(
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  options: AttemptOptions,
  ended: () => Tried<T> | undefined,
): Promise<Tried<T>> {
  try {
    return { kind: 'ok', value: await work(signal) };
  } catch (error) {
    if (error instanceof EffectError && (error.failure.effect === 'none' || ended() === undefined)) {
      return { kind: 'failed', failure: error.failure };
    }
    return ended() ?? { kind: 'failed', failure: crashed(options) };
  }
}

const timedOut = ({ isMutating, timeoutMs }: AttemptOptions): Failure => ({
  class: isMutating ? 'unknown' : 'transient',
  code: 'ACTION_TIMED_OUT',
  message: `no answer within ${timeoutMs} ms`,
  effect: isMutating ? 'unknown' : 'none',
});

const crashed = ({ isMutating }: AttemptOptions): Failure => ({
  class: 'unknown',
  code: 'ACTION_CRASHED',
  message: 'the effect ended with an unexpected error',
  effect: isMutating ? 'unknown' : 'none',
});

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
