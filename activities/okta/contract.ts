/**
 * Contracts of the AWFs on Okta: identities, their groups, their status and their department.
 * Authoring ring: data and pure functions, no SDK. In the model world a person stands under the login; ids of the model are
 * `okta:<login>`, so that what one AWF gave can be handed to the next as with the real service.
 */
import { z } from 'zod';
import { defineAwf, type World } from '../../src/dsl/awf';
import { captured, handle, handles, personal, undone, without } from '../kit/contract';

const userNotFound = {
  user_not_found: { class: 'permanent', summary: 'no identity with this id or login' },
} as const;

const groupErrors = {
  ...userNotFound,
  group_not_found: { class: 'permanent', summary: 'no group with this id or name' },
  group_managed_elsewhere: {
    class: 'permanent',
    summary: 'the group takes its members from another directory or a rule, not from us',
  },
} as const;

/** What stood under a login before the first write; `status` is null where nothing did. */
export interface IdentityPrior {
  readonly id: string | null;
  readonly status: string | null;
  /** The mark of the action that wrote it last, where it has one. */
  readonly mark: string | null;
}

export const createIdentity = defineAwf({
  name: 'okta.create_identity',
  version: 1,
  system: 'okta',
  domain: 'identity',
  summary:
    'Create an identity and activate it; revive the one that was deactivated, if it is the same person',
  input: z.object({
    /** Unique in the organisation, in the form of an e-mail address. */
    login: personal,
    /** Full name; the last word is the family name. */
    name: personal,
    department: handle.optional(),
  }),
  output: z.object({ id: handle, login: personal, created: z.boolean() }),
  effect: 'mutate',
  // A deactivated identity with our mark stays behind after the undo: nobody can use it, and audits can find it.
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.4, recovery: 0.2, precedent: 0.2 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 2 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'natural-key',
  evidence: 'emulator',
  errors: {
    login_taken: { class: 'permanent', summary: 'the login belongs to another person' },
    identity_refused: { class: 'permanent', summary: 'the profile breaks a rule of the organisation' },
    identity_blocked: {
      class: 'permanent',
      summary: 'the identity exists but is staged, suspended or locked, and only a person may change that',
    },
  },
  compensation: {
    awf: 'okta.disable_identity',
    input: ({ input, output, prior }) => {
      const before = captured<IdentityPrior>(prior);
      if (!before || (before.status !== null && before.status !== 'DEPROVISIONED')) return null;
      return {
        login: input.login,
        name: input.name,
        id: output?.id ?? before.id,
        revived: before.status === 'DEPROVISIONED',
      };
    },
  },
  predict: (world, input) => {
    const at = userAddress(input.login);
    const before = (world.get(`${at}/status`) ?? null) as string | null;
    world.capture({ id: null, status: before, mark: null });
    if (before === null) {
      world.set(`${at}/status`, 'ACTIVE');
      world.set(`${at}/name`, input.name);
      if (input.department !== undefined) world.set(`${at}/department`, input.department);
    }
    return { id: `okta:${input.login}`, login: input.login, created: before === null };
  },
});

