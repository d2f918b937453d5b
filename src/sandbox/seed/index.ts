/**
 * The seeded world of a tenant: the cast in all five systems, and the groups, channels, profiles and catalogue that
 * the runbooks name.
 * Adapter ring, no I/O. Deterministic: the same tenant and count give the same rows.
 */
import type { JsonObject } from '../../kernel/json';
import type { CollectionName } from '../collections';
import { guidOf } from '../credentials';
import { World } from '../world';
import { CAST, DEPARTMENTS, hexId, loadPeople, personIds, type Person, type PersonIds } from './people';

/** The time at which everything was made. */
const MADE_AT = '2026-11-01T09:00:00.000Z';

/** Okta groups that exist in every tenant, by name. */
const OKTA_GROUPS = [
  ...['contractors', 'engineering', 'design', 'people', 'it', 'sales', 'finance', 'marketing', 'executive'],
  ...['vpn', 'github', 'figma', 'office-wifi'],
] as const;

/** Slack channels that exist in every tenant, by name. */
const SLACK_CHANNELS = [
  ...['general', 'random', 'engineering', 'design', 'people', 'it', 'sales', 'finance', 'marketing'],
  ...['contractors', 'onboarding', 'it-help', 'leadership', 'old-project'],
] as const;

/** Intune configuration profiles, by display name; the first two are what `device: mac` and `pc` mean. */
const INTUNE_PROFILES = ['Mac baseline', 'PC baseline', 'Wi-Fi certificates'] as const;

/** Entra groups beside those of the departments. */
const ENTRA_GROUPS = ['All Macs', 'All PCs', 'Intune Mac users', 'Intune PC users', 'Contractors'] as const;

/** Catalogue items, by name. */
const CATALOGUE = ['MacBook Pro 14', 'ThinkPad T14', 'Monitor 27'] as const;

/** Ids of what a tenant is seeded with, by name: for tests and for building fixtures. */
export const seededId = {
  oktaGroup: (tenant: string, name: string) => `00g${hexId(`${tenant}:okta-group:${name}`).slice(0, 17)}`,
  slackChannel: (tenant: string, name: string) =>
    `C${hexId(`${tenant}:slack-channel:${name}`).slice(0, 10).toUpperCase()}`,
  entraGroup: (tenant: string, name: string) => guidOf(`${tenant}:entra-group:${name}`),
  intuneProfile: (tenant: string, name: string) => guidOf(`${tenant}:intune-profile:${name}`),
  catalogueItem: (tenant: string, name: string) => hexId(`${tenant}:catalogue:${name}`),
  /** A catalogue variable's `sys_id`, for queries `variables.<sys_id>=value`. */
  catalogueVariable: (tenant: string, item: string, name: string) =>
    hexId(`${tenant}:variable:${item}:${name}`),
  workdayOrganization: (tenant: string, department: string) => hexId(`${tenant}:workday-org:${department}`),
  serviceNowDepartment: (tenant: string, department: string) => hexId(`${tenant}:department:${department}`),
};

/** A fresh world with the cast and `people` contractors for load. */
export function seedWorld(tenant: string, people = 0): World {
  const world = new World(tenant);
  // Ids made later start here, so that none looks like a seeded one.
  world.ids = 1_000;
  const put = (collection: CollectionName, id: string, row: JsonObject): void =>
    world.collection(collection).set(id, row);
  seedFixtures(tenant, put);
  for (const person of [...CAST, ...loadPeople(people)]) seedPerson(tenant, person, put);
  return world;
}

type Put = (collection: CollectionName, id: string, row: JsonObject) => void;

