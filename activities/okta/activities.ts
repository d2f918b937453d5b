/**
 * Effects of the AWFs on Okta. Identities are told by the mark they carry (the action's key), memberships and status by what
 * was captured before the first write.
 */
import { implement, type EffectContext } from '../../src/dsl/effect';
import { diverged, refusal } from '../kit/http';
import { erased, forAll, looking, missing, priorOf, type AnyEffect, type Look } from '../kit/steps';
import * as okta from './client';
import * as contracts from './contract';

/** Statuses in which somebody can use the identity. */
const LIVE = ['ACTIVE', 'PROVISIONED', 'PASSWORD_EXPIRED', 'RECOVERY'];

export { warm } from './client';

export const effects = (look: Look = looking): readonly AnyEffect[] =>
  erased([...identityEffects(look), ...groupEffects(look), ...statusEffects(look), ...profileEffects(look)]);

function identityEffects(look: Look) {
  const create = implement(contracts.createIdentity, {
    capture: async (input, context) => {
      const found = await look(() => okta.findIdentity(context, input.login), undefined);
      return { id: found?.id ?? null, status: found?.status ?? null, mark: found?.mark ?? null };
    },
    execute: async (input, context) => {
      const before = priorOf<contracts.IdentityPrior>(context)!;
      const mayExist = before.status !== null || context.attempt > 1;
      const found = mayExist
        ? await look(() => okta.findIdentity(context, input.login), undefined)
        : undefined;
      const identity = found
        ? await adopt(input, context, found, before)
        : await createOrAdopt(input, context, before);
      const created = before.status === null && identity.mark === context.key;
      return { id: identity.id, login: input.login, created };
    },
  });

  const disable = implement(contracts.disableIdentity, {
    execute: async (input, context) => {
      const reference = input.id ?? input.login;
      const ours = { ...nobody, id: reference, mark: context.key, ...namesOf(input.name) };
      const found = await look<okta.Identity | undefined>(() => okta.findIdentity(context, reference), ours);
      if (!found || found.mark !== context.key || found.status === 'DEPROVISIONED') return { changed: false };
      if (!isSamePerson(found, input.name)) throw diverged(context, 'somebody else renamed the identity');
      if (!LIVE.includes(found.status)) {
        throw diverged(
          context,
          `somebody else moved the identity to the status ${found.status.toLowerCase()}`,
        );
      }
      await okta.lifecycle(context, found.id, 'deactivate');
      return { changed: true };
    },
  });
  return [create, disable];
}

interface Asked {
  readonly login: string;
  readonly name: string;
  readonly department?: string | undefined;
}

/** Takes the identity that stands under the login, if the action may have it. */
async function adopt(
  input: Asked,
  context: EffectContext,
  found: okta.Identity,
  before: contracts.IdentityPrior,
): Promise<okta.Identity> {
  const contract = contracts.createIdentity;
  const isOurs = found.mark === context.key;
  if (!isOurs && !isSamePerson(found, input.name)) throw refusal(contract, 'login_taken', context);
  if (LIVE.includes(found.status)) return found;
  if (found.status !== 'DEPROVISIONED' || before.status !== 'DEPROVISIONED') {
    throw refusal(contract, 'identity_blocked', context);
  }
  // Marked before it is revived: whoever finds it alive without our mark knows that it was not us.
  if (!isOurs) await okta.mark(context, found.id);
  await okta.lifecycle(context, found.id, 'activate');
  return { ...found, mark: context.key };
}

async function createOrAdopt(
  input: Asked,
  context: EffectContext,
  before: contracts.IdentityPrior,
): Promise<okta.Identity> {
  try {
    return await okta.createUser(context, {
      ...namesOf(input.name),
      login: input.login,
      department: input.department,
    });
  } catch (error) {
    if (okta.oktaCode(error) !== okta.OKTA_CODES.invalid) throw error;
    // The login is unique in Okta, so a refusal may mean that somebody was faster, or that an attempt of ours was.
    const found = /already exists/i.test(okta.oktaWords(error))
      ? await okta.findIdentity(context, input.login)
      : undefined;
    if (!found) throw refusal(contracts.createIdentity, 'identity_refused', context);
    return adopt(input, context, found, before);
  }
}

