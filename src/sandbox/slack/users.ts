/**
 * Slack's people: lookup by e-mail and id, the list, and who the token belongs to.
 * Adapter ring.
 */
import type { JsonObject } from '../../kernel/json';
import type { Call, VendorRoute } from '../vendor';
import { record, text } from '../wire';
import { argument, method, page, slackError, slackOk } from './methods';

const view = (id: string, row: JsonObject, team: string): JsonObject => ({ id, team_id: team, ...row });

const teamId = (tenant: string): string => `T${tenant.toUpperCase().replace(/[^A-Z0-9]/g, '')}`;

/** The bot user of a tenant's token: it is the one that invites, and it must be in a channel to do so. */
export const BOT_USER = 'UBACKSTEP';

/** @source https://api.slack.com/methods/users.lookupByEmail */
function lookupByEmail(call: Call) {
  const found = call.world.first('slack.users', 'email', argument(call, 'email').toLowerCase());
  // Deactivated people are not found by e-mail.
  return !found || found.row['deleted'] === true
    ? slackError('users_not_found')
    : slackOk({ user: view(found.id, found.row, teamId(call.world.tenant)) });
}

/** @source https://api.slack.com/methods/users.info */
function info(call: Call) {
  const id = argument(call, 'user');
  const row = call.world.get('slack.users', id);
  return row ? slackOk({ user: view(id, row, teamId(call.world.tenant)) }) : slackError('user_not_found');
}

function list(call: Call) {
  const { items, metadata } = page(call, call.world.all('slack.users'));
  return slackOk({
    members: items.map(({ id, row }) => view(id, row, teamId(call.world.tenant))),
    ...metadata,
  });
}

function test(call: Call) {
  return slackOk({
    url: `https://${call.world.tenant}.slack.com/`,
    team: call.world.tenant,
    user: text(record(call.world.get('slack.users', BOT_USER), 'profile'), 'display_name') ?? 'backstep',
    team_id: teamId(call.world.tenant),
    user_id: BOT_USER,
    bot_id: 'BBACKSTEP',
  });
}

export const userRoutes: readonly VendorRoute[] = [
  ...method('users.lookupByEmail', 'users:read.email', lookupByEmail),
  ...method('users.info', 'users:read', info),
  ...method('users.list', 'users:read', list),
  ...method('auth.test', undefined, test),
];
