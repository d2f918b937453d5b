/**
 * Effects of the AWFs on Slack. Slack tells whether an invitation changed anything, so that only what we added is undone;
 * after an unclear attempt the captured membership tells it.
 */
import { implement, type EffectContext } from '../../src/dsl/effect';
import type { EffectError } from '../../src/dsl/effect';
import { diverged, refusal, unreadable } from '../kit/http';
import { erased, forAll, looking, missing, priorOf, type AnyEffect, type Look } from '../kit/steps';
import * as slack from './client';
import * as contracts from './contract';

type Contract = typeof contracts.inviteChannels | typeof contracts.removeChannels;

export { warm } from './client';

export const effects = (look: Look = looking): readonly AnyEffect[] => erased(channelEffects(look));

function channelEffects(look: Look) {
  const capture = async (
    contract: Contract,
    input: { readonly user: string; readonly channels: readonly string[] },
    context: EffectContext,
    blind: boolean,
  ) => {
    const user = await userIn(contract, input.user, context);
    const ids = await idsOf(contract, input.channels, context);
    const member = new Set<string>();
    await forAll(context, [...ids], async ([channel, id]) => {
      if (await look(() => slack.isIn(context, id, user), blind)) member.add(channel);
    });
    return {
      user,
      member: [...ids.keys()].filter((channel) => member.has(channel)),
      ids: Object.fromEntries(ids),
    };
  };

  const invite = implement(contracts.inviteChannels, {
    capture: (input, context) => capture(contracts.inviteChannels, input, context, false),
    execute: async (input, context) => {
      const before = priorOf<contracts.ChannelsPrior>(context);
      const user = before?.user ?? (await userIn(contracts.inviteChannels, input.user, context));
      const ids = await idsOf(contracts.inviteChannels, input.channels, context);
      const already = new Set(before?.member ?? []);
      await forAll(context, [...ids], async ([channel, id]) => {
        if (already.has(channel)) return;
        const refused = await slack.invite(context, id, user);
        if (refused === undefined) return;
        if (refused !== 'already_in_channel') {
          throw inWords(contracts.inviteChannels, refused, context);
        }
        // An earlier attempt of ours may have brought the person in; without one it was somebody else.
        if (context.attempt === 1) already.add(channel);
      });
      const channels = [...ids.keys()];
      const added = channels.filter((channel) => !already.has(channel));
      return {
        user,
        added,
        already: channels.filter((channel) => already.has(channel)),
        changed: added.length > 0,
      };
    },
  });

  const remove = implement(contracts.removeChannels, {
    capture: (input, context) => capture(contracts.removeChannels, input, context, true),
    execute: async (input, context) => {
      const before = priorOf<contracts.ChannelsPrior>(context);
      const user = before?.user ?? (await userIn(contracts.removeChannels, input.user, context));
      const ids = await idsOf(contracts.removeChannels, input.channels, context);
      const wanted = before ? before.member : [...ids.keys()];
      const removed = new Set(wanted);
      await forAll(context, wanted, async (channel) => {
        const refused = await slack.kick(context, ids.get(channel)!, user);
        if (refused === undefined) return;
        if (!(await isGone(refused, ids.get(channel)!, user, context))) {
          throw inWords(contracts.removeChannels, refused, context);
        }
        // Gone already: on a first attempt, by somebody else's hand.
        if (context.attempt === 1) removed.delete(channel);
      });
      return { user, removed: [...removed], changed: removed.size > 0 };
    },
  });
  return [invite, remove];
}

/** Whether a refused removal means that the person is out; the same word may say that our app is. */
async function isGone(
  refused: string,
  channel: string,
  user: string,
  context: EffectContext,
): Promise<boolean> {
  if (refused === 'user_not_in_channel') return true;
  // Who or what is gone altogether leaves nothing to undo.
  if (context.operation === 'compensate' && ['user_not_found', 'channel_not_found'].includes(refused))
    return true;
  return refused === 'not_in_channel' && !(await slack.isIn(context, channel, user));
}

/** A refusal of Slack's in the words of the contract. */
function inWords(contract: Contract, refused: string, context: EffectContext): EffectError {
  switch (refused) {
    case 'channel_not_found':
      return missing(contract, 'channel_not_found', context);
    case 'user_not_found':
    case 'users_not_found':
    case 'user_is_restricted':
    case 'user_is_ultra_restricted':
      return missing(contract, 'user_not_found', context);
    case 'is_archived':
      return context.operation === 'execute'
        ? refusal(contract, 'channel_archived', context)
        : diverged(context, 'somebody else archived the channel');
    case 'not_in_channel':
      return refusal(contract, 'not_in_channel', context);
    case 'cant_kick_from_general':
    case 'cant_kick_self':
    case 'cant_invite_self':
    case 'cant_invite':
    case 'restricted_action':
    case 'method_not_supported_for_channel_type':
      return refusal(contract, 'action_restricted', context);
    default:
      context.log.warn('slack refused in a way that nobody has met', { refused });
      return unreadable({ write: false }, context);
  }
}

async function userIn(contract: Contract, user: string, context: EffectContext): Promise<string> {
  const id = await slack.memberId(context, user);
  if (id === undefined) throw missing(contract, 'user_not_found', context);
  return id;
}

/** Ids of the channels, by the names of the input; all are known before anything is written. */
async function idsOf(
  contract: Contract,
  channels: readonly string[],
  context: EffectContext,
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  // One after the other: the first look-up fills the cache for the rest.
  for (const channel of new Set(channels)) {
    const id = await slack.channelId(context, channel);
    if (id === undefined) throw missing(contract, 'channel_not_found', context);
    ids.set(channel, id);
  }
  return ids;
}
