/**
 * The system behind the toy contracts of `plans.ts`: a shelf that keeps state, counts effects, and fails on demand. It is
 * declarative like a group membership: putting what stands there, or taking what does not, changes nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EffectError, type AwfEffect, type EffectContext } from '../../src/dsl/effect';
import type { Failure } from '../../src/kernel/failure';
import type { Json } from '../../src/kernel/json';
import { lookAtShelf, putBox, takeBox } from './plans';

export type Fault =
  /** Answers with this failure, before the effect. */
  | { readonly refuse: Failure }
  /** The effect happens, and then the connection is cut. */
  | { readonly cutAfter: true }
  /** Does not answer until it is aborted; with `after` the effect has happened. */
  | { readonly hang: 'before' | 'after' }
  | { readonly crash: true }
  | { readonly delayMs: number }
  /** Calls back in the middle, before or after the effect. */
  | { readonly at: 'before' | 'after'; readonly run: () => Promise<void> };

export interface Call {
  readonly awf: string;
  readonly box: string;
  readonly key: string;
  readonly attempt: number;
  readonly operation: string;
}

export class Shelf {
  /** Box and the key that put it there. */
  readonly boxes = new Map<string, string>();
  /** Every call that reached the shelf. */
  readonly calls: Call[] = [];
  /** Every change, in order: `+box` and `-box`. */
  readonly changes: string[] = [];
  /** What it answers of any box. */
  colour = 'red';
  private readonly faults = new Map<string, Fault[]>();

  /** The next calls of `awf` for `box` meet these faults, one after the other. */
  fail(awf: string, box: string, ...faults: Fault[]): void {
    this.faults.set(`${awf}/${box}`, faults);
  }

  changesOf(box: string): readonly string[] {
    return this.changes.filter((change) => change.slice(1) === box);
  }

  readonly effects = (awf: string): Promise<AwfEffect<unknown, unknown> | undefined> =>
    Promise.resolve(this.all.get(awf));

  private readonly all: ReadonlyMap<string, AwfEffect<unknown, unknown>> = new Map(
    [
      {
        contract: putBox,
        capture: (input: { box: string }): Promise<Json> => Promise.resolve(this.boxes.has(input.box)),
        execute: (input: { box: string }, context: EffectContext) =>
          this.call('toy.put', input.box, context, () => {
            if (!this.boxes.has(input.box)) this.changes.push(`+${input.box}`);
            this.boxes.set(input.box, context.key);
            return { box: input.box, colour: this.colour };
          }),
      },
      {
        contract: takeBox,
        execute: (input: { box: string }, context: EffectContext) =>
          this.call('toy.take', input.box, context, () => {
            if (this.boxes.delete(input.box)) this.changes.push(`-${input.box}`);
            return {};
          }),
      },
      {
        contract: lookAtShelf,
        execute: (_input: object, context: EffectContext) =>
          this.call('toy.look', '', context, () => ({ boxes: [...this.boxes.keys()].sort() })),
      },
    ].map((effect) => [effect.contract.name, effect as unknown as AwfEffect<unknown, unknown>]),
  );

  private async call<T>(awf: string, box: string, context: EffectContext, change: () => T): Promise<T> {
    const { key, attempt, operation, signal } = context;
    this.calls.push({ awf, box, key, attempt, operation });
    const fault = this.faults.get(`${awf}/${box}`)?.shift();
    if (fault === undefined) return change();
    if ('refuse' in fault) throw new EffectError(fault.refuse);
    if ('crash' in fault) throw new TypeError('the shelf fell over');
    if ('delayMs' in fault) {
      await sleep(fault.delayMs, undefined, { signal });
      return change();
    }
    if ('cutAfter' in fault) {
      change();
      throw new EffectError({ class: 'unknown', code: 'CONNECTION_CUT', message: 'cut', effect: 'unknown' });
    }
    if ('at' in fault) {
      if (fault.at === 'before') await fault.run();
      const result = change();
      if (fault.at === 'after') await fault.run();
      return result;
    }
    if (fault.hang === 'after') change();
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
    );
  }
}

export const refusal = (code: string, failureClass: Failure['class'] = 'permanent'): Failure => ({
  class: failureClass,
  code,
  message: code,
  effect: 'none',
});
