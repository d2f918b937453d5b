/** Plans, and outcomes as they are started, listed and read. Entry ring. */
import { createHash, randomBytes } from 'node:crypto';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { z } from 'zod';
import { describeOutcome, followOutcome } from '../../app/archived-outcome';
import { findRunbook, shipped } from '../../app/catalog';
import { automationOf } from '../../app/control';
import { followFeed } from '../../app/feed';
import { foresee } from '../../app/foresee';
import { pageOfOutcomes } from '../../app/outcome-pages';
import { refuse, refusing, type Refusal } from '../../app/refusal';
import { resumeOutcome } from '../../app/resume-outcome';
import { storyFrom } from '../../app/replay/replay';
import { liveSource } from '../../app/replay/sources';
import { planOutcome, runOutcome, type RunRequest } from '../../app/run-outcome';
import { createRulebook, underOf } from '../../app/rulebook';
import type { Services } from '../../app/services';
import { canonicalJson, type Json } from '../../kernel/json';
import { ok, type Result } from '../../kernel/result';
import { waitingFor } from '../../projection/trace';
import { API_LIMITS } from '../limits';
import { EVERY_PERSON } from '../roles';
import { defineRoute } from '../route';
import { jsonObject, outcomeParams, pageQuery } from '../schemas';
import { feedStream, traceStream } from '../stream';

const what = z.object({
  outcome: z.string().min(1).max(200).meta({ description: 'outcome code, such as `EMP-R-001`' }),
  entity: z.string().min(1).max(200).meta({ description: 'such as `person:sarah.chen`' }),
  params: jsonObject.optional().meta({ description: 'parameters in place of the configured ones' }),
});

const plan = z
  .looseObject({})
  .meta({ description: 'the plan; its canonical JSON (RFC 8785) has `planId` as SHA-256' });

const foreseen = z.object({
  node: z.string(),
  awf: z.string(),
  decision: z.looseObject({ mode: z.string(), fire: z.string() }),
});

const resumed = z.object({
  resume: z.string().min(5).max(400).meta({ description: 'an outcome that has ended' }),
  from: z.string().min(1).max(200).meta({ description: 'the node to go on from' }),
  inherit: z
    .boolean()
    .default(false)
    .meta({ description: 'undo what was done before it along, if this one goes back' }),
  anew: z
    .array(z.string().max(200))
    .max(100)
    .default([])
    .meta({ description: 'nodes to fire anew, after a look at the system' }),
  params: jsonObject.optional(),
});

export const compilePlan = defineRoute({
  id: 'compilePlan',
  method: 'POST',
  path: '/v1/plans',
  access: { roles: ['author', 'operator', 'admin'] },
  summary: 'Compile an outcome and say what would be decided, without running it',
  description:
    'One decision an action, as the rules would decide now: for the caller, who would run it by name, or for an automation. Nothing is executed, reserved or kept, so an `Idempotency-Key` has no meaning here.',
  body: what
    .extend({
      automation: z
        .string()
        .max(200)
        .optional()
        .meta({ description: 'decide as for this automation, in place of the caller' }),
    })
    .strict(),
  answer: z.object({ planId: z.string(), plan, decisions: z.array(foreseen) }),
  answers: { 200: 'the one plan, and the decisions' },
  problems: ['COMPILE_REFUSED', 'CONFIG_REFUSED', 'CONTROL_REFUSED'],
  async handle({ caller, body }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const runbook = runbookOf(body.outcome);
    if (!runbook.ok) return runbook;
    const { entity, params = {}, automation } = body;
    const known = automation === undefined ? ok('') : automationOf(config.value, automation);
    if (!known.ok) return known;
    const found = await planOutcome(services, config.value, { runbook: runbook.value, entity, params });
    if (!found.ok) return found;
    const { plan: compiled, planId, facts } = found.value;
    const who = automation === undefined ? { person: caller.name } : { automation };
    const { bundle } = config.value;
    const rulebook = createRulebook(() => Promise.resolve(bundle), services.census, services.countedAs);
    const under = underOf(compiled, facts, who);
    const decisions = await foresee(services, rulebook, { plan: compiled, under });
    const rows = decisions.map(({ node, awf, decision }) => ({ node, awf, decision: { ...decision } }));
    return ok({ status: 200, body: { planId, plan: { ...compiled }, decisions: rows } });
  },
});

const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$/)
  .optional()
  .meta({ description: 'id in place of a new one: the same id is never run twice' });

