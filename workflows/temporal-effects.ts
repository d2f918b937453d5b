/**
 * The engine's port on Temporal: commands become activities and timers, their ends become happenings, in the order in which
 * the workflow is told of them.
 * Loaded inside the Temporal sandbox. It decides nothing; `docs/execution.md` tells the rules of ordering it rests on.
 */
import {
  CancellationScope,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  sleep,
  type ActivityOptions,
  type LocalActivityOptions,
} from '@temporalio/workflow';
import type {
  Check,
  Command,
  Effects,
  EngineEvent,
  FireResult,
  Happening,
  UndoResult,
} from '../src/engine/effects';
import type { EngineState } from '../src/engine/state';
import { invariant } from '../src/kernel/invariant';
import type { Plan } from '../src/plan/plan';
import { Askings, type Asking, type Fire } from './askings';
import { readFailure } from './failure';
import {
  CHECK,
  labelOf,
  platformQueue,
  SWEEP,
  PRIORITY,
  ranAhead,
  STRETCH,
  TIMER_PREFIX,
  TIMES,
  type ActCheckInput,
  type ActivityInput,
  type Asked,
  type Checked,
  type CheckInput,
  type StoredStart,
  type StretchEnd,
  type Stretched,
  type StretchInput,
  type Swept,
} from './protocol';
import { tellProjector } from './tell-projector';

/**
 * Turns of the microtask queue within which everything that one activation brings has arrived: a local activity's end takes
 * three, everything else one or none. What arrives together is handed over together.
 */
const SETTLING_TURNS = 4;

export class TemporalEffects implements Effects {
  private readonly queue: Happening[] = [];
  private wake: () => void = () => undefined;
  private readonly timers = new Map<string, CancellationScope>();
  private readonly askings: Askings;
  private machine: { readonly state: EngineState } | undefined;
  /** Actions of the local lane that were asked for since the workflow last waited. */
  private due: Fire[] = [];
  /** What stretches brought that has not been handed over, and what of it the batch at hand has answered already. */
  private brought: StretchEnd[] = [];
  private ahead = new Map<string, StretchEnd>();

  constructor(
    private readonly plan: Plan,
    private readonly outcome: { readonly outcome?: string },
    private readonly start: Pick<StoredStart, 'asked' | 'under' | 'terms' | 'startedBy' | 'plan' | 'resumes'>,
  ) {
    const { asked, under, resumes } = start;
    this.askings = new Askings(plan, { ...outcome, asked, under, resumes });
  }

  /** For the run that comes after this one. */
  get asked(): Asked {
    return this.askings.asked;
  }

  /** Names the machine whose state a stretch begins with. */
  follow(machine: { readonly state: EngineState }): void {
    this.machine = machine;
  }

  tell(event: EngineEvent): Happening {
    const happening = { at: Date.now(), event };
    this.queue.push(happening);
    this.wake();
    return happening;
  }

  async next(): Promise<readonly Happening[]> {
    // Once for all that was handed over together: what it led to is in the history as soon as this activation is over.
    tellProjector();
    await turns(SETTLING_TURNS);
    if (this.queue.length === 0) {
      // Only now is everything heard that was said before: a stretch runs ahead of nobody's word.
      this.stretch(this.due.splice(0));
      await new Promise<void>((resolve) => (this.wake = resolve));
      await turns(SETTLING_TURNS);
    }
    return this.handOver();
  }

  async arrived(): Promise<readonly Happening[]> {
    await turns(SETTLING_TURNS);
    return this.handOver();
  }

  private handOver(): readonly Happening[] {
    this.ahead = new Map(this.brought.splice(0).map((end) => [end.node, end]));
    return this.queue.splice(0);
  }

  perform(command: Command): void {
    switch (command.do) {
      case 'fire':
        return command.lane === 'local' ? this.fireLocal(command) : this.ask(command);
      case 'undo':
        return this.ask(command);
      case 'sweep':
        return this.sweep(command);
      case 'check':
        return this.check(command);
      case 'startTimer':
        return this.startTimer(command.timer, command.ms);
      case 'stopTimer':
        this.timers.get(command.timer)?.cancel();
        this.timers.delete(command.timer);
    }
  }

  /** What a stretch has run already is not asked for again. */
  private fireLocal(command: Fire): void {
    const end = this.ahead.get(command.node);
    this.ahead.delete(command.node);
    // Whether it answers what a person has made of it since, only the barrier knows.
    if (command.changed === true) this.ask(command);
    else if (end === undefined) this.due.push(command);
    else if (end.result === undefined) this.ask(command, end);
    else this.askings.count(command);
  }

  /** Asks for actions of the local lane, and whatever of that lane only follows from them, in one local activity. */
  private stretch(fires: readonly Fire[]): void {
    const [first] = fires;
    if (first === undefined) return;
    invariant(this.machine !== undefined, 'what is asked for is asked by a machine');
    const { under, plan } = this.start;
    const input: StretchInput = {
      op: 'stretch',
      ...{ plan, state: this.machine.state, fires, asked: this.asked },
      ...(under === undefined ? {} : { under }),
      ...this.outcome,
    };
    const longest = Math.max(...Object.values(this.plan.awfs).map(({ timeoutMs }) => timeoutMs));
    const stretch = localActivities(
      labelOf('stretch', first.node),
      TIMES.stretch + Math.max(longest, TIMES.attemptMargin) + TIMES.attemptMargin,
    );
    const take = (ends: readonly StretchEnd[]): void => {
      const over = new Map(ends.map((end) => [end.node, end]));
      for (const fire of fires) {
        const end = over.get(fire.node);
        if (end?.result === undefined) this.ask(fire, end);
        else this.askings.count(fire);
      }
      this.brought.push(...ends.filter(({ isAsked }) => isAsked !== true));
      for (const { event } of ranAhead(ends)) this.tell(event);
    };
    void run<Stretched>(stretch, STRETCH, input).then(
      ({ ends }) => take(ends),
      (error: unknown) => {
        if (readFailure(error) === undefined) throw error;
        // Whatever it did stands in the barrier's rows: each action is asked for by itself and finds out.
        take([]);
      },
    );
  }

