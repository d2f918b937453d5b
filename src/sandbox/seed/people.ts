/**
 * The cast of every seeded tenant: who works where, for whom, and in which systems they already are; and as many more
 * contractors as a load test asks for.
 * Adapter ring, no I/O.
 */
import { createHash } from 'node:crypto';
import { guidOf } from '../credentials';

export const DEPARTMENTS = [
  'Executive',
  'Engineering',
  'Design',
  'People',
  'IT',
  'Sales',
  'Finance',
  'Marketing',
] as const;
export type Department = (typeof DEPARTMENTS)[number];

export interface Person {
  /** `sarah.chen`: the local part of every address and login. */
  readonly name: string;
  readonly title: string;
  readonly department: Department;
  readonly isContractor: boolean;
  /** Leads the department. */
  readonly isManager: boolean;
  /** First and, where it is known, last day of the contract, ISO dates. */
  readonly startDate: string;
  readonly endDate: string | null;
  /** The status of the Okta account; null for who has none yet. */
  readonly okta: 'ACTIVE' | 'DEPROVISIONED' | null;
  readonly device: 'mac' | 'pc' | null;
}

const employee = (name: string, title: string, department: Department, device: 'mac' | 'pc'): Person => ({
  name,
  title,
  department,
  isContractor: false,
  isManager: false,
  startDate: '2023-04-03',
  endDate: null,
  okta: 'ACTIVE',
  device,
});

const manager = (name: string, title: string, department: Department): Person => ({
  ...employee(name, title, department, 'mac'),
  isManager: true,
});

const contractor = (
  name: string,
  title: string,
  department: Department,
  more: Partial<Person> = {},
): Person => ({
  ...employee(name, title, department, 'mac'),
  isContractor: true,
  startDate: '2026-11-23',
  okta: null,
  device: null,
  ...more,
});

/** 24 people. The contractors without an Okta account are those whom an onboarding can be run for. */
export const CAST: readonly Person[] = [
  manager('grace.okafor', 'Chief Executive Officer', 'Executive'),
  manager('maya.lindqvist', 'Engineering Manager', 'Engineering'),
  manager('tomas.ruiz', 'Design Manager', 'Design'),
  manager('priya.nair', 'People Manager', 'People'),
  manager('jonas.weber', 'IT Manager', 'IT'),
  manager('amara.diallo', 'Sales Manager', 'Sales'),
  manager('helen.park', 'Finance Manager', 'Finance'),
  manager('victor.osei', 'Marketing Manager', 'Marketing'),
  employee('ben.carter', 'Senior Engineer', 'Engineering', 'mac'),
  employee('yuki.tanaka', 'Engineer', 'Engineering', 'pc'),
  employee('lucas.almeida', 'Engineer', 'Engineering', 'mac'),
  employee('nina.petrova', 'Product Designer', 'Design', 'mac'),
  employee('rosa.marin', 'Recruiter', 'People', 'pc'),
  employee('david.cohen', 'Support Engineer', 'IT', 'pc'),
  employee('farah.rahimi', 'Systems Engineer', 'IT', 'mac'),
  employee('peter.novak', 'Account Executive', 'Sales', 'pc'),
  employee('chloe.martin', 'Controller', 'Finance', 'pc'),
  employee('isaac.mensah', 'Content Lead', 'Marketing', 'mac'),
  contractor('sarah.chen', 'Contract Engineer', 'Engineering'),
  contractor('noah.kim', 'Contract Engineer', 'Engineering'),
  contractor('ines.moreau', 'Contract Designer', 'Design'),
  contractor('ravi.shah', 'Contract Analyst', 'Finance'),
  // One whose contract already has an end, so that an undo must bring that date back and not clear it.
  contractor('omar.haddad', 'Contract Engineer', 'Engineering', {
    startDate: '2026-02-02',
    endDate: '2031-01-31',
    okta: 'ACTIVE',
    device: 'pc',
  }),
  // One whose contract is over: Workday refuses to change it.
  contractor('lena.fischer', 'Contract Designer', 'Design', {
    startDate: '2024-01-08',
    endDate: '2025-06-30',
    okta: 'DEPROVISIONED',
  }),
];

/** Contractors for load: `load.0001`, `load.0002` and so on, like `noah.kim` in everything but the name. */
export function loadPeople(count: number): Person[] {
  return Array.from({ length: count }, (_, index) =>
    contractor(`load.${String(index + 1).padStart(4, '0')}`, 'Contract Engineer', 'Engineering'),
  );
}

/** What one person is called in each system. The same for the same name, so that a test needs no lookup. */
export interface PersonIds {
  readonly email: string;
  readonly fullName: string;
  /** Workday's WID, 32 hex digits. */
  readonly workdayId: string;
  /** The reference id that Workday takes in its place: `Contingent_Worker_ID=sarah.chen`. */
  readonly workdayReference: string;
  /** The id of the Okta account, for those who have one from the start. */
  readonly oktaId: string;
  readonly slackId: string;
  readonly graphId: string;
  /** The Entra group that holds a contractor's devices: what an Intune profile is assigned to. */
  readonly deviceGroupId: string;
  readonly serviceNowId: string;
}

const BY_NAME = new Map(CAST.map((person) => [person.name, person]));

const domainOf = (tenant: string): string => `${tenant}.example`;

/** Who is in the cast is what the cast says; everybody else, such as `load.0001`, is a contractor. */
export function personIds(
  tenant: string,
  name: string,
  isContractor = BY_NAME.get(name)?.isContractor ?? true,
): PersonIds {
  const [first = '', last = ''] = name.split('.');
  return {
    email: `${name}@${domainOf(tenant)}`,
    fullName: [first, last].map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join(' '),
    workdayId: hexId(`${tenant}:workday:${name}`),
    workdayReference: `${isContractor ? 'Contingent_Worker_ID' : 'Employee_ID'}=${name}`,
    oktaId: `00u${hexId(`${tenant}:okta:${name}`).slice(0, 17)}`,
    slackId: `U${hexId(`${tenant}:slack:${name}`).slice(0, 10).toUpperCase()}`,
    graphId: guidOf(`${tenant}:graph:${name}`),
    deviceGroupId: guidOf(`${tenant}:graph-devices:${name}`),
    serviceNowId: hexId(`${tenant}:servicenow:${name}`),
  };
}

/** 32 hex digits that are the same for the same text: the shape of a WID and of a sys_id. */
export function hexId(seed: string): string {
  return createHash('sha256').update(seed).digest('hex').slice(0, 32);
}