export const startOutcome = defineRoute({
  id: 'startOutcome',
  method: 'POST',
  path: '/v1/outcomes',
  access: { roles: ['operator', 'admin'] },
  summary: 'Run an outcome',
  description:
    'Compiles and starts one outcome under the name of the caller; or runs a plan as it was reviewed, which is refused where its inputs moved on; or goes on from a node of an outcome that has ended, with approvals of its own.',
  body: z.union([
    what.extend({ id }).strict(),
    z.object({ plan, id }).strict(),
    resumed.extend({ id }).strict(),
  ]),
  answer: z.object({ id: z.string(), planId: z.string(), isNew: z.boolean() }),
  answers: { 201: 'it is started', 200: 'this id had been run before' },
  problems: ['COMPILE_REFUSED', 'CONFIG_REFUSED', 'EVENT_ID_UNUSABLE', 'OUTCOME_UNKNOWN', 'RESUME_REFUSED'],
  keepsAnswers: true,
  async handle({ caller, body, key }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const eventId = body.id ?? idFor(caller.tenant, caller.name, key);
    const who = { config: config.value, eventId, by: caller.name };
    const started = await ('resume' in body ? goOn(services, who, body) : runIt(services, who, body));
    if (!started.ok) return started;
    const { id: outcome, planId, isNew } = started.value;
    const headers = { location: `/v1/outcomes/${encodeURIComponent(outcome)}` };
    return ok({ status: isNew ? 201 : 200, body: { id: outcome, planId, isNew }, headers });
  },
});

async function runIt(services: Services, who: Omit<RunRequest, 'what'>, body: Wanted) {
  const wanted = whatToRun(body);
  return wanted.ok ? runOutcome(services, { ...who, what: wanted.value }) : wanted;
}

/** An outcome of another tenant is not there: the use case says so in the words in which nothing is. */
function goOn(services: Services, who: Omit<RunRequest, 'what'>, body: z.output<typeof resumed>) {
  const { resume: of, from, inherit: inherits, anew, params = {} } = body;
  return resumeOutcome(services, { ...who, of, from, inherits, anew, params });
}

type Wanted =
  | { readonly plan: object }
  | {
      readonly outcome: string;
      readonly entity: string;
      readonly params?: Readonly<Record<string, Json>> | undefined;
    };

function whatToRun(wanted: Wanted): Result<RunRequest['what'], Refusal> {
  if ('plan' in wanted) return ok({ reviewed: canonicalJson(wanted.plan) });
  const runbook = runbookOf(wanted.outcome);
  if (!runbook.ok) return runbook;
  return ok({ runbook: runbook.value, entity: wanted.entity, params: wanted.params ?? {} });
}

/** Bytes of an id of ours: enough that two outcomes of a tenant never meet. */
const ID_BYTES = 12;

/** The same key gives the same id, so that a request whose answer was lost together with its process starts nothing twice. */
function idFor(tenant: string, caller: string, key: string | undefined): string {
  if (key === undefined) return randomBytes(ID_BYTES).toString('hex');
  const digest = createHash('sha256').update(JSON.stringify([tenant, caller, key]));
  return digest.digest('hex').slice(0, 2 * ID_BYTES);
}

function runbookOf(name: string): ReturnType<typeof runbookFound> {
  return runbookFound(findRunbook(name, shipped().runbooks));
}

const runbookFound = (found: ReturnType<typeof findRunbook>) =>
  found.ok ? found : refuse('COMPILE_REFUSED', 'no such outcome', { diagnostics: [found.error] });

const row = z.object({
  id: z.string(),
  outcome: z.string(),
  runbook: z.string(),
  entity: z.string(),
  phase: z.string(),
  isRunning: z.boolean(),
  startedAt: z.number().meta({ description: 'milliseconds since the epoch' }),
  closedAt: z.number().optional(),
});

export const listOutcomes = defineRoute({
  id: 'listOutcomes',
  method: 'GET',
  path: '/v1/outcomes',
  access: EVERY_PERSON,
  summary: 'The outcomes of the tenant',
  description:
    'Those that run come first, then the newest that ended. What was started or ended within the last second may be missing. A page may be shorter than `limit` and still have a `next`.',
  query: pageQuery.extend({
    outcome: z.string().max(200).optional(),
    entity: z.string().max(200).optional(),
    phase: z.enum(['running', 'waiting', 'paused', 'backstepping', 'completed', 'backstepped']).optional(),
  }),
  answer: z.object({ items: z.array(row).readonly(), next: z.string().optional() }),
  answers: { 200: 'one page' },
  problems: ['CURSOR_UNKNOWN'],
  async handle({ caller, query: { limit, cursor, ...filter } }, { services }) {
    const page = await pageOfOutcomes(services, caller.tenant, { limit, cursor, filter });
    if (!page.ok) return page;
    const { rows, next } = page.value;
    return ok({ status: 200, body: { items: [...rows], ...(next === undefined ? {} : { next }) } });
  },
});

