/**
 * What an activity is handed for a command of the engine: its input, its bound, and which asking of its node it is. The same for
 * the workflow and for a stretch that runs ahead of it.
 * Loaded inside the Temporal sandbox and by the activities. It asks nobody.
 */
import type { Command } from '../src/engine/effects';
import { layoutOf, planNodeOf, type Layout } from '../src/engine/layout';
import { invariant } from '../src/kernel/invariant';
import { jsonEquals } from '../src/kernel/json';
import type { Plan, PlannedAwf } from '../src/plan/plan';
import {
  ATTESTED,
  STANDARD_RETRY,
  type Asked,
  type CompensateInput,
  type ExecuteInput,
  type Resumes,
  type Under,
} from './protocol';

export type Fire = Extract<Command, { do: 'fire' }>;
export type Asking = Extract<Command, { do: 'fire' | 'undo' }>;

export class Askings {
  private readonly layout: Layout;
  private readonly retry: { readonly retry?: Plan['retry'] };
  private readonly counts: { readonly fire: Record<string, number>; readonly undo: Record<string, number> };

  constructor(
    private readonly plan: Plan,
    private readonly of: {
      readonly asked?: Asked | undefined;
      readonly under?: Under | undefined;
      readonly outcome?: string | undefined;
      readonly resumes?: Resumes | undefined;
    },
  ) {
    this.layout = layoutOf(plan);
    this.retry = jsonEquals(plan.retry, STANDARD_RETRY) ? {} : { retry: plan.retry };
    this.counts = { fire: { ...of.asked?.fire }, undo: { ...of.asked?.undo } };
  }

  /** How often each node was asked for. */
  get asked(): Asked {
    return this.counts;
  }

  /** Counts an asking; returns which it is, from 1. */
  count({ do: what, node }: Asking): number {
    const counts = this.counts[what];
    return (counts[node] = (counts[node] ?? 0) + 1);
  }

  /** Counts the asking and says what the activity is handed. */
  inputOf(command: Asking): ExecuteInput | CompensateInput {
    const asking = this.count(command);
    const { outcome, under } = this.of;
    const base: { node: string; outcome?: string; asking?: number; retry?: Plan['retry'] } = {
      node: command.node,
      ...(asking === 1 ? {} : { asking }),
      ...this.retry,
      ...(outcome === undefined ? {} : { outcome }),
    };
    if (command.do === 'fire') {
      const { input, compensation, gates, changed } = command;
      return {
        op: 'execute',
        ...base,
        input,
        ...(compensation === undefined ? {} : { compensation }),
        ...(under === undefined ? {} : { under }),
        ...(gates === undefined ? {} : { gates }),
        ...(changed === undefined ? {} : { changed }),
      };
    }
    const { of, ofInput, args, attested } = command;
    const { resumes } = this.of;
    const isInherited = resumes?.inherits.includes(command.node) === true;
    // What another outcome did is undone under the key that it was done under: the row is there, and so is what it captured.
    if (isInherited) base.outcome = resumes.of;
    // A row of its own: that of the node says that it never ran, and may be fenced.
    else if (attested === true) base.node += ATTESTED;
    return { op: 'compensate', ...base, of, input: ofInput, ...(args === undefined ? {} : { args }) };
  }

  /**
   * Longest attempt, in milliseconds. Configuration may bound a node's own AWF; its compensation keeps the bound of its contract.
   */
  timeoutMs(command: Asking): number {
    const { timeoutMs } = this.awfOf(command);
    if (command.do === 'undo') return timeoutMs;
    const node = planNodeOf(this.layout, command.node);
    return (node?.kind === 'action' && node.awf === command.awf ? node.timeoutMs : undefined) ?? timeoutMs;
  }

  awfOf(command: Asking): PlannedAwf {
    const awf = command.foreign ?? this.plan.awfs[command.awf];
    invariant(awf !== undefined, `the plan knows AWF \`${command.awf}\``);
    return awf;
  }
}
