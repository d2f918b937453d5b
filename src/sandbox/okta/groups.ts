/**
 * Okta's groups and their members. Putting somebody in who is in, or taking somebody out who is not, answers 204 and
 * changes nothing: the vendor declares membership, it does not add.
 * Adapter ring.
 * @source https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group
 */
import type { JsonObject } from '../../kernel/json';
import type { Call, VendorRoute } from '../vendor';
import { answer, record, text, type Answer } from '../wire';
import type { Found } from '../world';
import { invalid, notFound, oktaError } from './errors';
import { paged } from './pages';
import { findUser, groupView, idOf, userView, type OktaUser } from './rows';

function withGroup(call: Call, handle: (group: Found<JsonObject>) => Answer): Answer {
  const id = call.params['group'] ?? '';
  const row = call.world.get('okta.groups', id);
  return row ? handle({ id, row }) : notFound('UserGroup', id);
}

function listGroups(call: Call): Answer {
  const { q, filter, search } = call.query;
  const named = /^profile\.name\s+(eq|sw)\s+"([^"]*)"$/i.exec((search ?? filter ?? '').trim());
  const typed = /^type\s+eq\s+"([^"]*)"$/i.exec((search ?? filter ?? '').trim());
  if ((search ?? filter) !== undefined && !named && !typed) {
    return oktaError(400, 'E0000031', 'Invalid search criteria.');
  }
  const found = call.world.all('okta.groups').filter(({ row }) => {
    const name = (text(record(row, 'profile'), 'name') ?? '').toLowerCase();
    if (named) {
      const wanted = (named[2] ?? '').toLowerCase();
      return named[1]?.toLowerCase() === 'eq' ? name === wanted : name.startsWith(wanted);
    }
    if (typed) return row['type'] === typed[1];
    // `q` matches the beginning of the name.
    return q === undefined || name.startsWith(q.toLowerCase());
  });
  return paged(call, found, (group) => groupView(group, call.baseUrl), 10_000);
}

function create(call: Call): Answer {
  const profile = record(call.body, 'profile');
  const name = (text(profile, 'name') ?? '').trim();
  call.target(name);
  if (name === '') return invalid('name', ['name: The field cannot be left blank']);
  if (call.world.first('okta.groups', 'name', name.toLowerCase())) {
    return invalid('name', ['name: An object with this field already exists in the current organization']);
  }
  const id = idOf('00g', call.world.nextId());
  const now = call.now.toISOString();
  const row = { created: now, lastUpdated: now, type: 'OKTA_GROUP', profile: { ...profile, name } };
  call.world.put('okta.groups', id, row);
  return answer(200, groupView({ id, row }, call.baseUrl));
}

function members(call: Call): Answer {
  return withGroup(call, ({ id, row }) => {
    const users =
      row['type'] === 'BUILT_IN'
        ? call.world.all<OktaUser>('okta.users')
        : call.world.find('okta.members', 'group', id).flatMap((member) => {
            const userId = text(member.row, 'user') ?? '';
            const user = call.world.get<OktaUser>('okta.users', userId);
            return user ? [{ id: userId, row: user }] : [];
          });
    return paged(call, users, (user) => userView(user, call.baseUrl), 1_000);
  });
}

function membership(call: Call, isMember: boolean): Answer {
  return withGroup(call, (group) => {
    const user = findUser(call.world, call.params['id'] ?? '');
    if (!user) return notFound('User', call.params['id'] ?? '');
    // Only groups of type OKTA_GROUP have members that a client may change.
    if (group.row['type'] !== 'OKTA_GROUP') return oktaError(501, 'E0000060', 'Unsupported operation.');
    const key = `${group.id}:${user.id}`;
    if (isMember) call.world.put('okta.members', key, { group: group.id, user: user.id });
    else call.world.remove('okta.members', key);
    return answer(204);
  });
}

const read = 'okta.groups.read';
const manage = 'okta.groups.manage';

export const groupRoutes: readonly VendorRoute[] = [
  { op: 'okta.groups.list', method: 'GET', path: '/api/v1/groups', scope: read, handle: listGroups },
  { op: 'okta.groups.create', method: 'POST', path: '/api/v1/groups', scope: manage, handle: create },
  {
    op: 'okta.groups.get',
    method: 'GET',
    path: '/api/v1/groups/:group',
    scope: read,
    handle: (call) => withGroup(call, (group) => answer(200, groupView(group, call.baseUrl))),
  },
  {
    op: 'okta.groups.members',
    method: 'GET',
    path: '/api/v1/groups/:group/users',
    scope: read,
    handle: members,
  },
  {
    op: 'okta.groups.assign',
    method: 'PUT',
    path: '/api/v1/groups/:group/users/:id',
    scope: manage,
    handle: (call) => membership(call, true),
  },
  {
    op: 'okta.groups.unassign',
    method: 'DELETE',
    path: '/api/v1/groups/:group/users/:id',
    scope: manage,
    handle: (call) => membership(call, false),
  },
];
