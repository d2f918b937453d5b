/** What a person does with an outcome or a task. Entry ring. */
import { z } from 'zod';
import { actOnOutcome, backstepOutcome, decideGate, resolveNode, type Acted } from '../../app/act-on-outcome';
import { readNodeAddress } from '../../kernel/ids';
import { refuse, type Refusal } from '../../app/refusal';
import type { Resolution } from '../../engine/effects';
import { ok, type Result } from '../../kernel/result';
import { API_LIMITS } from '../limits';
import { EVERY_PERSON } from '../roles';
import { defineRoute, type Route } from '../route';
import { anyJson, outcomeParams, reason, taskId } from '../schemas';

export const OPERATORS = { roles: ['operator', 'admin'] } as const;

export const acted = z.object({
  outcome: z.string(),
  node: z.string().optional(),
  answer: z.enum(['done', 'kept']).meta({ description: '`kept`: it waits for what it is about to open' }),
});

/** Why a decision does not count; it is on record all the same. */
const GATE_PROBLEMS = [
  'GATE_APPROVER_NOT_ALLOWED',
  'GATE_SELF_APPROVAL',
  'GATE_REASON_MISSING',
  'GATE_CARD_CHANGED',
  'GATE_ASKS_NOBODY',
  'GATE_DECISION_EXPIRED',
  'GATE_SIGNATURE_INVALID',
  'GATE_KEY_REVOKED',
  'GATE_GLASS_NOT_ALLOWED',
] as const;

export const ACT_PROBLEMS = [
  'OUTCOME_UNKNOWN',
  'OUTCOME_OVER',
  'OUTCOME_REFUSED',
  'OUTCOME_DOES_NOT_ANSWER',
  'ACT_MALFORMED',
] as const;

/** An act that came too late did nothing, which its caller has to know. */
export function shown<T extends Acted>(
  result: Result<T, Refusal>,
  late: string,
): Result<{ readonly status: 200; readonly body: T & { readonly answer: 'done' | 'kept' } }, Refusal> {
  if (!result.ok) return result;
  const { answer, outcome, node } = result.value;
  const name = node === undefined ? outcome : `${outcome}#${node}`;
  if (answer === 'late') return refuse('OUTCOME_REFUSED', `\`${name}\`: ${late}`);
  return ok({ status: 200, body: { ...result.value, answer } });
}

const actRoute = (
  act: 'pause' | 'resume' | 'cancel',
  { summary, late }: { readonly summary: string; readonly late: string },
): Route =>
  defineRoute({
    id: `${act}Outcome`,
    method: 'POST',
    path: `/v1/outcomes/{id}/${act}`,
    about: 'outcome',
    access: OPERATORS,
    summary,
    params: outcomeParams,
    body: z.strictObject({ reason: act === 'cancel' ? reason : reason.optional() }),
    answer: acted,
    answers: { 200: 'it is done' },
    problems: ACT_PROBLEMS,
    keepsAnswers: true,
    async handle({ caller, params, body }, { services }) {
      const why = body.reason === undefined ? {} : { reason: body.reason };
      return shown(await actOnOutcome(services, params.id, { what: act, by: caller.name, ...why }), late);
    },
  });

export const pause = actRoute('pause', {
  summary: 'Hold the next firing',
  late: 'it is paused already, or over',
});
export const resume = actRoute('resume', {
  summary: 'Go on after a pause',
  late: 'it is not paused, or over',
});
export const cancel = actRoute('cancel', {
  summary: 'End a running outcome and undo what it did',
  late: 'it is going back already, or over',
});