function groupEffects(look: Look) {
  /** Ids of the groups, by the names of the input; all are known before anything is written. */
  const idsOf = async (
    contract: typeof contracts.assignGroups | typeof contracts.removeGroups,
    groups: readonly string[],
    context: EffectContext,
  ): Promise<ReadonlyMap<string, string>> => {
    const ids = new Map<string, string>();
    await forAll(context, [...new Set(groups)], async (group) => {
      const id = await okta.groupId(context, group);
      if (id === undefined) throw missing(contract, 'group_not_found', context);
      ids.set(group, id);
    });
    return ids;
  };

  const capture = async (
    contract: typeof contracts.assignGroups | typeof contracts.removeGroups,
    input: { readonly user: string; readonly groups: readonly string[] },
    context: EffectContext,
    blind: (groups: readonly string[]) => readonly string[],
  ) => {
    const user = await userId(contract, input.user, context);
    const ids = await idsOf(contract, input.groups, context);
    const member = await look(async () => {
      const now = await okta.groupsOf(context, user);
      return [...ids].filter(([, id]) => now.has(id)).map(([group]) => group);
    }, blind(input.groups));
    return { user, member: [...member], ids: Object.fromEntries(ids) };
  };

  const assign = implement(contracts.assignGroups, {
    capture: (input, context) => capture(contracts.assignGroups, input, context, () => []),
    execute: async (input, context) => {
      const before = priorOf<contracts.GroupsPrior>(context);
      const user = before?.user ?? input.user;
      const ids = await idsOf(contracts.assignGroups, input.groups, context);
      // Undoing, nothing was captured for us: what somebody else has put back already is not our doing.
      const already = before ? [...before.member] : await standing(context, user, ids);
      const added = [...ids.keys()].filter((group) => !already.includes(group));
      await forAll(context, added, (group) =>
        membership(contracts.assignGroups, context, () => okta.join(context, ids.get(group)!, user)),
      );
      return { user, added, already, changed: added.length > 0 || isRetriedUndo(context) };
    },
  });

  const remove = implement(contracts.removeGroups, {
    capture: (input, context) => capture(contracts.removeGroups, input, context, (groups) => groups),
    execute: async (input, context) => {
      const before = priorOf<contracts.GroupsPrior>(context);
      const user = before?.user ?? input.user;
      const ids = await idsOf(contracts.removeGroups, input.groups, context);
      const removed = before ? [...before.member] : await standing(context, user, ids);
      await forAll(context, removed, (group) =>
        membership(contracts.removeGroups, context, () => okta.leave(context, ids.get(group)!, user)),
      );
      return { user, removed, changed: removed.length > 0 || isRetriedUndo(context) };
    },
  });
  return [assign, remove];
}

/** An earlier attempt may have undone it and lost the answer, so that nothing is left to see. */
const isRetriedUndo = (context: EffectContext): boolean =>
  context.operation === 'compensate' && context.attempt > 1;

/** The groups that the person is still in, while undoing; none where the identity is gone. */
async function standing(
  context: EffectContext,
  user: string,
  ids: ReadonlyMap<string, string>,
): Promise<string[]> {
  try {
    const now = await okta.groupsOf(context, user);
    return [...ids].filter(([, id]) => now.has(id)).map(([group]) => group);
  } catch (error) {
    if (okta.oktaCode(error) === okta.OKTA_CODES.notFound) return [];
    throw error;
  }
}

/** One change of membership, with Okta's refusals in the words of the contract. */
async function membership(
  contract: typeof contracts.assignGroups | typeof contracts.removeGroups,
  context: EffectContext,
  change: () => Promise<void>,
): Promise<void> {
  try {
    await change();
  } catch (error) {
    switch (okta.oktaCode(error)) {
      case okta.OKTA_CODES.unsupported:
        throw refusal(contract, 'group_managed_elsewhere', context);
      case okta.OKTA_CODES.notFound:
        throw missing(
          contract,
          okta.oktaWords(error).includes('UserGroup') ? 'group_not_found' : 'user_not_found',
          context,
        );
      default:
        throw error;
    }
  }
}

