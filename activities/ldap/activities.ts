/**
 * Effects of the AWFs on an LDAP directory. The directory's own modifications are compare-and-set, so nothing is read and
 * then overwritten; an account is known as ours by the mark it carries.
 */
import { implement, type EffectContext } from '../../src/dsl/effect';
import { diverged, refusal } from '../kit/http';
import { erased, looking, missing, priorOf, type AnyEffect, type Look } from '../kit/steps';
import * as ldap from './client';
import * as contracts from './contract';

export { warm } from './client';

export const effects = (look: Look = looking): readonly AnyEffect[] =>
  erased([...accountEffects(look), ...lockEffects(look), ...memberEffects(look), ...attributeEffects(look)]);

function accountEffects(look: Look) {
  const create = implement(contracts.createAccount, {
    capture: async (input, context) => {
      const dn = ldap.dnOf(context, 'uid', input.uid);
      return {
        exists: await look(async () => (await ldap.readEntry(context, dn, ['uid'])) !== undefined, false),
      };
    },
    execute: async (input, context) => {
      const dn = ldap.dnOf(context, 'uid', input.uid);
      const { exists } = priorOf<contracts.AccountPrior>(context)!;
      const mark = ldap.markAttribute(context);
      try {
        if (!exists) {
          await ldap.addEntry(context, dn, { ...attributesOf(input), [mark]: context.key });
          return { uid: input.uid, dn, created: true };
        }
      } catch (error) {
        // Somebody was faster, or an attempt of ours was.
        if (ldap.isCode(error, ...SCHEMA_CODES))
          throw refusal(contracts.createAccount, 'entry_refused', context);
        if (!ldap.isCode(error, ldap.LDAP.entryExists)) throw error;
      }
      const found = await ldap.readEntry(context, dn, ['cn', 'mail', mark]);
      const isOurs = await look(() => Promise.resolve(hasValue(found, mark, context.key)), false);
      const isSame =
        hasValue(found, 'cn', input.name) && (!input.mail || hasValue(found, 'mail', input.mail));
      if (!isOurs && !isSame) throw refusal(contracts.createAccount, 'uid_taken', context);
      return { uid: input.uid, dn, created: isOurs };
    },
  });

  const remove = implement(contracts.deleteAccount, {
    execute: async (input, context) => {
      const dn = ldap.dnOf(context, 'uid', input.uid);
      const mark = ldap.markAttribute(context);
      const made = { ...attributesOf({ ...input, mail: input.mail ?? undefined }), [mark]: context.key };
      const asMade: ldap.Entry = new Map(Object.entries(made).map(([name, value]) => [name, [value].flat()]));
      const found = await look(() => ldap.readEntry(context, dn, ['*', 'memberOf']), asMade);
      if (!found || !hasValue(found, mark, context.key)) return { changed: false };
      const names = new Set([...found.keys(), ...asMade.keys()]);
      for (const name of names) {
        if (name !== 'objectclass' && !contracts.sameValues(found.get(name) ?? [], asMade.get(name) ?? [])) {
          throw diverged(context, `somebody else changed \`${name}\` of the account meanwhile`);
        }
      }
      try {
        await ldap.deleteEntry(context, dn);
      } catch (error) {
        if (ldap.isCode(error, ldap.LDAP.noSuchObject)) return { changed: context.attempt > 1 };
        throw error;
      }
      return { changed: true };
    },
  });
  return [create, remove];
}

/** Object class violation, undefined type, constraint violation, invalid syntax, inappropriate matching, naming violation. */
const SCHEMA_CODES = [65, 17, 19, 21, 18, 64] as const;

/** An account as it is made: names in lower case, because the directory's answers are read so. */
function attributesOf(input: {
  readonly uid: string;
  readonly name: string;
  readonly mail?: string | undefined;
}): Record<string, string | string[]> {
  return {
    objectclass: ['inetOrgPerson'],
    uid: input.uid,
    cn: input.name,
    sn: input.name.trim().split(/\s+/).at(-1) ?? input.name,
    ...(input.mail === undefined ? {} : { mail: input.mail }),
  };
}

