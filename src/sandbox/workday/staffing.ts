/**
 * Workday's Staffing service: workers, and job changes in three steps: initiate a draft, fill in its sections, submit
 * it. Only the submit starts a business process event; submitting has no key, so a draft filled in twice and submitted
 * twice is two events.
 * Adapter ring.
 * @source https://community.workday.com/sites/default/files/file-hosting/restapi/index.html (Staffing: POST
 * /workers/{ID}/jobChanges, PATCH /jobChanges/{ID}/contract/{subresourceID}, POST /jobChanges/{ID}/submit)
 */
import type { JsonObject } from '../../kernel/json';
import type { Call, VendorRoute } from '../vendor';
import { answer, record, text, type Answer } from '../wire';
import type { Found } from '../world';
import { invalid, notFound, type ValidationError } from './errors';
import { startEvent } from './events';
import {
  eventView,
  instance,
  page,
  widOf,
  withWorker,
  workerView,
  type Draft,
  type Proposal,
  type Worker,
} from './rows';

const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/;

const isDate = (value: string | undefined): value is string =>
  value !== undefined && ISO_DATE.test(value) && !Number.isNaN(Date.parse(value));

function listWorkers(call: Call): Answer {
  const search = (call.query['search'] ?? '').toLowerCase();
  const found = call.world
    .all<Worker>('workday.workers')
    .filter(
      ({ row }) =>
        row.descriptor.toLowerCase().includes(search) || row.referenceId.toLowerCase().includes(search),
    );
  return answer(
    200,
    page(call, found, (worker) => workerView(call, worker)),
  );
}

function initiate(call: Call): Answer {
  return withWorker(call, (worker) => {
    const today = call.now.toISOString().slice(0, 10);
    const date = text(call.body, 'date') ?? today;
    call.target(worker.id);
    if (!isDate(date))
      return invalid({ code: 'S101', error: 'Specify a valid effective date.', field: 'date' });
    const organization = text(record(call.body, 'supervisoryOrganization'), 'id');
    const proposal: Proposal = organization === undefined ? {} : { supervisoryOrganization: organization };
    const draft: Draft = {
      worker: worker.id,
      date,
      reason: text(record(call.body, 'reason'), 'id') ?? null,
      proposal,
    };
    const errors = errorsOf(call, worker.row, draft);
    if (errors.length > 0) return invalid(...errors);
    const id = widOf(call.world.nextId());
    call.world.put('workday.drafts', id, draft);
    return answer(201, draftView(call, { id, row: draft }));
  });
}

function draftView(call: Call, { id, row }: Found<Draft>): JsonObject {
  const base = `${call.baseUrl}/ccx/api/staffing/v6/${call.world.tenant}`;
  const worker = call.world.get<Worker>('workday.workers', row.worker);
  return {
    id,
    descriptor: `Change Job: ${worker?.descriptor ?? ''}`,
    href: `${base}/jobChanges/${id}`,
    date: row.date,
    worker: instance(row.worker, worker?.descriptor ?? null, `${base}/workers/${row.worker}`),
    supervisoryOrganization: {
      id: row.proposal.supervisoryOrganization ?? worker?.supervisoryOrganization ?? null,
    },
  };
}

function withDraft(call: Call, handle: (draft: Found<Draft>) => Answer): Answer {
  const id = call.params['change'] ?? '';
  const row = call.world.get<Draft>('workday.drafts', id);
  return row ? handle({ id, row }) : notFound('jobChange', id);
}

/** The sections of a draft: the path's name, the field in it and what it proposes. */
const SECTIONS: Readonly<
  Record<string, { readonly shown: (worker: Worker) => JsonObject; readonly proposes: readonly string[] }>
> = {
  contract: {
    shown: ({ contract }) => ({
      contractStartDate: contract.contractStartDate,
      contractEndDate: contract.contractEndDate,
    }),
    proposes: ['contractEndDate'],
  },
  businessTitle: { shown: ({ businessTitle }) => ({ businessTitle }), proposes: ['businessTitle'] },
};

/** A section has the id of its draft: "the subresource ID must be the same as the ID". */
function section(name: string, change: boolean): (call: Call) => Answer {
  return (call) =>
    withDraft(call, ({ id, row }) => {
      const described = SECTIONS[name];
      const worker = call.world.get<Worker>('workday.workers', row.worker);
      if (!worker || !described || call.params['section'] !== id)
        return notFound(name, call.params['section'] ?? '');
      const { shown, proposes } = described;
      let draft = row;
      if (change) {
        const sent = Object.fromEntries(Object.entries(call.body).filter(([key]) => proposes.includes(key)));
        if (Object.keys(sent).length === 0) {
          return invalid({ code: 'S102', error: `Specify at least one of ${proposes.join(', ')}.` });
        }
        draft = { ...row, proposal: { ...row.proposal, ...sent } };
        const errors = errorsOf(call, worker, draft);
        if (errors.length > 0) return invalid(...errors);
        call.world.put('workday.drafts', id, draft);
      }
      const proposed = Object.fromEntries(
        Object.entries(draft.proposal).filter(([key]) => proposes.includes(key)),
      );
      return answer(200, { id, ...shown(worker), ...proposed });
    });
}