function statusEffects(look: Look) {
  const suspend = implement(contracts.suspendIdentity, {
    capture: async (input, context) => {
      const found = await okta.findIdentity(context, input.user);
      if (!found) throw refusal(contracts.suspendIdentity, 'user_not_found', context);
      return { user: found.id, status: await look(() => Promise.resolve(found.status), 'ACTIVE') };
    },
    execute: async (input, context) => {
      const before = priorOf<contracts.StatusPrior>(context)!;
      if (before.status === 'SUSPENDED') return { user: before.user, changed: false, since: null };
      if (before.status !== 'ACTIVE') {
        throw refusal(contracts.suspendIdentity, 'identity_not_active', context);
      }
      const now = context.attempt > 1 ? await okta.findIdentity(context, before.user) : undefined;
      if (now?.status !== 'SUSPENDED') {
        try {
          await okta.lifecycle(context, before.user, 'suspend');
        } catch (error) {
          if (okta.oktaCode(error) !== okta.OKTA_CODES.invalid) throw error;
          // On the first attempt nobody but somebody else can have suspended it: then it is not ours to undo.
          if ((await okta.findIdentity(context, before.user))?.status !== 'SUSPENDED') {
            throw refusal(contracts.suspendIdentity, 'identity_not_active', context);
          }
          return { user: before.user, changed: context.attempt > 1, since: null };
        }
      }
      const after = now?.status === 'SUSPENDED' ? now : await okta.findIdentity(context, before.user);
      return { user: before.user, changed: true, since: after?.statusChanged ?? null };
    },
  });

  const unsuspend = implement(contracts.unsuspendIdentity, {
    execute: async (input, context) => {
      const ours = { ...nobody, id: input.user, status: 'SUSPENDED', statusChanged: input.since };
      const found = await look<okta.Identity | undefined>(() => okta.findIdentity(context, input.user), ours);
      if (found?.status === 'ACTIVE') return { changed: false };
      if (found?.status !== 'SUSPENDED')
        throw diverged(context, 'somebody else ended or removed the identity');
      if (input.since !== null && found.statusChanged !== input.since) {
        throw diverged(context, 'somebody else suspended the identity again');
      }
      await okta.lifecycle(context, found.id, 'unsuspend');
      return { changed: true };
    },
  });
  return [suspend, unsuspend];
}

function profileEffects(look: Look) {
  const set = implement(contracts.setDepartment, {
    capture: async (input, context) => {
      const found = await okta.findIdentity(context, input.user);
      if (!found) throw refusal(contracts.setDepartment, 'user_not_found', context);
      return { user: found.id, department: await look(() => Promise.resolve(found.department), null) };
    },
    execute: async (input, context) => {
      const before = priorOf<contracts.ProfilePrior>(context)!;
      const replaced = before.department;
      if (replaced === input.department) return { user: before.user, replaced, changed: false };
      const now = context.attempt > 1 ? await okta.findIdentity(context, before.user) : undefined;
      if (now?.department !== input.department) {
        await profileWrite(contracts.setDepartment, context, before.user, input.department);
      }
      return { user: before.user, replaced, changed: true };
    },
  });

  const restore = implement(contracts.restoreProfile, {
    execute: async (input, context) => {
      const ours = { ...nobody, id: input.user, department: input.department };
      const found = await look<okta.Identity | undefined>(() => okta.findIdentity(context, input.user), ours);
      if (!found) throw diverged(context, 'somebody else removed the identity');
      if (found.department === input.restore) return { changed: false };
      if (found.department !== input.department) {
        throw diverged(context, 'somebody else changed the department meanwhile');
      }
      await profileWrite(contracts.restoreProfile, context, found.id, input.restore);
      return { changed: true };
    },
  });
  return [set, restore];
}

async function profileWrite(
  contract: typeof contracts.setDepartment | typeof contracts.restoreProfile,
  context: EffectContext,
  user: string,
  department: string | null,
): Promise<void> {
  try {
    await okta.updateProfile(context, user, { department });
  } catch (error) {
    if (okta.oktaCode(error) === okta.OKTA_CODES.notFound) throw missing(contract, 'user_not_found', context);
    if (okta.oktaCode(error) === okta.OKTA_CODES.invalid && 'profile_refused' in contract.errors) {
      throw refusal(contract, 'profile_refused', context);
    }
    throw error;
  }
}

/** The id behind an id or a login. */
async function userId(
  contract: typeof contracts.assignGroups | typeof contracts.removeGroups,
  user: string,
  context: EffectContext,
): Promise<string> {
  if (/^00u[A-Za-z0-9_]{10,}$/.test(user)) return user;
  const found = await okta.findIdentity(context, user);
  if (!found) throw missing(contract, 'user_not_found', context);
  return found.id;
}

const nobody: okta.Identity = {
  id: '',
  status: 'ACTIVE',
  firstName: '',
  lastName: '',
  department: null,
  mark: null,
  statusChanged: null,
};

/** First and family name: the last word is the family name; a single word is both, because Okta wants both. */
function namesOf(name: string): { firstName: string; lastName: string } {
  const words = name.trim().split(/\s+/);
  const lastName = words.at(-1) ?? name;
  return { firstName: words.slice(0, -1).join(' ') || lastName, lastName };
}

function isSamePerson(found: okta.Identity, name: string): boolean {
  const wanted = namesOf(name);
  const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();
  return same(found.firstName, wanted.firstName) && same(found.lastName, wanted.lastName);
}
