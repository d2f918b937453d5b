/**
 * Slack's channels: list, info, members, create, archive, join, invite, kick. Nothing here is idempotent: who is in
 * already is an error, and so is who is not.
 * Adapter ring.
 * @source https://api.slack.com/methods/conversations.invite and its neighbours
 */
import type { JsonObject } from '../../kernel/json';
import type { Call, VendorRoute } from '../vendor';
import { text, type Answer } from '../wire';
import { argument, isTrue, method, page, slackError, slackOk } from './methods';
import { BOT_USER } from './users';

const memberKey = (channel: string, user: string): string => `${channel}:${user}`;

const isMember = (call: Call, channel: string, user: string): boolean =>
  call.world.get('slack.members', memberKey(channel, user)) !== undefined;

function view(call: Call, id: string, row: JsonObject): JsonObject {
  return {
    id,
    ...row,
    name_normalized: row['name'] ?? null,
    is_channel: true,
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_member: isMember(call, id, BOT_USER),
    creator: row['creator'] ?? BOT_USER,
    ...(isTrue(argument(call, 'include_num_members')) ? { num_members: membersOf(call, id).length } : {}),
  };
}

function membersOf(call: Call, channel: string): string[] {
  return call.world.find('slack.members', 'channel', channel).map(({ row }) => text(row, 'user') ?? '');
}

/** The channel meant. One that is private and without the bot in it is not seen at all. */
function withChannel(call: Call, handle: (id: string, row: JsonObject) => Answer): Answer {
  const id = argument(call, 'channel');
  const row = call.world.get('slack.channels', id);
  if (!row || (row['is_private'] === true && !isMember(call, id, BOT_USER)))
    return slackError('channel_not_found');
  return handle(id, row);
}

function list(call: Call): Answer {
  const types = argument(call, 'types') === '' ? ['public_channel'] : argument(call, 'types').split(',');
  const all = call.world.all('slack.channels').filter(({ id, row }) => {
    if (isTrue(argument(call, 'exclude_archived')) && row['is_archived'] === true) return false;
    return row['is_private'] === true
      ? types.includes('private_channel') && isMember(call, id, BOT_USER)
      : types.includes('public_channel');
  });
  const { items, metadata } = page(call, all);
  return slackOk({ channels: items.map(({ id, row }) => view(call, id, row)), ...metadata });
}

function members(call: Call): Answer {
  return withChannel(call, (id) => {
    const { items, metadata } = page(call, membersOf(call, id));
    return slackOk({ members: [...items], ...metadata });
  });
}

/** What keeps one user from being invited; `undefined` when nothing does. */
function inviteError(call: Call, channel: string, user: string): string | undefined {
  const row = call.world.get('slack.users', user);
  if (!row || row['deleted'] === true) return 'user_not_found';
  if (user === BOT_USER) return 'cant_invite_self';
  return isMember(call, channel, user) ? 'already_in_channel' : undefined;
}

/**
 * With several users, one that can't be invited fails all of them, unless `force` is set.
 * @source https://api.slack.com/methods/conversations.invite
 */
function invite(call: Call): Answer {
  const users = argument(call, 'users')
    .split(',')
    .map((user) => user.trim())
    .filter((user) => user !== '');
  call.target(`${argument(call, 'channel')} ${users.join(',')}`);
  return withChannel(call, (id, row) => {
    if (row['is_archived'] === true) return slackError('is_archived');
    if (!isMember(call, id, BOT_USER)) return slackError('not_in_channel');
    if (users.length === 0) return slackError('no_user');
    if (users.length > 100) return slackError('too_many_users');
    const errors = users.flatMap((user) => {
      const error = inviteError(call, id, user);
      return error === undefined ? [] : [{ ok: false, error, user }];
    });
    const refused = new Set(errors.map(({ user }) => user));
    if (errors[0] && !(isTrue(argument(call, 'force')) && refused.size < users.length)) {
      return slackError(errors[0].error, { errors });
    }
    for (const user of users) {
      if (!refused.has(user)) call.world.put('slack.members', memberKey(id, user), { channel: id, user });
    }
    return slackOk({ channel: view(call, id, row), ...(errors.length > 0 ? { errors } : {}) });
  });
}

