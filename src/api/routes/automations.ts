/** Automations and scopes, and how far each may go. Entry ring. */
import { z } from 'zod';
import { listAutomationsOf } from '../../app/automations';
import { killAutomation, pauseScope, setDial } from '../../app/control';
import { MODES } from '../../governance/mode';
import { ok } from '../../kernel/result';
import { EVERY_PERSON } from '../roles';
import { defineRoute, type Route } from '../route';
import { name, reason } from '../schemas';

const OPERATORS = { roles: ['operator', 'admin'] } as const;

const automation = z.object({
  id: z.string(),
  summary: z.string().optional(),
  events: z.array(z.string()).readonly(),
  outcome: z.string(),
  entity: z.string().meta({ description: 'template of the id of the entity' }),
  dial: z.enum(MODES).meta({ description: 'as it stands now' }),
  dialSetBy: z.string().optional().meta({ description: 'absent where the configuration says it' }),
  killed: z.boolean(),
  paused: z.boolean(),
  inFlight: z.int().meta({ description: 'actions that execute now' }),
});

export const listAutomations = defineRoute({
  id: 'listAutomations',
  method: 'GET',
  path: '/v1/automations',
  access: EVERY_PERSON,
  summary: 'The automations of the tenant, with their dials',
  answer: z.object({ items: z.array(automation).readonly() }),
  answers: { 200: 'all of them' },
  problems: ['CONFIG_REFUSED'],
  async handle({ caller }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    return ok({ status: 200, body: { items: await listAutomationsOf(services, config.value) } });
  },
});

const control = z.string().meta({ description: 'id of the workflow that did it: its history is the record' });
const automationParams = z.object({ id: name('id of the automation') });

export const setAutomationDial = defineRoute({
  id: 'setDial',
  method: 'PUT',
  path: '/v1/automations/{id}/dial',
  about: 'own',
  access: OPERATORS,
  summary: 'Set the most an automation may do',
  params: automationParams,
  body: z.strictObject({ mode: z.enum(MODES), reason }),
  answer: z.object({ automation: z.string(), mode: z.enum(MODES), control }),
  answers: { 200: 'it stands so' },
  problems: ['CONFIG_REFUSED', 'CONTROL_REFUSED'],
  async handle({ caller, params, body }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const act = { automation: params.id, mode: body.mode, by: caller.name, reason: body.reason };
    const done = await setDial(services, config.value, act);
    if (!done.ok) return done;
    return ok({
      status: 200,
      body: { automation: params.id, mode: body.mode, control: done.value.id },
    });
  },
});

const executing = z.array(z.object({ outcome: z.string(), node: z.string(), awf: z.string() })).readonly();

export const kill = defineRoute({
  id: 'killAutomation',
  method: 'POST',
  path: '/v1/automations/{id}/kill',
  about: 'own',
  access: OPERATORS,
  summary: 'Stop an automation at once',
  description:
    'When it answers, nothing of the automation is admitted any more, and nothing of it executes but what the answer lists. Its dial drops to observe. Resume the scope to lift it.',
  params: automationParams,
  body: z.strictObject({ reason }),
  answer: z.object({ automation: z.string(), control, executing }),
  answers: { 200: 'it is stopped' },
  problems: ['CONFIG_REFUSED', 'CONTROL_REFUSED'],
  keepsAnswers: true,
  async handle({ caller, params, body }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const act = { automation: params.id, by: caller.name, reason: body.reason };
    const done = await killAutomation(services, config.value, act);
    if (!done.ok) return done;
    const { id, executing: left = [] } = done.value;
    return ok({ status: 200, body: { automation: params.id, control: id, executing: left } });
  },
});

const scopeRoute = (what: 'pause' | 'resume', summary: string): Route =>
  defineRoute({
    id: `${what}Scope`,
    method: 'POST',
    path: `/v1/scopes/{kind}/{name}/${what}`,
    about: 'own',
    access: OPERATORS,
    summary,
    params: z.object({
      kind: z.enum(['tenant', 'domain', 'runbook', 'automation']),
      name: name('its name'),
    }),
    body: z.strictObject({ reason }),
    answer: z.object({ what: z.enum(['pause', 'resume']), scope: z.string(), name: z.string(), control }),
    answers: { 200: 'it is done' },
    problems: ['CONFIG_REFUSED', 'CONTROL_REFUSED'],
    keepsAnswers: true,
    async handle({ caller, params, body }, { services, configOf }) {
      const config = await configOf(caller.tenant);
      if (!config.ok) return config;
      const { kind: scope, name: named } = params;
      const act = { what, scope, name: named, by: caller.name, reason: body.reason };
      const done = await pauseScope(services, config.value, act);
      if (!done.ok) return done;
      return ok({ status: 200, body: { what, scope, name: named, control: done.value.id } });
    },
  });

export const pauseWhole = scopeRoute('pause', 'Hold the next firings of a whole scope');
export const resumeWhole = scopeRoute('resume', 'Go on; of an automation it lifts the kill switch, too');
