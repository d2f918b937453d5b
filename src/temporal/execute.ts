/**
 * One attempt at an action: admit, capture, execute, commit.
 * Adapter ring; `dispatcher.ts` offers it.
 */
import type { AwfContract } from '../dsl/awf';
import type { FireResult } from '../engine/effects';
import type { Attempt, Failure } from '../kernel/failure';
import { canBeKept, jsonEquals, type Json } from '../kernel/json';
import { PLAN_LIMITS } from '../plan/limits';
import { barrierAdmit, type Admission, type AdmitRequest, type Firing } from './admission';
import { ATTEMPT_LIMITS, tryOnce, type Tried } from './attempt';
import { argumentsOf, contextOf, plainJson, read } from './attempt-context';
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
import type { Again, AttemptHost, DispatcherParts, FireRequest, Prepared } from './dispatcher-port';
import { withPatience } from './patience';
import { lostFailure, verdictOn } from './retry-budget';

export async function execute(
  parts: DispatcherParts,
  request: FireRequest,
  host: AttemptHost,
): Promise<FireResult | Again> {
  const prepared = host.letIn?.prepared ?? (await prepare(parts, request));
  if ('kind' in prepared) return prepared;
  const { key, awf } = request;
  const { effect, input, connection, startedAt } = prepared;
  const { contract, capture } = effect;
  const isMutating = contract.effect === 'mutate';
  const captured = (attempt: number): Promise<Tried<unknown>> => {
    const context = contextOf(parts, { key, contract, connection, operation: 'execute', attempt, host });
    return tryOnce((signal) => capture!(input, { ...context, signal }), {
      // The rest of the attempt's time belongs to the effect itself.
      timeoutMs: request.timeoutMs / 2,
      signal: host.signal,
      isMutating: false,
    });
  };
  // One round trip less: what was there before is on record as soon as the action is. Where admission asks more than the
  // barrier, nothing is read on behalf of an action that may be held.
  const looksAhead = request.isFirst === true && capture !== undefined && parts.admit === undefined;
  const ahead = looksAhead ? await captured(1) : undefined;
  const admit = parts.admit ?? barrierAdmit(parts.barrier);
  const admitted = host.letIn?.admitted() ?? admit(askOf(prepared, ahead));
  const { admission, firing } = await admitted;
  switch (admission.kind) {
    case 'held':
      return admission;
    case 'denied':
      return denied(admission);
    case 'done':
      if (request.isChanged === true && (await wasOvertaken(parts, request)))
        return failed(overtakenBy(), []);
      return committed(admission, admission.attempts, firing.decision);
    case 'failed':
      return fired(failed(lastOf(admission.attempts, admission.isUnclear), admission.attempts), firing);
    case 'fenced':
      return failed(fenced(), []);
    case 'wait':
      return { kind: 'again', afterMs: admission.ms };
    case 'go':
      break;
  }

  const { attempt, holder } = admission;
  const spent = new Map<string, number>();
  const overtaken: Again = { kind: 'again', afterMs: 0 };
  const giveUp = async (failure: Failure): Promise<FireResult | Again> => {
    const record = { n: attempt, startedAt, endedAt: parts.now(), failure };
    const verdict = verdictOn(failure, [...admission.attempts, record], request.retry);
    const how = { holder, isLast: !verdict.retry };
    const recorded = await withPatience(() => firing.recordFailure(record, how, spent));
    if (recorded === undefined) return overtaken;
    return settle(verdict, () =>
      fired(failed(lastOf(recorded.attempts, recorded.isUnclear), recorded.attempts), firing),
    );
  };
  if (lostOf(admission.attempts) >= ATTEMPT_LIMITS.lost)
    return giveUp({ ...lostFailure(isMutating), class: 'permanent' });

  let { prior } = admission;
  if (capture !== undefined && prior === undefined) {
    const found = ahead ?? (await captured(attempt));
    if (found.kind !== 'ok') return giveUp(failureOf(found, false));
    const state = plainJson(found.value);
    if (!canBeKept(state)) return giveUp({ ...unreadable(UNKEPT), effect: 'none' });
    const kept = await parts.barrier.keepPrior(key, state);
    if (kept === undefined) return overtaken;
    prior = kept.prior;
  }

  const { degradations = [] } = firing;
  const context = contextOf(parts, { key, contract, connection, operation: 'execute', attempt, host, spent });
  const tried = await tryOnce(
    (signal) => effect.execute(input, { ...context, degradations, signal, prior }),
    {
      timeoutMs: Math.max(request.timeoutMs / 2, request.timeoutMs - (parts.now() - startedAt)),
      signal: host.signal,
      isMutating,
    },
  );
  if (tried.kind !== 'ok') return giveUp(failureOf(tried, isMutating));
  const result = resultOf(contract, input, tried.value, prior);
  if (!result.ok) return giveUp({ ...unreadable(result.issues), effect: isMutating ? 'unknown' : 'none' });
  const next = await nextOf(parts, host, committed(result, admission.attempts, firing.decision));
  const done = await withPatience(() => firing.commit(result, spent, next && askOf(next)));
  if (done === undefined) {
    parts.log.warn('action finished after it was overtaken', { outcome: key.outcome, node: key.node, awf });
    return overtaken;
  }
  if (next !== undefined && done.next !== undefined) host.onLetIn?.({ prepared: next, admitted: done.next });
  return committed(result, done.attempts, firing.decision);
}

