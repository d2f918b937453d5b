/**
 * Entra users and groups through Graph. A member added twice is an error here, and so is one removed twice.
 * Adapter ring.
 * @source https://learn.microsoft.com/en-us/graph/api/resources/users
 * @source https://learn.microsoft.com/en-us/graph/api/group-post-members
 */
import type { JsonObject } from '../../kernel/json';
import { guidOf } from '../credentials';
import type { Call, VendorRoute } from '../vendor';
import { answer, list, text, type Answer } from '../wire';
import type { Found } from '../world';
import { badRequest, graphError, notFound } from './errors';
import { collection, entity, termsOf } from './odata';

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const view = ({ id, row }: Found<JsonObject>): JsonObject => ({ id, ...row });

/** By object id or by user principal name. */
function findUser(call: Call, reference: string): Found<JsonObject> | undefined {
  const row = call.world.get('graph.users', reference);
  return row ? { id: reference, row } : call.world.first('graph.users', 'upn', reference.toLowerCase());
}

function withUser(call: Call, handle: (user: Found<JsonObject>) => Answer): Answer {
  const reference = call.params['user'] ?? '';
  const user = findUser(call, reference);
  return user ? handle(user) : notFound(reference);
}

function withGroup(call: Call, handle: (group: Found<JsonObject>) => Answer): Answer {
  const id = call.params['group'] ?? '';
  const row = call.world.get('graph.groups', id);
  return row ? handle({ id, row }) : notFound(id);
}

function listUsers(call: Call): Answer {
  const [only] = termsOf(call.query['$filter']) ?? [];
  const index = { userPrincipalName: 'upn', mail: 'mail' }[only?.property ?? ''];
  const users =
    only?.operator === 'eq' && index !== undefined
      ? call.world.find('graph.users', index, only.value.toLowerCase())
      : call.world.all('graph.users');
  return collection(call, 'users', users.map(view));
}

/** @source https://learn.microsoft.com/en-us/graph/api/user-post-users */
function createUser(call: Call): Answer {
  const upn = text(call.body, 'userPrincipalName') ?? '';
  call.target(upn);
  for (const required of ['userPrincipalName', 'displayName', 'mailNickname']) {
    if (!text(call.body, required))
      return badRequest(`A value is required for property '${required}' of resource 'User'.`);
  }
  if (call.world.first('graph.users', 'upn', upn.toLowerCase())) {
    return badRequest('Another object with the same value for property userPrincipalName already exists.');
  }
  const id = guidOf(`${call.world.tenant}:graph-new:${call.world.nextId()}`);
  // A password is write-only.
  const row = Object.fromEntries(Object.entries(call.body).filter(([key]) => key !== 'passwordProfile'));
  call.world.put('graph.users', id, { accountEnabled: true, mail: upn, ...row });
  return answer(201, { id, accountEnabled: true, mail: upn, ...row });
}

function updateUser(call: Call): Answer {
  return withUser(call, ({ id, row }) => {
    call.world.put('graph.users', id, { ...row, ...call.body });
    return answer(204);
  });
}

function listGroups(call: Call): Answer {
  const [only] = termsOf(call.query['$filter']) ?? [];
  const groups =
    only?.operator === 'eq' && only.property === 'displayName'
      ? call.world.find('graph.groups', 'name', only.value.toLowerCase())
      : call.world.all('graph.groups');
  return collection(call, 'groups', groups.map(view));
}

function members(call: Call): Answer {
  return withGroup(call, ({ id }) => {
    const found = call.world.find('graph.members', 'group', id).flatMap(({ row }) => {
      const member = text(row, 'member') ?? '';
      const user = call.world.get('graph.users', member);
      return user ? [{ '@odata.type': '#microsoft.graph.user', id: member, ...user }] : [];
    });
    return collection(call, 'directoryObjects', found);
  });
}