function seedFixtures(tenant: string, put: Put): void {
  const dated = { created: MADE_AT, lastUpdated: MADE_AT };
  put('okta.groups', seededId.oktaGroup(tenant, 'Everyone'), {
    ...dated,
    type: 'BUILT_IN',
    profile: { name: 'Everyone', description: 'All users in your organization' },
  });
  for (const name of OKTA_GROUPS) {
    put('okta.groups', seededId.oktaGroup(tenant, name), {
      ...dated,
      type: 'OKTA_GROUP',
      profile: { name, description: `Group ${name}` },
    });
  }
  put('slack.users', BOT, {
    name: 'backstep',
    real_name: 'Backstep',
    deleted: false,
    is_bot: true,
    profile: { display_name: 'backstep' },
  });
  for (const name of SLACK_CHANNELS) {
    const channel = seededId.slackChannel(tenant, name);
    put('slack.channels', channel, {
      name,
      is_private: name === 'leadership',
      is_archived: name === 'old-project',
      is_general: name === 'general',
      created: Math.floor(Date.parse(MADE_AT) / 1000),
    });
    put('slack.members', `${channel}:${BOT}`, { channel, user: BOT });
  }
  seedDirectory(tenant, put);
  seedCatalogue(tenant, put);
  for (const department of DEPARTMENTS) {
    const lead = CAST.find((person) => person.department === department && person.isManager);
    put('workday.organizations', seededId.workdayOrganization(tenant, department), {
      referenceId: `Organization_Reference_ID=${department}`,
      descriptor: department,
      manager: lead ? personIds(tenant, lead.name).workdayId : null,
    });
    put('servicenow.cmn_department', seededId.serviceNowDepartment(tenant, department), {
      name: department,
      sys_created_on: sysTime,
    });
  }
  put('workday.settings', 'businessProcess', { completion: 'automatic' });
}

/** The user id of the Slack bot; the same as the stand-in's, kept here so that the seed needs no vendor. */
const BOT = 'UBACKSTEP';

function seedDirectory(tenant: string, put: Put): void {
  for (const displayName of [...ENTRA_GROUPS, ...DEPARTMENTS]) {
    put('graph.groups', seededId.entraGroup(tenant, displayName), {
      displayName,
      description: null,
      mailEnabled: false,
      mailNickname: displayName.replaceAll(' ', ''),
      securityEnabled: true,
      groupTypes: [],
      createdDateTime: MADE_AT,
    });
  }
  for (const displayName of INTUNE_PROFILES) {
    const isMac = displayName.startsWith('Mac');
    put('graph.configurations', seededId.intuneProfile(tenant, displayName), {
      '@odata.type': `#microsoft.graph.${isMac ? 'macOSGeneralDeviceConfiguration' : 'windows10GeneralConfiguration'}`,
      displayName,
      description: `${displayName} of ${tenant}`,
      version: 1,
      createdDateTime: MADE_AT,
      lastModifiedDateTime: MADE_AT,
    });
  }
  for (const [profile, group] of [
    ['Mac baseline', 'All Macs'],
    ['PC baseline', 'All PCs'],
  ] as const) {
    const configuration = seededId.intuneProfile(tenant, profile);
    const groupId = seededId.entraGroup(tenant, group);
    put('graph.assignments', `${configuration}_${groupId}`, {
      configuration,
      target: { '@odata.type': '#microsoft.graph.groupAssignmentTarget', groupId },
    });
  }
}

function seedCatalogue(tenant: string, put: Put): void {
  for (const name of CATALOGUE) {
    put('servicenow.sc_cat_item', seededId.catalogueItem(tenant, name), {
      name,
      short_description: name,
      active: 'true',
      price: name === 'Monitor 27' ? '420.00' : '2100.00',
      variables: ['justification', 'deliver_to', 'correlation_id'].map((variable) => ({
        sys_id: seededId.catalogueVariable(tenant, name, variable),
        name: variable,
        mandatory: variable === 'justification',
      })),
      sys_created_on: sysTime,
    });
  }
}

/** ServiceNow writes times without a zone, in UTC. */
const sysTime = MADE_AT.slice(0, 19).replace('T', ' ');

