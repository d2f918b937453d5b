/** EMP-R-003: a person changes department: the record, the identity, groups and channels move together or not at all. */
import { z } from 'zod';
import * as ldap from '../../activities/ldap/contract';
import * as okta from '../../activities/okta/contract';
import * as slack from '../../activities/slack/contract';
import * as workday from '../../activities/workday/contract';
import { defineRunbook, retryAfter, skip } from '../../src/dsl';
import { names, Person } from './person';

export const changeDepartment = defineRunbook(
  {
    id: 'change.department',
    outcome: 'EMP-R-003',
    version: '1.0',
    domain: 'people',
    summary: 'Move a person to another department in every system at once',
    entity: Person,
    params: z.object({
      department: z.string().min(1).max(100).meta({ description: 'the department to move to' }),
      joinGroups: names('Okta groups of the new department'),
      leaveGroups: names('Okta groups of the old department'),
      joinChannels: names('Slack channels of the new department'),
      /** User id in the LDAP directory; empty where the tenant keeps none. */
      directoryUid: z.string().max(64),
      directory: z.boolean().meta({ description: 'whether the tenant keeps an LDAP directory' }),
    }),
  },
  ({ entity, params, run, gate, parallel, choose, each }) => {
    gate('managers', { approval: 'chain', by: ['manager', 'director'], ask: 'move this person?' });
    run('record', workday.changeDepartment, { worker: entity.workdayId, department: params.department });
    parallel(
      () => run('profile', okta.setDepartment, { user: entity.email, department: params.department }),
      () => {
        // Join before leaving, so that nobody stands without access in between.
        run('join', okta.assignGroups, { user: entity.email, groups: params.joinGroups });
        run('leave', okta.removeGroups, { user: entity.email, groups: params.leaveGroups });
      },
      () =>
        each(params.joinChannels, { id: 'channels', max: 50, parallel: true }, (channel) =>
          run(
            'invite',
            slack.inviteChannels,
            { user: entity.email, channels: [channel] },
            // One channel that is gone is no reason to keep somebody from moving.
            {
              onError: {
                channel_archived: skip(),
                channel_not_found: skip(),
                user_not_found: retryAfter('1m'),
              },
            },
          ),
        ),
      () =>
        choose(params.directory, {
          true: () =>
            void run('directory', ldap.setAttribute, {
              uid: params.directoryUid,
              attribute: 'departmentNumber',
              values: [params.department],
            }),
          false: () => undefined,
        }),
    );
  },
);