function lockEffects(look: Look) {
  const disable = implement(contracts.disableAccount, {
    capture: async (input, context) => {
      const entry = await entryOf(contracts.disableAccount, input.uid, context, [LOCK]);
      return { lock: await look(() => Promise.resolve(entry.get(LOCK)?.[0] ?? null), null) };
    },
    execute: async (input, context) => {
      const { lock } = priorOf<contracts.LockPrior>(context)!;
      if (lock === contracts.LOCKED_FOR_GOOD) return { uid: input.uid, changed: false };
      try {
        await ldap.modify(context, ldap.dnOf(context, 'uid', input.uid), [
          { do: 'delete', attribute: LOCK, values: lock === null ? [] : [lock] },
          { do: 'add', attribute: LOCK, values: [contracts.LOCKED_FOR_GOOD] },
        ]);
      } catch (error) {
        if (!ldap.isCode(error, ...LOST_RACE)) throw error;
        // On the first attempt nobody but somebody else can have locked it: then it is not ours to undo.
        const entry = await entryOf(contracts.disableAccount, input.uid, context, [LOCK]);
        if (entry.get(LOCK)?.[0] !== contracts.LOCKED_FOR_GOOD) throw error;
        return { uid: input.uid, changed: context.attempt > 1 };
      }
      return { uid: input.uid, changed: true };
    },
  });

  const enable = implement(contracts.enableAccount, {
    execute: async (input, context) => {
      const dn = ldap.dnOf(context, 'uid', input.uid);
      const ours: ldap.Entry = new Map([[LOCK, [contracts.LOCKED_FOR_GOOD]]]);
      const found = await look(() => ldap.readEntry(context, dn, ['uid', LOCK]), ours);
      if (!found) throw diverged(context, 'somebody else removed the account');
      const lock = found.get(LOCK)?.[0] ?? null;
      if (lock === input.restore) return { changed: false };
      if (lock !== contracts.LOCKED_FOR_GOOD)
        throw diverged(context, 'somebody else locked the account meanwhile');
      await orDiverged(context, 'somebody else changed the lock meanwhile', () =>
        ldap.modify(context, dn, [
          { do: 'delete', attribute: LOCK, values: [contracts.LOCKED_FOR_GOOD] },
          { do: 'add', attribute: LOCK, values: input.restore === null ? [] : [input.restore] },
        ]),
      );
      return { changed: true };
    },
  });
  return [disable, enable];
}

/** @source draft-behera-ldap-password-policy */
const LOCK = 'pwdaccountlockedtime';

/** What a compare-and-set answers when the old value is gone or the new one is there. */
const LOST_RACE = [ldap.LDAP.noSuchAttribute, ldap.LDAP.valueExists, ldap.LDAP.constraintViolation] as const;

function memberEffects(look: Look) {
  const capture = async (
    contract: typeof contracts.addGroupMember | typeof contracts.removeGroupMember,
    input: { readonly uid: string; readonly group: string },
    context: EffectContext,
    blind: boolean,
  ) => {
    await entryOf(contract, input.uid, context, ['uid']);
    const dn = ldap.dnOf(context, 'uid', input.uid);
    const group = ldap.dnOf(context, 'cn', input.group);
    return {
      member: await look(
        () => inGroup(contract, context, () => ldap.has(context, group, 'member', dn)),
        blind,
      ),
    };
  };

  const add = implement(contracts.addGroupMember, {
    capture: (input, context) => capture(contracts.addGroupMember, input, context, false),
    execute: async (input, context) => {
      if (context.operation === 'compensate') {
        await entryOf(contracts.addGroupMember, input.uid, context, ['uid']);
      }
      const changed = await changeMember(contracts.addGroupMember, input, context, 'add');
      return { ...input, changed };
    },
  });

  const remove = implement(contracts.removeGroupMember, {
    capture: (input, context) => capture(contracts.removeGroupMember, input, context, true),
    execute: async (input, context) => {
      const changed = await changeMember(contracts.removeGroupMember, input, context, 'delete');
      return { ...input, changed };
    },
  });
  return [add, remove];
}

/** Whether the membership was changed: the directory refuses what is so already. */
async function changeMember(
  contract: typeof contracts.addGroupMember | typeof contracts.removeGroupMember,
  input: { readonly uid: string; readonly group: string },
  context: EffectContext,
  change: 'add' | 'delete',
): Promise<boolean> {
  const step = { do: change, attribute: 'member', values: [ldap.dnOf(context, 'uid', input.uid)] } as const;
  try {
    await inGroup(contract, context, () =>
      ldap.modify(context, ldap.dnOf(context, 'cn', input.group), [step]),
    );
    return true;
  } catch (error) {
    const isSo = change === 'add' ? ldap.LDAP.valueExists : ldap.LDAP.noSuchAttribute;
    // So already: by an earlier attempt of ours if there was one and it was not so before it, else by somebody else.
    if (ldap.isCode(error, isSo)) return context.attempt > 1 && !wasSo(context, change);
    if (change === 'delete' && ldap.isCode(error, ldap.LDAP.objectClassViolation)) {
      throw refusal(contracts.removeGroupMember, 'last_member', context);
    }
    // A group that is gone has no member left to take out.
    if (change === 'delete' && context.operation === 'compensate' && isGone(error)) return false;
    throw error;
  }
}

