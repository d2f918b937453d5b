/**
 * What the sandbox itself saw: the second path, by which scenes assert what they say.
 * Entry ring.
 */
import type { Snapshot } from '../../sandbox';
import type { Ending } from '../story';
import type { Stage } from './stage';

/** Everything that one outcome did, as the vendors counted it. */
export interface Deeds {
  /** Requests of it, whatever they did. */
  readonly calls: number;
  /** Actions that changed something. */
  readonly actions: readonly string[];
  readonly writes: number;
  /** What was changed more than once under one key. */
  readonly doubled: readonly string[];
}

export const phaseOf = (ending: Ending): string => (ending.how === 'over' ? ending.state.phase : ending.how);

/** What stands in the world; what vendors keep on record of undone work (a deactivated identity, a cancelled order) is not. */
export const snapshotOf = ({ sandbox, tenant }: Stage): Promise<Snapshot> =>
  sandbox.snapshot({ tenant, view: 'standing' });

export async function deedsOf({ sandbox, tenant }: Stage, id: string): Promise<Deeds> {
  const { calls, actions, writes, doubled } = await sandbox.effects({ tenant, key: `${id}/` });
  return {
    calls,
    actions: actions.filter((action) => action.writes > 0).map(({ key }) => key.slice(id.length + 1)),
    writes,
    doubled: doubled.map(({ key, target, count }) => `${key.slice(id.length + 1)} ${target} × ${count}`),
  };
}