export const disableIdentity = defineAwf({
  name: 'okta.disable_identity',
  version: 1,
  system: 'okta',
  domain: 'identity',
  summary: 'Deactivate the identity that this action created or revived',
  input: z.object({ login: personal, name: personal, id: handle.nullable(), revived: z.boolean() }),
  output: undone,
  effect: 'mutate',
  reversibility: 'partial',
  risk: { externality: 0.1, magnitude: 0.4, recovery: 0.2, precedent: 0.2 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 2 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'declarative',
  evidence: 'emulator',
  errors: {},
  retriable: true,
  predict: (world, input) => {
    const at = userAddress(input.login);
    const changed = world.get(`${at}/status`) !== undefined;
    // Nobody can use a deactivated identity: in the model it is gone.
    for (const part of ['status', 'name', 'department']) world.delete(`${at}/${part}`);
    return { changed };
  },
});

/** Which of the groups in question the person was in before the first write, named as the input names them. */
export interface GroupsPrior {
  readonly user: string;
  readonly member: readonly string[];
  /** What the names stood for, so that the undo reaches the same ones after a renaming. */
  readonly ids: { readonly [name: string]: string };
}

export const assignGroups = defineAwf({
  name: 'okta.assign_groups',
  version: 1,
  system: 'okta',
  domain: 'identity',
  summary: 'Add a person to groups',
  input: z.object({ user: personal, groups: handles }),
  output: undone.extend({ user: personal, added: handles, already: handles }),
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.4, recovery: 0.1, precedent: 0.2 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 4 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'declarative',
  evidence: 'emulator',
  errors: groupErrors,
  compensation: {
    awf: 'okta.remove_groups',
    input: ({ input, output, prior }) => {
      const before = captured<GroupsPrior>(prior);
      if (!before) return null;
      const groups = output?.added ?? without(input.groups, before.member);
      return groups.length === 0 ? null : { user: before.user, groups: idsFor(groups, before) };
    },
  },
  predict: (world, input) => {
    const already = membersOf(world, input.user, input.groups);
    world.capture({ user: input.user, member: already, ids: {} });
    const added = without(input.groups, already);
    for (const group of added) world.set(groupAddress(group, input.user), true);
    return { user: input.user, added, already, changed: added.length > 0 };
  },
});

export const removeGroups = defineAwf({
  name: 'okta.remove_groups',
  version: 1,
  system: 'okta',
  domain: 'identity',
  summary: 'Take a person out of groups',
  input: z.object({ user: personal, groups: handles }),
  output: z.object({ user: personal, removed: handles, changed: z.boolean() }),
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.5, recovery: 0.2, precedent: 0.2 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 4 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'declarative',
  evidence: 'emulator',
  errors: groupErrors,
  retriable: true,
  compensation: {
    awf: 'okta.assign_groups',
    input: ({ input, output, prior }) => {
      const before = captured<GroupsPrior>(prior);
      if (!before) return null;
      const groups = output?.removed ?? input.groups.filter((group) => before.member.includes(group));
      return groups.length === 0 ? null : { user: before.user, groups: idsFor(groups, before) };
    },
  },
  predict: (world, input) => {
    const removed = membersOf(world, input.user, input.groups);
    world.capture({ user: input.user, member: removed, ids: {} });
    for (const group of removed) world.delete(groupAddress(group, input.user));
    return { user: input.user, removed, changed: removed.length > 0 };
  },
});

/** Status of an identity before the first write. */
export interface StatusPrior {
  readonly user: string;
  readonly status: string;
}

export const suspendIdentity = defineAwf({
  name: 'okta.suspend_identity',
  version: 1,
  system: 'okta',
  domain: 'identity',
  summary: 'Suspend an identity: its sessions end and it cannot sign in, and nothing of it is lost',
  input: z.object({ user: personal }),
  output: z.object({
    user: personal,
    changed: z.boolean(),
    /** When the status changed, by Okta's clock: a later suspension by somebody else is told by it. */
    since: z.string().nullable(),
  }),
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.6, recovery: 0.3, precedent: 0.3 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 2 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'conditional-write',
  evidence: 'emulator',
  errors: {
    ...userNotFound,
    identity_not_active: { class: 'permanent', summary: 'only an active identity can be suspended' },
  },
  compensation: {
    awf: 'okta.unsuspend_identity',
    input: ({ output, prior }) => {
      const before = captured<StatusPrior>(prior);
      if (!before || before.status === 'SUSPENDED' || output?.changed === false) return null;
      return { user: before.user, since: output?.since ?? null };
    },
  },
  predict: (world, input) => {
    // Apart from the status, because a person whom the model has not met is taken to be active.
    const at = `${userAddress(input.user)}/suspended`;
    const changed = world.get(at) !== true;
    world.capture({ user: input.user, status: changed ? 'ACTIVE' : 'SUSPENDED' });
    world.set(at, true);
    return { user: input.user, changed, since: null };
  },
});

export const unsuspendIdentity = defineAwf({
  name: 'okta.unsuspend_identity',
  version: 1,
  system: 'okta',
  domain: 'identity',
  summary: 'End the suspension of an identity',
  input: z.object({ user: personal, since: z.string().nullable() }),
  output: undone,
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.4, recovery: 0.1, precedent: 0.2 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 2 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'conditional-write',
  evidence: 'emulator',
  errors: {},
  retriable: true,
  predict: (world, input) => {
    const at = `${userAddress(input.user)}/suspended`;
    const changed = world.get(at) === true;
    world.delete(at);
    return { changed };
  },
});

/** Department of an identity before the first write; null where it had none. */
export interface ProfilePrior {
  readonly user: string;
  readonly department: string | null;
}

export const setDepartment = defineAwf({
  name: 'okta.set_department',
  version: 1,
  system: 'okta',
  domain: 'identity',
  summary: "Write a person's department into the identity's profile",
  input: z.object({ user: personal, department: handle }),
  output: z.object({ user: personal, replaced: handle.nullable(), changed: z.boolean() }),
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.3, recovery: 0.1, precedent: 0.1 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 2 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'declarative',
  evidence: 'sandbox',
  errors: {
    ...userNotFound,
    profile_refused: { class: 'permanent', summary: 'the profile breaks a rule of the organisation' },
  },
  compensation: {
    awf: 'okta.restore_profile',
    input: ({ input, prior }) => {
      const before = captured<ProfilePrior>(prior);
      if (!before || before.department === input.department) return null;
      return { user: before.user, department: input.department, restore: before.department };
    },
  },
  predict: (world, input) => {
    const at = `${userAddress(input.user)}/department`;
    const replaced = (world.get(at) ?? null) as string | null;
    world.capture({ user: input.user, department: replaced });
    world.set(at, input.department);
    return { user: input.user, replaced, changed: replaced !== input.department };
  },
});

export const restoreProfile = defineAwf({
  name: 'okta.restore_profile',
  version: 1,
  system: 'okta',
  domain: 'identity',
  summary: 'Put back the department that the profile named before',
  input: z.object({ user: personal, department: handle, restore: handle.nullable() }),
  output: undone,
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.2, recovery: 0.1, precedent: 0.1 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 2 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'declarative',
  evidence: 'sandbox',
  errors: userNotFound,
  retriable: true,
  predict: (world, input) => {
    const at = `${userAddress(input.user)}/department`;
    const changed = (world.get(at) ?? null) !== input.restore;
    if (input.restore === null) world.delete(at);
    else world.set(at, input.restore);
    return { changed };
  },
});

const loginOf = (user: string): string => (user.startsWith('okta:') ? user.slice(5) : user);
const userAddress = (user: string): string => `okta/user/${loginOf(user)}`;
const groupAddress = (group: string, user: string): string => `okta/group/${group}/${loginOf(user)}`;

const membersOf = (world: World, user: string, groups: readonly string[]): string[] =>
  [...new Set(groups)].filter((group) => world.get(groupAddress(group, user)) === true);

const idsFor = (names: readonly string[], before: GroupsPrior): string[] =>
  names.map((name) => before.ids[name] ?? name);
