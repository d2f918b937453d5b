/**
 * Starts outcomes, hands them people's acts, and reads their histories.
 * Adapter ring. Who may do what is judged by the doors that call it.
 */
import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type WorkflowClientInterceptor,
} from '@temporalio/client';
import { ApplicationFailure, type PayloadCodec } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { readAct, type ActName } from '../../workflows/acts';
import {
  BACKSTEP_SUFFIX,
  outcomeOfWorkflow,
  PRIORITY,
  SERVICE_QUEUE,
  TIMES,
  type ActAnswer,
  type OutcomeResult,
  type OutcomeStart,
  type StoredStart,
} from '../../workflows/protocol';
import type { SignAct } from '../approvals/acts';
import type { Act, GateDecision, GuardedEvent, Override, Resolution } from '../engine/effects';
import { beginningOf, fold, type Told } from '../engine/fold';
import type { Answer } from '../engine/people';
import { severed } from '../engine/severed';
import type { EngineState } from '../engine/state';
import { isGuarded } from '../engine/vouching';
import { outcomeIdOf, splitOutcomeId, type OutcomeId } from '../kernel/ids';
import type { Json } from '../kernel/json';
import { packPlan } from '../plan/wire';
import { attributesOf, descriptionOf, ENTITY_MEMO, type Description } from './descriptions';
import { readRun, tellRuns, type ReadRun } from './history';
import { asItIs, inTheClear, type EntityName, type EventName } from './entity-names';
import { OutcomeError, type OutcomeProblem } from './outcome-error';

export interface OutcomesSettings {
  /** `host:port`. */
  readonly address: string;
  readonly namespace: string;
  readonly codec: PayloadCodec;
  /** How entities are called where Temporal searches; default in the clear. */
  readonly entityName?: EntityName;
  /** How events are called in ids of workflows; default as they are. */
  readonly eventName?: EventName;
  /** Signs acts of people that are no decisions; those are signed by whoever decides. Default: nobody signs. */
  readonly sign?: SignAct;
  /** Watches what is started and sent. */
  readonly interceptor?: WorkflowClientInterceptor;
}

/** The door to outcomes. All methods throw OutcomeError for what a caller can mend, and the SDK's errors for the rest. */
export interface Outcomes {
  /** Starts an outcome; the same event starts it once, and is told what it started before. */
  start(start: OutcomeStart, eventId: string): Promise<Started>;
  decide(id: string, decision: GateDecision): Promise<ActAnswer>;
  pause(id: string, act: Act): Promise<Answer>;
  resume(id: string, act: Act): Promise<Answer>;
  cancel(id: string, act: Act): Promise<Answer>;
  /** `name`: sent again under the same name it is taken once. */
  release(id: string, node: string, name?: string): Promise<Answer>;
  resolve(id: string, node: string, resolution: Resolution, by: string): Promise<Answer>;
  override(id: string, given: Override): Promise<Answer>;
  claim(id: string, node: string, act: Act): Promise<Answer>;
  unclaim(id: string, node: string, act: Act): Promise<Answer>;
  signal(id: string, name: string, data: Json): Promise<Answer>;
  /**
   * Takes an outcome back: by an act while it runs, by a workflow of its own once it has completed, or was ended by force; also where
   * that workflow was.
   */
  backstep(id: string, act: Act, now: number): Promise<Backstepped>;
  /** Waits until the outcome is over. */
  result(id: string): Promise<OutcomeResult>;
  describe(id: string): Promise<Description>;
  /** The runs of an outcome, oldest first. */
  runs(id: string): Promise<readonly ReadRun[]>;
  /** State and trace, from the history alone; a later backstep is told along. */
  tell(id: string): Promise<Told>;
  /** Raw histories of the runs, oldest first: for replay and archive. */
  histories(id: string): Promise<readonly temporal.api.history.v1.IHistory[]>;
  /** Outcomes by a visibility query, newest first, at most `limit`. */
  list(query: string, limit: number): Promise<readonly Description[]>;
  /** How entities are called where Temporal searches. */
  readonly entityName: EntityName;
  /** How events are called in ids of workflows. */
  readonly eventName: EventName;
  /** The SDK's own client, for what is not here. */
  readonly client: Client;
  close(): Promise<void>;
}