/** The rules of the tenant for a job change. Workday publishes no codes for them: `S…` are ours. */
function errorsOf(call: Call, worker: Worker, { date, proposal }: Draft): ValidationError[] {
  const errors: ValidationError[] = [];
  const today = call.now.toISOString().slice(0, 10);
  const { contractStartDate, contractEndDate } = worker.contract;
  if (contractEndDate !== null && contractEndDate < today) {
    errors.push({
      code: 'S110',
      error: `The contract has already ended on ${contractEndDate}.`,
      field: 'worker',
    });
  }
  const end = proposal.contractEndDate;
  if (end !== undefined) {
    if (worker.workerType !== 'Contingent Worker') {
      errors.push({
        code: 'S111',
        error: 'Only contingent workers have a contract end date.',
        field: 'contractEndDate',
      });
    } else if (end !== null && !isDate(end)) {
      errors.push({ code: 'S112', error: 'Specify a valid contract end date.', field: 'contractEndDate' });
    } else if (end !== null && end < contractStartDate) {
      errors.push({
        code: 'S113',
        error: `The contract end date can't be before the contract start date ${contractStartDate}.`,
        field: 'contractEndDate',
      });
    }
  }
  const organization = proposal.supervisoryOrganization;
  if (organization !== undefined && !call.world.get('workday.organizations', organization)) {
    errors.push({
      code: 'S114',
      error: 'Specify a valid supervisory organization.',
      field: 'supervisoryOrganization',
    });
  }
  if (proposal.businessTitle?.trim() === '') {
    errors.push({ code: 'S115', error: 'Specify a business title.', field: 'businessTitle' });
  }
  // Only what begins before the contract does can't be meant: earlier dates than today are allowed (retroactive).
  if (date < contractStartDate && worker.workerType !== 'Contingent Worker') {
    errors.push({ code: 'S116', error: 'The effective date is before the hire date.', field: 'date' });
  }
  return errors;
}

function submit(call: Call): Answer {
  return withDraft(call, ({ id, row }) => {
    const worker = call.world.get<Worker>('workday.workers', row.worker);
    if (!worker) return notFound('worker', row.worker);
    call.target(row.worker);
    if (Object.keys(row.proposal).length === 0) {
      return invalid({ code: 'S117', error: "You can't submit a job change that changes nothing." });
    }
    const errors = errorsOf(call, worker, row);
    if (errors.length > 0) return invalid(...errors);
    const started = startEvent(call, id, row);
    if ('status' in started) return started;
    call.world.remove('workday.drafts', id);
    return answer(201, eventView(call, started));
  });
}

function organizations(call: Call): Answer {
  const all = call.world.all('workday.organizations');
  return answer(
    200,
    page(call, all, ({ id, row }) => ({
      id,
      descriptor: row['descriptor'] ?? null,
      manager: { id: row['manager'] ?? null },
    })),
  );
}

const base = '/ccx/api/staffing/v6/:tenant';
const read = 'Staffing.Read';
const write = 'Staffing';

const sectionRoutes = Object.keys(SECTIONS).flatMap((name): VendorRoute[] => [
  {
    op: `workday.jobChanges.${name}.get`,
    method: 'GET',
    path: `${base}/jobChanges/:change/${name}/:section`,
    scope: read,
    handle: section(name, false),
  },
  {
    op: `workday.jobChanges.${name}.update`,
    method: 'PATCH',
    path: `${base}/jobChanges/:change/${name}/:section`,
    scope: write,
    handle: section(name, true),
  },
]);

export const staffingRoutes: readonly VendorRoute[] = [
  { op: 'workday.workers.list', method: 'GET', path: `${base}/workers`, scope: read, handle: listWorkers },
  {
    op: 'workday.workers.get',
    method: 'GET',
    path: `${base}/workers/:worker`,
    scope: read,
    handle: (call) => withWorker(call, (worker) => answer(200, workerView(call, worker))),
  },
  {
    op: 'workday.jobChanges.initiate',
    method: 'POST',
    path: `${base}/workers/:worker/jobChanges`,
    scope: write,
    handle: initiate,
  },
  {
    op: 'workday.jobChanges.get',
    method: 'GET',
    path: `${base}/jobChanges/:change`,
    scope: read,
    handle: (call) => withDraft(call, (draft) => answer(200, draftView(call, draft))),
  },
  ...sectionRoutes,
  {
    op: 'workday.jobChanges.submit',
    method: 'POST',
    path: `${base}/jobChanges/:change/submit`,
    scope: write,
    handle: submit,
  },
  {
    op: 'workday.organizations.list',
    method: 'GET',
    path: `${base}/supervisoryOrganizations`,
    scope: read,
    handle: organizations,
  },
];
