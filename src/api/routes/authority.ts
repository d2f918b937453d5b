/** What stands in force, what the tenant has earned, and why the rules decided as they did. Entry ring. */
import { z } from 'zod';
import { control as performAct, standInForce, takeProposal, trustOf } from '../../app/control';
import { explain as explainAction } from '../../app/replay/replay';
import { liveSource } from '../../app/replay/sources';
import { noSuchOutcome, refuse } from '../../app/refusal';
import { decide } from '../../governance/decide';
import { explain } from '../../governance/explain';
import { parseFacts } from '../../governance/facts-parse';
import { GUARDRAIL_IDS } from '../../governance/figures/guardrails';
import { readNodeAddress, splitOutcomeId } from '../../kernel/ids';
import { ok } from '../../kernel/result';
import { atLevel, type Level } from '../../replay/explanation';
import { plain } from '../plain';
import { EVERY_PERSON } from '../roles';
import { defineRoute } from '../route';
import { jsonObject, reason, taskId } from '../schemas';

const OPERATORS = { roles: ['operator', 'admin'] } as const;

const millis = z.number().nullable().meta({ description: 'milliseconds since the epoch' });

export const getGuardrails = defineRoute({
  id: 'getGuardrails',
  method: 'GET',
  path: '/v1/guardrails',
  access: EVERY_PERSON,
  summary: 'Limits with their use, controls in force, and who waits',
  answer: z.object({
    guardrails: z
      .array(
        z.object({
          guardrail: z.enum(GUARDRAIL_IDS),
          label: z.string(),
          window: z.string(),
          used: z.number(),
          limit: z.number(),
          unit: z.string(),
          level: z.enum(['granted', 'soft', 'hard', 'overage']),
          windowEndsAt: millis,
        }),
      )
      .readonly(),
    controls: z
      .array(
        z.object({
          scope: z.string(),
          name: z.string(),
          kind: z.string(),
          value: z.unknown(),
          by: z.string(),
          reason: z.string(),
          at: z.number(),
        }),
      )
      .readonly(),
    waiting: z
      .array(
        z.object({
          outcome: z.string(),
          node: z.string(),
          awf: z.string(),
          automation: z.string().nullable(),
          state: z.string(),
          causes: z.array(z.string()).readonly(),
          because: z.string(),
          since: z.number(),
          releasesAt: millis,
        }),
      )
      .readonly(),
  }),
  answers: { 200: 'as they stand now' },
  problems: ['CONFIG_REFUSED'],
  async handle({ caller }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const inForce = await standInForce(services, config.value);
    return inForce.ok ? ok({ status: 200, body: inForce.value }) : inForce;
  },
});

/** Most that a limit can be: whole numbers are exact up to there. */
const MOST = Number.MAX_SAFE_INTEGER;

export const setGuardrail = defineRoute({
  id: 'setGuardrail',
  method: 'PUT',
  path: '/v1/guardrails/{id}',
  about: 'own',
  access: OPERATORS,
  summary: 'Set the limit of the contract',
  description: 'It tightens what the tier prints, and says what the tier leaves open. `null` takes it away.',
  params: z.object({ id: z.enum(GUARDRAIL_IDS) }),
  body: z.strictObject({ limit: z.int().min(0).max(MOST).nullable(), reason }),
  answer: z.object({
    guardrail: z.enum(GUARDRAIL_IDS),
    limit: z.number().nullable(),
    control: z.string(),
  }),
  answers: { 200: 'it stands so' },
  async handle({ caller, params, body }, { services }) {
    const act = { do: 'limit', guardrail: params.id, limit: body.limit } as const;
    const done = await performAct(services, caller.tenant, { act, by: caller.name, reason: body.reason });
    return ok({ status: 200, body: { guardrail: params.id, limit: body.limit, control: done.id } });
  },
});

export const getTrust = defineRoute({
  id: 'getTrust',
  method: 'GET',
  path: '/v1/trust',
  access: EVERY_PERSON,
  summary: 'What the tenant has earned',
  answer: z.object({
    earned: z.string(),
    score: z.number(),
    effective: z.string(),
    successes: z.int(),
    failures: z.int(),
    since: millis,
    lastActiveAt: millis,
    imported: z.unknown().meta({ description: 'who imported it, and why; null where it was earned here' }),
  }),
  answers: { 200: 'as it stands now' },
  problems: ['CONFIG_REFUSED'],
  async handle({ caller }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const trust = await trustOf(services, config.value);
    return trust.ok ? ok({ status: 200, body: trust.value }) : trust;
  },
});