export const backstep = defineRoute({
  id: 'backstepOutcome',
  method: 'POST',
  path: '/v1/outcomes/{id}/backstep',
  about: 'outcome',
  access: OPERATORS,
  summary: 'Undo what an outcome did, also after it completed',
  params: outcomeParams,
  body: z.strictObject({ reason }),
  answer: acted.extend({
    afterwards: z
      .boolean()
      .meta({ description: 'whether a workflow of its own does it, because it had completed' }),
  }),
  answers: { 200: 'it goes back' },
  problems: [...ACT_PROBLEMS, 'OUTCOME_UNDO_WINDOW_OVER'],
  keepsAnswers: true,
  async handle({ caller, params, body }, { services }) {
    const back = await backstepOutcome(services, params.id, { by: caller.name, reason: body.reason });
    return shown(back, 'it has gone back, or is going back, already');
  },
});

const resolution = z.discriminatedUnion('as', [
  z.strictObject({ as: z.literal('retry') }),
  z.strictObject({
    as: z.literal('supply'),
    evidence: reason.meta({ description: 'where to see that it was done' }),
    output: anyJson.optional().meta({ description: 'stands in for the output' }),
  }),
  z.strictObject({ as: z.literal('accept'), reason }),
  z.strictObject({ as: z.literal('backstep'), reason }),
]);

export const resolve = defineRoute({
  id: 'resolveNode',
  method: 'POST',
  path: '/v1/outcomes/{id}/resolve',
  about: 'outcome',
  access: OPERATORS,
  summary: 'Say what becomes of an incident or an escalation',
  params: outcomeParams,
  body: z.strictObject({ node: z.string().min(1).max(API_LIMITS.textLength), resolution }),
  answer: acted,
  answers: { 200: 'it is resolved' },
  problems: [...ACT_PROBLEMS, 'OVERRIDE_OUTPUT_NEEDED', 'OVERRIDE_AFTER_APPROVAL'],
  keepsAnswers: true,
  async handle({ caller, params, body }, { services }) {
    const address = { outcome: params.id, node: body.node };
    const how = { resolution: resolutionOf(body.resolution), by: caller.name };
    return shown(
      await resolveNode(services, address, how),
      'it needs nobody: it was resolved before, or is no incident',
    );
  },
});

function resolutionOf(given: z.output<typeof resolution>): Resolution {
  if (given.as !== 'supply') return given;
  const { as, evidence, output } = given;
  return { as, evidence, ...(output === undefined ? {} : { output }) };
}

const cardHash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'hash of the card that was seen' });

export const decide = defineRoute({
  id: 'decideTask',
  method: 'POST',
  path: '/v1/tasks/{id}/decision',
  about: 'task',
  // Whoever may not decide is refused by the check and not by the door: that stands on record.
  access: EVERY_PERSON,
  summary: 'Decide at a gate, for good',
  description:
    'It takes the role `approver`; who has it not is refused, and that they tried is on record. A decision for a gate that is not open yet is kept until it opens. Deciding twice is one decision: the second is refused. With `card`, the hash that `GET /v1/tasks/{id}` gives, it counts for that card alone. `emergency` passes the chain; somebody else reviews it afterwards.',
  params: z.object({ id: taskId }),
  body: z.discriminatedUnion('verdict', [
    z.strictObject({
      verdict: z.literal('approve'),
      reason: reason.optional(),
      card: cardHash.optional(),
      emergency: z.boolean().optional(),
    }),
    z.strictObject({ verdict: z.literal('reject'), reason, card: cardHash.optional() }),
  ]),
  answer: acted,
  answers: { 200: 'it is decided' },
  problems: [...ACT_PROBLEMS, ...GATE_PROBLEMS],
  keepsAnswers: true,
  async handle({ caller, params, body }, { services }) {
    const address = readNodeAddress(params.id);
    if (address === undefined) return refuse('OUTCOME_UNKNOWN', `\`${params.id}\`: there is no such task`);
    const { verdict, reason: why, card } = body;
    const deciding = {
      ...{ verdict, by: caller.name, roles: [...caller.roles] },
      ...(why === undefined ? {} : { reason: why }),
      ...(card === undefined ? {} : { card }),
      ...('emergency' in body && body.emergency === true ? { glass: true } : {}),
    };
    return shown(
      await decideGate(services, address, deciding),
      'it was decided before, or the outcome is over',
    );
  },
});