export interface Started {
  readonly id: OutcomeId;
  /** `false` where the same event had started it before. */
  readonly isNew: boolean;
}

export type Backstepped =
  | { readonly by: 'act'; readonly answer: Answer }
  /** A workflow of its own, with this id. */
  | { readonly by: 'workflow'; readonly id: string; readonly isNew: boolean };

/** How long a caller waits for the answer to an act, in milliseconds: a workflow task and what may stand before it. */
const ANSWER_MS = 15_000;

export async function connectOutcomes(settings: OutcomesSettings): Promise<Outcomes> {
  const connection = await Connection.connect({ address: settings.address });
  const client = new Client({
    connection,
    namespace: settings.namespace,
    dataConverter: { payloadCodecs: [settings.codec] },
    ...(settings.interceptor === undefined ? {} : { interceptors: { workflow: [settings.interceptor] } }),
  });
  return new TemporalOutcomes(client, settings, () => connection.close());
}

class TemporalOutcomes implements Outcomes {
  private readonly codec: PayloadCodec;
  readonly entityName: EntityName;
  readonly eventName: EventName;
  private readonly sign: SignAct | undefined;

  constructor(
    readonly client: Client,
    { codec, entityName = inTheClear, eventName = asItIs, sign }: OutcomesSettings,
    readonly close: () => Promise<void>,
  ) {
    this.codec = codec;
    this.entityName = entityName;
    this.eventName = eventName;
    this.sign = sign;
  }

  async start(start: OutcomeStart, eventId: string): Promise<Started> {
    if (eventId === '' || eventId.endsWith(BACKSTEP_SUFFIX))
      throw new OutcomeError('EVENT_ID_UNUSABLE', eventId);
    const { tenant, outcome } = start.plan;
    const id = outcomeIdOf(tenant, outcome, this.eventName(tenant, eventId));
    return { id, isNew: await this.startAs(id, start) };
  }

  decide(id: string, decision: GateDecision): Promise<ActAnswer> {
    return this.act<ActAnswer>(id, 'decide', decision);
  }
  pause(id: string, act: Act): Promise<Answer> {
    return this.act(id, 'pause', act);
  }
  resume(id: string, act: Act): Promise<Answer> {
    return this.act(id, 'resume', act);
  }
  cancel(id: string, act: Act): Promise<Answer> {
    return this.act(id, 'cancel', act);
  }
  release(id: string, node: string, name?: string): Promise<Answer> {
    return this.act(id, 'release', { node }, name);
  }
  resolve(id: string, node: string, resolution: Resolution, by: string): Promise<Answer> {
    return this.act(id, 'resolve', { node, resolution, by });
  }
  override(id: string, given: Override): Promise<Answer> {
    return this.act(id, 'override', given);
  }
  claim(id: string, node: string, act: Act): Promise<Answer> {
    return this.act(id, 'claim', { node, ...act });
  }
  unclaim(id: string, node: string, act: Act): Promise<Answer> {
    return this.act(id, 'unclaim', { node, ...act });
  }
  signal(id: string, name: string, data: Json): Promise<Answer> {
    return this.act(id, 'signal', { name, data });
  }

