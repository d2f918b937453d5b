/**
 * Intune through Graph: configuration profiles, their assignments and the managed devices. `assign` replaces the whole
 * set of a profile's assignments, so a client that forgets somebody else's takes it away.
 * Adapter ring.
 * @source https://learn.microsoft.com/en-us/graph/api/intune-deviceconfig-deviceconfiguration-assign
 */
import { jsonEquals, type JsonObject } from '../../kernel/json';
import type { Call, VendorRoute } from '../vendor';
import { answer, asObject, list, record, text, type Answer } from '../wire';
import type { Found } from '../world';
import { badRequest, notFound } from './errors';
import { collection, entity, MAX_TOP } from './odata';

const view = ({ id, row }: Found<JsonObject>): JsonObject => ({ id, ...row });

const GROUP_TARGETS = [
  '#microsoft.graph.groupAssignmentTarget',
  '#microsoft.graph.exclusionGroupAssignmentTarget',
];
const WHOLE_TARGETS = [
  '#microsoft.graph.allDevicesAssignmentTarget',
  '#microsoft.graph.allLicensedUsersAssignmentTarget',
];

function withProfile(call: Call, handle: (profile: Found<JsonObject>) => Answer): Answer {
  const id = call.params['profile'] ?? '';
  const row = call.world.get('graph.configurations', id);
  return row ? handle({ id, row }) : notFound(id);
}

function assignmentsOf(call: Call, profile: string): Found<JsonObject>[] {
  return call.world.find('graph.assignments', 'configuration', profile);
}

const assignmentView = ({ id, row }: Found<JsonObject>): JsonObject => ({
  id,
  source: 'direct',
  sourceId: row['configuration'] ?? null,
  target: row['target'] ?? null,
});

/** The id of an assignment tells profile and target, so the same assignment has the same id each time. */
function assignmentId(profile: string, target: JsonObject): string | undefined {
  const type = text(target, '@odata.type') ?? '';
  if (WHOLE_TARGETS.includes(type)) return `${profile}_${type.replace('#microsoft.graph.', '')}`;
  const group = text(target, 'groupId');
  if (!GROUP_TARGETS.includes(type) || group === undefined || group === '') return undefined;
  return `${profile}_${group}${type.includes('exclusion') ? '_exclusion' : ''}`;
}

function assign(call: Call): Answer {
  return withProfile(call, ({ id }) => {
    const wanted = new Map<string, JsonObject>();
    for (const item of list(call.body, 'assignments')) {
      const target = record(asObject(item), 'target');
      const key = assignmentId(id, target);
      if (key === undefined) return badRequest('The assignment target is invalid.');
      wanted.set(key, target);
    }
    if (call.body['assignments'] === undefined)
      return badRequest("A value is required for parameter 'assignments'.");
    for (const old of assignmentsOf(call, id)) {
      if (!wanted.has(old.id)) call.world.remove('graph.assignments', old.id);
    }
    for (const [key, target] of wanted) {
      const old = call.world.get('graph.assignments', key);
      if (!old || !jsonEquals(old['target'], target)) {
        call.world.put('graph.assignments', key, { configuration: id, target });
      }
    }
    return answer(200, { value: assignmentsOf(call, id).map(assignmentView) });
  });
}

function device(call: Call): Answer {
  const id = call.params['device'] ?? '';
  const row = call.world.get('graph.devices', id);
  return row ? entity(call, 'deviceManagement/managedDevices', { id, ...row }) : notFound(id);
}

const read = 'DeviceManagementConfiguration.Read.All';
const readDevices = 'DeviceManagementManagedDevices.Read.All';
const profiles = '/v1.0/deviceManagement/deviceConfigurations';
const devices = '/v1.0/deviceManagement/managedDevices';

export const intuneRoutes: readonly VendorRoute[] = [
  {
    op: 'graph.deviceConfigurations.list',
    method: 'GET',
    path: profiles,
    scope: read,
    handle: (call) =>
      collection(
        call,
        'deviceManagement/deviceConfigurations',
        call.world.all('graph.configurations').map(view),
      ),
  },
  {
    op: 'graph.deviceConfigurations.get',
    method: 'GET',
    path: `${profiles}/:profile`,
    scope: read,
    handle: (call) =>
      withProfile(call, (profile) => entity(call, 'deviceManagement/deviceConfigurations', view(profile))),
  },
  {
    op: 'graph.deviceConfigurations.assignments',
    method: 'GET',
    path: `${profiles}/:profile/assignments`,
    scope: read,
    handle: (call) =>
      withProfile(call, ({ id }) =>
        collection(call, 'assignments', assignmentsOf(call, id).map(assignmentView), MAX_TOP),
      ),
  },
  {
    op: 'graph.deviceConfigurations.assign',
    method: 'POST',
    path: `${profiles}/:profile/assign`,
    scope: 'DeviceManagementConfiguration.ReadWrite.All',
    handle: assign,
  },
  {
    op: 'graph.managedDevices.list',
    method: 'GET',
    path: devices,
    scope: readDevices,
    handle: (call) =>
      collection(call, 'deviceManagement/managedDevices', call.world.all('graph.devices').map(view)),
  },
  {
    op: 'graph.managedDevices.get',
    method: 'GET',
    path: `${devices}/:device`,
    scope: readDevices,
    handle: device,
  },
  {
    op: 'graph.users.managedDevices',
    method: 'GET',
    path: '/v1.0/users/:user/managedDevices',
    scope: readDevices,
    handle: (call) => {
      const user = (call.params['user'] ?? '').toLowerCase();
      const found = [
        ...call.world.find('graph.devices', 'upn', user),
        ...call.world.find('graph.devices', 'user', user),
      ];
      return collection(call, 'users/managedDevices', found.map(view));
    },
  },
];
