/** EMP-R-001: a contractor gets an identity, groups, channels and a device, and an end date before all of it can matter. */
import { z } from 'zod';
import * as okta from '../../activities/okta/contract';
import * as slack from '../../activities/slack/contract';
import * as workday from '../../activities/workday/contract';
import { backstep, defineRunbook, escalate, retryAfter } from '../../src/dsl';
import { equipPerson } from './equip-person';
import { device, names, Person } from './person';

export const onboardContractor = defineRunbook(
  {
    id: 'onboard.contractor',
    outcome: 'EMP-R-001',
    version: '3.2',
    domain: 'people',
    summary: 'Onboard a contractor into every system their team works with',
    entity: Person,
    params: z.object({
      groups: names('Okta groups of the team'),
      channels: names('Slack channels of the team'),
      device,
      /** Whether the manager is asked before anything is done. */
      approval: z.enum(['none', 'manager']),
    }),
  },
  ({ entity, params, run, gate, parallel, choose, use }) => {
    choose(params.approval, {
      manager: () =>
        void gate('manager', { approval: 'approve', by: 'manager', ask: 'onboard this contractor?' }),
      none: () => undefined,
    });
    parallel(
      () => run('end-date', workday.setEndDate, { worker: entity.workdayId, endDate: entity.contractEnd }),
      () => {
        const identity = run(
          'identity',
          okta.createIdentity,
          { login: entity.email, name: entity.name },
          {
            onError: { identity_blocked: escalate({ to: 'role:operator', ask: 'the identity is blocked' }) },
          },
        );
        parallel(
          () => run('groups', okta.assignGroups, { user: identity.id, groups: params.groups }),
          () =>
            run(
              'channels',
              slack.inviteChannels,
              { user: identity.login, channels: params.channels },
              // Slack learns of a new identity with a delay; anything else takes the onboarding back.
              { onError: { user_not_found: retryAfter('1m', { max: 5 }), '*': backstep() } },
            ),
        );
      },
      () => use('device', equipPerson, { device: params.device }),
    );
  },
);
