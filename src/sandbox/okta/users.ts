/**
 * Okta's users: profile rules, the status machine, lookup by id or login, and the lists.
 * Adapter ring.
 * @source https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User
 * @source https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle
 */
import type { JsonObject } from '../../kernel/json';
import type { Call, VendorRoute } from '../vendor';
import { answer, asObject, list, record, text, type Answer } from '../wire';
import type { Found, Transaction } from '../world';
import { invalid, notFound, oktaError } from './errors';
import { paged } from './pages';
import { findUser, groupView, idOf, userView, type OktaStatus, type OktaUser } from './rows';

/** The base attributes of a user that the stand-in knows. */
const BASE_ATTRIBUTES = [
  ...[
    'login',
    'email',
    'secondEmail',
    'firstName',
    'lastName',
    'middleName',
    'displayName',
    'nickName',
    'title',
  ],
  ...[
    'userType',
    'employeeNumber',
    'costCenter',
    'organization',
    'division',
    'department',
    'managerId',
    'manager',
  ],
  ...['mobilePhone', 'primaryPhone', 'locale', 'preferredLanguage', 'timezone', 'city', 'countryCode'],
];

/**
 * Custom attributes of this org's user schema: `backstepKey` is where a client leaves its idempotency key as a marker,
 * `contractEnd` and `workdayId` come from HR. An org must declare custom attributes before it can set them.
 * @source https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema
 */
const CUSTOM_ATTRIBUTES = ['backstepKey', 'contractEnd', 'workdayId'];

const ATTRIBUTES = new Set([...BASE_ATTRIBUTES, ...CUSTOM_ATTRIBUTES]);
const REQUIRED = ['firstName', 'lastName', 'email', 'login'];

function withUser(call: Call, handle: (found: Found<OktaUser>) => Answer): Answer {
  const id = call.params['id'] ?? '';
  const found = findUser(call.world, id);
  return found ? handle(found) : notFound('User', id);
}

/** What is wrong with a profile, in Okta's words; empty when nothing is. */
function faultsOf(
  world: Transaction,
  profile: JsonObject,
  self?: string,
): { field: string; causes: string[] } | undefined {
  const unknown = Object.keys(profile).filter((key) => !ATTRIBUTES.has(key));
  if (unknown.length > 0) {
    // An undeclared attribute is refused; the wording of the cause is not checked against the vendor.
    return {
      field: 'newUser',
      causes: unknown.map((key) => `${key}: Attribute is not defined in the user schema`),
    };
  }
  const missing = REQUIRED.filter((key) => (text(profile, key) ?? '').trim() === '');
  if (missing.length > 0) {
    return {
      field: missing[0] ?? '',
      causes: missing.map((key) => `${key}: The field cannot be left blank`),
    };
  }
  const login = text(profile, 'login') ?? '';
  if (!/^[^@\s]+@[^@\s]+$/.test(login)) {
    return { field: 'login', causes: ['login: Username must be in the form of an email address'] };
  }
  const owner = world.first<OktaUser>('okta.users', 'login', login.toLowerCase());
  // The natural key: a login is unique in an org, whatever the status of the user who has it.
  return owner && owner.id !== self
    ? {
        field: 'login',
        causes: ['login: An object with this field already exists in the current organization'],
      }
    : undefined;
}

function create(call: Call): Answer {
  const profile = record(call.body, 'profile');
  const fault = faultsOf(call.world, profile);
  call.target(text(profile, 'login') ?? '');
  if (fault) return invalid(fault.field, fault.causes);
  const groups = list(call.body, 'groupIds').map(String);
  const unknownGroup = groups.find((id) => !call.world.get('okta.groups', id));
  if (unknownGroup !== undefined) return notFound('UserGroup', unknownGroup);

  const hasPassword = asObject(record(call.body, 'credentials')['password']) !== undefined;
  const activate = call.query['activate'] !== 'false';
  const now = call.now.toISOString();
  const id = idOf('00u', call.world.nextId());
  const row: OktaUser = {
    // Without a password the new user still has to visit the activation link.
    status: activate ? (hasPassword ? 'ACTIVE' : 'PROVISIONED') : 'STAGED',
    profile,
    hasPassword,
    created: now,
    activated: activate ? now : null,
    statusChanged: activate ? now : null,
    lastUpdated: now,
  };
  call.world.put('okta.users', id, row);
  for (const group of groups) call.world.put('okta.members', `${group}:${id}`, { group, user: id });
  return answer(200, userView({ id, row }, call.baseUrl));
}