  async backstep(id: string, act: Act, now: number): Promise<Backstepped> {
    const { isRunning, closedAt } = await this.describe(id);
    if (isRunning) {
      const answer = await this.act(id, 'backstep', act).catch((error: unknown) => {
        // It ended just now.
        if (error instanceof OutcomeError && error.code === 'OUTCOME_OVER') return undefined;
        throw error;
      });
      if (answer !== undefined) return { by: 'act', answer };
      return this.backstep(id, act, now);
    }
    const backId = `${id}${BACKSTEP_SUFFIX}`;
    const way = await this.runs(backId).catch(noneIfUnknown);
    const ended = way.length === 0 ? await this.runs(id) : way;
    const last = ended[ended.length - 1]!;
    const left = leftBy(last);
    if (left === undefined)
      return way.length === 0 ? { by: 'act', answer: 'late' } : { by: 'workflow', id: backId, isNew: false };
    const { plan, planId, correlation, resumes } = last.start;
    if (now - (closedAt ?? now) > plan.undoWindowMs) throw new OutcomeError('OUTCOME_UNDO_WINDOW_OVER', id);
    const back: OutcomeStart = {
      plan,
      planId,
      cause: { person: act.by },
      startedBy: act.by,
      ...(correlation === undefined ? {} : { correlation }),
      ...(resumes === undefined ? {} : { resumes }),
      from: left.state,
      ...(left.asked === undefined ? {} : { asked: left.asked }),
      ...(way.length === 0 ? {} : { afterRun: (await this.describe(backId)).runId }),
      first: [await this.signed(id, { kind: 'backstep', ...act })],
      of: id,
    };
    return { by: 'workflow', id: backId, isNew: await this.startAs(backId, back) };
  }

  async result(id: string): Promise<OutcomeResult> {
    return (await this.client.workflow.getHandle(id).result()) as OutcomeResult;
  }

  async describe(id: string): Promise<Description> {
    const found = await this.client.workflow
      .getHandle(id)
      .describe()
      .catch((error: unknown) => {
        throw error instanceof WorkflowNotFoundError ? new OutcomeError('OUTCOME_UNKNOWN', id) : error;
      });
    return descriptionOf(found);
  }

  async list(query: string, limit: number): Promise<readonly Description[]> {
    const found: Description[] = [];
    if (limit < 1) return found;
    for await (const info of this.client.workflow.list({ query, pageSize: Math.min(limit, 200) })) {
      found.push(descriptionOf(info));
      if (found.length >= limit) break;
    }
    return found;
  }

  async histories(id: string): Promise<readonly temporal.api.history.v1.IHistory[]> {
    const histories: temporal.api.history.v1.IHistory[] = [];
    let runId: string | undefined = (await this.describe(id)).runId;
    while (runId !== undefined && runId !== '') {
      const history: temporal.api.history.v1.IHistory = await this.client.workflow
        .getHandle(id, runId)
        .fetchHistory();
      histories.unshift(history);
      const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
      runId = started?.continuedExecutionRunId ?? undefined;
      if ((runId ?? '') === '' && id.endsWith(BACKSTEP_SUFFIX))
        runId = (await readRun(history, this.codec)).start.afterRun;
    }
    return histories;
  }

  async runs(id: string): Promise<readonly ReadRun[]> {
    const histories = await this.histories(id);
    return Promise.all(histories.map((history) => readRun(history, this.codec)));
  }

  async tell(id: string): Promise<Told> {
    const runs = await this.runs(id);
    const back = await this.runs(`${id}${BACKSTEP_SUFFIX}`).catch(noneIfUnknown);
    return tellRuns([...runs, ...back]);
  }