const wasSo = (context: EffectContext & { readonly prior?: unknown }, change: 'add' | 'delete'): boolean => {
  const prior = context.prior as contracts.MemberPrior | undefined;
  return prior !== undefined && context.operation === 'execute' && prior.member === (change === 'add');
};

const isGone = (error: unknown): boolean =>
  error instanceof Error && /group_not_found|ACTION_DIVERGED/.test(error.message);

async function inGroup<T>(
  contract: typeof contracts.addGroupMember | typeof contracts.removeGroupMember,
  context: EffectContext,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (ldap.isCode(error, ldap.LDAP.noSuchObject)) throw missing(contract, 'group_not_found', context);
    throw error;
  }
}

function attributeEffects(look: Look) {
  const set = implement(contracts.setAttribute, {
    capture: async (input, context) => {
      const entry = await entryOf(contracts.setAttribute, input.uid, context, [input.attribute]);
      const now = [...(entry.get(input.attribute.toLowerCase()) ?? [])];
      return { values: await look(() => Promise.resolve(now), []) };
    },
    execute: async (input, context) => {
      const replaced = [...priorOf<contracts.AttributePrior>(context)!.values];
      const answer = { uid: input.uid, attribute: input.attribute, replaced };
      if (contracts.sameValues(replaced, input.values)) return { ...answer, changed: false };
      try {
        await swap(context, input.uid, input.attribute, replaced, input.values);
      } catch (error) {
        if (ldap.isCode(error, ldap.LDAP.noSuchObject)) {
          throw refusal(contracts.setAttribute, 'account_not_found', context);
        }
        const entry = ldap.isCode(error, ldap.LDAP.noSuchAttribute, ldap.LDAP.valueExists)
          ? await entryOf(contracts.setAttribute, input.uid, context, [input.attribute])
          : undefined;
        if (!entry) throw inSchemaWords(contracts.setAttribute, error, context);
        if (
          !contracts.sameValues(entry.get(input.attribute.toLowerCase()) ?? [], input.values) ||
          context.attempt === 1
        ) {
          throw refusal(contracts.setAttribute, 'attribute_contended', context);
        }
      }
      return { ...answer, changed: true };
    },
  });

  const restore = implement(contracts.restoreAttribute, {
    execute: async (input, context) => {
      const dn = ldap.dnOf(context, 'uid', input.uid);
      const name = input.attribute.toLowerCase();
      const ours: ldap.Entry = new Map([[name, input.values]]);
      const found = await look(() => ldap.readEntry(context, dn, ['uid', name]), ours);
      if (!found) throw diverged(context, 'somebody else removed the account');
      const now = found.get(name) ?? [];
      if (contracts.sameValues(now, input.restore)) return { changed: false };
      if (!contracts.sameValues(now, input.values)) {
        throw diverged(context, 'somebody else changed the attribute meanwhile');
      }
      await orDiverged(context, 'somebody else changed the attribute meanwhile', () =>
        swap(context, input.uid, input.attribute, input.values, input.restore),
      );
      return { changed: true };
    },
  });
  return [set, restore];
}

/** All old values out and all new ones in, or nothing: fails where the old ones are not there. */
const swap = (
  context: EffectContext,
  uid: string,
  attribute: string,
  out: readonly string[],
  into: readonly string[],
): Promise<void> =>
  ldap.modify(context, ldap.dnOf(context, 'uid', uid), [
    { do: 'delete', attribute, values: out },
    { do: 'add', attribute, values: into },
  ]);

function inSchemaWords(
  contract: typeof contracts.setAttribute,
  error: unknown,
  context: EffectContext,
): unknown {
  return ldap.isCode(error, ...SCHEMA_CODES) ? refusal(contract, 'entry_refused', context) : error;
}

async function orDiverged(context: EffectContext, what: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (ldap.isCode(error, ...LOST_RACE, ldap.LDAP.noSuchObject)) throw diverged(context, what);
    throw error;
  }
}

/** The account's entry, which must exist. */
async function entryOf(
  contract: AnyContract,
  uid: string,
  context: EffectContext,
  attributes: readonly string[],
): Promise<ldap.Entry> {
  const entry = await ldap.readEntry(context, ldap.dnOf(context, 'uid', uid), ['uid', ...attributes]);
  if (!entry) throw missing(contract, 'account_not_found', context);
  return entry;
}

type AnyContract = Parameters<typeof missing>[0];

const hasValue = (entry: ldap.Entry | undefined, name: string, value: string): boolean =>
  entry?.get(name.toLowerCase())?.includes(value) ?? false;
