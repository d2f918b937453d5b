/**
 * Contracts of the AWFs on Intune, reached through Microsoft Graph: which groups get a configuration profile.
 * Authoring ring: data and pure functions, no SDK.
 */
import { z } from 'zod';
import { defineAwf } from '../../src/dsl/awf';
import { captured, handle, undone } from '../kit/contract';

const errors = {
  profile_not_found: { class: 'permanent', summary: 'no configuration profile with this id or name' },
  group_not_found: { class: 'permanent', summary: 'no group with this id or name' },
  group_excluded: {
    class: 'permanent',
    summary: 'the profile excludes this group on purpose, and an exclusion outranks an assignment',
  },
  profile_contended: {
    class: 'transient',
    summary: 'others kept replacing the assignments of this profile while we wrote ours',
  },
} as const;

/**
 * Whether the group was assigned before the first write. The ids are what the names meant then, so that the undo can't hit
 * another profile that took over the name.
 */
export interface AssignmentPrior {
  readonly profile: string;
  readonly group: string;
  readonly assigned: boolean;
  /** Id of the filter that narrowed the assignment; null where none did. */
  readonly filter: string | null;
  readonly filterType: string | null;
}

/** A profile and a group, by id or display name; the filter is set when an undo puts a narrowed assignment back. */
const assignment = z.object({
  profile: handle,
  group: handle,
  filter: handle.nullable().optional(),
  filterType: handle.nullable().optional(),
});

export const pushProfile = defineAwf({
  name: 'intune.push_profile',
  version: 1,
  system: 'intune',
  domain: 'devices',
  summary: 'Assign a configuration profile to the devices of a group',
  input: assignment,
  output: z.object({ profile: handle, group: handle, changed: z.boolean() }),
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.4, recovery: 0.2, precedent: 0.1 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 4 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'conditional-write',
  evidence: 'sandbox',
  errors,
  compensation: {
    awf: 'intune.remove_profile',
    input: ({ output, prior }) => {
      const before = captured<AssignmentPrior>(prior);
      if (!before || before.assigned || output?.changed === false) return null;
      return { profile: before.profile, group: before.group };
    },
  },
  predict: (world, input) => {
    const at = address(input);
    const assigned = world.get(at) === true;
    world.capture({ profile: input.profile, group: input.group, assigned, filter: null, filterType: null });
    world.set(at, true);
    return { profile: input.profile, group: input.group, changed: !assigned };
  },
});

export const removeProfile = defineAwf({
  name: 'intune.remove_profile',
  version: 1,
  system: 'intune',
  domain: 'devices',
  summary: 'Take the assignment of a configuration profile away from a group',
  input: assignment,
  output: undone.extend({ profile: handle, group: handle }),
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.5, recovery: 0.2, precedent: 0.1 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 4 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'conditional-write',
  evidence: 'sandbox',
  errors,
  retriable: true,
  compensation: {
    awf: 'intune.push_profile',
    input: ({ output, prior }) => {
      const before = captured<AssignmentPrior>(prior);
      if (!before?.assigned || output?.changed === false) return null;
      const { profile, group, filter, filterType } = before;
      return { profile, group, filter, filterType };
    },
  },
  predict: (world, input) => {
    const at = address(input);
    const changed = world.get(at) === true;
    world.capture({
      profile: input.profile,
      group: input.group,
      assigned: changed,
      filter: null,
      filterType: null,
    });
    world.delete(at);
    return { profile: input.profile, group: input.group, changed };
  },
});

const address = (input: { profile: string; group: string }): string =>
  `intune/profile/${input.profile}/${input.group}`;
