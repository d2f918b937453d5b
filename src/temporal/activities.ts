/**
 * One activity for each AWF, named as the AWF is, and one for stretches of them: Temporal's side of the dispatcher. What an
 * activity answers is a result; what it throws tells Temporal whether and when to try again.
 * Adapter ring. A database that is down is tried again for as long as it takes; that counts for no action.
 */
import { Context } from '@temporalio/activity';
import type { CheckDecision } from '../approvals/check';
import { splitOutcomeId } from '../kernel/ids';
import { invariant } from '../kernel/invariant';
import { unpackPlan } from '../plan/wire';
import { StoreError } from '../store/store-error';
import { Askings, type Fire } from '../../workflows/askings';
import { finalFailure, passingFailure } from '../../workflows/failure';
import {
  CHECK,
  STANDARD_RETRY,
  STRETCH,
  SWEEP,
  TIMES,
  type ActivityInput,
  type Checked,
  type CheckInput,
  type CompensateInput,
  type ExecuteInput,
  type Stretched,
  type StretchInput,
  type SweepInput,
  type Swept,
} from '../../workflows/protocol';
import type { FireResult, UndoResult } from '../engine/effects';
import type { Again, Dispatcher, FireRequest, LetIn, Log } from './dispatcher';
import { runStretch, type Links } from './stretch';

/** Between heartbeats of an action that takes long, in milliseconds: two fit into the timeout, with room for a slow network. */
const HEARTBEAT_EVERY_MS = TIMES.heartbeat / 2.5;

/** Before the next try while the database is down, in milliseconds: soon at first, then at leisure. */
const STORE_RETRY_MS = { first: 500, last: 5_000 } as const;

export type ActivityFunction = (
  input: ActivityInput,
) => Promise<FireResult | UndoResult | Swept | Checked | Stretched>;

/** One attempt at an action, for whoever watches. */
export interface Attempted {
  readonly op: 'execute' | 'compensate';
  readonly awf: string;
  readonly node: string;
  /** Id of the workflow. */
  readonly workflow: string;
  readonly isLocal: boolean;
  /** As Temporal counts them, from 1. */
  readonly attempt: number;
}

/** The activities of these AWFs, and the sweep. */
export function createActivities(parts: {
  readonly dispatcher: Dispatcher;
  readonly awfs: Iterable<string>;
  readonly log: Log;
  /** Checks signed decisions; absent where nobody signs. */
  readonly check?: CheckDecision;
  /** Watches the attempts of stretches, which Temporal's interceptors see as one activity. */
  readonly watch?: <Result>(attempted: Attempted, work: () => Promise<Result>) => Promise<Result>;
}): Record<string, ActivityFunction> {
  const activities: Record<string, ActivityFunction> = { [SWEEP]: (input) => perform(parts, SWEEP, input) };
  const { check, watch = unwatched } = parts;
  activities[STRETCH] = (input) => stretched({ ...parts, watch }, input as StretchInput);
  if (check !== undefined) activities[CHECK] = (input) => checked(check, input as CheckInput, parts.log);
  for (const awf of parts.awfs) activities[awf] = (input) => perform(parts, awf, input);
  return activities;
}

const unwatched = <Result>(_: Attempted, work: () => Promise<Result>): Promise<Result> => work();

/** The outcome that this activity belongs to. */
function outcomeOf(input: { readonly outcome?: string }): {
  readonly tenant: string;
  readonly outcome: string;
} {
  const outcome = input.outcome ?? Context.current().info.workflowExecution?.workflowId ?? '';
  const tenant = splitOutcomeId(outcome)?.tenant;
  invariant(tenant !== undefined, `\`${outcome}\` is the id of an outcome`);
  return { tenant, outcome };
}

