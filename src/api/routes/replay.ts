/** Replay: an outcome rehearsed or forked, a decision reviewed. Nothing is executed by any of them. Entry ring. */
import { z } from 'zod';
import { forkFrom, rehearseEvent, rehearseOutcome, reviewDecision } from '../../app/replay/replay';
import { liveSource } from '../../app/replay/sources';
import { todayFor } from '../../app/replay/today';
import { refuse, type Refusal } from '../../app/refusal';
import { explainDifference } from '../../governance/compare';
import { readNodeAddress } from '../../kernel/ids';
import { ok, type Result } from '../../kernel/result';
import type { Today } from '../../replay/today';
import type { Caller } from '../roles';
import { defineRoute, type ApiDeps } from '../route';
import { plain } from '../plain';
import { jsonObject, outcomeParams, taskId } from '../schemas';
import { event } from './events';

/** Plans, inputs and facts stand in the answers. */
const READERS = { roles: ['operator', 'auditor', 'admin'] } as const;

/** Today as the caller's tenant has it. */
async function todayOf(
  { tenant }: Pick<Caller, 'tenant'>,
  { services, configOf }: Pick<ApiDeps, 'services' | 'configOf'>,
): Promise<Result<Today, Refusal>> {
  const config = await configOf(tenant);
  return config.ok ? ok(todayFor(config.value, services)) : config;
}

/** A replay as an answer. */
const told = <Told extends object>(replay: Result<Told, Refusal>) =>
  replay.ok ? ok({ status: 200 as const, body: plain({ ...replay.value }) }) : replay;

const trace = z.array(z.looseObject({ at: z.number(), kind: z.string() })).readonly();

const rehearsal = z.looseObject({
  selected: z.looseObject({ outcome: z.string(), entity: z.string(), isRehearsed: z.boolean() }),
  planId: z.string(),
  decisions: z.array(
    z.looseObject({ node: z.string(), awf: z.string(), mode: z.string(), fire: z.string() }),
  ),
  trace,
  phase: z.string(),
});

export const rehearseRoute = defineRoute({
  id: 'rehearseOutcome',
  method: 'POST',
  path: '/v1/outcomes/{id}/rehearsal',
  about: 'outcome',
  access: READERS,
  summary: 'An outcome again, as its event would go today',
  description:
    'Selected, compiled, decided and simulated with the catalog and the configuration of today. Nothing is executed or kept, so an `Idempotency-Key` has no meaning here.',
  params: outcomeParams,
  answer: rehearsal,
  answers: { 200: 'what would happen, and what of it is other than it was' },
  problems: ['OUTCOME_UNKNOWN', 'CONFIG_REFUSED', 'REPLAY_REHEARSAL_REFUSED', 'REPLAY_CATALOG_MISSING'],
  async handle({ params, caller }, parts) {
    const today = await todayOf(caller, parts);
    if (!today.ok) return today;
    return told(await rehearseOutcome(liveSource(parts.services), params.id, today.value));
  },
});

export const rehearseEventRoute = defineRoute({
  id: 'rehearseEvent',
  method: 'POST',
  path: '/v1/rehearsals',
  access: READERS,
  summary: 'An event, as it would go today',
  description:
    'Takes what `POST /v1/events` takes. Selected, compiled, decided and simulated, and not taken in: nothing is executed or kept, so an `Idempotency-Key` has no meaning here.',
  body: event,
  answer: rehearsal,
  answers: { 200: 'what would happen' },
  problems: ['EVENT_REFUSED', 'CONFIG_REFUSED', 'REPLAY_REHEARSAL_REFUSED', 'REPLAY_CATALOG_MISSING'],
  async handle({ body, caller }, parts) {
    const today = await todayOf(caller, parts);
    return today.ok ? told(await rehearseEvent(body, today.value)) : today;
  },
});

export const reviewRoute = defineRoute({
  id: 'reviewDecision',
  method: 'GET',
  path: '/v1/actions/{id}/review',
  about: 'task',
  access: READERS,
  summary: 'A decision again, under the rules of then and of today',
  description:
    'The decision is made again from the facts and figures on record (`proof.isSame`: the same to the byte), and once more as today’s rules and configuration would make it of the same data.',
  params: z.object({ id: taskId }),
  query: z.object({ nth: z.coerce.number().int().min(1).max(1_000).optional() }),
  answer: z.looseObject({
    action: z.string(),
    proof: z.object({ isSame: z.boolean(), recorded: z.string(), again: z.string() }),
    difference: z.looseObject({ shift: z.enum(['same', 'freer', 'stricter', 'mixed']) }),
    words: z.array(z.string()).readonly(),
  }),
  answers: { 200: 'both decisions, and the difference' },
  problems: [
    'OUTCOME_UNKNOWN',
    'CONFIG_REFUSED',
    'REPLAY_NODE_UNKNOWN',
    'REPLAY_UNDECIDED',
    'REPLAY_RECORD_UNREADABLE',
    'REPLAY_CATALOG_MISSING',
  ],
  async handle({ params, query: { nth }, caller }, parts) {
    const address = readNodeAddress(params.id);
    if (address === undefined) return refuse('OUTCOME_UNKNOWN', `\`${params.id}\`: there is no such action`);
    const today = await todayOf(caller, parts);
    if (!today.ok) return today;
    const review = await reviewDecision(liveSource(parts.services), address, {
      today: today.value,
      ...(nth === undefined ? {} : { nth }),
    });
    if (!review.ok) return review;
    return ok({
      status: 200,
      body: plain({ ...review.value, words: explainDifference(review.value.difference) }),
    });
  },
});

export const forkRoute = defineRoute({
  id: 'forkOutcome',
  method: 'POST',
  path: '/v1/outcomes/{id}/fork',
  about: 'outcome',
  access: READERS,
  summary: 'What an outcome would have come to from a node on',
  description:
    'Simulated with other parameters, inputs (`<node>.<path>`) or rules. Nothing is executed or kept, so an `Idempotency-Key` has no meaning here.',
  params: outcomeParams,
  body: z.strictObject({
    from: z.string().min(1).max(200).meta({ description: 'the node' }),
    params: jsonObject.optional(),
    inputs: jsonObject.optional(),
    rules: z.enum(['then', 'today']).default('then'),
    reject: z.array(z.string().max(200)).max(50).optional().meta({ description: 'gates that are rejected' }),
  }),
  answer: z.looseObject({ outcome: z.string(), from: z.string(), common: trace, then: trace, fork: trace }),
  answers: { 200: 'what happened, and what would have' },
  problems: [
    'OUTCOME_UNKNOWN',
    'CONFIG_REFUSED',
    'REPLAY_NODE_UNKNOWN',
    'REPLAY_CHANGE_REFUSED',
    'REPLAY_CATALOG_MISSING',
  ],
  async handle({ params, body, caller }, parts) {
    const today = await todayOf(caller, parts);
    if (!today.ok) return today;
    const { from, rules, params: given, inputs, reject } = body;
    const forked = await forkFrom(liveSource(parts.services), params.id, {
      from,
      rules,
      ...(given === undefined ? {} : { params: given }),
      ...(inputs === undefined ? {} : { inputs }),
      ...(reject === undefined ? {} : { reject }),
      today: today.value,
    });
    return told(forked);
  },
});
