/**
 * Fires and undoes actions: admit, capture, execute, commit. It is all of an action's life but the waiting between attempts,
 * which it leaves to its caller (Temporal, or the law kit).
 * Adapter ring; it knows the barrier and the effects, nothing of Temporal. Throws StoreError where the database is down: that
 * is no failure of the action, so it is not recorded as one, and nothing has fired that was not admitted.
 */
import type { z } from 'zod';
import type { Under } from '../../workflows/protocol';
import type { AwfContract } from '../dsl/awf';
import type { AwfEffect, Connection, EffectContext, Watch } from '../dsl/effect';
import type { FireResult, GateProof, Stray, UndoResult } from '../engine/effects';
import type { Attempt, Failure } from '../kernel/failure';
import { jsonEquals, type Json } from '../kernel/json';
import { invariant } from '../kernel/invariant';
import { err, ok, type Result } from '../kernel/result';
import { PLAN_LIMITS } from '../plan/limits';
import type { Plan } from '../plan/plan';
import type { ActionKey, Barrier } from '../store/barrier';
import type { Exclusive } from '../store/exclusive';
import { barrierAdmit, type Admission, type Admit, type Firing } from './admission';
import { ATTEMPT_LIMITS, tryOnce, type Tried } from './attempt';
import { exclusiveTurn } from './exclusive-turn';
import { lostFailure, verdictOn, type Verdict } from './retry-budget';
import { withPatience } from './patience';

export interface FireRequest {
  readonly key: ActionKey;
  readonly awf: string;
  readonly input: Json;
  /** Which asking of the workflow this is, from 1; each has retries of its own. */
  readonly firing: number;
  readonly retry: Plan['retry'];
  /** One attempt's bound, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether the history may never hear of this firing: then the barrier keeps what is needed to find and undo it. */
  readonly isUnrecorded?: boolean;
  /** Whether no attempt of this action is known to have come before: then what it captures can go with the admission. */
  readonly isFirst?: boolean;
  /** Whether a person has changed what it does: then what ran before that is no answer. */
  readonly isChanged?: boolean;
  /** Where its outcome stands, for the authority rules. */
  readonly under?: Under;
  /** Decisions at the gates before it. */
  readonly gates?: readonly GateProof[];
}

export interface UndoRequest {
  readonly key: ActionKey;
  /** The compensating AWF. */
  readonly awf: string;
  /** The AWF that is undone, and the input it had. */
  readonly of: string;
  readonly ofInput: Json;
  /** Arguments that the commit gave; absent where the history knows of no commit. */
  readonly args?: Json;
  readonly firing: number;
  readonly retry: Plan['retry'];
  readonly timeoutMs: number;
}

/** What the caller lends to one attempt. */
export interface AttemptHost {
  readonly signal: AbortSignal;
  heartbeat(): void;
}

/** Not over: call again with the same request, `afterMs` milliseconds from now. */
export interface Again {
  readonly kind: 'again';
  readonly afterMs: number;
  /** The failure that is retried; absent where the attempt had to wait or was interrupted. */
  readonly failure?: Failure;
}

export interface Log {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
}

