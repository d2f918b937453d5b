/**
 * One attempt at undoing an action.
 * Adapter ring; `dispatcher.ts` offers it. Nobody is asked whether it may: a way back is nobody's to close.
 */
import type { UndoResult } from '../engine/effects';
import type { Attempt, Failure } from '../kernel/failure';
import type { Json } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import { ATTEMPT_LIMITS, tryOnce } from './attempt';
import { argumentsOf, contextOf, read } from './attempt-context';
import {
  clean,
  failed,
  failureOf,
  invalidInput,
  kept,
  lastOf,
  lostOf,
  notImplemented,
  settle,
} from './attempt-ends';
import type { Again, AttemptHost, DispatcherParts, UndoRequest } from './dispatcher-port';
import { withPatience } from './patience';
import { lostFailure, verdictOn } from './retry-budget';

export async function compensate(
  parts: DispatcherParts,
  request: UndoRequest,
  host: AttemptHost,
): Promise<UndoResult | Again> {
  const { key, firing } = request;
  const effect = await parts.effects(request.awf);
  if (effect === undefined) return failed(notImplemented(request.awf), []);
  const connection = await parts.connections(key.tenant, effect.contract.system);
  const startedAt = parts.now();
  const isCommitted = request.args !== undefined;
  const lost = lostFailure(true);
  const admission = await parts.barrier.admitCompensate({ key, firing, isCommitted, lost, at: startedAt });
  switch (admission.kind) {
    case 'neverRan':
      return { kind: 'undone', changed: false };
    case 'done':
      return undone(admission.changed, admission.attempts);
    case 'failed':
      // Who recorded it may have died before it told.
      await parts.undoFailed?.(key.tenant);
      return failed(lastOf(admission.attempts, false), admission.attempts);
    case 'wait':
      return { kind: 'again', afterMs: admission.ms };
    case 'undo':
      break;
  }

  const { attempt, prior } = admission;
  const commit = async (changed: boolean): Promise<UndoResult> => {
    const done = await withPatience(() => parts.barrier.commitCompensate(key, changed));
    return undone(done.changed, done.attempts);
  };
  const giveUp = async (failure: Failure): Promise<UndoResult | Again> => {
    const record = { n: attempt, startedAt, endedAt: parts.now(), failure };
    const verdict = verdictOn(failure, [...admission.attempts, record], request.retry);
    const how = { isLast: !verdict.retry, isBreach: parts.undoFailed !== undefined };
    const attempts = await withPatience(() => parts.barrier.recordUndoFailure(key, record, how));
    if (attempts === undefined) return { kind: 'again', afterMs: 0 };
    if (how.isLast) await parts.undoFailed?.(key.tenant);
    return settle(verdict, () => failed(failure, attempts));
  };
  if (lostOf(admission.attempts) >= ATTEMPT_LIMITS.lost) return giveUp({ ...lost, class: 'permanent' });

  const known = admission.args ?? request.args;
  const computed = known === undefined ? await argumentsFromScratch(parts, request, admission) : ok(known);
  if (!computed.ok) return giveUp(crashedContract(request.of, computed.error));
  const args = computed.value;
  if (args === null) return commit(false);
  const input = read(effect.contract.input, args);
  if (!input.ok) return giveUp(invalidInput(request.awf, input.issues));
  const { contract } = effect;
  const context = contextOf(parts, { key, contract, connection, operation: 'compensate', attempt, host });
  const tried = await tryOnce((signal) => effect.execute(input.value, { ...context, signal, prior }), {
    timeoutMs: request.timeoutMs,
    signal: host.signal,
    isMutating: true,
  });
  if (tried.kind !== 'ok') return giveUp(failureOf(tried, true));
  // Nothing left to change after an unclear attempt: that one may well have been ours.
  const isUnclear = admission.attempts.some((one) => one.failure?.effect === 'unknown');
  return commit(isUnclear || saysChanged(tried.value));
}

/** After an unclear attempt nothing was computed at commit: the compensation finds its object by key. */
async function argumentsFromScratch(
  parts: DispatcherParts,
  request: UndoRequest,
  known: { readonly output: Json | undefined; readonly prior: Json | undefined },
): Promise<Result<Json, string>> {
  const contract = (await parts.effects(request.of))?.contract;
  if (contract === undefined) return err('this robot does not have it');
  const input = read(contract.input, request.ofInput);
  if (!input.ok) return err(input.issues);
  const { output, prior } = known;
  return argumentsOf(contract, {
    input: input.value,
    ...(output === undefined ? {} : { output }),
    ...(prior === undefined ? {} : { prior }),
  });
}

/** A compensating AWF may say in its output that it found nothing to change. */
const saysChanged = (output: unknown): boolean =>
  !(typeof output === 'object' && output !== null && 'changed' in output && output.changed === false);

const undone = (changed: boolean, attempts: readonly Attempt[]): UndoResult => ({
  kind: 'undone',
  changed,
  ...kept(attempts),
});

const crashedContract = (awf: string, issues: string): Failure =>
  clean('ACTION_CRASHED', `the compensation of \`${awf}\` cannot be computed: ${issues}`);
