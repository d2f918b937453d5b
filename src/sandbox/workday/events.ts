/**
 * Workday's business process events: started by a submit, in progress until approved, completed, and then only to be
 * rescinded. There is no key: what an event was for stands in its comment, and a client has to look.
 * Adapter ring.
 * @source https://community.workday.com/sites/default/files/file-hosting/restapi/index.html (Business Process v1: GET
 * /events, GET /events/{ID}/comments, POST /events/{ID}/cancel, POST /events/{ID}/rescind, with the codes A181, A219)
 */
import type { Call, VendorRoute } from '../vendor';
import { answer, asObject, list, type Answer } from '../wire';
import type { Found } from '../world';
import { invalid, notFound } from './errors';
import {
  commentOf,
  currentOf,
  eventView,
  findWorker,
  page,
  withProposal,
  type Draft,
  type EventStatus,
  type WorkdayEvent,
  type Worker,
} from './rows';

const CHANGE_JOB = 'Change Job';

/**
 * Starts the event of a draft, which has the draft's id. The tenant's setting `completion` tells whether it completes
 * at once (`automatic`) or waits for `/__admin/change` or an approval (`manual`).
 */
export function startEvent(call: Call, id: string, draft: Draft): Found<WorkdayEvent> | Answer {
  const running = call.world
    .find<WorkdayEvent>('workday.events', 'worker', draft.worker)
    .find(({ row }) => row.status === 'In Progress');
  if (running) {
    return invalid({
      code: 'S120',
      error: "You can't submit this event because another one is in progress for the worker.",
    });
  }
  const comment = commentOf(call.body);
  const event: WorkdayEvent = {
    worker: draft.worker,
    businessProcess: CHANGE_JOB,
    status: 'In Progress',
    effectiveDate: draft.date,
    initiator: call.principal.name,
    initiatedOn: call.now.toISOString(),
    completedOn: null,
    proposal: draft.proposal,
    prior: null,
    comments: comment === '' ? [] : [commentRow(call, comment)],
    sequence: call.world.nextId(),
  };
  const isManual = call.world.get('workday.settings', 'businessProcess')?.['completion'] === 'manual';
  const found = { id, row: isManual ? event : completed(call, event) };
  call.world.put('workday.events', id, found.row);
  return found;
}

const commentRow = (call: Call, comment: string) => ({
  comment,
  person: call.principal.name,
  commentDate: call.now.toISOString(),
});

/** Writes the proposal to the worker and captures what it replaced. */
function completed(call: Call, event: WorkdayEvent): WorkdayEvent {
  const worker = call.world.get<Worker>('workday.workers', event.worker);
  if (!worker) return event;
  call.world.put('workday.workers', event.worker, withProposal(worker, event.proposal));
  return {
    ...event,
    status: 'Successfully Completed',
    completedOn: call.now.toISOString(),
    prior: currentOf(worker, event.proposal),
  };
}

function withEvent(call: Call, handle: (event: Found<WorkdayEvent>) => Answer): Answer {
  const id = call.params['event'] ?? '';
  const row = call.world.get<WorkdayEvent>('workday.events', id);
  return row ? handle({ id, row }) : notFound('event', id);
}

/** Newest first; `worker` is what keeps it short. */
function listEvents(call: Call): Answer {
  const { worker, status, businessProcess } = call.query;
  const target = worker === undefined ? undefined : findWorker(call.world, worker);
  if (worker !== undefined && !target) return notFound('worker', worker);
  const events = target
    ? call.world.find<WorkdayEvent>('workday.events', 'worker', target.id)
    : call.world.all<WorkdayEvent>('workday.events');
  const wanted = events
    .filter(({ row }) => status === undefined || row.status === status)
    .filter(({ row }) => businessProcess === undefined || row.businessProcess === businessProcess)
    .sort((a, b) => b.row.sequence - a.row.sequence);
  return answer(
    200,
    page(call, wanted, (event) => eventView(call, event)),
  );
}

