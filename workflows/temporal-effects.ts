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
import type { Command, Effects, EngineEvent, FireResult, Happening, UndoResult } from '../src/engine/effects';
import { layoutOf, planNodeOf } from '../src/engine/layout';
import { invariant } from '../src/kernel/invariant';
import { jsonEquals } from '../src/kernel/json';
import type { Plan, PlannedAwf } from '../src/plan/plan';
import { readFailure } from './failure';
import {
  CHECK,
  labelOf,
  platformQueue,
  SWEEP,
  PRIORITY,
  STANDARD_RETRY,
  TIMER_PREFIX,
  TIMES,
  type ActivityInput,
  type Asked,
  type Checked,
  type CheckInput,
  type StoredStart,
  type Swept,
} from './protocol';

type Asking = Extract<Command, { do: 'fire' | 'undo' }>;

/**
 * Turns of the microtask queue within which everything that one activation brings has arrived: a local activity's end takes
 * three, everything else one or none. What arrives together is handed over together.
 */
const SETTLING_TURNS = 4;

export class TemporalEffects implements Effects {
  private readonly queue: Happening[] = [];
  private wake: () => void = () => undefined;
  private readonly timers = new Map<string, CancellationScope>();
  private readonly layout;
  private readonly retry: { readonly retry?: Plan['retry'] };
  private readonly counts: { readonly fire: Record<string, number>; readonly undo: Record<string, number> };

  constructor(
    private readonly plan: Plan,
    private readonly outcome: { readonly outcome?: string },
    private readonly start: Pick<StoredStart, 'asked' | 'under' | 'terms' | 'startedBy' | 'plan'>,
  ) {
    this.layout = layoutOf(plan);
    this.retry = jsonEquals(plan.retry, STANDARD_RETRY) ? {} : { retry: plan.retry };
    this.counts = { fire: { ...start.asked?.fire }, undo: { ...start.asked?.undo } };
  }

  /** For the run that comes after this one. */
  get asked(): Asked {
    return this.counts;
  }

  tell(event: EngineEvent): Happening {
    const happening = { at: Date.now(), event };
    this.queue.push(happening);
    this.wake();
    return happening;
  }

  async next(): Promise<readonly Happening[]> {
    if (this.queue.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    await turns(SETTLING_TURNS);
    return this.queue.splice(0);
  }

  perform(command: Command): void {
    switch (command.do) {
      case 'fire':
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

  private ask(command: Asking): void {
    const { node } = command;
    const tell = (result: FireResult | UndoResult): void => {
      const kind = command.do === 'fire' ? 'fired' : 'undone';
      this.tell({ kind, node, result } as EngineEvent);
    };
    // Directly on the activity's own promise: every turn in between would change the order of arrival.
    void this.call(command).then(tell, (error: unknown) => {
      const failed = readFailure(error);
      if (failed === undefined) throw error;
      tell(failed);
    });
  }

  private call(command: Asking): Promise<FireResult & UndoResult> {
    const input = this.inputOf(command);
    const label = labelOf(input.op, command.node);
    const startToCloseTimeout = this.timeoutMs(command) + TIMES.attemptMargin;
    // No bound on attempts: the activity itself says when a class of failure has used up its retries.
    const retry = { initialInterval: TIMES.afterLoss, backoffCoefficient: 1 };
    if (command.lane === 'local') {
      return run(
        proxyLocalActivities({
          startToCloseTimeout,
          retry,
          localRetryThreshold: TIMES.localRetry,
          summary: label,
        } satisfies LocalActivityOptions),
        command.awf,
        input,
      );
    }
    return run(
      proxyActivities({
        activityId: label,
        taskQueue: platformQueue(this.awfOf(command).domain ?? this.plan.runbook.domain),
        startToCloseTimeout,
        heartbeatTimeout: TIMES.heartbeat,
        retry,
        priority: { priorityKey: PRIORITY[command.do], fairnessKey: this.plan.tenant },
      } satisfies ActivityOptions),
      command.awf,
      input,
    );
  }

  /** Tried until it is answered: nothing may end, or be undone, on a guess. */
  private sweep({ of, asked, fence }: Extract<Command, { do: 'sweep' }>): void {
    const sweep = proxyLocalActivities({
      startToCloseTimeout: TIMES.sweep,
      retry: { initialInterval: TIMES.afterLoss, backoffCoefficient: 1 },
      localRetryThreshold: TIMES.localRetry,
      summary: labelOf('sweep', of),
    } satisfies LocalActivityOptions);
    void run<Swept>(sweep, SWEEP, { op: 'sweep', of, asked, fence, ...this.outcome }).then(({ strays }) =>
      this.tell({ kind: 'swept', of, strays }),
    );
  }

  /** Tried until it is answered: what a person said is neither lost nor believed unseen. */
  private check({ do: _, ...check }: Extract<Command, { do: 'check' }>): void {
    const { terms, startedBy, under, plan } = this.start;
    invariant(terms !== undefined, 'only signed decisions are checked');
    const checking = proxyLocalActivities({
      startToCloseTimeout: TIMES.check,
      retry: { initialInterval: TIMES.afterLoss, backoffCoefficient: 1 },
      localRetryThreshold: TIMES.localRetry,
      summary: labelOf('check', check.check),
    } satisfies LocalActivityOptions);
    const input: CheckInput = {
      op: 'check',
      ...check,
      ...{ plan, terms, startedBy },
      ...(under === undefined ? {} : { under }),
      ...this.outcome,
    };
    void run<Checked>(checking, CHECK, input).then((checked) => this.tell(checked));
  }

  private inputOf(command: Asking): ActivityInput {
    const { node } = command;
    const counts = this.counts[command.do];
    const asking = (counts[node] ?? 0) + 1;
    counts[node] = asking;
    const base = { node, ...(asking === 1 ? {} : { asking }), ...this.retry, ...this.outcome };
    if (command.do === 'fire') {
      const { input, compensation, gates } = command;
      const { under } = this.start;
      return {
        op: 'execute',
        ...base,
        input,
        ...(compensation === undefined ? {} : { compensation }),
        ...(under === undefined ? {} : { under }),
        ...(gates === undefined ? {} : { gates }),
      };
    }
    const { of, ofInput, args } = command;
    return { op: 'compensate', ...base, of, input: ofInput, ...(args === undefined ? {} : { args }) };
  }

  /** Configuration may bound a node's own AWF; its compensation keeps the bound of its contract. */
  private timeoutMs(command: Asking): number {
    const { timeoutMs } = this.awfOf(command);
    if (command.do === 'undo') return timeoutMs;
    const node = planNodeOf(this.layout, command.node);
    return (node?.kind === 'action' && node.awf === command.awf ? node.timeoutMs : undefined) ?? timeoutMs;
  }

  private awfOf(command: Asking): PlannedAwf {
    const awf = command.foreign ?? this.plan.awfs[command.awf];
    invariant(awf !== undefined, `the plan knows AWF \`${command.awf}\``);
    return awf;
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
