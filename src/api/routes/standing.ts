/** Who decides in whose place, what is reviewed afterwards, when changes may be made, and where the engine only watches. Entry ring. */
import { z } from 'zod';
import { delegate, openReviews, review, sayAbsent, withdraw } from '../../app/approvals/delegate';
import { setCalendar, setPassive } from '../../app/calendars';
import { APPROVER_LEVELS } from '../../governance/mode';
import { ok } from '../../kernel/result';
import { defineRoute } from '../route';
import { name, reason, taskId } from '../schemas';

const PEOPLE = { roles: ['approver', 'admin'] } as const;
const OPERATORS = { roles: ['operator', 'admin'] } as const;

const control = z.string().meta({ description: 'id of the workflow that did it: its history is the record' });
const moment = z.iso.datetime({ offset: true });

const setDelegation = defineRoute({
  id: 'setDelegation',
  method: 'PUT',
  path: '/v1/delegations/{to}',
  about: 'own',
  access: PEOPLE,
  summary: 'Let somebody decide in your place, or no longer',
  params: z.object({ to: name('such as `person:jonas.weber`') }),
  body: z.strictObject({
    until: moment.nullable().meta({ description: 'at most 90 days from now; `null` withdraws it' }),
    from: name('in whose place, where it is not the caller; for an admin').optional(),
    level: z.enum(APPROVER_LEVELS).optional().meta({ description: 'the most that is handed on' }),
    whenAbsent: z.boolean().optional().meta({ description: 'counts only while the grantor is away' }),
    reason,
  }),
  answer: z.object({ from: z.string(), to: z.string(), control }),
  answers: { 200: 'it stands so' },
  problems: ['DELEGATION_REFUSED', 'CONFIG_REFUSED'],
  async handle({ caller, params: { to }, body }, { services, configOf }) {
    const { tenant, name: by } = caller;
    const config = await configOf(tenant);
    if (!config.ok) return config;
    const { from = by, until, level, whenAbsent = false } = body;
    const speaker = { from, to, by, roles: [...caller.roles], reason: body.reason };
    const grant = { onlyWhenAbsent: whenAbsent, ...(level === undefined ? {} : { level }) };
    const done =
      until === null
        ? await withdraw(services, tenant, speaker)
        : await delegate(services, tenant, { ...speaker, ...grant, until: Date.parse(until) });
    return done.ok ? ok({ status: 200, body: { from, to, control: done.value.id } }) : done;
  },
});

const setAbsence = defineRoute({
  id: 'setAbsence',
  method: 'PUT',
  path: '/v1/absences/{person}',
  about: 'own',
  access: PEOPLE,
  summary: 'Say that somebody is away',
  params: z.object({ person: name('such as `person:mary.major`') }),
  body: z.strictObject({ from: moment.optional(), until: moment, reason }),
  answer: z.object({ person: z.string(), from: z.number(), until: z.number(), control }),
  answers: { 200: 'it is known' },
  problems: ['DELEGATION_REFUSED', 'CONFIG_REFUSED'],
  async handle({ caller, params: { person }, body }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const from = body.from === undefined ? services.now() : Date.parse(body.from);
    const away = { person, from, until: Date.parse(body.until) };
    const speaker = { by: caller.name, roles: [...caller.roles], reason: body.reason };
    const done = await sayAbsent(services, caller.tenant, { ...away, ...speaker });
    return done.ok ? ok({ status: 200, body: { ...away, control: done.value.id } }) : done;
  },
});

const REVIEWERS = { roles: ['auditor', 'admin'] } as const;

const listReviews = defineRoute({
  id: 'listReviews',
  method: 'GET',
  path: '/v1/reviews',
  access: REVIEWERS,
  summary: 'What was let through in an emergency, and nobody has looked at since',
  answer: z.object({
    items: z
      .array(
        z.object({
          id: z.string(),
          outcome: z.string(),
          node: z.string(),
          by: z.string(),
          reason: z.string(),
          at: z.number(),
        }),
      )
      .readonly(),
  }),
  answers: { 200: 'all of it' },
  problems: ['CONFIG_REFUSED'],
  async handle({ caller }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    return ok({ status: 200, body: { items: await openReviews(services, caller.tenant) } });
  },
});

const reviewTask = defineRoute({
  id: 'reviewTask',
  method: 'POST',
  path: '/v1/reviews/{id}',
  about: 'task',
  access: REVIEWERS,
  summary: 'Say what came of the look afterwards',
  params: z.object({ id: taskId }),
  body: z.strictObject({ verdict: z.enum(['sound', 'unsound']), reason }),
  answer: z.object({ id: z.string(), verdict: z.string(), control }),
  answers: { 200: 'it is reviewed' },
  problems: ['REVIEW_REFUSED', 'OUTCOME_UNKNOWN', 'CONFIG_REFUSED'],
  keepsAnswers: true,
  async handle({ caller, params: { id }, body }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const said = { id, verdict: body.verdict, by: caller.name, roles: [...caller.roles] };
    const done = await review(services, caller.tenant, { ...said, reason: body.reason });
    return done.ok ? ok({ status: 200, body: { id, verdict: body.verdict, control: done.value.id } }) : done;
  },
});

/** Most windows in one request; the use case says how many one calendar may have. */
const WINDOWS = 400;

const putCalendar = defineRoute({
  id: 'setCalendar',
  method: 'PUT',
  path: '/v1/calendars/{id}',
  about: 'own',
  access: OPERATORS,
  summary: 'Set a change calendar over a scope, or lift it',
  params: z.object({ id: name('id of the calendar') }),
  body: z.strictObject({
    scope: z.enum(['tenant', 'domain', 'runbook', 'automation']),
    name: name('name of the scope'),
    kind: z.enum(['freeze', 'maintenance']),
    windows: z
      .array(z.strictObject({ from: moment, to: moment }))
      .min(1)
      .max(WINDOWS)
      .nullable()
      .meta({ description: '`null` lifts it' }),
    reason,
  }),
  answer: z.object({ id: z.string(), control }),
  answers: { 200: 'it stands so' },
  problems: ['CONTROL_REFUSED', 'CONFIG_REFUSED'],
  async handle({ caller, params: { id }, body }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const { windows, ...rest } = body;
    const read = windows?.map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }));
    const act = { ...rest, id, by: caller.name, ...(read === undefined ? {} : { windows: read }) };
    const done = await setCalendar(services, config.value, act);
    return done.ok ? ok({ status: 200, body: { id, control: done.value.id } }) : done;
  },
});

const putPassive = defineRoute({
  id: 'setPassive',
  method: 'PUT',
  path: '/v1/passive/{node}',
  about: 'own',
  access: OPERATORS,
  summary: 'Let a node of a runbook only watch, or act again',
  params: z.object({ node: name('`<runbook>/<node>`, percent-encoded') }),
  body: z.strictObject({ passive: z.boolean(), reason }),
  answer: z.object({ node: z.string(), passive: z.boolean(), control }),
  answers: { 200: 'it stands so' },
  problems: ['CONTROL_REFUSED', 'CONFIG_REFUSED'],
  async handle({ caller, params: { node }, body: { passive, reason: why } }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const act = { node, on: passive, by: caller.name, reason: why };
    const done = await setPassive(services, config.value, act);
    return done.ok ? ok({ status: 200, body: { node, passive, control: done.value.id } }) : done;
  },
});

export const standingRoutes = [setDelegation, setAbsence, listReviews, reviewTask, putCalendar, putPassive];