async function stretched(
  parts: {
    readonly dispatcher: Dispatcher;
    readonly log: Log;
    readonly watch: NonNullable<Parameters<typeof createActivities>[0]['watch']>;
  },
  input: StretchInput,
): Promise<Stretched> {
  const { info, cancellationSignal: signal } = Context.current();
  const of = outcomeOf(input);
  const plan = unpackPlan(input.plan);
  const askings = new Askings(plan, input);
  const until = Date.now() + TIMES.stretch;
  const requestOf = (command: Fire): FireRequest => {
    const how = { timeoutMs: askings.timeoutMs(command), isLocal: true, attempt: info.attempt };
    return fireRequest({ ...of, awf: command.awf }, askings.inputOf(command) as ExecuteInput, how);
  };
  const fire = (command: Fire, { letIn, follows, onLetIn }: Links<LetIn>): Promise<FireResult | Again> => {
    const { awf, node } = command;
    const request = letIn?.prepared.request ?? requestOf(command);
    const workflow = info.workflowExecution?.workflowId ?? of.outcome;
    const attempted = { op: 'execute', awf, node, workflow, isLocal: true, attempt: info.attempt } as const;
    return parts.watch(attempted, async () => {
      try {
        return await parts.dispatcher.execute(request, {
          // One signal an action: each listens to its own.
          signal: AbortSignal.any([signal]),
          heartbeat: () => undefined,
          ...(letIn === undefined ? {} : { letIn }),
          follows: (end) => {
            const next = follows(end);
            return next && requestOf(next);
          },
          onLetIn,
        });
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        parts.log.warn('the database is not at hand; the action waits', { awf, node, code: error.code });
        return { kind: 'again', afterMs: STORE_RETRY_MS.first };
      }
    });
  };
  const goesOn = (): boolean => Date.now() < until && !signal.aborted;
  const { state, fires } = input;
  return {
    kind: 'stretched',
    ends: await runStretch({ plan, state, fires }, { fire, goesOn, now: Date.now }),
  };
}

async function checked(check: CheckDecision, input: CheckInput, log: Log): Promise<Checked> {
  const of = outcomeOf(input);
  try {
    return { kind: 'checked', check: input.check, result: await check(of, input) };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    log.warn('the database is not at hand; the decision waits', { outcome: of.outcome, code: error.code });
    throw passingFailure(error, pauseMs(Context.current().info.attempt));
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
  const early = 'notBefore' in input ? (input.notBefore ?? 0) - Date.now() : 0;
  if (early > 0) throw passing({ kind: 'again', afterMs: early });
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
  const { isLocal, attempt, startToCloseTimeoutMs } = Context.current().info;
  const of = outcomeOf(input);
  if (input.op === 'sweep') return sweep(dispatcher, of, input);
  invariant(input.op === 'execute' || input.op === 'compensate', 'checks and stretches are no actions');
  const how = { timeoutMs: startToCloseTimeoutMs - TIMES.attemptMargin, isLocal, attempt };
  if (input.op === 'execute') return dispatcher.execute(fireRequest({ ...of, awf }, input, how), host);
  const { of: undone, input: ofInput, args } = input;
  return dispatcher.compensate(
    {
      ...askingOf({ ...of, awf }, input, how),
      of: undone,
      ofInput,
      ...(args === undefined ? {} : { args }),
    },
    host,
  );
}

interface Whose {
  readonly tenant: string;
  readonly outcome: string;
  readonly awf: string;
}

interface How {
  readonly timeoutMs: number;
  readonly isLocal: boolean;
  readonly attempt: number;
}

const askingOf = (
  { tenant, outcome, awf }: Whose,
  { node, asking, retry }: ExecuteInput | CompensateInput,
  { timeoutMs }: How,
) => ({
  key: { tenant, outcome, node },
  awf,
  firing: asking ?? 1,
  retry: retry ?? STANDARD_RETRY,
  timeoutMs,
});

function fireRequest(whose: Whose, input: ExecuteInput, how: How): FireRequest {
  const base = askingOf(whose, input, how);
  const { under, gates } = input;
  return {
    ...base,
    input: input.input,
    // The history hears of a local action only when its workflow task ends.
    isUnrecorded: how.isLocal,
    isFirst: base.firing === 1 && how.attempt === 1,
    ...(under === undefined ? {} : { under }),
    ...(gates === undefined ? {} : { gates }),
    ...(input.changed === true ? { isChanged: true } : {}),
  };
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
