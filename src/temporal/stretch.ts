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

export interface StretchHost {
  /** One attempt at an action. */
  readonly fire: (command: Fire) => Promise<FireResult | Again>;
  /** Whether another action may still begin. */
  readonly goesOn: () => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Runs the fires, and what of the local lane follows from their ends, at once where the plan is parallel. */
export async function runStretch(
  {
    plan,
    state,
    fires,
  }: { readonly plan: Plan; readonly state: EngineState; readonly fires: readonly Fire[] },
  host: StretchHost,
): Promise<readonly StretchEnd[]> {
  const machine = Machine.resume(plan, state);
  const ends: StretchEnd[] = [];
  const run = async (command: Fire, isAsked: boolean): Promise<void> => {
    const { node } = command;
    const result = await host.fire(command);
    const end = { node, at: host.now(), ...(isAsked ? { isAsked: true as const } : {}) };
    if (result.kind === 'again') {
      ends.push({ ...end, afterMs: result.afterMs });
      return;
    }
    ends.push({ ...end, result });
    const { commands } = machine.advance({ at: end.at, event: { kind: 'fired', node, result } });
    if (host.goesOn()) await Promise.all(commands.filter(isLocalFire).map((next) => run(next, false)));
  };
  await Promise.all(fires.map((fire) => run(fire, true)));
  return ends;
}

const isLocalFire = (command: { readonly do: string; readonly lane?: unknown }): command is Fire =>
  command.do === 'fire' && command.lane === 'local';