/** Looks through a firing, or says why it fails before anybody is asked. */
async function prepare(
  parts: DispatcherParts,
  request: FireRequest,
): Promise<Prepared | Extract<FireResult, { kind: 'failed' }>> {
  const { key, awf, gates } = request;
  const effect = await parts.effects(awf);
  if (effect === undefined) return failed(notImplemented(awf), []);
  const input = read(effect.contract.input, request.input);
  if (!input.ok) return failed(invalidInput(awf, input.issues), []);
  const unproven = gates === undefined ? undefined : await parts.proven?.(key, gates);
  if (unproven !== undefined) return failed(clean('ACTION_UNAPPROVED', unproven), []);
  const connection = await parts.connections(key.tenant, effect.contract.system);
  return { request, effect, input: input.value, connection, startedAt: parts.now() };
}

/** What may be let in by the round trip of a commit. Where it can't be looked through it asks for itself, and fails there. */
async function nextOf(
  parts: DispatcherParts,
  { follows }: AttemptHost,
  end: FireResult,
): Promise<Prepared | undefined> {
  const request = parts.admit === undefined ? undefined : follows?.(end);
  if (request === undefined) return undefined;
  try {
    const prepared = await prepare(parts, request);
    return 'kind' in prepared ? undefined : prepared;
  } catch {
    return undefined;
  }
}

/** @param ahead what was captured before it asks */
function askOf({ request, effect, startedAt }: Prepared, ahead?: Tried<unknown>): AdmitRequest {
  const { key, firing, awf, input, timeoutMs, under } = request;
  const { contract } = effect;
  const isMutating = contract.effect === 'mutate';
  return {
    asked: {
      key,
      firing,
      leaseMs: timeoutMs + ATTEMPT_LIMITS.marginMs,
      isAlone: isMutating && !canRunTwiceAtOnce(contract),
      ...(request.isUnrecorded === true && isMutating ? { keep: { awf, input } } : {}),
      ...(ahead?.kind === 'ok' && canBeKept(ahead.value) ? { prior: plainJson(ahead.value) } : {}),
      lost: lostFailure(isMutating),
      at: startedAt,
    },
    contract,
    input,
    ...(request.isChanged === true ? { isChanged: true } : {}),
    ...(under === undefined ? {} : { under }),
  };
}

/** Whether the action that had run was fired with another input, or was another one, than a person has made of it since. */
async function wasOvertaken(
  { barrier }: DispatcherParts,
  { key, awf, input }: FireRequest,
): Promise<boolean> {
  const kept = await barrier.kept(key);
  return kept !== undefined && (kept.awf !== awf || !jsonEquals(kept.input, input));
}

/** What no row takes would be an attempt without a record: lost, tried again and again, and its effect with it. */
const UNKEPT = 'text that cannot be kept';

/** Output and compensation arguments as plain JSON, or what the system answered against its contract. */
function resultOf(
  contract: AwfContract,
  input: unknown,
  answer: unknown,
  prior: Json | undefined,
):
  | { readonly ok: true; readonly output: Json; readonly undo: Json }
  | { readonly ok: false; readonly issues: string } {
  const parsed = read(contract.output, answer);
  if (!parsed.ok) return parsed;
  const output = plainJson(parsed.value);
  const known = { input, output: parsed.value, ...(prior === undefined ? {} : { prior }) };
  const undo = argumentsOf(contract, known);
  if (!undo.ok) return { ok: false, issues: `its compensation cannot be computed: ${undo.error}` };
  if (!canBeKept([output, undo.value])) return { ok: false, issues: UNKEPT };
  if (JSON.stringify([output, undo.value]).length > PLAN_LIMITS.payloadBytes) {
    return { ok: false, issues: `more than ${PLAN_LIMITS.payloadBytes} bytes` };
  }
  return { ok: true, output, undo: undo.value };
}

/**
 * Attempts that overlap, one of them forgotten by its worker, must not both create; and one that meets what the other has just
 * written must not take it for somebody else's.
 */
const canRunTwiceAtOnce = ({ idempotency }: AwfContract): boolean =>
  !['search-before-create', 'conditional-write', 'ledger-only'].includes(idempotency);

const committed = (
  { output, undo }: { readonly output: Json; readonly undo: Json },
  attempts: readonly Attempt[],
  decision: Json | undefined,
): FireResult => ({
  kind: 'committed',
  output,
  undo,
  ...kept(attempts),
  ...(decision === undefined ? {} : { decision }),
});

const denied = ({ failure, decision }: Extract<Admission, { kind: 'denied' }>): FireResult => ({
  kind: 'failed',
  failure,
  ...(decision === undefined ? {} : { decision }),
});

/** What fired and failed was decided on, too: the record of that is kept either way. */
const fired = (result: Extract<FireResult, { kind: 'failed' }>, { decision }: Firing): FireResult => ({
  ...result,
  ...(decision === undefined ? {} : { decision }),
});

const unreadable = (issues: string): Failure =>
  clean('SYSTEM_ANSWER_UNREADABLE', `the system answered against its contract: ${issues}`);

/** Its effect is there, so that it is undone by the arguments on record. */
const overtakenBy = (): Failure => ({
  ...clean('ACTION_OVERTAKEN', 'it had run with another input before it was changed'),
  effect: 'unknown',
});

const fenced = (): Failure => clean('ACTION_FENCED', 'the action was compensated before it arrived');
