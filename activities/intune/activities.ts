/**
 * Effects of the AWFs on Intune. An assignment replaces the whole set of a profile, so each change reads the set, writes it
 * with its own part changed, and reads it back. Changes of one profile take turns, inside one process and between processes;
 * for those who are not ours the reading back finds what was lost, and writes it again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { implement, type EffectContext } from '../../src/dsl/effect';
import { diverged, refusal } from '../kit/http';
import { erased, looking, missing, priorOf, type AnyEffect, type Look } from '../kit/steps';
import { inTurn } from '../kit/turns';
import * as graph from './client';
import * as contracts from './contract';

export { warm } from './client';

type Contract = typeof contracts.pushProfile | typeof contracts.removeProfile;

/** How often a set is written before we say that others keep replacing it. */
const ROUNDS = 5;
/** Milliseconds of the pause after a lost round, times the round, plus up to as much by chance: two who collide part. */
const PAUSE_MS = 25;

export const effects = (look: Look = looking): readonly AnyEffect[] => erased(assignmentEffects(look));

function assignmentEffects(look: Look) {
  const capture = async (
    contract: Contract,
    input: { readonly profile: string; readonly group: string },
    context: EffectContext,
    blind: graph.Target[],
  ): Promise<Readonly<{ [Key in keyof contracts.AssignmentPrior]: contracts.AssignmentPrior[Key] }>> => {
    const { profile, group } = await idsOf(contract, input, context);
    const targets = await look<graph.Target[] | undefined>(() => graph.targetsOf(context, profile), blind);
    if (!targets) throw missing(contract, 'profile_not_found', context);
    const found = targets.find((target) => isFor(target, group)) ?? blind[0];
    return { profile, group, assigned: found !== undefined, ...filterOf(found) };
  };

  const push = implement(contracts.pushProfile, {
    capture: (input, context) => capture(contracts.pushProfile, input, context, []),
    execute: async (input, context) => {
      const before = priorOf<contracts.AssignmentPrior>(context);
      const { profile, group } = before ?? (await idsOf(contracts.pushProfile, input, context));
      if (before?.assigned) return { profile, group, changed: false };
      const wanted = targetFor(group, input);
      const written = await settle(context, profile, async () => {
        const targets = await look<graph.Target[] | undefined>(() => graph.targetsOf(context, profile), []);
        if (!targets) throw missing(contracts.pushProfile, 'profile_not_found', context);
        if (targets.some((target) => isExclusion(target, group))) {
          throw refusal(contracts.pushProfile, 'group_excluded', context);
        }
        const there = targets.find((target) => isFor(target, group));
        if (there && !sameFilter(there, wanted) && context.operation === 'compensate') {
          throw diverged(context, 'somebody else assigned the profile in another way');
        }
        return there ? undefined : [...targets, wanted];
      });
      // There without our writing it: by an earlier attempt of ours if there was one, else by somebody else.
      return { profile, group, changed: written || (context.attempt > 1 && before !== undefined) };
    },
  });

  const remove = implement(contracts.removeProfile, {
    capture: (input, context) =>
      capture(contracts.removeProfile, input, context, [targetFor(input.group, input)]),
    execute: async (input, context) => {
      const before = priorOf<contracts.AssignmentPrior>(context);
      const { profile, group } = before ?? (await idsOf(contracts.removeProfile, input, context));
      if (before && !before.assigned) return { profile, group, changed: false };
      const written = await settle(context, profile, async () => {
        const all = await graph.targetsOf(context, profile);
        if (!all) return undefined;
        const targets = await look(
          () => Promise.resolve(all),
          all.filter((target) => isFor(target, group)),
        );
        const there = targets.find((target) => isFor(target, group));
        if (!there) return undefined;
        if (context.operation === 'compensate' && !sameFilter(there, targetFor(group, input))) {
          throw diverged(context, 'somebody else narrowed the assignment meanwhile');
        }
        return targets.filter((target) => target !== there);
      });
      return { profile, group, changed: written || (context.attempt > 1 && before !== undefined) };
    },
  });
  return [push, remove];
}

/**
 * Brings a profile's assignments to where `plan` wants them: it reads and says what to write, or `undefined` once nothing is
 * left to do. True if anything was written.
 */
async function settle(
  context: EffectContext,
  profile: string,
  plan: () => Promise<readonly graph.Target[] | undefined>,
): Promise<boolean> {
  const thing = graph.profileKey(context, profile);
  const exclusive = context.exclusive ?? ((_thing, work) => work());
  const work = async (): Promise<boolean> => {
    for (let round = 1; round <= ROUNDS; round++) {
      const targets = await plan();
      if (targets === undefined) return round > 1;
      await graph.assign(context, profile, targets);
      if (round > 1)
        await sleep(PAUSE_MS * round * (1 + Math.random()), undefined, { signal: context.signal });
      context.heartbeat();
    }
    if ((await plan()) === undefined) return true;
    throw refusal(contracts.pushProfile, 'profile_contended', context);
  };
  return inTurn(thing, context.signal, () => exclusive(thing, work));
}

async function idsOf(
  contract: Contract,
  input: { readonly profile: string; readonly group: string },
  context: EffectContext,
): Promise<{ readonly profile: string; readonly group: string }> {
  const profile = await graph.profileId(context, input.profile);
  if (profile === undefined) throw missing(contract, 'profile_not_found', context);
  const group = await graph.groupId(context, input.group);
  if (group === undefined) throw missing(contract, 'group_not_found', context);
  return { profile, group };
}

const GROUP = '#microsoft.graph.groupAssignmentTarget';
const EXCLUSION = '#microsoft.graph.exclusionGroupAssignmentTarget';

const isFor = (target: graph.Target, group: string): boolean =>
  target['@odata.type'] === GROUP && target['groupId'] === group;

const isExclusion = (target: graph.Target, group: string): boolean =>
  target['@odata.type'] === EXCLUSION && target['groupId'] === group;

/** @source https://learn.microsoft.com/en-us/graph/api/resources/intune-shared-deviceandappmanagementassignmenttarget */
function targetFor(
  group: string,
  narrowed: { readonly filter?: string | null | undefined; readonly filterType?: string | null | undefined },
): graph.Target {
  return {
    '@odata.type': GROUP,
    groupId: group,
    ...(narrowed.filter
      ? {
          deviceAndAppManagementAssignmentFilterId: narrowed.filter,
          deviceAndAppManagementAssignmentFilterType: narrowed.filterType ?? 'include',
        }
      : {}),
  };
}

function filterOf(target: graph.Target | undefined): {
  readonly filter: string | null;
  readonly filterType: string | null;
} {
  const filter = target?.['deviceAndAppManagementAssignmentFilterId'];
  const filterType = target?.['deviceAndAppManagementAssignmentFilterType'];
  return typeof filter === 'string' && filter !== ''
    ? { filter, filterType: typeof filterType === 'string' ? filterType : null }
    : { filter: null, filterType: null };
}

const sameFilter = (a: graph.Target, b: graph.Target): boolean =>
  filterOf(a).filter === filterOf(b).filter && filterOf(a).filterType === filterOf(b).filterType;
