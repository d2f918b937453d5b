/**
 * A stretch: actions of the local lane, and those that only follow from them, in one local activity. A copy of the workflow's
 * machine says what follows; the workflow's own machine hears of each end and is the only one that counts.
 * Adapter ring. Each action is admitted, executed and committed as it is alone. What is not over is left to the workflow.
 */
import type { Fire } from '../../workflows/askings';
import type { StretchEnd } from '../../workflows/protocol';
import type { FireResult } from '../engine/effects';
import { Machine } from '../engine/machine';
import type { EngineState } from '../engine/state';
import type { Plan } from '../plan/plan';
import type { Again } from './dispatcher';

export interface StretchHost<LetIn> {
  /** One attempt at an action. */
  readonly fire: (command: Fire, links: Links<LetIn>) => Promise<FireResult | Again>;
  /** Whether another action may still begin. */
  readonly goesOn: () => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** How an action hangs together with those before and behind it: one round trip commits it and lets in the next. */
export interface Links<LetIn> {
  /** Present where it was let in so. */
  readonly letIn?: LetIn;
  /** What it lets in if it ends like this; asked at most once. */
  readonly follows: (end: FireResult) => Fire | undefined;
  /** Told that this was let in. */
  readonly onLetIn: (next: LetIn) => void;
}

/** Runs the fires, and what of the local lane follows from their ends, at once where the plan is parallel. */
export async function runStretch<LetIn>(
  {
    plan,
    state,
    fires,
  }: { readonly plan: Plan; readonly state: EngineState; readonly fires: readonly Fire[] },
  host: StretchHost<LetIn>,
): Promise<readonly StretchEnd[]> {
  const machine = Machine.resume(plan, state);
  const ends: StretchEnd[] = [];
  /** All that was begun or is about to begin, before the first of it does. */
  let underWay = 0;
  const fire = async (command: Fire, letIn: LetIn | undefined): Promise<Fired<LetIn>> => {
    const { node } = command;
    const hear = (result: FireResult): Foreseen => {
      const at = host.now();
      return {
        at,
        next: machine.advance({ at, event: { kind: 'fired', node, result } }).commands.filter(isLocalFire),
      };
    };
    let foreseen: Foreseen | undefined;
    let linked: LetIn | undefined;
    const result = await host.fire(command, {
      ...(letIn === undefined ? {} : { letIn }),
      follows: (end) => {
        // INVARIANT: the machine hears of an end that is not on record yet only while nothing else can go on from there.
        if (underWay > 1 || !host.goesOn()) return undefined;
        foreseen = hear(end);
        return foreseen.next[0];
      },
      onLetIn: (next) => (linked = next),
    });
    if (result.kind === 'again') return { result, at: host.now(), next: [] };
    return { result, ...(foreseen ?? hear(result)), ...(linked === undefined ? {} : { linked }) };
  };
  const run = async (command: Fire, isAsked: boolean, letIn?: LetIn): Promise<void> => {
    const { result, at, next, linked } = await fire(command, letIn);
    const end = { node: command.node, at, ...(isAsked ? { isAsked: true as const } : {}) };
    if (result.kind === 'again') {
      ends.push({ ...end, afterMs: result.afterMs });
      underWay -= 1;
      return;
    }
    ends.push({ ...end, result });
    // What was let in goes on in any case: it is on record as under way.
    const going = host.goesOn() ? next : next.slice(0, linked === undefined ? 0 : 1);
    underWay += going.length - 1;
    await Promise.all(going.map((one, n) => run(one, false, n === 0 ? linked : undefined)));
  };
  underWay = fires.length;
  await Promise.all(fires.map((one) => run(one, true)));
  return ends;
}

interface Foreseen {
  readonly at: number;
  /** What of the local lane follows. */
  readonly next: readonly Fire[];
}

interface Fired<LetIn> extends Foreseen {
  readonly result: FireResult | Again;
  /** The first of what follows, where it was let in. */
  readonly linked?: LetIn;
}

const isLocalFire = (command: { readonly do: string; readonly lane?: unknown }): command is Fire =>
  command.do === 'fire' && command.lane === 'local';
