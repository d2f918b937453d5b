/** EMP-R-002: a person leaves. Access is cut first; what fails after that never gives access back. */
import { z } from 'zod';
import * as intune from '../../activities/intune/contract';
import * as okta from '../../activities/okta/contract';
import * as slack from '../../activities/slack/contract';
import * as workday from '../../activities/workday/contract';
import { backstep, branch, defineRunbook, escalate, retryAfter, skip } from '../../src/dsl';
import { device, names, Person } from './person';

export const offboardPerson = defineRunbook(
  {
    id: 'offboard.person',
    outcome: 'EMP-R-002',
    version: '1.1',
    domain: 'people',
    summary: 'Take a leaver out of every system, access first',
    entity: Person,
    params: z.object({
      groups: names('Okta groups to leave'),
      channels: names('Slack channels to leave'),
      device,
      /** `immediate` asks nobody and waits for nothing. */
      urgency: z.enum(['planned', 'immediate']),
    }),
  },
  ({ entity, params, run, gate, wait, parallel, choose, checkpoint }) => {
    run('end-date', workday.setEndDate, { worker: entity.workdayId, endDate: entity.contractEnd });
    choose(params.urgency, {
      planned: () => {
        gate('manager', {
          approval: 'approve',
          by: 'manager',
          ask: 'let this person go on the last day of the contract?',
          onExpired: branch(() => void gate('director', { approval: 'approve', by: 'director' })),
        });
        wait('last-day', { until: entity.contractEnd });
      },
      immediate: () => undefined,
    });
    run(
      'access',
      okta.suspendIdentity,
      { user: entity.email },
      // Somebody who can't sign in any more is where we want them.
      { onError: { identity_not_active: skip(), user_not_found: skip() } },
    );
    const cut = checkpoint('access-cut');
    const clean = { '*': backstep({ to: cut, then: () => void gate('cleanup', CLEAN_BY_HAND) }) } as const;
    parallel(
      () =>
        run('groups', okta.removeGroups, { user: entity.email, groups: params.groups }, { onError: clean }),
      () =>
        run(
          'channels',
          slack.removeChannels,
          { user: entity.email, channels: params.channels },
          { onError: { user_not_found: skip(), ...clean } },
        ),
      () =>
        choose(params.device, {
          mac: () =>
            void run('mac-profile', intune.removeProfile, profileOf('Mac baseline'), { onError: late }),
          pc: () => void run('pc-profile', intune.removeProfile, profileOf('PC baseline'), { onError: late }),
          none: () => undefined,
        }),
    );

    function profileOf(profile: string) {
      return { profile, group: entity.deviceGroup };
    }
  },
);

const CLEAN_BY_HAND = {
  approval: 'confirm',
  by: 'role:operator',
  ask: 'access is cut; groups and channels are as before: clean them by hand, then confirm',
  onRejected: skip(),
  onExpired: skip(),
} as const;

/** A device can be out of reach for days: ask again, then a person. */
const late = {
  profile_not_found: skip(),
  '*': retryAfter('1h', { max: 3, then: escalate({ to: 'role:operator' }) }),
} as const;