function update(call: Call, whole: boolean): Answer {
  return withUser(call, ({ id, row }) => {
    const sent = record(call.body, 'profile');
    const profile = Object.fromEntries(
      Object.entries(whole ? sent : { ...row.profile, ...sent }).filter(([, value]) => value !== null),
    );
    const fault = faultsOf(call.world, profile, id);
    if (fault) return invalid(fault.field, fault.causes);
    const after: OktaUser = { ...row, profile, lastUpdated: call.now.toISOString() };
    call.world.put('okta.users', id, after);
    return answer(200, userView({ id, row: after }, call.baseUrl));
  });
}

function moveTo(call: Call, found: Found<OktaUser>, status: OktaStatus): void {
  const now = call.now.toISOString();
  call.world.put('okta.users', found.id, { ...found.row, status, statusChanged: now, lastUpdated: now });
}

/** The status machine: which lifecycle operation may leave which status, and what refuses it. */
const LIFECYCLE: Readonly<
  Record<string, { from: readonly OktaStatus[]; to: (user: OktaUser) => OktaStatus; refused: Answer }>
> = {
  activate: {
    from: ['STAGED', 'DEPROVISIONED'],
    to: (user) => (user.hasPassword ? 'ACTIVE' : 'PROVISIONED'),
    refused: oktaError(403, 'E0000016', 'Activation failed because the user is already active'),
  },
  reactivate: {
    from: ['PROVISIONED'],
    to: () => 'PROVISIONED',
    refused: oktaError(403, 'E0000038', "This operation is not allowed in the user's current status."),
  },
  deactivate: {
    from: ['STAGED', 'PROVISIONED', 'ACTIVE', 'SUSPENDED'],
    to: () => 'DEPROVISIONED',
    // The page says only that it "can't be performed" on a deprovisioned user; the code is our reading.
    refused: oktaError(403, 'E0000038', "This operation is not allowed in the user's current status."),
  },
  suspend: {
    from: ['ACTIVE'],
    to: () => 'SUSPENDED',
    refused: invalid('suspend', ['Cannot suspend a user that is not active']),
  },
  unsuspend: {
    from: ['SUSPENDED'],
    to: () => 'ACTIVE',
    refused: invalid('unsuspend', ['Cannot unsuspend a user that is not suspended']),
  },
};

function lifecycle(call: Call): Answer {
  return withUser(call, (found) => {
    const name = call.params['operation'] ?? '';
    const operation = LIFECYCLE[name];
    if (!operation) return notFound('Lifecycle', name);
    if (!operation.from.includes(found.row.status)) return operation.refused;
    // Memberships stay: "the users aren't removed from any groups".
    // @source https://help.okta.com/en-us/Content/Topics/users-groups-profiles/usgp-deactivate-user-account.htm
    moveTo(call, found, operation.to(found.row));
    return answer(
      200,
      name.endsWith('activate') && name !== 'deactivate'
        ? { activationUrl: `${call.baseUrl}/welcome/${found.id}`, activationToken: found.id }
        : {},
    );
  });
}

/** A first delete of a user who is not deprovisioned only deactivates; the next one removes. */
function remove(call: Call): Answer {
  return withUser(call, (found) => {
    if (found.row.status !== 'DEPROVISIONED') {
      moveTo(call, found, 'DEPROVISIONED');
      return answer(204);
    }
    for (const { id } of call.world.find('okta.members', 'user', found.id))
      call.world.remove('okta.members', id);
    call.world.remove('okta.users', found.id);
    return answer(204);
  });
}