export const getFeed = defineRoute({
  id: 'getFeed',
  method: 'GET',
  path: '/v1/feed',
  access: EVERY_PERSON,
  summary: 'The outcomes of the tenant as they change',
  description:
    'With `Accept: text/event-stream`: one `outcome` event for each that began or changed, first those that run and the newest that ended. An `id` is the same wherever a row is the same. Without: the newest, once.',
  answer: z.object({ items: z.array(row).readonly() }),
  answers: { 200: 'the newest' },
  streams: true,
  async handle({ caller, wantsStream, signal }, { services }) {
    if (wantsStream) return ok({ stream: feedStream(followFeed(services, caller.tenant, { signal })) });
    const page = await pageOfOutcomes(services, caller.tenant, { limit: API_LIMITS.pageDefault });
    return page.ok ? ok({ status: 200, body: { items: [...page.value.rows] } }) : page;
  },
});

export const getOutcome = defineRoute({
  id: 'getOutcome',
  method: 'GET',
  path: '/v1/outcomes/{id}',
  about: 'outcome',
  access: EVERY_PERSON,
  summary: 'One outcome, as it stands',
  params: outcomeParams,
  answer: row,
  answers: { 200: 'the outcome' },
  problems: ['OUTCOME_UNKNOWN'],
  async handle({ params }, { services }) {
    const found = await describeOutcome(services, params.id);
    return found.ok ? ok({ status: 200, body: found.value }) : found;
  },
});

export const getTrace = defineRoute({
  id: 'getTrace',
  method: 'GET',
  path: '/v1/outcomes/{id}/trace',
  about: 'outcome',
  access: EVERY_PERSON,
  summary: 'The story of one outcome, from its history alone',
  description:
    'With `Accept: text/event-stream` the story is told as it grows: one `trace` event each, then `end`. Each has an `id` that is the same on every connection, so a client that connects again drops what it has.',
  params: outcomeParams,
  answer: z.object({
    id: z.string(),
    phase: z.string(),
    paused: z.boolean(),
    waiting: z
      .array(z.object({ node: z.string(), status: z.string() }))
      .readonly()
      .meta({ description: 'what waits for somebody, while nothing else is under way' }),
    events: z.array(z.looseObject({ at: z.number(), kind: z.string() })).readonly(),
    links: z
      .object({ records: z.string(), actions: z.record(z.string(), z.string()) })
      .meta({ description: 'what is on record of it, and by node why each action fired or did not' }),
  }),
  answers: { 200: 'the story so far' },
  problems: ['OUTCOME_UNKNOWN'],
  streams: true,
  async handle({ params, wantsStream, signal }, { services }) {
    // Temporal forgets what has ended; the archive does not.
    const source = liveSource(services);
    const story = await storyFrom(source, params.id);
    if (!story.ok) return story;
    if (wantsStream) return ok({ stream: traceStream(followOutcome(services, story.value, signal)) });
    const { trace, state } = story.value.told;
    return ok({
      status: 200,
      body: {
        id: params.id,
        phase: state.phase,
        paused: state.paused,
        waiting: waitingFor(state).map((node) => ({ node, status: state.nodes[node]?.status ?? '' })),
        events: trace.map((one) => ({ ...one })),
        links: {
          records: `/v1/policy-log?outcome=${encodeURIComponent(params.id)}`,
          actions: Object.fromEntries(
            trace.flatMap((one) =>
              'awf' in one
                ? [[one.node, `/v1/actions/${encodeURIComponent(`${params.id}#${one.node}`)}`]]
                : [],
            ),
          ),
        },
      },
    });
  },
});

export const getPlan = defineRoute({
  id: 'getPlan',
  method: 'GET',
  path: '/v1/outcomes/{id}/plan',
  about: 'outcome',
  access: EVERY_PERSON,
  summary: 'The plan that an outcome runs, as it was started with it',
  params: outcomeParams,
  answer: z.object({ planId: z.string(), plan }),
  answers: { 200: 'the plan' },
  problems: ['OUTCOME_UNKNOWN'],
  async handle({ params }, { services }) {
    const story = await storyFrom(liveSource(services), params.id);
    if (!story.ok) return story;
    const { plan: started, planId } = story.value.start;
    return ok({ status: 200, body: { planId, plan: { ...started } } });
  },
});

export const getHistory = defineRoute({
  id: 'getHistory',
  method: 'GET',
  path: '/v1/outcomes/{id}/history',
  about: 'outcome',
  access: { roles: ['auditor', 'admin'] },
  summary: 'The histories of its runs, oldest first',
  description:
    'As Temporal exports them, payloads as they are stored: they can be replayed, and hold personal data.',
  params: outcomeParams,
  answer: z.object({ id: z.string(), runs: z.array(z.looseObject({})) }),
  answers: { 200: 'the histories' },
  problems: ['OUTCOME_UNKNOWN'],
  async handle({ params }, { services }) {
    const found = await refusing(() => liveSource(services).histories.histories(params.id));
    if (!found.ok) return found;
    const runs = found.value.map((history) => JSON.parse(historyToJSON(history)) as Record<string, unknown>);
    return ok({ status: 200, body: { id: params.id, runs } });
  },
});
