/**
 * One activity for each AWF, named as the AWF is: Temporal's side of the dispatcher. What it answers is a result; what it
 * throws tells Temporal whether and when to try again.
 * Adapter ring. A database that is down is tried again for as long as it takes; that counts for no action.
 */
import { Context } from '@temporalio/activity';
import type { CheckDecision } from '../approvals/check';
import { splitOutcomeId } from '../kernel/ids';
import { invariant } from '../kernel/invariant';
import { StoreError } from '../store/store-error';
import { finalFailure, passingFailure } from '../../workflows/failure';
import {
  CHECK,
  STANDARD_RETRY,
  SWEEP,
  TIMES,
  type ActivityInput,
  type Checked,
  type CheckInput,
  type SweepInput,
  type Swept,
} from '../../workflows/protocol';
import type { FireResult, UndoResult } from '../engine/effects';
import type { Again, Dispatcher, Log } from './dispatcher';

/** Between heartbeats of an action that takes long, in milliseconds: two fit into the timeout, with room for a slow network. */
const HEARTBEAT_EVERY_MS = TIMES.heartbeat / 2.5;

/** Before the next try while the database is down, in milliseconds: soon at first, then at leisure. */
const STORE_RETRY_MS = { first: 500, last: 5_000 } as const;

export type ActivityFunction = (input: ActivityInput) => Promise<FireResult | UndoResult | Swept | Checked>;

/** The activities of these AWFs, and the sweep. */
export function createActivities(parts: {
  readonly dispatcher: Dispatcher;
  readonly awfs: Iterable<string>;
  readonly log: Log;
  /** Checks signed decisions; absent where nobody signs. */
  readonly check?: CheckDecision;
}): Record<string, ActivityFunction> {
  const activities: Record<string, ActivityFunction> = { [SWEEP]: (input) => perform(parts, SWEEP, input) };
  const { check } = parts;
  if (check !== undefined) activities[CHECK] = (input) => checked(check, input as CheckInput, parts.log);
  for (const awf of parts.awfs) activities[awf] = (input) => perform(parts, awf, input);
  return activities;
}

async function checked(check: CheckDecision, input: CheckInput, log: Log): Promise<Checked> {
  const { info } = Context.current();
  const outcome = input.outcome ?? info.workflowExecution?.workflowId ?? '';
  const tenant = splitOutcomeId(outcome)?.tenant;
  invariant(tenant !== undefined, `\`${outcome}\` is the id of an outcome`);
  try {
    return { kind: 'checked', check: input.check, result: await check({ tenant, outcome }, input) };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    log.warn('the database is not at hand; the decision waits', { outcome, code: error.code });
    throw passingFailure(error, pauseMs(info.attempt));
  }
}

/** Before the next try while the database is down, in milliseconds. */
const pauseMs = (attempt: number): number =>
  Math.min(STORE_RETRY_MS.last, STORE_RETRY_MS.first * 2 ** Math.min(attempt - 1, 10));

async function perform(
  parts: { readonly dispatcher: Dispatcher; readonly log: Log },
  awf: string,
  input: ActivityInput,
): Promise<FireResult | UndoResult | Swept> {
  const context = Context.current();
  const { info } = context;
  // Nobody listens to the heartbeats of a local activity; Temporal's core only logs that.
  const heartbeat = (): void => (info.isLocal ? undefined : context.heartbeat());
  const timer = info.isLocal ? undefined : setInterval(heartbeat, HEARTBEAT_EVERY_MS);
  try {
    const host = { signal: context.cancellationSignal, heartbeat };
    const result = await dispatch(parts.dispatcher, awf, input, host);
    if (result.kind === 'again') throw passing(result);
    if (result.kind === 'failed') throw finalFailure(result);
    return result;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    parts.log.warn('the database is not at hand; the action waits', {
      awf,
      ...('node' in input ? { node: input.node } : {}),
      code: error.code,
    });
    throw passingFailure(error, pauseMs(info.attempt));
  } finally {
    clearInterval(timer);
  }
}

function dispatch(
  dispatcher: Dispatcher,
  awf: string,
  input: ActivityInput,
  host: Parameters<Dispatcher['execute']>[1],
): Promise<FireResult | UndoResult | Swept | Again> {
  const { info } = Context.current();
  const outcome = input.outcome ?? info.workflowExecution?.workflowId ?? '';
  const tenant = splitOutcomeId(outcome)?.tenant;
  invariant(tenant !== undefined, `\`${outcome}\` is the id of an outcome`);
  if (input.op === 'sweep') return sweep(dispatcher, { tenant, outcome }, input);
  invariant(input.op !== 'check', 'a check is no action');
  const base = {
    key: { tenant, outcome, node: input.node },
    awf,
    firing: input.asking ?? 1,
    retry: input.retry ?? STANDARD_RETRY,
    timeoutMs: info.startToCloseTimeoutMs - TIMES.attemptMargin,
  };
  if (input.op === 'execute') {
    const isFirst = base.firing === 1 && info.attempt === 1;
    // The history hears of a local action only when its workflow task ends.
    const { under, gates } = input;
    return dispatcher.execute(
      {
        ...base,
        input: input.input,
        isUnrecorded: info.isLocal,
        isFirst,
        ...(under === undefined ? {} : { under }),
        ...(gates === undefined ? {} : { gates }),
      },
      host,
    );
  }
  const args = input.args === undefined ? {} : { args: input.args };
  return dispatcher.compensate({ ...base, of: input.of, ofInput: input.input, ...args }, host);
}

async function sweep(
  dispatcher: Dispatcher,
  of: { readonly tenant: string; readonly outcome: string },
  { asked, fence }: SweepInput,
): Promise<Swept> {
  return { kind: 'swept', strays: await dispatcher.sweep(of, { asked, fence }) };
}

const passing = ({ failure, afterMs }: Again): Error =>
  passingFailure(
    failure ?? { code: 'ACTION_WAITS', message: 'an earlier attempt may still be at work' },
    afterMs,
  );
