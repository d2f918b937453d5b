/** What a person changes of a step before it commits. Entry ring. */
import { z } from 'zod';
import { overrideStep, type WantedOverride } from '../../app/override-step';
import { attestAction } from '../../app/work-on-task';
import { API_LIMITS } from '../limits';
import { defineRoute } from '../route';
import { anyJson, outcomeParams, reason } from '../schemas';
import { ACT_PROBLEMS, acted, OPERATORS, shown } from './acts';
import { doneByHand, doneOf } from './tasks';

const text = z.string().min(1).max(API_LIMITS.textLength);
const patch = anyJson.meta({ description: 'JSON merge patch (RFC 7396) on the input that it would have' });

const change = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('skip'), output: anyJson.optional() }),
  z.strictObject({ do: z.literal('edit'), input: patch }),
  z.strictObject({ do: z.literal('choose'), value: text }),
  z.strictObject({ do: z.literal('replace'), awf: text, input: patch.optional() }),
  z.strictObject({ do: z.literal('decline'), then: z.enum(['backstep', 'complete']).default('backstep') }),
  z
    .strictObject({
      do: z.literal('withdraw'),
      what: z.enum(['skip', 'edit', 'choose', 'replace', 'decline', 'attest']).optional(),
    })
    .meta({ description: 'takes back what was said of the step in this scope; `what` names the one kind' }),
]);

const PROBLEMS = [
  ...ACT_PROBLEMS,
  'OVERRIDE_TOO_LATE',
  'OVERRIDE_NOT_POSSIBLE',
  'OVERRIDE_OUTPUT_NEEDED',
  'OVERRIDE_BYPASSES_GATE',
  'OVERRIDE_AFTER_APPROVAL',
  'OVERRIDE_AWF_UNFIT',
  'OVERRIDE_INPUT_INVALID',
] as const;

const overridden = acted.extend({
  change: z.string(),
  scope: z.string(),
  diff: z
    .array(z.object({ path: z.string(), was: z.unknown().optional(), is: z.unknown().optional() }))
    .readonly()
    .meta({ description: 'what of the input differs, by JSON pointer' }),
  control: z
    .string()
    .optional()
    .meta({ description: 'of the scope `automation`: the workflow that keeps it' }),
});

export const override = defineRoute({
  id: 'overrideOutcome',
  method: 'POST',
  path: '/v1/outcomes/{id}/override',
  about: 'outcome',
  access: OPERATORS,
  summary: 'Change a step before it commits',
  description:
    'Skip it, edit its input, choose another case or another AWF, decline, or withdraw what was said before. `step` is this one, `outcome` every element of a for-each too, `automation` every outcome that the automation starts until `until`.',
  params: outcomeParams,
  body: z.strictObject({
    node: text,
    change,
    reason,
    scope: z.enum(['step', 'outcome', 'automation']).default('step'),
    until: z.iso.datetime({ offset: true }).optional().meta({ description: 'of the scope `automation`' }),
  }),
  answer: overridden,
  answers: { 200: 'it is taken, or kept until the turn of the step comes' },
  problems: PROBLEMS,
  keepsAnswers: true,
  async handle({ caller, params, body }, { services }) {
    const { node, until, reason: why, scope } = body;
    const wanted: WantedOverride = {
      change: plain(body.change),
      by: caller.name,
      reason: why,
      scope,
      ...(until === undefined ? {} : { until: Date.parse(until) }),
    };
    return shown(await overrideStep(services, { outcome: params.id, node }, wanted), 'it is over');
  },
});

function plain(given: z.output<typeof change>): WantedOverride['change'] {
  switch (given.do) {
    case 'skip':
      return { do: 'skip', ...(given.output === undefined ? {} : { output: given.output }) };
    case 'replace': {
      const { awf, input } = given;
      return { do: 'replace', awf, ...(input === undefined ? {} : { input }) };
    }
    case 'withdraw':
      return { do: 'withdraw', ...(given.what === undefined ? {} : { what: given.what }) };
    default:
      return given;
  }
}

export const attest = defineRoute({
  id: 'attestAction',
  method: 'POST',
  path: '/v1/outcomes/{id}/attest',
  about: 'outcome',
  access: OPERATORS,
  summary: 'Say that an action was done elsewhere',
  description:
    'It is recorded with its evidence, and never executed. `compensation` lets the registered compensation undo it; otherwise a person is asked.',
  params: outcomeParams,
  body: doneByHand.extend({ node: text }),
  answer: acted,
  answers: { 200: 'it is recorded, or kept until the turn of the action comes' },
  problems: PROBLEMS,
  keepsAnswers: true,
  async handle({ caller, params, body: { node, ...body } }, { services }) {
    const done = { ...doneOf(body), by: caller.name };
    return shown(await attestAction(services, { outcome: params.id, node }, done), 'it is over');
  },
});