  private async act<Answered = Answer>(
    id: string,
    name: ActName,
    data: unknown,
    updateId?: string,
  ): Promise<Answered> {
    const deadline = AbortSignal.timeout(ANSWER_MS);
    const read = readAct(name, data);
    const token = read.ok && isGuarded(read.value) ? (await this.signed(id, read.value)).token : undefined;
    try {
      const answer = await this.client.withAbortSignal(deadline, () =>
        this.client.workflow.getHandle(id).executeUpdate<Answered, [unknown]>(name, {
          args: [token === undefined ? data : { ...(data as object), token }],
          ...(updateId === undefined ? {} : { updateId }),
        }),
      );
      if (token !== undefined && isRefused(answer)) throw new OutcomeError(answer.code, id);
      return answer;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        await this.describe(id);
        return this.actOnWayBack<Answered>(id, name, data, updateId);
      }
      if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
        throw new OutcomeError('ACT_MALFORMED', error.cause.message);
      }
      if (deadline.aborted) throw new OutcomeError('OUTCOME_DOES_NOT_ANSWER', id);
      throw error;
    }
  }

  /** The act with the word of this door for it, where it has keys to give one. */
  private async signed<Event extends GuardedEvent>(id: string, event: Event): Promise<Event> {
    const outcome = outcomeOfWorkflow(id);
    const tenant = splitOutcomeId(outcome)?.tenant;
    if (this.sign === undefined || tenant === undefined) return event;
    return { ...event, token: await this.sign({ tenant, outcome }, event) };
  }

  /** What is taken back after it completed goes back in a workflow of its own, and can need people there. */
  private async actOnWayBack<Answered>(
    id: string,
    name: ActName,
    data: unknown,
    updateId?: string,
  ): Promise<Answered> {
    const over = new OutcomeError('OUTCOME_OVER', id);
    if (id.endsWith(BACKSTEP_SUFFIX)) throw over;
    return this.act<Answered>(`${id}${BACKSTEP_SUFFIX}`, name, data, updateId).catch((error: unknown) => {
      const isOver =
        error instanceof OutcomeError && (error.code === 'OUTCOME_UNKNOWN' || error.code === 'OUTCOME_OVER');
      throw isOver ? over : error;
    });
  }

  /** Where its name says nothing, the entity stands beside it, encrypted as all that is no name. */
  private memoOf({ plan }: OutcomeStart): { readonly memo?: Readonly<Record<string, string>> } {
    const { id } = plan.entity;
    return this.entityName(plan.tenant, id) === id ? {} : { memo: { [ENTITY_MEMO]: id } };
  }

  /** Whether it was started now. */
  private async startAs(id: string, start: OutcomeStart): Promise<boolean> {
    const { plan } = start;
    try {
      await this.client.workflow.start(plan.outcome, {
        workflowId: id,
        taskQueue: SERVICE_QUEUE,
        args: [{ ...start, plan: packPlan(plan) } satisfies StoredStart],
        workflowIdReusePolicy:
          start.afterRun === undefined ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
        workflowTaskTimeout: TIMES.workflowTask,
        typedSearchAttributes: attributesOf(start, this.entityName),
        ...this.memoOf(start),
        staticSummary: `${plan.runbook.id} v${plan.runbook.version} for ${plan.entity.id}`,
        priority: {
          priorityKey: start.of === undefined ? PRIORITY.fire : PRIORITY.undo,
          fairnessKey: plan.tenant,
        },
      });
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }
}

/** Of an act of this door: refused by the outcome itself, where that asks for signatures. */
const isRefused = (answer: unknown): answer is { readonly code: OutcomeProblem } =>
  typeof answer === 'object' && answer !== null && 'answer' in answer && answer.answer === 'refused';

function noneIfUnknown(error: unknown): readonly ReadRun[] {
  if (error instanceof OutcomeError && error.code === 'OUTCOME_UNKNOWN') return [];
  throw error;
}

/**
 * What an outcome that has ended left to take back, by its last run: all that it did where it completed, and what it did so far where
 * it was ended by force. `undefined` where it has gone back, or goes on.
 */
function leftBy({
  start,
  at,
  happenings,
  end,
}: ReadRun): (Pick<StoredStart, 'asked'> & { readonly state: EngineState }) | undefined {
  if (end === undefined) return undefined;
  const beginning = beginningOf(at, start);
  const { state } = fold(start.plan, beginning, happenings);
  if (state.phase === 'backstepped') return undefined;
  if (state.phase === 'completed') {
    // What was being checked when it completed is nobody's to answer in another run.
    const { checks: _, ...rest } = state;
    return { state: rest };
  }
  return severed(start.plan, { start: beginning, happenings }, start.asked);
}
