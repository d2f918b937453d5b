/**
 * Workday's rows: workers, drafts of job changes and business process events, how they are found and shown.
 * Adapter ring.
 */
import type { Json, JsonObject } from '../../kernel/json';
import type { Call } from '../vendor';
import { record, text, type Answer } from '../wire';
import type { Found, Transaction } from '../world';
import { notFound } from './errors';

export interface Worker extends JsonObject {
  readonly referenceId: string;
  readonly descriptor: string;
  readonly workerType: string;
  readonly businessTitle: string;
  readonly supervisoryOrganization: string;
  readonly contract: { readonly contractStartDate: string; readonly contractEndDate: string | null };
}

/** The fields of a worker that a job change may touch. */
export interface Proposal extends JsonObject {
  readonly contractEndDate?: string | null;
  readonly businessTitle?: string;
  readonly supervisoryOrganization?: string;
}

export interface Draft extends JsonObject {
  readonly worker: string;
  /** The effective date, ISO. */
  readonly date: string;
  readonly reason: string | null;
  readonly proposal: Proposal;
}

export type EventStatus = 'In Progress' | 'Successfully Completed' | 'Canceled' | 'Rescinded';

export interface WorkdayEvent extends JsonObject {
  readonly worker: string;
  readonly businessProcess: string;
  readonly status: EventStatus;
  readonly effectiveDate: string;
  readonly initiator: string;
  readonly initiatedOn: string;
  readonly completedOn: string | null;
  readonly proposal: Proposal;
  /** What the proposal replaced, captured when the event completed; a rescind brings it back. */
  readonly prior: Proposal | null;
  readonly comments: readonly JsonObject[];
  /** The order of events in a tenant. */
  readonly sequence: number;
}

/** 32 hex digits for what is made later. */
export const widOf = (n: number): string => n.toString(16).padStart(32, '0');

/** By WID, or by a reference id such as `Contingent_Worker_ID=sarah.chen`. */
export function findWorker(world: Transaction, reference: string): Found<Worker> | undefined {
  const row = world.get<Worker>('workday.workers', reference);
  return row ? { id: reference, row } : world.first<Worker>('workday.workers', 'reference', reference);
}

export function withWorker(call: Call, handle: (worker: Found<Worker>) => Answer): Answer {
  const reference = call.params['worker'] ?? '';
  const worker = findWorker(call.world, reference);
  return worker ? handle(worker) : notFound('worker', reference);
}

/** A reference to another instance: `{ id, descriptor, href }`. */
export const instance = (id: string, descriptor: Json, href: string): JsonObject => ({
  id,
  descriptor,
  href,
});

export function workerView(call: Call, { id, row }: Found<Worker>): JsonObject {
  const organization = call.world.get('workday.organizations', row.supervisoryOrganization);
  return {
    id,
    descriptor: row.descriptor,
    href: `${call.baseUrl}/ccx/api/staffing/v6/${call.world.tenant}/workers/${id}`,
    referenceId: row.referenceId,
    workerType: { descriptor: row.workerType },
    person: { email: row['primaryWorkEmail'] ?? null },
    primaryJob: {
      businessTitle: row.businessTitle,
      supervisoryOrganization: instance(
        row.supervisoryOrganization,
        organization?.['descriptor'] ?? null,
        `${call.baseUrl}/ccx/api/staffing/v6/${call.world.tenant}/supervisoryOrganizations/${row.supervisoryOrganization}`,
      ),
      contract: row.contract,
    },
  };
}

export function eventView(call: Call, { id, row }: Found<WorkdayEvent>): JsonObject {
  const worker = call.world.get<Worker>('workday.workers', row.worker);
  const { prior: _prior, proposal: _proposal, comments, sequence: _sequence, ...shown } = row;
  return {
    id,
    descriptor: `${row.businessProcess}: ${worker?.descriptor ?? row.worker}`,
    href: `${call.baseUrl}/ccx/api/businessProcess/v1/${call.world.tenant}/events/${id}`,
    ...shown,
    businessProcess: { descriptor: row.businessProcess },
    status: { descriptor: row.status },
    for: { id: row.worker, descriptor: worker?.descriptor ?? null },
    initiator: { descriptor: row.initiator },
    commentCount: comments.length,
  };
}

/** What a worker's fields are now, for those that a proposal names. */
export function currentOf(worker: Worker, proposal: Proposal): Proposal {
  return {
    ...('contractEndDate' in proposal ? { contractEndDate: worker.contract.contractEndDate } : {}),
    ...('businessTitle' in proposal ? { businessTitle: worker.businessTitle } : {}),
    ...('supervisoryOrganization' in proposal
      ? { supervisoryOrganization: worker.supervisoryOrganization }
      : {}),
  };
}

/** A worker with the fields of a proposal. */
export function withProposal(worker: Worker, proposal: Proposal): Worker {
  const { contractEndDate, businessTitle, supervisoryOrganization } = proposal;
  return {
    ...worker,
    ...(businessTitle === undefined ? {} : { businessTitle }),
    ...(supervisoryOrganization === undefined ? {} : { supervisoryOrganization }),
    ...(contractEndDate === undefined ? {} : { contract: { ...worker.contract, contractEndDate } }),
  };
}

/** The comment of `businessProcessParameters`, which is where a client leaves its reference. */
export function commentOf(body: JsonObject): string {
  return (text(record(body, 'businessProcessParameters'), 'comment') ?? text(body, 'comment') ?? '').trim();
}

/** One page: `limit` 20, at most 100, and `offset`. */
export function page<T>(call: Call, all: readonly T[], view: (item: T) => JsonObject): JsonObject {
  const limit = Math.min(100, Math.max(1, Number(call.query['limit']) || 20));
  const offset = Number(call.query['offset']) || 0;
  return { total: all.length, data: all.slice(offset, offset + limit).map(view) };
}
