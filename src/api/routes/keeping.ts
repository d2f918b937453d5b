/** How long the archive of the PolicyLog is kept, over REST: legal holds, and the end of retention. Entry ring. */
import { z } from 'zod';
import { expireNow, foreseeExpiry, holdsOf, liftHold, placeHold, scheduleExpiry } from '../../app/keeping';
import { ok } from '../../kernel/result';
import { HOLD_SCOPES } from '../../store/legal-holds';
import { defineRoute, type Route } from '../route';
import { name, reason } from '../schemas';

const AUDITORS = { roles: ['auditor', 'admin'] } as const;
const ADMINS = { roles: ['admin'] } as const;

const instant = z.iso.datetime({ offset: true });
const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));
const done = z.object({
  id: z.string().meta({ description: 'of the hold' }),
  control: z.string().meta({ description: 'id of the act, whose history is the record' }),
});

const listHolds = defineRoute({
  id: 'listHolds',
  method: 'GET',
  path: '/v1/policy-log/holds',
  access: AUDITORS,
  summary: 'Legal holds, oldest first',
  query: z.object({
    all: z.enum(['true', 'false']).default('false').meta({ description: 'those that were lifted, too' }),
  }),
  answer: z.object({
    items: z.array(
      z.object({
        id: z.string(),
        scope: z.enum(HOLD_SCOPES),
        name: z.string().meta({ description: 'outcome id; of an entity the id of its key' }),
        entity: z.string().nullable(),
        from: z.string().nullable(),
        until: z.string().nullable(),
        by: z.string(),
        reason: z.string(),
        at: z.string(),
        liftedAt: z.string().nullable(),
      }),
    ),
  }),
  answers: { 200: 'at most 1000' },
  async handle({ caller, query }, { services }) {
    const found = await holdsOf(services, caller.tenant, query.all === 'true');
    const items = found.map(
      ({ id, scope, name: of, subject, from, until, by, reason: why, at, liftedAt }) => ({
        ...{ id, scope, name: of, entity: subject, by, reason: why, at: iso(at) },
        ...{ from: isoOrNull(from), until: isoOrNull(until), liftedAt: isoOrNull(liftedAt) },
      }),
    );
    return ok({ status: 200, body: { items } });
  },
});

const setHold = defineRoute({
  id: 'setHold',
  method: 'POST',
  path: '/v1/policy-log/holds',
  access: ADMINS,
  summary: 'Sets a legal hold',
  description:
    'Archived histories that it names are not let go at the end of their time, nor is anybody in them forgotten, until it is lifted.',
  body: z.discriminatedUnion('scope', [
    z.strictObject({ scope: z.literal('tenant'), reason }),
    z.strictObject({ scope: z.literal('outcome'), outcome: z.string().min(1).max(2_000), reason }),
    z.strictObject({ scope: z.literal('entity'), entity: z.string().min(1).max(2_000), reason }),
    z
      .strictObject({ scope: z.literal('time'), from: instant, until: instant, reason })
      .refine(({ from, until }) => Date.parse(from) < Date.parse(until), {
        message: '`from` is before `until`',
      }),
  ]),
  answer: done,
  answers: { 201: 'it is in force' },
  problems: ['OUTCOME_UNKNOWN', 'ENTITY_REFUSED'],
  keepsAnswers: true,
  async handle({ caller: { tenant, name: by }, body }, { services }) {
    const { reason: why, ...asked } = body;
    const held =
      asked.scope === 'time'
        ? { scope: asked.scope, from: Date.parse(asked.from), until: Date.parse(asked.until) }
        : asked;
    const set = await placeHold(services, tenant, { held, by, reason: why });
    return set.ok ? ok({ status: 201, body: set.value }) : set;
  },
});

const endHold = defineRoute({
  id: 'liftHold',
  method: 'POST',
  path: '/v1/policy-log/holds/{id}/lift',
  access: ADMINS,
  about: 'own',
  summary: 'Lifts a legal hold',
  params: z.object({ id: name('id of the hold') }),
  body: z.strictObject({ reason }),
  answer: done,
  answers: { 200: 'it holds nothing any more' },
  problems: ['LOG_HOLD_UNKNOWN'],
  keepsAnswers: true,
  async handle({ caller: { tenant, name: by }, params, body }, { services }) {
    const lifted = await liftHold(services, tenant, { id: params.id, by, reason: body.reason });
    return lifted.ok ? ok({ status: 200, body: lifted.value }) : lifted;
  },
});

const cut = z.object({
  before: z.string(),
  histories: z.int(),
  held: z.int(),
  sha256: z.string().meta({ description: 'over what goes: lines of workflow and run' }),
});

const seeExpiry = defineRoute({
  id: 'foreseeExpiry',
  method: 'GET',
  path: '/v1/policy-log/expiry',
  access: AUDITORS,
  summary: 'What is past its time in the archive',
  description: 'Shows what would go, and what a hold keeps; nothing goes.',
  query: z.object({ at: instant.optional().meta({ description: 'as of when; default now' }) }),
  answer: cut.extend({
    due: z.array(
      z.object({
        workflow: z.string(),
        run: z.string(),
        closedAt: z.string(),
        keepUntil: z.string(),
        held: z.boolean(),
      }),
    ),
  }),
  answers: { 200: 'all of it counted, the oldest hundred listed' },
  async handle({ caller, query: { at } }, { services }) {
    const seen = await foreseeExpiry(services, caller.tenant, at === undefined ? undefined : Date.parse(at));
    const due = seen.due.map(({ workflow, run, closedAt, keepUntil, isHeld }) => ({
      ...{ workflow, run, closedAt: iso(closedAt), keepUntil: iso(keepUntil), held: isHeld },
    }));
    return ok({ status: 200, body: { ...seen.cut, due } });
  },
});

const letGo = defineRoute({
  id: 'expireHistories',
  method: 'POST',
  path: '/v1/policy-log/expiry',
  access: ADMINS,
  summary: 'Lets archived histories go that are past their time and under no hold',
  description: 'The cut is put on record first; records stay.',
  body: z.strictObject({ reason }),
  answer: z.object({ control: z.string(), cut }),
  answers: { 200: 'what went' },
  keepsAnswers: true,
  async handle({ caller: { tenant, name: by }, body }, { services }) {
    return ok({ status: 200, body: await expireNow(services, tenant, { by, reason: body.reason }) });
  },
});

const expiryByItself = defineRoute({
  id: 'scheduleExpiry',
  method: 'POST',
  path: '/v1/policy-log/expiry/schedule',
  access: ADMINS,
  summary: 'Has that done by itself every day, or no more',
  body: z.strictObject({ on: z.boolean() }),
  answer: z.object({ cron: z.string().nullable() }),
  answers: { 200: 'when, in UTC' },
  keepsAnswers: true,
  async handle({ caller: { tenant, name: by }, body: { on } }, { services }) {
    return ok({ status: 200, body: await scheduleExpiry(services, tenant, { on, by }) });
  },
});

export const keepingRoutes: readonly Route[] = [
  listHolds,
  setHold,
  endHold,
  seeExpiry,
  letGo,
  expiryByItself,
];