function listUsers(call: Call): Answer {
  const { q, filter, search } = call.query;
  const expression = search ?? filter;
  const wanted = expression === undefined ? undefined : comparisonsOf(expression);
  if (expression !== undefined && wanted === undefined) {
    return oktaError(400, 'E0000031', `Invalid search criteria.`);
  }
  const candidates = wanted ? candidatesFor(call.world, wanted) : call.world.all<OktaUser>('okta.users');
  const found = candidates.filter((user) => {
    if (wanted)
      return wanted.every(({ path, value }) => attribute(user, path)?.toLowerCase() === value.toLowerCase());
    // Without a filter the list leaves deprovisioned users out.
    if (user.row.status === 'DEPROVISIONED') return false;
    if (q === undefined) return true;
    return ['firstName', 'lastName', 'email'].some((key) =>
      (text(user.row.profile, key) ?? '').toLowerCase().startsWith(q.toLowerCase()),
    );
  });
  return paged(call, found, (user) => userView(user, call.baseUrl), 200);
}

interface Comparison {
  readonly path: string;
  readonly value: string;
}

/** `a eq "x" and b eq "y"`: the part of the filter language that identity clients use. */
function comparisonsOf(expression: string): Comparison[] | undefined {
  const parts = expression.trim().split(/\s+and\s+/i);
  const parsed = parts.map((part) => /^([\w.]+)\s+eq\s+"([^"]*)"$/i.exec(part.trim()));
  if (parsed.some((match) => match === null)) return undefined;
  return parsed.flatMap((match) =>
    match?.[1] === undefined ? [] : [{ path: match[1], value: match[2] ?? '' }],
  );
}

function candidatesFor(world: Transaction, wanted: readonly Comparison[]): Found<OktaUser>[] {
  for (const { path, value } of wanted) {
    if (path === 'profile.login') return world.find<OktaUser>('okta.users', 'login', value.toLowerCase());
    if (path === 'profile.email') return world.find<OktaUser>('okta.users', 'email', value.toLowerCase());
  }
  return world.all<OktaUser>('okta.users');
}

function attribute(user: Found<OktaUser>, path: string): string | undefined {
  if (path === 'id') return user.id;
  return path.startsWith('profile.')
    ? text(user.row.profile, path.slice('profile.'.length))
    : text(user.row, path);
}

function groupsOf(call: Call): Answer {
  return withUser(call, ({ id }) => {
    const ids = call.world.find('okta.members', 'user', id).map(({ row }) => text(row, 'group') ?? '');
    const everyone = call.world.all('okta.groups').filter(({ row }) => row['type'] === 'BUILT_IN');
    const groups = ids.flatMap((group) => {
      const row = call.world.get('okta.groups', group);
      return row ? [{ id: group, row }] : [];
    });
    return answer(
      200,
      [...everyone, ...groups].map((group) => groupView(group, call.baseUrl)),
    );
  });
}

const read = 'okta.users.read';
const manage = 'okta.users.manage';

export const userRoutes: readonly VendorRoute[] = [
  { op: 'okta.users.list', method: 'GET', path: '/api/v1/users', scope: read, handle: listUsers },
  { op: 'okta.users.create', method: 'POST', path: '/api/v1/users', scope: manage, handle: create },
  {
    op: 'okta.users.get',
    method: 'GET',
    path: '/api/v1/users/:id',
    scope: read,
    handle: (call) => withUser(call, (found) => answer(200, userView(found, call.baseUrl))),
  },
  {
    op: 'okta.users.update',
    method: 'POST',
    path: '/api/v1/users/:id',
    scope: manage,
    handle: (call) => update(call, false),
  },
  {
    op: 'okta.users.replace',
    method: 'PUT',
    path: '/api/v1/users/:id',
    scope: manage,
    handle: (call) => update(call, true),
  },
  { op: 'okta.users.delete', method: 'DELETE', path: '/api/v1/users/:id', scope: manage, handle: remove },
  {
    op: 'okta.users.lifecycle',
    method: 'POST',
    path: '/api/v1/users/:id/lifecycle/:operation',
    scope: manage,
    handle: lifecycle,
  },
  { op: 'okta.users.groups', method: 'GET', path: '/api/v1/users/:id/groups', scope: read, handle: groupsOf },
];
