/**
 * Every collection of a world: what it is looked up by, and which of its rows still stand. One table, so that the
 * store needs to know no vendor.
 * Adapter ring, no I/O.
 */
import type { JsonObject } from '../kernel/json';

type KeyOf = (row: JsonObject) => string | undefined;

interface CollectionSpec {
  readonly indexes: Readonly<Record<string, KeyOf>>;
  /** False for a row that is closed for good and binds nobody: the residue that vendors keep after an undo. */
  readonly standing?: (row: JsonObject) => boolean;
  /** Rows that bind nobody yet: to write one is no effect. */
  readonly isDraft?: true;
}

const field =
  (name: string): KeyOf =>
  (row) =>
    typeof row[name] === 'string' && row[name] !== '' ? row[name] : undefined;

const lower =
  (name: string): KeyOf =>
  (row) =>
    field(name)(row)?.toLowerCase();

const inProfile =
  (name: string): KeyOf =>
  (row) =>
    lower(name)((row['profile'] ?? {}) as JsonObject);

/** ServiceNow's closed states: 3 complete, 4 incomplete (cancelled), 7 skipped. */
const CANCELLED = '4';

export const COLLECTIONS: Readonly<Record<CollectionName, CollectionSpec>> = {
  'okta.users': {
    indexes: { login: inProfile('login'), email: inProfile('email') },
    standing: (row) => row['status'] !== 'DEPROVISIONED',
  },
  'okta.groups': { indexes: { name: inProfile('name') } },
  'okta.members': { indexes: { group: field('group'), user: field('user') } },

  'slack.users': { indexes: { email: inProfile('email'), name: lower('name') } },
  'slack.channels': { indexes: { name: lower('name') } },
  'slack.messages': { indexes: { channel: field('channel') } },
  'slack.members': { indexes: { channel: field('channel'), user: field('user') } },

  'graph.users': { indexes: { upn: lower('userPrincipalName'), mail: lower('mail') } },
  'graph.groups': { indexes: { name: lower('displayName') } },
  'graph.members': { indexes: { group: field('group'), member: field('member') } },
  'graph.devices': { indexes: { upn: lower('userPrincipalName'), user: field('userId') } },
  'graph.configurations': { indexes: { name: lower('displayName') } },
  'graph.assignments': { indexes: { configuration: field('configuration') } },

  'servicenow.sys_user': { indexes: { user_name: lower('user_name'), email: lower('email') } },
  'servicenow.cmn_department': { indexes: {} },
  'servicenow.sc_cat_item': { indexes: { name: lower('name') } },
  'servicenow.sc_request': {
    indexes: { correlation_id: field('correlation_id'), number: field('number') },
    standing: (row) => row['state'] !== CANCELLED,
  },
  'servicenow.sc_req_item': {
    indexes: { correlation_id: field('correlation_id'), request: field('request'), number: field('number') },
    standing: (row) => row['state'] !== CANCELLED,
  },
  'servicenow.incident': { indexes: { correlation_id: field('correlation_id'), number: field('number') } },

  'workday.workers': { indexes: { reference: field('referenceId'), email: lower('primaryWorkEmail') } },
  'workday.organizations': { indexes: { reference: field('referenceId') } },
  'workday.drafts': { indexes: { worker: field('worker') }, standing: () => false, isDraft: true },
  'workday.events': {
    indexes: { worker: field('worker') },
    standing: (row) => row['status'] !== 'Rescinded' && row['status'] !== 'Canceled',
  },
  'workday.settings': { indexes: {} },
};

export type CollectionName =
  | `okta.${'users' | 'groups' | 'members'}`
  | `slack.${'users' | 'channels' | 'members' | 'messages'}`
  | `graph.${'users' | 'groups' | 'members' | 'devices' | 'configurations' | 'assignments'}`
  | `servicenow.${'sys_user' | 'cmn_department' | 'sc_cat_item' | 'sc_request' | 'sc_req_item' | 'incident'}`
  | `workday.${'workers' | 'organizations' | 'drafts' | 'events' | 'settings'}`;

/** Fields that tell when or how often a row was written, not what it says. */
const VOLATILE = new Set([
  'created',
  'activated',
  'statusChanged',
  'lastUpdated',
  'updated',
  'createdDateTime',
  'lastModifiedDateTime',
  'initiatedOn',
  'completedOn',
  'commentDate',
  'sys_created_on',
  'sys_created_by',
  'sys_updated_on',
  'sys_updated_by',
  'sys_mod_count',
]);

export const isVolatile = (fieldName: string): boolean => VOLATILE.has(fieldName);