  private ask(command: Asking, before?: StretchEnd): void {
    const { node } = command;
    const tell = (result: FireResult | UndoResult): void => {
      const kind = command.do === 'fire' ? 'fired' : 'undone';
      this.tell({ kind, node, result } as EngineEvent);
    };
    // Directly on the activity's own promise: every turn in between would change the order of arrival.
    void this.call(command, before).then(tell, (error: unknown) => {
      const failed = readFailure(error);
      if (failed === undefined) throw error;
      tell(failed);
    });
  }

  private call(command: Asking, before?: StretchEnd): Promise<FireResult & UndoResult> {
    const notBefore = before?.afterMs === undefined ? {} : { notBefore: before.at + before.afterMs };
    const input = { ...this.askings.inputOf(command), ...notBefore };
    const label = labelOf(input.op, command.node);
    const startToCloseTimeout = this.askings.timeoutMs(command) + TIMES.attemptMargin;
    if (command.lane === 'local') {
      return run(localActivities(label, startToCloseTimeout), command.awf, input);
    }
    return run(
      proxyActivities({
        activityId: label,
        taskQueue: platformQueue(this.askings.awfOf(command).domain ?? this.plan.runbook.domain),
        startToCloseTimeout,
        heartbeatTimeout: TIMES.heartbeat,
        retry: RETRY,
        priority: { priorityKey: PRIORITY[command.do], fairnessKey: this.plan.tenant },
      } satisfies ActivityOptions),
      command.awf,
      input,
    );
  }

  /** Tried until it is answered: nothing may end, or be undone, on a guess. */
  private sweep({ of, asked, fence }: Extract<Command, { do: 'sweep' }>): void {
    const sweep = localActivities(labelOf('sweep', of), TIMES.sweep);
    void run<Swept>(sweep, SWEEP, { op: 'sweep', of, asked, fence, ...this.outcome }).then(({ strays }) =>
      this.tell({ kind: 'swept', of, strays }),
    );
  }

  /** Tried until it is answered: what a person said is neither lost nor believed unseen. */
  private check({ do: _, ...check }: Extract<Command, { do: 'check' }>): void {
    const checking = localActivities(labelOf('check', check.check), TIMES.check);
    const input: CheckInput | ActCheckInput =
      'act' in check ? { op: 'check', ...check, ...this.outcome } : this.decisionCheck(check);
    void run<Checked>(checking, CHECK, input).then((checked) => this.tell(checked));
  }

  private decisionCheck(check: Check): CheckInput {
    const { terms, startedBy, under, plan } = this.start;
    invariant(terms !== undefined, 'only signed decisions are checked');
    return {
      op: 'check',
      ...check,
      ...{ plan, terms, startedBy },
      ...(under === undefined ? {} : { under }),
      ...this.outcome,
    };
  }

  private startTimer(timer: string, ms: number): void {
    const scope = new CancellationScope();
    this.timers.get(timer)?.cancel();
    this.timers.set(timer, scope);
    const ended = scope.run(() => {
      const slept = sleep(ms, { summary: TIMER_PREFIX + timer });
      return slept.then(() => {
        if (this.timers.get(timer) === scope) this.timers.delete(timer);
        this.tell({ kind: 'timer', timer });
      });
    });
    void ended.catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  }
}

/**
 * Resolves after so many turns of the microtask queue. Each turn is a thenable that leads to the next, and not a promise: the SDK
 * takes a stack trace of every promise that a workflow makes, which is dear.
 */
function turns(left: number): PromiseLike<void> {
  const then = (done: (next?: PromiseLike<void>) => void): void =>
    left === 0 ? done() : done(turns(left - 1));
  return { then: then as PromiseLike<void>['then'] };
}

/** No bound on attempts: the activity itself says when a class of failure has used up its retries. */
const RETRY = { initialInterval: TIMES.afterLoss, backoffCoefficient: 1 } as const;

/** Activities of the local lane, under a label that history shows, each attempt bounded in milliseconds. */
const localActivities = (label: string, startToCloseTimeout: number): object =>
  proxyLocalActivities({
    startToCloseTimeout,
    retry: RETRY,
    localRetryThreshold: TIMES.localRetry,
    summary: label,
  } satisfies LocalActivityOptions);

type Activities = Readonly<Record<string, (input: ActivityInput) => Promise<unknown>>>;

function run<Result = FireResult & UndoResult>(
  activities: object,
  awf: string,
  input: ActivityInput,
): Promise<Result> {
  const activity = (activities as Activities)[awf];
  invariant(activity !== undefined, 'every name is an activity');
  return activity(input) as Promise<Result>;
}