export const takeOver = defineRoute({
  id: 'takeProposal',
  method: 'POST',
  path: '/v1/proposals',
  access: OPERATORS,
  summary: 'Run under your own name what an event had proposed',
  description: 'What needs an approval for its risk still waits for it.',
  body: z.strictObject({ outcome: z.string().min(5).max(2_000), reason }),
  answer: z.object({ outcome: z.string(), control: z.string() }),
  answers: { 200: 'it is yours' },
  problems: ['OUTCOME_UNKNOWN', 'GATE_SELF_APPROVAL'],
  keepsAnswers: true,
  async handle({ caller, body }, { services }) {
    // The id stands in the body, so no path walls it off.
    if (splitOutcomeId(body.outcome)?.tenant !== caller.tenant) return noSuchOutcome(body.outcome);
    const why = { by: caller.name, reason: body.reason };
    const taken = await takeProposal(services, body.outcome, why);
    return taken.ok ? ok({ status: 200, body: { outcome: body.outcome, control: taken.value.id } }) : taken;
  },
});

const decision = z.looseObject({ mode: z.string(), fire: z.string() });

export const getAction = defineRoute({
  id: 'explainAction',
  method: 'GET',
  path: '/v1/actions/{id}',
  about: 'task',
  access: EVERY_PERSON,
  summary: 'Why an action fired, waits or was denied',
  description:
    'At level 1 in one line; at level 2 with its states and what every rule said; at level 3 with the chain of causes, its times relative to the action, and the decision, made again from every fact and figure that was recorded with it.',
  params: z.object({ id: taskId }),
  query: z.object({ level: z.enum(['1', '2', '3']).default('3') }),
  answer: z.object({
    level: z.number(),
    action: z.string(),
    awf: z.string(),
    summary: z.string(),
    states: z
      .array(z.object({ state: z.string(), at: z.number() }))
      .readonly()
      .optional(),
    detail: z.looseObject({}).optional(),
    words: z.array(z.string()).readonly().optional(),
    chain: z
      .array(z.object({ at: millis, t: z.number(), step: z.string(), what: z.string() }))
      .readonly()
      .optional()
      .meta({ description: '`t` is relative to the action, in milliseconds' }),
    attempts: z.array(z.looseObject({})).readonly().optional(),
    decision: decision.nullable().optional(),
    links: z
      .object({ trace: z.string(), records: z.string(), review: z.string() })
      .meta({ description: 'its story, what is on record of its outcome, and the decision made again' }),
  }),
  answers: { 200: 'why' },
  problems: ['OUTCOME_UNKNOWN', 'REPLAY_NODE_UNKNOWN', 'REPLAY_RECORD_UNREADABLE'],
  async handle({ params, query }, { services }) {
    const address = readNodeAddress(params.id);
    if (address === undefined) return refuse('OUTCOME_UNKNOWN', `\`${params.id}\`: there is no such action`);
    const explained = await explainAction(liveSource(services), address);
    if (!explained.ok) return explained;
    const outcome = encodeURIComponent(address.outcome);
    const links = {
      trace: `/v1/outcomes/${outcome}/trace`,
      records: `/v1/policy-log?outcome=${outcome}`,
      review: `/v1/actions/${encodeURIComponent(params.id)}/review`,
    };
    const body = { ...atLevel(explained.value, Number(query.level) as Level), links };
    return ok({ status: 200, body: plain(body) });
  },
});

export const decideFacts = defineRoute({
  id: 'decideFacts',
  method: 'POST',
  path: '/v1/decisions',
  access: EVERY_PERSON,
  summary: 'Decide from facts, of nothing that is there',
  description: 'Facts as docs/schemas/facts.json has them. Nothing is read, kept or fired.',
  body: jsonObject,
  answer: z.object({ decision, words: z.array(z.string()).readonly() }),
  answers: { 200: 'what the rules say' },
  problems: ['FACTS_INVALID'],
  handle({ body }) {
    const facts = parseFacts(body);
    if (!facts.ok) {
      const more = { diagnostics: facts.error };
      return Promise.resolve(refuse('FACTS_INVALID', 'the facts are not valid', more));
    }
    const made = decide(facts.value);
    return Promise.resolve(ok({ status: 200, body: { decision: { ...made }, words: explain(made) } }));
  },
});
