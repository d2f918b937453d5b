/** The person as the runbooks of this domain read one. What is optional may be absent in the entity graph. */
import { z } from 'zod';
import { defineEntity } from '../../src/dsl';

export const Person = defineEntity(
  'person',
  z.object({
    name: z.string().min(1).meta({ sensitive: true }),
    email: z.email().meta({ sensitive: true }),
    /** The worker's id or reference in Workday. */
    workdayId: z.string().min(1).meta({ sensitive: true }),
    /** Last day of the contract. */
    contractEnd: z.iso.date(),
    /** The directory group that holds the person's devices; profiles are assigned to it. */
    deviceGroup: z.string().min(1),
  }),
);

export const device = z.enum(['mac', 'pc', 'none']).meta({ description: 'what the person works on' });

export const names = (what: string) => z.array(z.string().min(1)).max(50).meta({ description: what });
