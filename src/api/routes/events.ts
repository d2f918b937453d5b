/** Events of connected systems. Entry ring. */
import { z } from 'zod';
import { ingestEvent } from '../../app/ingest-event';
import { ok } from '../../kernel/result';
import { defineRoute } from '../route';
import { diagnostics } from '../schemas';

/** The form is judged where events are taken in, so that every door says the same of it. */
export const event = z
  .looseObject({
    specversion: z.literal('1.0'),
    id: z.string().min(1).max(200),
    source: z.string().min(1).max(1_024),
    type: z.string().min(1).max(1_024),
  })
  .meta({ description: 'a CloudEvents 1.0 envelope, structured mode' });

export const receiveEvent = defineRoute({
  id: 'receiveEvent',
  method: 'POST',
  path: '/v1/events',
  access: { roles: ['source', 'operator', 'admin'] },
  takesWebhooks: true,
  summary: 'Take in an event',
  description:
    'The event is kept, matched to the one automation that takes it, compiled and started. The same event taken in twice starts nothing twice. What selects none, or several, or does not compile is kept with the reason.',
  body: event,
  answer: z.discriminatedUnion('status', [
    z.object({
      status: z.literal('started'),
      event: z.string(),
      outcome: z.string(),
      automation: z.string(),
      planId: z.string(),
    }),
    z.object({
      status: z.literal('duplicate'),
      event: z.string(),
      outcome: z.string().nullable(),
      isSame: z.boolean(),
    }),
    z.object({
      status: z.enum(['unselected', 'ambiguous', 'failed']),
      event: z.string(),
      because: diagnostics,
    }),
  ]),
  answers: { 200: 'it was here before', 202: 'it is kept; `status` says what became of it' },
  problems: ['EVENT_REFUSED', 'CONFIG_REFUSED', 'EVENT_ID_UNUSABLE', 'OUTCOME_DOES_NOT_ANSWER'],
  keepsAnswers: true,
  async handle({ caller, body }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const taken = await ingestEvent(services, config.value, { sent: body, by: caller.name });
    if (!taken.ok) return taken;
    return ok({ status: taken.value.status === 'duplicate' ? 200 : 202, body: taken.value });
  },
});
