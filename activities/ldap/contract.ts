/**
 * Contracts of the AWFs on an LDAP directory (OpenLDAP): accounts, their lock, group membership, single attributes.
 * Authoring ring: data and pure functions, no client.
 */
import { z } from 'zod';
import { defineAwf } from '../../src/dsl/awf';
import { captured, handle, personal, undone } from '../kit/contract';

const accountNotFound = {
  account_not_found: { class: 'permanent', summary: 'no account with this user id' },
} as const;

const schemaRefused = {
  entry_refused: {
    class: 'permanent',
    summary: 'the entry breaks the schema or a constraint of the directory',
  },
} as const;

const common = {
  version: 1,
  system: 'ldap',
  domain: 'identity',
  effect: 'mutate',
  category: 'internal_state',
  external: false,
  cost: { api_calls: 2 },
  timeout: '5s',
  undoWindow: '30d',
  evidence: 'real',
} as const;

/** Whether an entry stood under the user id before the first write. */
export interface AccountPrior {
  readonly exists: boolean;
}

export const createAccount = defineAwf({
  ...common,
  name: 'ldap.create_account',
  summary: 'Create an account in the directory',
  input: z.object({ uid: personal, name: personal, mail: personal.optional() }),
  output: z.object({ uid: personal, dn: personal, created: z.boolean() }),
  reversibility: 'full',
  risk: { externality: 0, magnitude: 0.4, recovery: 0.2, precedent: 0.2 },
  idempotency: 'natural-key',
  errors: {
    uid_taken: { class: 'permanent', summary: 'the user id belongs to another person' },
    ...schemaRefused,
  },
  compensation: {
    awf: 'ldap.delete_account',
    input: ({ input, output, prior }) => {
      const before = captured<AccountPrior>(prior);
      if (!before || before.exists || output?.created === false) return null;
      return { uid: input.uid, name: input.name, mail: input.mail ?? null };
    },
  },
  predict: (world, input) => {
    const at = accountAddress(input.uid);
    const exists = world.get(at) !== undefined;
    world.capture({ exists });
    if (!exists) world.set(at, { name: input.name, mail: input.mail ?? null });
    return { uid: input.uid, dn: `uid=${input.uid}`, created: !exists };
  },
});

export const deleteAccount = defineAwf({
  ...common,
  name: 'ldap.delete_account',
  summary: 'Delete the account that this action created, if it is still as it was made',
  input: z.object({ uid: personal, name: personal, mail: personal.nullable() }),
  output: undone,
  reversibility: 'irreversible',
  risk: { externality: 0, magnitude: 0.5, recovery: 0.5, precedent: 0.2 },
  idempotency: 'natural-key',
  errors: {},
  retriable: true,
  predict: (world, input) => {
    const at = accountAddress(input.uid);
    const changed = world.get(at) !== undefined;
    world.delete(at);
    return { changed };
  },
});

/** Lock of an account before the first write: the directory's own text, or null where it was not locked. */
export interface LockPrior {
  readonly lock: string | null;
}

export const disableAccount = defineAwf({
  ...common,
  name: 'ldap.disable_account',
  summary: 'Lock an account for good, so that nobody can bind with it',
  input: z.object({ uid: personal }),
  output: z.object({ uid: personal, changed: z.boolean() }),
  reversibility: 'full',
  risk: { externality: 0, magnitude: 0.6, recovery: 0.3, precedent: 0.3 },
  idempotency: 'conditional-write',
  errors: accountNotFound,
  compensation: {
    awf: 'ldap.enable_account',
    input: ({ input, output, prior }) => {
      const before = captured<LockPrior>(prior);
      if (!before || before.lock === LOCKED_FOR_GOOD || output?.changed === false) return null;
      return { uid: input.uid, restore: before.lock };
    },
  },
  predict: (world, input) => {
    const at = lockAddress(input.uid);
    const lock = (world.get(at) ?? null) as string | null;
    world.capture({ lock });
    world.set(at, LOCKED_FOR_GOOD);
    return { uid: input.uid, changed: lock !== LOCKED_FOR_GOOD };
  },
});

export const enableAccount = defineAwf({
  ...common,
  name: 'ldap.enable_account',
  summary: 'Put the lock of an account back to what it was, usually none',
  input: z.object({ uid: personal, restore: handle.nullable() }),
  output: undone,
  reversibility: 'full',
  risk: { externality: 0, magnitude: 0.4, recovery: 0.1, precedent: 0.2 },
  idempotency: 'conditional-write',
  errors: accountNotFound,
  retriable: true,
  predict: (world, input) => {
    const at = lockAddress(input.uid);
    const changed = (world.get(at) ?? null) !== input.restore;
    if (input.restore === null) world.delete(at);
    else world.set(at, input.restore);
    return { changed };
  },
});

/** Whether the account was a member before the first write. */
export interface MemberPrior {
  readonly member: boolean;
}

const membership = z.object({ uid: personal, group: handle });
const memberErrors = {
  ...accountNotFound,
  group_not_found: { class: 'permanent', summary: 'no group with this name' },
} as const;