/** @source https://api.slack.com/methods/conversations.kick */
function kick(call: Call): Answer {
  const user = argument(call, 'user');
  call.target(`${argument(call, 'channel')} ${user}`);
  return withChannel(call, (id, row) => {
    if (row['is_archived'] === true) return slackError('is_archived');
    if (row['is_general'] === true) return slackError('cant_kick_from_general');
    if (user === BOT_USER) return slackError('cant_kick_self');
    if (!call.world.get('slack.users', user)) return slackError('user_not_found');
    if (!isMember(call, id, user)) return slackError('not_in_channel');
    call.world.remove('slack.members', memberKey(id, user));
    return slackOk({ errors: {} });
  });
}

/** @source https://api.slack.com/methods/conversations.create */
function create(call: Call): Answer {
  const name = argument(call, 'name');
  call.target(name);
  if (name === '') return slackError('invalid_name_required');
  if (!/^[a-z0-9_-]{1,80}$/.test(name)) return slackError('invalid_name_specials');
  if (call.world.first('slack.channels', 'name', name)) return slackError('name_taken');
  const id = `C${call.world.nextId().toString(36).toUpperCase().padStart(10, '0')}`;
  const row = {
    name,
    is_private: isTrue(argument(call, 'is_private')),
    is_archived: false,
    is_general: false,
    creator: BOT_USER,
    created: Math.floor(call.now.getTime() / 1000),
  };
  call.world.put('slack.channels', id, row);
  call.world.put('slack.members', memberKey(id, BOT_USER), { channel: id, user: BOT_USER });
  return slackOk({ channel: view(call, id, row) });
}

function archive(archived: boolean): (call: Call) => Answer {
  return (call) => {
    call.target(argument(call, 'channel'));
    return withChannel(call, (id, row) => {
      if (row['is_general'] === true && archived) return slackError('cant_archive_general');
      if (row['is_archived'] === archived) return slackError(archived ? 'already_archived' : 'not_archived');
      call.world.put('slack.channels', id, { ...row, is_archived: archived });
      return slackOk();
    });
  };
}

/** Joining again is a success with a warning. @source https://api.slack.com/methods/conversations.join */
function join(call: Call): Answer {
  call.target(argument(call, 'channel'));
  return withChannel(call, (id, row) => {
    if (row['is_archived'] === true) return slackError('is_archived');
    const already = isMember(call, id, BOT_USER);
    call.world.put('slack.members', memberKey(id, BOT_USER), { channel: id, user: BOT_USER });
    return slackOk({ channel: view(call, id, row), ...(already ? { warning: 'already_in_channel' } : {}) });
  });
}

/**
 * A message, with its blocks as they were sent. A message that is sent twice is there twice.
 * @source https://docs.slack.dev/reference/methods/chat.postMessage
 */
function postMessage(call: Call): Answer {
  call.target(argument(call, 'channel'));
  return withChannel(call, (id, row) => {
    if (row['is_archived'] === true) return slackError('is_archived');
    if (!isMember(call, id, BOT_USER)) return slackError('not_in_channel');
    const written = argument(call, 'text');
    if (written === '') return slackError('no_text');
    const ts = `${Math.floor(call.now.getTime() / 1000)}.${String(call.world.nextId()).padStart(6, '0')}`;
    const message = {
      ...{ ts, channel: id, user: BOT_USER, text: written },
      ...(call.body['blocks'] === undefined ? {} : { blocks: call.body['blocks'] }),
      ...(call.body['metadata'] === undefined ? {} : { metadata: call.body['metadata'] }),
    };
    call.world.put('slack.messages', `${id}:${ts}`, message);
    return slackOk({ channel: id, ts, message });
  });
}

export const conversationRoutes: readonly VendorRoute[] = [
  ...method('conversations.list', 'channels:read', list),
  ...method('conversations.info', 'channels:read', (call) =>
    withChannel(call, (id, row) => slackOk({ channel: view(call, id, row) })),
  ),
  ...method('conversations.members', 'channels:read', members),
  ...method('conversations.invite', 'channels:write.invites', invite),
  ...method('conversations.kick', 'channels:manage', kick),
  ...method('conversations.create', 'channels:manage', create),
  ...method('conversations.archive', 'channels:manage', archive(true)),
  ...method('conversations.unarchive', 'channels:manage', archive(false)),
  ...method('conversations.join', 'channels:manage', join),
  ...method('chat.postMessage', 'chat:write', postMessage),
];
