/** EMP-R-004: the device of a person: its baseline profile and the order. Part of an onboarding, and of use alone. */
import { z } from 'zod';
import * as intune from '../../activities/intune/contract';
import * as servicenow from '../../activities/servicenow/contract';
import { defineRunbook, retryAfter } from '../../src/dsl';
import { device, Person } from './person';

export const equipPerson = defineRunbook(
  {
    id: 'equip.person',
    outcome: 'EMP-R-004',
    version: '1.0',
    domain: 'people',
    summary: 'Give a person the device their team works on, set up and ordered',
    entity: Person,
    params: z.object({ device }),
  },
  ({ entity, params, run, parallel, choose }) => {
    // Ids are unique across the cases, so that a trace says which device it was.
    const equip = (kind: string, profile: string, item: string) =>
      parallel(
        () => run(`${kind}-profile`, intune.pushProfile, { profile, group: entity.deviceGroup }),
        () =>
          run(
            `${kind}-order`,
            servicenow.orderDev,
            { requestedFor: entity.email, item },
            // A new person reaches the service desk's user table with a delay.
            { onError: { person_not_found: retryAfter('2m', { max: 3 }) } },
          ),
      );
    choose(params.device, {
      mac: () => void equip('mac', 'Mac baseline', 'MacBook Pro 14'),
      pc: () => void equip('pc', 'PC baseline', 'ThinkPad T14'),
      none: () => undefined,
    });
  },
);