export const addGroupMember = defineAwf({
  ...common,
  name: 'ldap.add_group_member',
  summary: 'Make an account a member of a group',
  input: membership,
  output: membership.extend({ changed: z.boolean() }),
  reversibility: 'full',
  risk: { externality: 0, magnitude: 0.4, recovery: 0.1, precedent: 0.2 },
  idempotency: 'conditional-write',
  errors: memberErrors,
  compensation: {
    awf: 'ldap.remove_group_member',
    input: ({ input, output, prior }) => {
      const before = captured<MemberPrior>(prior);
      if (!before || before.member || output?.changed === false) return null;
      return { uid: input.uid, group: input.group };
    },
  },
  predict: (world, input) => {
    const at = memberAddress(input);
    const member = world.get(at) === true;
    world.capture({ member });
    world.set(at, true);
    return { ...input, changed: !member };
  },
});

export const removeGroupMember = defineAwf({
  ...common,
  name: 'ldap.remove_group_member',
  summary: 'Take an account out of a group',
  input: membership,
  output: membership.extend({ changed: z.boolean() }),
  reversibility: 'full',
  risk: { externality: 0, magnitude: 0.5, recovery: 0.1, precedent: 0.2 },
  idempotency: 'conditional-write',
  errors: {
    ...memberErrors,
    last_member: { class: 'permanent', summary: 'the directory keeps no group without members' },
  },
  retriable: true,
  compensation: {
    awf: 'ldap.add_group_member',
    input: ({ input, output, prior }) => {
      const before = captured<MemberPrior>(prior);
      if (!before?.member || output?.changed === false) return null;
      return { uid: input.uid, group: input.group };
    },
  },
  predict: (world, input) => {
    const at = memberAddress(input);
    const member = world.get(at) === true;
    world.capture({ member });
    world.delete(at);
    return { ...input, changed: member };
  },
});

/** Values of the attribute before the first write; empty where it was absent. */
export interface AttributePrior {
  readonly values: readonly string[];
}

/** Names that belong to the directory, to other AWFs or to security, and that no runbook may set. */
const RESERVED_ATTRIBUTES = /^(dn|uid|objectclass|userpassword|member|memberof|pwd.*|entry.*|.*timestamp)$/i;

const attribute = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]*$/)
  .max(100)
  .refine((name) => !RESERVED_ATTRIBUTES.test(name), {
    error: 'this attribute has an AWF of its own or none',
  });
const values = z.array(personal).max(100);

export const setAttribute = defineAwf({
  ...common,
  name: 'ldap.set_attribute',
  summary: 'Set one attribute of an account',
  input: z.object({ uid: personal, attribute, values }),
  output: z.object({ uid: personal, attribute, replaced: values, changed: z.boolean() }),
  reversibility: 'full',
  risk: { externality: 0, magnitude: 0.3, recovery: 0.1, precedent: 0.1 },
  idempotency: 'conditional-write',
  errors: {
    ...accountNotFound,
    ...schemaRefused,
    attribute_contended: {
      class: 'transient',
      summary: 'somebody else changed the attribute while we wrote',
    },
  },
  compensation: {
    awf: 'ldap.restore_attribute',
    input: ({ input, prior }) => {
      const before = captured<AttributePrior>(prior);
      if (!before || sameValues(before.values, input.values)) return null;
      return { uid: input.uid, attribute: input.attribute, values: input.values, restore: before.values };
    },
  },
  predict: (world, input) => {
    const at = attributeAddress(input.uid, input.attribute);
    const replaced = [...((world.get(at) ?? []) as readonly string[])];
    world.capture({ values: replaced });
    if (input.values.length === 0) world.delete(at);
    else world.set(at, [...input.values].sort());
    return {
      uid: input.uid,
      attribute: input.attribute,
      replaced,
      changed: !sameValues(replaced, input.values),
    };
  },
});

export const restoreAttribute = defineAwf({
  ...common,
  name: 'ldap.restore_attribute',
  summary: 'Put back the values that an attribute had before',
  input: z.object({ uid: personal, attribute, values, restore: values }),
  output: undone,
  reversibility: 'full',
  risk: { externality: 0, magnitude: 0.2, recovery: 0.1, precedent: 0.1 },
  idempotency: 'conditional-write',
  errors: { ...accountNotFound, ...schemaRefused },
  retriable: true,
  predict: (world, input) => {
    const at = attributeAddress(input.uid, input.attribute);
    const now = (world.get(at) ?? []) as readonly string[];
    if (input.restore.length === 0) world.delete(at);
    else world.set(at, [...input.restore]);
    return { changed: !sameValues(now, input.restore) };
  },
});

/** Time of a lock that only an administrator lifts. @source draft-behera-ldap-password-policy, pwdAccountLockedTime */
export const LOCKED_FOR_GOOD = '000001010000Z';

/** Whether two attributes hold the same values: LDAP keeps them as a set. */
export function sameValues(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && [...a].sort().join('\n') === [...b].sort().join('\n');
}

const accountAddress = (uid: string): string => `ldap/account/${uid}`;
const lockAddress = (uid: string): string => `ldap/lock/${uid}`;
const memberAddress = (of: { uid: string; group: string }): string => `ldap/group/${of.group}/${of.uid}`;
const attributeAddress = (uid: string, name: string): string => `ldap/attribute/${uid}/${name.toLowerCase()}`;
