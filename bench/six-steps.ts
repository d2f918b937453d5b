/**
 * The six steps that both sides take, one after the other, as a runbook; beside it the very same steps stand as a saga written
 * by hand (`saga/`).
 */
import { z } from 'zod';
import * as intune from '../activities/intune/contract';
import * as okta from '../activities/okta/contract';
import * as servicenow from '../activities/servicenow/contract';
import * as slack from '../activities/slack/contract';
import * as workday from '../activities/workday/contract';
import { names, Person } from '../runbooks/people/person';
import { defineRunbook } from '../src/dsl';

export const PROFILE = 'Mac baseline';
export const ITEM = 'MacBook Pro 14';

export const sixSteps = defineRunbook(
  {
    id: 'bench.six_steps',
    outcome: 'BENCH-R-001',
    version: '1.0',
    domain: 'people',
    summary: 'What EMP-R-001 does for a contractor with a Mac, one step after the other',
    entity: Person,
    params: z.object({ groups: names('Okta groups'), channels: names('Slack channels') }),
  },
  ({ entity, params, run }) => {
    run('end-date', workday.setEndDate, { worker: entity.workdayId, endDate: entity.contractEnd });
    const identity = run('identity', okta.createIdentity, { login: entity.email, name: entity.name });
    run('groups', okta.assignGroups, { user: identity.id, groups: params.groups });
    run('profile', intune.pushProfile, { profile: PROFILE, group: entity.deviceGroup });
    run('order', servicenow.orderDev, { requestedFor: entity.email, item: ITEM });
    run('channels', slack.inviteChannels, { user: identity.login, channels: params.channels });
  },
);
