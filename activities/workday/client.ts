/**
 * What our AWFs need of Workday's REST services (Staffing v6, Business Process v1), as a plain typed client: Workday has no
 * SDK. Changes to a worker are business process events; ours carry our mark in their comment, because there is no key.
 * @source https://community.workday.com/sites/default/files/file-hosting/restapi/index.html
 */
import type { EffectContext } from '../../src/dsl/effect';
import type { Json, JsonObject } from '../../src/kernel/json';
import { Names, perConnection } from '../kit/cached';
import { request, SystemError, type PlainRequest } from '../kit/http';
import { tokens } from '../kit/token';

/** A worker as our AWFs see it. */
export interface Worker {
  readonly id: string;
  /** Last day of the contract, `YYYY-MM-DD`; null where it has none. */
  readonly endDate: string | null;
  /** Id of the supervisory organisation. */
  readonly department: string | null;
}

export type EventStatus = 'In Progress' | 'Successfully Completed' | 'Canceled' | 'Rescinded';

export interface ProcessEvent {
  readonly id: string;
  readonly status: EventStatus | (string & {});
}

/** Workday's validation codes that our effects act on; those with `S` have no public documentation. */
export const WORKDAY_CODES = {
  /** The event is not in a status that allows this. */
  wrongStatus: 'A219',
  notEligible: 'S114',
  inProgress: 'S120',
  laterEvents: 'S121',
} as const;

/** Newest events of a worker that are searched for our mark: more than one action makes in a day. */
const EVENTS_SEARCHED = 20;

/** The codes of a validation refusal; empty where it is none. */
export function codesOf(error: unknown): readonly string[] {
  if (!(error instanceof SystemError)) return [];
  const errors = (error.body as { errors?: { code?: string }[] } | null)?.errors ?? [];
  return errors.map(({ code }) => code ?? '');
}

/** Workday's own words for a validation refusal. */
export function wordsOf(error: unknown): string | undefined {
  if (!(error instanceof SystemError)) return undefined;
  const errors = (error.body as { errors?: { error?: string }[] } | null)?.errors ?? [];
  return errors.map((one) => one.error ?? '').join(' ') || undefined;
}

/** A worker by Workday id or reference id; `undefined` where there is none. */
export async function findWorker(context: EffectContext, reference: string): Promise<Worker | undefined> {
  const found = await orAbsent(
    call(context, { method: 'GET', path: `${staffing(context)}/workers/${encodeURIComponent(reference)}` }),
  );
  if (!found) return undefined;
  const job = (found['primaryJob'] ?? {}) as {
    contract?: { contractEndDate?: string | null };
    supervisoryOrganization?: { id?: string | null };
  };
  return {
    id: found['id'] as string,
    endDate: job.contract?.contractEndDate ?? null,
    department: job.supervisoryOrganization?.id ?? null,
  };
}

const names = perConnection(() => new Names());

/** Id of a supervisory organisation by id or name. */
export async function departmentId(context: EffectContext, department: string): Promise<string | undefined> {
  if (/^[0-9a-f]{32}$/.test(department)) return department;
  return names(context.connection).idOf(department.toLowerCase(), context.now(), async () => {
    for (let offset = 0; ; offset += PAGE) {
      const page = await call(context, {
        method: 'GET',
        path: `${staffing(context)}/supervisoryOrganizations`,
        query: { limit: String(PAGE), offset: String(offset) },
      });
      const items = (page['data'] ?? []) as readonly { id: string; descriptor: string | null }[];
      const hit = items.find((item) => item.descriptor?.toLowerCase() === department.toLowerCase());
      if (hit || items.length < PAGE) return hit?.id;
    }
  });
}

/** Workday's largest page. */
const PAGE = 100;

/** What a job change is to change; what is absent stays. */
export interface JobChange {
  readonly endDate?: string;
  readonly department?: string;
}

/**
 * Changes a worker's job, effective today: a draft, its sections, the submit. Only the submit has an effect, and it carries
 * the mark; a draft that an interrupted attempt leaves behind binds nobody.
 */
