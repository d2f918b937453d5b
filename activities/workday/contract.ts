/**
 * Contracts of the AWFs on Workday: the end of a contract, and the department of a worker.
 * Authoring ring: data and pure functions, no SDK.
 */
import { z } from 'zod';
import { defineAwf } from '../../src/dsl/awf';
import { captured, day, handle, personal, undone } from '../kit/contract';

const workerErrors = {
  worker_not_found: { class: 'permanent', summary: 'no worker with this id or reference' },
  change_refused: { class: 'permanent', summary: 'a validation rule of the tenant refused the change' },
  event_in_progress: {
    class: 'recoverable',
    summary: 'another business process for this worker waits for people, so ours cannot start',
  },
} as const;

/** The end date of a worker as read before the first write; null where the contract had no end. */
export interface EndDatePrior {
  readonly endDate: string | null;
}

/** Id of the business process event that made the change; null where there is none, or none is known. */
const event = handle.nullable();

export const setEndDate = defineAwf({
  name: 'workday.set_end_date',
  version: 1,
  system: 'workday',
  domain: 'people',
  summary: "Set the last day of a worker's contract",
  input: z.object({ worker: personal, endDate: day }),
  output: z.object({ worker: personal, endDate: day, replaced: day.nullable(), event }),
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.3, recovery: 0.1, precedent: 0.1 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 3 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'search-before-create',
  evidence: 'sandbox',
  errors: workerErrors,
  compensation: {
    awf: 'workday.clear_end_date',
    input: ({ input, output, prior }) => {
      const before = captured<EndDatePrior>(prior);
      if (!before || before.endDate === input.endDate) return null;
      return {
        worker: input.worker,
        endDate: input.endDate,
        restore: before.endDate,
        event: output?.event ?? null,
      };
    },
  },
  predict: (world, input) => {
    const at = endDateAddress(input.worker);
    const replaced = (world.get(at) ?? null) as string | null;
    world.capture({ endDate: replaced });
    world.set(at, input.endDate);
    return { ...input, replaced, event: null };
  },
});

export const clearEndDate = defineAwf({
  name: 'workday.clear_end_date',
  version: 1,
  system: 'workday',
  domain: 'people',
  summary: "Put back the end date that a worker's contract had before, or none",
  input: z.object({ worker: personal, endDate: day, restore: day.nullable(), event }),
  output: undone,
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.2, recovery: 0.1, precedent: 0.1 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 3 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'search-before-create',
  evidence: 'sandbox',
  errors: workerErrors,
  retriable: true,
  predict: (world, input) => {
    const at = endDateAddress(input.worker);
    const changed = (world.get(at) ?? null) !== input.restore;
    if (input.restore === null) world.delete(at);
    else world.set(at, input.restore);
    return { changed };
  },
});

/** The department of a worker as read before the first write, and the wanted one, both as Workday's ids. */
export interface DepartmentPrior {
  readonly department: string | null;
  readonly wanted: string;
}

export const changeDepartment = defineAwf({
  name: 'workday.change_department',
  version: 1,
  system: 'workday',
  domain: 'people',
  summary: 'Move a worker to another department',
  input: z.object({ worker: personal, department: handle }),
  output: z.object({
    worker: personal,
    department: handle,
    replaced: handle.nullable(),
    event,
  }),
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.4, recovery: 0.2, precedent: 0.2 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 4 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'search-before-create',
  evidence: 'sandbox',
  errors: {
    ...workerErrors,
    department_not_found: { class: 'permanent', summary: 'no department with this id or reference' },
  },
  compensation: {
    awf: 'workday.restore_department',
    input: ({ input, output, prior }) => {
      const before = captured<DepartmentPrior>(prior);
      if (!before || before.department === before.wanted) return null;
      return {
        worker: input.worker,
        department: before.wanted,
        restore: before.department,
        event: output?.event ?? null,
      };
    },
  },
  predict: (world, input) => {
    const at = departmentAddress(input.worker);
    const replaced = (world.get(at) ?? null) as string | null;
    world.capture({ department: replaced, wanted: input.department });
    world.set(at, input.department);
    return { ...input, replaced, event: null };
  },
});

export const restoreDepartment = defineAwf({
  name: 'workday.restore_department',
  version: 1,
  system: 'workday',
  domain: 'people',
  summary: 'Move a worker back to the department of before',
  input: z.object({ worker: personal, department: handle, restore: handle.nullable(), event }),
  output: undone,
  effect: 'mutate',
  reversibility: 'full',
  risk: { externality: 0.1, magnitude: 0.3, recovery: 0.2, precedent: 0.1 },
  category: 'internal_state',
  external: false,
  cost: { api_calls: 4 },
  timeout: '5s',
  undoWindow: '30d',
  idempotency: 'search-before-create',
  evidence: 'sandbox',
  errors: workerErrors,
  retriable: true,
  predict: (world, input) => {
    const at = departmentAddress(input.worker);
    const changed = (world.get(at) ?? null) !== input.restore;
    if (input.restore === null) world.delete(at);
    else world.set(at, input.restore);
    return { changed };
  },
});

const endDateAddress = (worker: string): string => `workday/worker/${worker}/endDate`;
const departmentAddress = (worker: string): string => `workday/worker/${worker}/department`;
