/** The runbooks of the catalog, one file each, one folder a domain. */
import type { AnyRunbook } from '../src/dsl';
import { changeDepartment } from './people/change-department';
import { equipPerson } from './people/equip-person';
import { offboardPerson } from './people/offboard-person';
import { onboardContractor } from './people/onboard-contractor';

export const runbooks: readonly AnyRunbook[] = [
  onboardContractor,
  offboardPerson,
  changeDepartment,
  equipPerson,
];
