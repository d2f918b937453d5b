/**
 * Whom the outcomes are for: the sandbox's contractors for load, each once. The sandbox is put back to its seed before each
 * block, so that no side works in a world that the other has filled.
 */
import { personIds } from '../src/sandbox/seed/people';
import { TENANT, type Stage } from './stage';

/** One contractor, and the event that says that they were hired. */
export interface Candidate {
  readonly event: string;
  readonly entityId: string;
  readonly fields: {
    readonly name: string;
    readonly email: string;
    readonly workdayId: string;
    readonly contractEnd: string;
    readonly deviceGroup: string;
    readonly team: string;
    readonly employment: string;
    readonly title: string;
    readonly country: string;
  };
}

let events = 0;

/** Puts the sandbox back to its seed with so many contractors, nobody of whom has been seen by any side. */
export async function freshPeople(stage: Stage, count: number): Promise<readonly Candidate[]> {
  await stage.admin.seed(TENANT, count);
  return Array.from({ length: count }, (_, index) => {
    const name = `load.${String(index + 1).padStart(4, '0')}`;
    const ids = personIds(TENANT, name);
    events += 1;
    return {
      event: `hired-${String(events).padStart(6, '0')}`,
      entityId: `person:${name}`,
      fields: {
        name: ids.fullName,
        email: ids.email,
        workdayId: ids.workdayReference,
        contractEnd: '2027-05-31',
        deviceGroup: ids.deviceGroupId,
        team: 'engineering',
        employment: 'contractor',
        title: 'Contract Engineer',
        country: 'US',
      },
    };
  });
}