function seedPerson(tenant: string, person: Person, put: Put): void {
  const ids = personIds(tenant, person.name);
  const [firstName = '', lastName = ''] = ids.fullName.split(' ');
  put('workday.workers', ids.workdayId, {
    referenceId: ids.workdayReference,
    descriptor: ids.fullName,
    primaryWorkEmail: ids.email,
    workerType: person.isContractor ? 'Contingent Worker' : 'Employee',
    businessTitle: person.title,
    supervisoryOrganization: seededId.workdayOrganization(tenant, person.department),
    contract: { contractStartDate: person.startDate, contractEndDate: person.endDate },
  });
  put('slack.users', ids.slackId, {
    name: person.name,
    real_name: ids.fullName,
    deleted: person.okta === 'DEPROVISIONED',
    is_bot: false,
    profile: { email: ids.email, display_name: person.name, real_name: ids.fullName, title: person.title },
  });
  put('graph.users', ids.graphId, {
    userPrincipalName: ids.email,
    mail: ids.email,
    displayName: ids.fullName,
    givenName: firstName,
    surname: lastName,
    jobTitle: person.title,
    department: person.department,
    accountEnabled: person.okta !== 'DEPROVISIONED',
  });
  put('servicenow.sys_user', ids.serviceNowId, {
    user_name: person.name,
    email: ids.email,
    first_name: firstName,
    last_name: lastName,
    title: person.title,
    department: seededId.serviceNowDepartment(tenant, person.department),
    active: String(person.okta !== 'DEPROVISIONED'),
    sys_created_on: sysTime,
  });
  if (person.isContractor) seedDeviceGroup(tenant, person, ids, put);
  if (person.okta !== null) seedMember(tenant, person, ids, put);
}

function seedDeviceGroup(tenant: string, person: Person, ids: PersonIds, put: Put): void {
  put('graph.groups', ids.deviceGroupId, {
    displayName: `Devices of ${person.name}`,
    description: null,
    mailEnabled: false,
    mailNickname: `devices-${person.name}`,
    securityEnabled: true,
    groupTypes: [],
    createdDateTime: MADE_AT,
  });
  put('graph.members', `${ids.deviceGroupId}:${ids.graphId}`, {
    group: ids.deviceGroupId,
    member: ids.graphId,
  });
}

/** What those have who are already on board: an Okta account, groups, channels, a device. */
function seedMember(tenant: string, person: Person, ids: PersonIds, put: Put): void {
  const [firstName = '', lastName = ''] = ids.fullName.split(' ');
  put('okta.users', ids.oktaId, {
    status: person.okta,
    profile: {
      login: ids.email,
      email: ids.email,
      firstName,
      lastName,
      department: person.department,
      title: person.title,
    },
    hasPassword: true,
    created: MADE_AT,
    activated: MADE_AT,
    statusChanged: MADE_AT,
    lastUpdated: MADE_AT,
  });
  const home = person.department.toLowerCase();
  for (const name of [home, 'vpn', ...(person.isContractor ? ['contractors'] : ['office-wifi'])]) {
    const group = seededId.oktaGroup(tenant, name);
    put('okta.members', `${group}:${ids.oktaId}`, { group, user: ids.oktaId });
  }
  for (const name of ['general', 'random', ...(home === 'executive' ? ['leadership'] : [home])]) {
    const channel = seededId.slackChannel(tenant, name);
    put('slack.members', `${channel}:${ids.slackId}`, { channel, user: ids.slackId });
  }
  const entra = seededId.entraGroup(tenant, person.department);
  put('graph.members', `${entra}:${ids.graphId}`, { group: entra, member: ids.graphId });
  if (person.device === null) return;
  const isMac = person.device === 'mac';
  put('graph.devices', guidOf(`${tenant}:device:${person.name}`), {
    deviceName: `${person.name}-${person.device}`,
    userId: ids.graphId,
    userPrincipalName: ids.email,
    operatingSystem: isMac ? 'macOS' : 'Windows',
    serialNumber: hexId(`${tenant}:serial:${person.name}`).slice(0, 10).toUpperCase(),
    complianceState: 'compliant',
    managementState: 'managed',
  });
}