export interface DispatcherParts {
  readonly barrier: Barrier;
  /** Default: the barrier alone. */
  readonly admit?: Admit;
  /** Sees the decisions at the gates before an action: why they do not let it through, or undefined. Default: nobody has to sign. */
  readonly proven?: (key: ActionKey, gates: readonly GateProof[]) => Promise<string | undefined>;
  /** Told of an effect that could not be undone. */
  readonly undoFailed?: (tenant: string) => Promise<void>;
  /** Finds an effect by the name of its AWF, loading its vendor's SDK only then. */
  readonly effects: (awf: string) => Promise<AwfEffect<unknown, unknown> | undefined>;
  readonly connections: (tenant: string, system: string) => Connection | Promise<Connection>;
  /** Turns between processes. Default: this is the only one. */
  readonly exclusive?: Exclusive;
  /** Watches requests to connected systems. */
  readonly watch?: (of: { readonly tenant: string; readonly system: string }) => Watch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

export interface Dispatcher {
  /** One attempt at an action. */
  execute(request: FireRequest, host: AttemptHost): Promise<FireResult | Again>;
  /** One attempt at undoing an action. */
  compensate(request: UndoRequest, host: AttemptHost): Promise<UndoResult | Again>;
  /** Fences what must not act any more, and tells what acted without the workflow knowing that it asked. */
  sweep(
    of: { readonly tenant: string; readonly outcome: string },
    nodes: { readonly asked: { readonly [node: string]: number }; readonly fence: readonly string[] },
  ): Promise<readonly Stray[]>;
}

export function createDispatcher(parts: DispatcherParts): Dispatcher {
  return {
    execute: (request, host) => execute(parts, request, host),
    compensate: (request, host) => compensate(parts, request, host),
    sweep: (of, nodes) => parts.barrier.strays(of, nodes),
  };
}

async function execute(
  parts: DispatcherParts,
  request: FireRequest,
  host: AttemptHost,
): Promise<FireResult | Again> {
  const { key, awf } = request;
  const effect = await parts.effects(awf);
  if (effect === undefined) return failed(notImplemented(awf), []);
  const { contract } = effect;
  const input = read(contract.input, request.input);
  if (!input.ok) return failed(invalidInput(awf, input.issues), []);

  const unproven = request.gates === undefined ? undefined : await parts.proven?.(key, request.gates);
  if (unproven !== undefined) return failed(clean('ACTION_UNAPPROVED', unproven), []);
  const isMutating = contract.effect === 'mutate';
  const connection = await parts.connections(key.tenant, contract.system);
  const startedAt = parts.now();
  const capture = effect.capture;
  const captured = (attempt: number): Promise<Tried<unknown>> => {
    const context = contextOf(parts, { key, contract, connection, operation: 'execute', attempt, host });
    return tryOnce((signal) => capture!(input.value, { ...context, signal }), {
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
  const { admission, firing } = await admit({
    asked: {
      key,
      firing: request.firing,
      leaseMs: request.timeoutMs + ATTEMPT_LIMITS.marginMs,
      isAlone: isMutating && !canRunTwiceAtOnce(contract),
      ...(request.isUnrecorded === true && isMutating ? { keep: { awf, input: request.input } } : {}),
      ...(ahead?.kind === 'ok' ? { prior: plainJson(ahead.value) } : {}),
      lost: lostFailure(isMutating),
      at: startedAt,
    },
    contract,
    input: request.input,
    ...(request.isChanged === true ? { isChanged: true } : {}),
    ...(request.under === undefined ? {} : { under: request.under }),
  });
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
  const overtaken: Again = { kind: 'again', afterMs: 0 };
  const giveUp = async (failure: Failure): Promise<FireResult | Again> => {
    const record = { n: attempt, startedAt, endedAt: parts.now(), failure };
    const verdict = verdictOn(failure, [...admission.attempts, record], request.retry);
    const how = { holder, isLast: !verdict.retry };
    const recorded = await withPatience(() => firing.recordFailure(record, how));
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
    const kept = await parts.barrier.keepPrior(key, plainJson(found.value));
    if (kept === undefined) return overtaken;
    prior = kept.prior;
  }

  const spent = new Map<string, number>();
  const { degradations = [] } = firing;
  const context = contextOf(parts, { key, contract, connection, operation: 'execute', attempt, host, spent });
  const tried = await tryOnce(
    (signal) => effect.execute(input.value, { ...context, degradations, signal, prior }),
    {
      timeoutMs: Math.max(request.timeoutMs / 2, request.timeoutMs - (parts.now() - startedAt)),
      signal: host.signal,
      isMutating,
    },
  );
  if (tried.kind !== 'ok') return giveUp(failureOf(tried, isMutating));
  const result = resultOf(contract, input.value, tried.value, prior);
  if (!result.ok) return giveUp({ ...unreadable(result.issues), effect: isMutating ? 'unknown' : 'none' });
  const done = await withPatience(() => firing.commit(result, spent));
  if (done === undefined) {
    parts.log.warn('action finished after it was overtaken', { outcome: key.outcome, node: key.node, awf });
    return overtaken;
  }
  return committed(result, done.attempts, firing.decision);
}

/** Whether the action that had run was fired with another input, or was another one, than a person has made of it since. */
async function wasOvertaken(
  { barrier }: DispatcherParts,
  { key, awf, input }: FireRequest,
): Promise<boolean> {
  const kept = await barrier.kept(key);
  return kept !== undefined && (kept.awf !== awf || !jsonEquals(kept.input, input));
}

async function compensate(
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
    const how = { isLast: !verdict.retry };
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

/** The contract's own function may throw; that must not look like a lost attempt. */
function argumentsOf(
  contract: AwfContract,
  known: { readonly input: unknown; readonly output?: unknown; readonly prior?: Json },
): Result<Json, string> {
  try {
    return ok(contract.compensation === undefined ? null : plainJson(contract.compensation.input(known)));
  } catch (error) {
    return err(error instanceof Error ? error.name : 'it threw');
  }
}

function contextOf(
  parts: DispatcherParts,
  of: {
    readonly key: ActionKey;
    readonly contract: AwfContract;
    readonly connection: Connection;
    readonly operation: EffectContext['operation'];
    readonly attempt: number;
    readonly host: AttemptHost;
    /** Where costs are kept that the effect reports; absent where nobody settles them. */
    readonly spent?: Map<string, number>;
  },
): EffectContext {
  const { key, contract, connection, operation, attempt, host, spent } = of;
  const watch = parts.watch?.({ tenant: key.tenant, system: contract.system });
  return {
    tenant: key.tenant,
    key: `${key.outcome}/${key.node}`,
    operation,
    attempt,
    connection,
    signal: host.signal,
    heartbeat: () => host.heartbeat(),
    spend: (unit, amount) => void spent?.set(unit, (spent.get(unit) ?? 0) + amount),
    ...(parts.exclusive === undefined ? {} : { exclusive: exclusiveTurn(parts.exclusive) }),
    ...(watch === undefined ? {} : { watch }),
    log: parts.log,
    now: parts.now,
  };
}

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

/** A compensating AWF may say in its output that it found nothing to change. */
const saysChanged = (output: unknown): boolean =>
  !(typeof output === 'object' && output !== null && 'changed' in output && output.changed === false);

const failureOf = (tried: Exclude<Tried<unknown>, { kind: 'ok' }>, isMutating: boolean): Failure =>
  tried.kind === 'failed' ? tried.failure : lostFailure(isMutating);

/** The failure that ended a firing. Once an effect was unclear it stays so, whatever a later attempt says. */
function lastOf(attempts: readonly Attempt[], isUnclear: boolean): Failure {
  const last = attempts[attempts.length - 1]?.failure;
  invariant(last !== undefined, 'a firing that failed for good has a failed attempt');
  return isUnclear ? { ...last, effect: 'unknown' } : last;
}

const lostOf = (attempts: readonly Attempt[]): number =>
  attempts.filter((attempt) => attempt.failure?.code === 'ACTION_ATTEMPT_LOST').length;

const settle = <Result>(verdict: Verdict, failedFor: () => Result): Result | Again =>
  verdict.retry ? { kind: 'again', afterMs: verdict.afterMs, failure: verdict.failure } : failedFor();

function read(
  schema: z.ZodType,
  value: unknown,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly issues: string } {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  // Paths and rules only: the values may be personal.
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.code}`);
  return { ok: false, issues: issues.slice(0, 5).join(', ') };
}

const plainJson = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null)) as Json;

const kept = (attempts: readonly Attempt[]): { readonly attempts?: readonly Attempt[] } =>
  attempts.length === 0 ? {} : { attempts };

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

const undone = (changed: boolean, attempts: readonly Attempt[]): UndoResult => ({
  kind: 'undone',
  changed,
  ...kept(attempts),
});

const failed = (
  failure: Failure,
  attempts: readonly Attempt[],
): { readonly kind: 'failed'; readonly failure: Failure; readonly attempts?: readonly Attempt[] } => ({
  kind: 'failed',
  failure,
  ...kept(attempts),
});

const clean = (code: string, message: string): Failure => ({
  class: 'permanent',
  code,
  message,
  effect: 'none',
});

const notImplemented = (awf: string): Failure =>
  clean('ACTION_NOT_IMPLEMENTED', `this robot has no effect for \`${awf}\``);

const invalidInput = (awf: string, issues: string): Failure =>
  clean('ACTION_INPUT_INVALID', `\`${awf}\` does not take this input: ${issues}`);

const crashedContract = (awf: string, issues: string): Failure =>
  clean('ACTION_CRASHED', `the compensation of \`${awf}\` cannot be computed: ${issues}`);

const unreadable = (issues: string): Failure =>
  clean('SYSTEM_ANSWER_UNREADABLE', `the system answered against its contract: ${issues}`);

/** Its effect is there, so that it is undone by the arguments on record. */
const overtakenBy = (): Failure => ({
  ...clean('ACTION_OVERTAKEN', 'it had run with another input before it was changed'),
  effect: 'unknown',
});

const fenced = (): Failure => clean('ACTION_FENCED', 'the action was compensated before it arrived');