/** @source https://learn.microsoft.com/en-us/graph/api/group-post-members */
function addMember(call: Call): Answer {
  const reference = text(call.body, '@odata.id') ?? '';
  const member = reference.split('/').at(-1) ?? '';
  call.target(`${call.params['group'] ?? ''} ${member}`);
  return withGroup(call, ({ id }) => {
    if (!GUID.test(member)) return badRequest("Invalid object identifier '@odata.id' in the request.");
    if (!call.world.get('graph.users', member)) return notFound(member);
    const key = `${id}:${member}`;
    if (call.world.get('graph.members', key)) {
      return badRequest(
        "One or more added object references already exist for the following modified properties: 'members'.",
      );
    }
    call.world.put('graph.members', key, { group: id, member });
    return answer(204);
  });
}

/** @source https://learn.microsoft.com/en-us/graph/api/group-delete-members */
function removeMember(call: Call): Answer {
  return withGroup(call, ({ id }) => {
    const member = call.params['member'] ?? '';
    const key = `${id}:${member}`;
    if (!call.world.get('graph.members', key)) return notFound(member);
    call.world.remove('graph.members', key);
    return answer(204);
  });
}

/** Which of the given groups the user is in: the cheap look-up. @source https://learn.microsoft.com/en-us/graph/api/directoryobject-checkmembergroups */
function checkMemberGroups(call: Call): Answer {
  return withUser(call, ({ id }) => {
    const groups = list(call.body, 'groupIds').filter((group) => typeof group === 'string');
    if (groups.length > 20) return graphError(400, 'Request_BadRequest', 'Too many items in groupIds.');
    return answer(200, {
      value: groups.filter((group) => call.world.get('graph.members', `${group}:${id}`)),
    });
  });
}

function memberOf(call: Call): Answer {
  return withUser(call, ({ id }) => {
    const groups = call.world.find('graph.members', 'member', id).flatMap(({ row }) => {
      const group = text(row, 'group') ?? '';
      const found = call.world.get('graph.groups', group);
      return found ? [{ '@odata.type': '#microsoft.graph.group', id: group, ...found }] : [];
    });
    return collection(call, 'directoryObjects', groups);
  });
}

const readUsers = 'User.Read.All';
const readGroups = 'Group.Read.All';
const v1 = '/v1.0';

export const directoryRoutes: readonly VendorRoute[] = [
  { op: 'graph.users.list', method: 'GET', path: `${v1}/users`, scope: readUsers, handle: listUsers },
  {
    op: 'graph.users.create',
    method: 'POST',
    path: `${v1}/users`,
    scope: 'User.ReadWrite.All',
    handle: createUser,
  },
  {
    op: 'graph.users.get',
    method: 'GET',
    path: `${v1}/users/:user`,
    scope: readUsers,
    handle: (call) => withUser(call, (user) => entity(call, 'users', view(user))),
  },
  {
    op: 'graph.users.update',
    method: 'PATCH',
    path: `${v1}/users/:user`,
    scope: 'User.ReadWrite.All',
    handle: updateUser,
  },
  {
    op: 'graph.users.memberOf',
    method: 'GET',
    path: `${v1}/users/:user/memberOf`,
    scope: readGroups,
    handle: memberOf,
  },
  {
    op: 'graph.users.checkMemberGroups',
    method: 'POST',
    path: `${v1}/users/:user/checkMemberGroups`,
    scope: readGroups,
    handle: checkMemberGroups,
  },
  { op: 'graph.groups.list', method: 'GET', path: `${v1}/groups`, scope: readGroups, handle: listGroups },
  {
    op: 'graph.groups.get',
    method: 'GET',
    path: `${v1}/groups/:group`,
    scope: readGroups,
    handle: (call) => withGroup(call, (group) => entity(call, 'groups', view(group))),
  },
  {
    op: 'graph.groups.members',
    method: 'GET',
    path: `${v1}/groups/:group/members`,
    scope: readGroups,
    handle: members,
  },
  {
    op: 'graph.groups.addMember',
    method: 'POST',
    path: `${v1}/groups/:group/members/$ref`,
    scope: 'GroupMember.ReadWrite.All',
    handle: addMember,
  },
  {
    op: 'graph.groups.removeMember',
    method: 'DELETE',
    path: `${v1}/groups/:group/members/:member/$ref`,
    scope: 'GroupMember.ReadWrite.All',
    handle: removeMember,
  },
];