function comments(call: Call): Answer {
  return withEvent(call, ({ id, row }) =>
    answer(
      200,
      page(call, list(row, 'comments'), (item) => ({ id: `${id}-comment`, ...asObject(item) })),
    ),
  );
}

/** Ends an event in a status, with the comment that Workday asks for. */
function close(call: Call, { id, row }: Found<WorkdayEvent>, status: EventStatus): Answer {
  const after = { ...row, status, comments: [...row.comments, commentRow(call, commentOf(call.body))] };
  call.world.put('workday.events', id, after);
  return answer(201, eventView(call, { id, row: after }));
}

const commentMissing = invalid({ code: 'A181', error: 'You need to specify a comment.' });

function cancel(call: Call): Answer {
  return withEvent(call, (event) => {
    if (commentOf(call.body) === '') return commentMissing;
    if (event.row.status !== 'In Progress') {
      return invalid({
        code: 'A219',
        error: "You can't cancel this business process because the event isn't in progress or in error.",
      });
    }
    return close(call, event, 'Canceled');
  });
}

/**
 * Takes a completed event back: the worker's fields become what they were before it. A later event that changed the
 * same fields must be rescinded first: general knowledge of Workday, without a public page for its words.
 */
function rescind(call: Call): Answer {
  return withEvent(call, (event) => {
    const { row } = event;
    if (commentOf(call.body) === '') return commentMissing;
    if (row.status !== 'Successfully Completed') {
      return invalid({
        code: 'A219',
        error: "You can't rescind this event because the status isn't Successfully Completed.",
      });
    }
    const fields = Object.keys(row.proposal);
    const later = call.world
      .find<WorkdayEvent>('workday.events', 'worker', row.worker)
      .some(
        ({ row: other }) =>
          other.sequence > row.sequence &&
          other.status === 'Successfully Completed' &&
          Object.keys(other.proposal).some((field) => fields.includes(field)),
      );
    if (later) {
      return invalid({ code: 'S121', error: 'Rescind the later events for this worker first.' });
    }
    const worker = call.world.get<Worker>('workday.workers', row.worker);
    if (worker && row.prior) {
      // The stand-in looks at nothing but events here: who corrected the field by other means is overwritten.
      call.world.put('workday.workers', row.worker, withProposal(worker, row.prior));
    }
    return close(call, event, 'Rescinded');
  });
}

/** Approves the waiting step of an event; the step has the event's id. */
function approve(call: Call): Answer {
  return withEvent(call, ({ id, row }) => {
    if (row.status !== 'In Progress') {
      return invalid({ code: 'A212', error: 'This event step is not awaiting your action.' });
    }
    const after = completed(call, row);
    call.world.put('workday.events', id, after);
    return answer(201, eventView(call, { id, row: after }));
  });
}

const base = '/ccx/api/businessProcess/v1/:tenant';
const read = 'Business Process.Read';
const write = 'Business Process';

export const eventRoutes: readonly VendorRoute[] = [
  { op: 'workday.events.list', method: 'GET', path: `${base}/events`, scope: read, handle: listEvents },
  {
    op: 'workday.events.get',
    method: 'GET',
    path: `${base}/events/:event`,
    scope: read,
    handle: (call) => withEvent(call, (event) => answer(200, eventView(call, event))),
  },
  {
    op: 'workday.events.comments',
    method: 'GET',
    path: `${base}/events/:event/comments`,
    scope: read,
    handle: comments,
  },
  {
    op: 'workday.events.cancel',
    method: 'POST',
    path: `${base}/events/:event/cancel`,
    scope: write,
    handle: cancel,
  },
  {
    op: 'workday.events.rescind',
    method: 'POST',
    path: `${base}/events/:event/rescind`,
    scope: write,
    handle: rescind,
  },
  {
    op: 'workday.eventSteps.approve',
    method: 'POST',
    path: `${base}/eventSteps/:event/approve`,
    scope: write,
    handle: approve,
  },
];
