/**
 * Runs actions the way a worker does: the real dispatcher over the real barrier in Postgres, attempt after attempt, only
 * without Temporal's waiting between them.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { effectsLooking } from '../../../activities';
import { blindfolded, looking, type AnyEffect, type Look } from '../../../activities/kit/steps';
import type { FireResult, UndoResult } from '../../../src/engine/effects';
import type { Json } from '../../../src/kernel/json';
import type { Plan } from '../../../src/plan/plan';
import type { ActionKey, Barrier } from '../../../src/store/barrier';
import { createDispatcher, type Again, type Dispatcher } from '../../../src/temporal/dispatcher';
import type { As, LawWorld } from './world';

/** One attempt's bound, in milliseconds: generous, for the machine may be busy with other tests. */
const TIMEOUT_MS = 5_000;
/** Waits between attempts are cut to this, in milliseconds: who asks sooner than it was told only asks once more. */
const WAIT_MS = 20;
/** Attempts at one answer that failed, and milliseconds in all: nothing that is asked for here takes longer. */
const ATTEMPTS_MAX = 12;
const ANSWER_MS = 40_000;

/** The figures of 8.4 without their delays. */
const RETRY: Plan['retry'] = {
  transient: { max: 3, delaysMs: [0] },
  recoverable: { max: 2, delaysMs: [0] },
  permanent: { max: 0, delaysMs: [] },
  unknown: { max: 1, delaysMs: [0] },
};

/** With whose credentials, and which asking of the workflow it is, from 1. */
interface Asking {
  readonly as?: As;
  readonly firing?: number;
}

/** Which effects work blind, and which have tried to look. */
export interface Eyes {
  readonly blind: readonly string[];
  readonly looked: Set<string>;
}

export const eyes = (...blind: readonly string[]): Eyes => ({ blind, looked: new Set() });

export class Driver {
  private readonly dispatchers = new Map<As, Dispatcher>();

  constructor(
    private readonly barrier: Barrier,
    readonly world: LawWorld,
    private readonly sight: Eyes = eyes(),
  ) {}

  /** A key that nothing was done under yet. */
  newKey(node = 'act'): ActionKey {
    const { tenant } = this.world;
    return { tenant, outcome: `${tenant}/LAW-1/${randomUUID().slice(0, 8)}`, node };
  }

  /** Attempts until there is an answer. */
  execute(key: ActionKey, awf: string, input: Json, options: Asking = {}): Promise<FireResult> {
    return this.untilAnswered(() => this.attempt(key, awf, input, options));
  }

  /** One attempt. */
  async attempt(
    key: ActionKey,
    awf: string,
    input: Json,
    { as = 'us', firing = 1 }: Asking = {},
  ): Promise<FireResult | Again> {
    await this.world.turn?.('execute');
    return this.dispatcher(as).execute(
      { key, awf, input, firing, retry: RETRY, timeoutMs: TIMEOUT_MS, isFirst: firing === 1 },
      host(),
    );
  }

  /** Undoes until there is an answer. `args` where the history holds the commit. */
  async undo(
    key: ActionKey,
    of: { readonly awf: string; readonly undoneBy: string; readonly input: Json },
    args?: Json,
    { as = 'us', firing = 1 }: Asking = {},
  ): Promise<UndoResult> {
    return this.untilAnswered(async () => {
      await this.world.turn?.('compensate');
      return this.dispatcher(as).compensate(
        {
          key,
          awf: of.undoneBy,
          of: of.awf,
          ofInput: of.input,
          ...(args === undefined ? {} : { args }),
          firing,
          retry: RETRY,
          timeoutMs: TIMEOUT_MS,
        },
        host(),
      );
    });
  }

  private async untilAnswered<T>(ask: () => Promise<T | Again>): Promise<T> {
    const deadline = Date.now() + ANSWER_MS;
    for (let failures = 0; failures < ATTEMPTS_MAX && Date.now() < deadline;) {
      const answer = await ask();
      if (!isAgain(answer)) return answer;
      // An answer without a failure asks to wait for another attempt, which may be through at any moment.
      if (answer.failure !== undefined) failures += 1;
      await sleep(Math.min(answer.afterMs, WAIT_MS));
    }
    throw new Error('the action never came to an answer');
  }

  private dispatcher(as: As): Dispatcher {
    let dispatcher = this.dispatchers.get(as);
    if (!dispatcher) {
      dispatcher = createDispatcher({
        barrier: this.barrier,
        effects: (awf) => Promise.resolve(this.effectOf(awf)),
        connections: () => {
          const connection = this.world.connection(as);
          if (!connection) throw new Error(`there is no such account here: ${as}`);
          return connection;
        },
        now: Date.now,
        log: { info: () => undefined, warn: () => undefined },
      });
      this.dispatchers.set(as, dispatcher);
    }
    return dispatcher;
  }

  private readonly effects = new Map<string, AnyEffect>();

  private effectOf(awf: string): AnyEffect | undefined {
    const known = this.effects.get(awf);
    if (known) return known;
    const look: Look = (read, blind) => {
      this.sight.looked.add(awf);
      return (this.sight.blind.includes(awf) ? blindfolded : looking)(read, blind);
    };
    const effect = effectsLooking(awf.slice(0, awf.indexOf('.')), look).find(
      ({ contract }) => contract.name === awf,
    );
    if (effect) this.effects.set(awf, effect);
    return effect;
  }
}

export const isAgain = (answer: unknown): answer is Again => (answer as { kind?: string }).kind === 'again';

const host = () => ({ signal: new AbortController().signal, heartbeat: () => undefined });