export async function changeJob(
  context: EffectContext,
  worker: string,
  change: JobChange,
): Promise<ProcessEvent> {
  const draft = await call(context, {
    method: 'POST',
    path: `${staffing(context)}/workers/${encodeURIComponent(worker)}/jobChanges`,
    write: false,
    json: {
      date: new Date(context.now()).toISOString().slice(0, 10),
      ...(change.department === undefined ? {} : { supervisoryOrganization: { id: change.department } }),
    },
  });
  const id = draft['id'] as string;
  if (change.endDate !== undefined) {
    await call(context, {
      method: 'PATCH',
      path: `${staffing(context)}/jobChanges/${id}/contract/${id}`,
      write: false,
      json: { contractEndDate: change.endDate },
    });
  }
  return eventOf(
    await call(context, {
      method: 'POST',
      path: `${staffing(context)}/jobChanges/${id}/submit`,
      json: { businessProcessParameters: { comment: markOf(context) } },
    }),
  );
}

/** The event that carries this action's mark, newest first. */
export async function ourEvent(context: EffectContext, worker: string): Promise<ProcessEvent | undefined> {
  const page = await call(context, {
    method: 'GET',
    path: `${processes(context)}/events`,
    query: { worker, limit: String(EVENTS_SEARCHED) },
  });
  for (const item of (page['data'] ?? []) as readonly JsonObject[]) {
    if (item['commentCount'] === 0) continue;
    const event = eventOf(item);
    const comments = await call(context, {
      method: 'GET',
      path: `${processes(context)}/events/${event.id}/comments`,
    });
    const said = (comments['data'] ?? []) as readonly { comment?: string }[];
    if (said.some(({ comment }) => comment === markOf(context))) return event;
  }
  return undefined;
}

export async function eventById(context: EffectContext, id: string): Promise<ProcessEvent | undefined> {
  const found = await orAbsent(
    call(context, { method: 'GET', path: `${processes(context)}/events/${encodeURIComponent(id)}` }),
  );
  return found && eventOf(found);
}

/** Takes a completed event back (`rescind`), or stops one that is in progress (`cancel`). */
export async function closeEvent(
  context: EffectContext,
  id: string,
  how: 'rescind' | 'cancel',
): Promise<void> {
  await call(context, {
    method: 'POST',
    path: `${processes(context)}/events/${encodeURIComponent(id)}/${how}`,
    json: { comment: `${markOf(context)} (undone)` },
  });
}

const markOf = (context: EffectContext): string => `backstep ${context.key}`;

const tenantOf = (context: EffectContext): string =>
  encodeURIComponent(context.connection.settings?.['tenant'] ?? '');
const staffing = (context: EffectContext): string => `/ccx/api/staffing/v6/${tenantOf(context)}`;
const processes = (context: EffectContext): string => `/ccx/api/businessProcess/v1/${tenantOf(context)}`;

const withToken = tokens((context) => {
  const { clientId, clientSecret, refreshToken } = context.connection.secrets;
  const client = Buffer.from(`${clientId ?? ''}:${clientSecret ?? ''}`).toString('base64');
  return {
    path: `/ccx/oauth2/${tenantOf(context)}/token`,
    form: { grant_type: 'refresh_token', refresh_token: refreshToken ?? '' },
    headers: { authorization: `Basic ${client}` },
  };
});

const call = (context: EffectContext, asked: PlainRequest): Promise<JsonObject> =>
  withToken(
    context,
    async (token) =>
      ((await request(context, { ...asked, headers: { authorization: `Bearer ${token}` } })) ??
        {}) as JsonObject,
  );

async function orAbsent<T extends Json>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SystemError && error.status === 404) return undefined;
    throw error;
  }
}

function eventOf(item: JsonObject): ProcessEvent {
  const status = item['status'] as { descriptor?: string } | undefined;
  return { id: item['id'] as string, status: status?.descriptor ?? '' };
}
