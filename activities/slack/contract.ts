/**
 * Contracts of the AWFs on Slack: membership of channels.
 * Authoring ring: data and pure functions, no SDK.
 */
import { z } from 'zod';
import { defineAwf, type World } from '../../src/dsl/awf';
import { captured, handles, personal, undone, without } from '../kit/contract';

const errors = {
  user_not_found: {
    class: 'permanent',
    summary: 'no member of the workspace with this e-mail address or id',
  },
  channel_not_found: { class: 'permanent', summary: 'no channel with this name or id that our app can see' },
  channel_archived: { class: 'permanent', summary: 'an archived channel takes no members' },
  not_in_channel: { class: 'permanent', summary: 'our app is no member of the channel and may not invite' },
  action_restricted: {
    class: 'permanent',
    summary: 'a setting of the workspace keeps our app from doing this',
  },
} as const;

/** Which of the channels in question the person was in before the first write, named as the input names them. */
export interface ChannelsPrior {
  readonly user: string;
  readonly member: readonly string[];
  /** What the names stood for, so that the undo reaches the same ones after a renaming. */
  readonly ids: { readonly [name: string]: string };
}

export const inviteChannels = defineAwf({
  name: 'slack.invite_channels',
  version: 1,
  system: 'slack',
  domain: 'collaboration',
  summary: 'Invite a person to channels',
  input: z.object({ user: personal, channels: handles }),
  output: undone.extend({ user: personal, added: handles, already: handles }),
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.2, magnitude: 0.3, recovery: 0.1, precedent: 0.1 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 4 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'conditional-write',
  evidence: 'emulator',
  errors,
  compensation: {
    awf: 'slack.remove_channels',
    input: ({ input, output, prior }) => {
      const before = captured<ChannelsPrior>(prior);
      if (!before) return null;
      const channels = output?.added ?? without(input.channels, before.member);
      return channels.length === 0 ? null : { user: before.user, channels: idsFor(channels, before) };
    },
  },
  predict: (world, input) => {
    const already = memberOf(world, input.user, input.channels);
    world.capture({ user: input.user, member: already, ids: {} });
    const added = without(input.channels, already);
    for (const channel of added) world.set(address(channel, input.user), true);
    return { user: input.user, added, already, changed: added.length > 0 };
  },
});

export const removeChannels = defineAwf({
  name: 'slack.remove_channels',
  version: 1,
  system: 'slack',
  domain: 'collaboration',
  summary: 'Take a person out of channels',
  input: z.object({ user: personal, channels: handles }),
  output: undone.extend({ user: personal, removed: handles }),
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.2, magnitude: 0.3, recovery: 0.1, precedent: 0.1 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 4 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'conditional-write',
  evidence: 'emulator',
  errors,
  retriable: true,
  compensation: {
    awf: 'slack.invite_channels',
    input: ({ input, output, prior }) => {
      const before = captured<ChannelsPrior>(prior);
      if (!before) return null;
      const channels = output?.removed ?? input.channels.filter((channel) => before.member.includes(channel));
      return channels.length === 0 ? null : { user: before.user, channels: idsFor(channels, before) };
    },
  },
  predict: (world, input) => {
    const removed = memberOf(world, input.user, input.channels);
    world.capture({ user: input.user, member: removed, ids: {} });
    for (const channel of removed) world.delete(address(channel, input.user));
    return { user: input.user, removed, changed: removed.length > 0 };
  },
});

const address = (channel: string, user: string): string => `slack/channel/${channel}/${user}`;

const memberOf = (world: World, user: string, channels: readonly string[]): string[] =>
  [...new Set(channels)].filter((channel) => world.get(address(channel, user)) === true);

const idsFor = (names: readonly string[], before: ChannelsPrior): string[] =>
  names.map((name) => before.ids[name] ?? name);
