/** What waits for a person: looked up, claimed and worked on. Entry ring. */
import { z } from 'zod';
import { oneTask, pageOfTasks } from '../../app/tasks';
import { claimTask, completeTask, fireByName } from '../../app/work-on-task';
import { readNodeAddress, type NodeAddress } from '../../kernel/ids';
import { refuse, type Refusal } from '../../app/refusal';
import { ok, type Result } from '../../kernel/result';
import { API_LIMITS } from '../limits';
import { defineRoute, type Route } from '../route';
import { anyJson, pageQuery, reason, taskId } from '../schemas';
import { ACT_PROBLEMS, acted, OPERATORS, shown } from './acts';

const READERS = { roles: ['operator', 'approver', 'auditor', 'admin'] } as const;
const WORKERS = { roles: ['operator', 'approver', 'admin'] } as const;
const taskParams = z.object({ id: taskId });

const KINDS = ['gate', 'hold', 'incident', 'escalation'] as const;

const task = z.object({
  id: z.string(),
  kind: z.enum(KINDS),
  outcome: z.string(),
  node: z.string(),
  entity: z.string(),
  since: z.number().meta({ description: 'milliseconds since the epoch' }),
  approval: z.string().optional(),
  by: z.array(z.string()).readonly().optional(),
  because: z.string().optional(),
  awf: z.string().optional(),
  claimedBy: z.string().optional(),
});

const text = z.string().min(1).max(API_LIMITS.textLength);

export const listTasks = defineRoute({
  id: 'listTasks',
  method: 'GET',
  path: '/v1/tasks',
  access: READERS,
  summary: 'What waits for a person',
  description:
    'Open gates, held actions, incidents and escalations of the tenant. `limit` counts outcomes, of which each may have several tasks; conditions are looked at after that, so a page can be empty and still have a `next`.',
  query: pageQuery.extend({
    limit: z.coerce.number().int().min(1).max(API_LIMITS.taskOutcomesMax).default(API_LIMITS.pageDefault),
    kind: z.enum(KINDS).optional(),
    outcome: text.optional().meta({ description: 'code or id of an outcome' }),
    entity: text.optional(),
    claimed: text.optional().meta({ description: 'who has claimed it, or `nobody`' }),
    by: text.optional().meta({ description: 'of whom it is asked, such as `manager`' }),
    since: z.iso.datetime({ offset: true }).optional().meta({ description: 'began to wait then or later' }),
    approval: z.enum(['confirm', 'review', 'approve', 'chain']).optional(),
  }),
  answer: z.object({ items: z.array(task).readonly(), next: z.string().optional() }),
  answers: { 200: 'one page' },
  problems: ['CURSOR_UNKNOWN'],
  async handle({ caller, query: { limit, cursor, since, ...filter } }, { services }) {
    const wanted = { ...filter, ...(since === undefined ? {} : { since: Date.parse(since) }) };
    const page = await pageOfTasks(services, caller.tenant, { limit, cursor }, wanted);
    if (!page.ok) return page;
    const { rows, next } = page.value;
    return ok({ status: 200, body: { items: rows, ...(next === undefined ? {} : { next }) } });
  },
});

const overrideSeen = z.looseObject({ node: z.string(), by: z.string(), reason: z.string() });

export const getTask = defineRoute({
  id: 'getTask',
  method: 'GET',
  path: '/v1/tasks/{id}',
  about: 'task',
  access: READERS,
  summary: 'One task, with what there is to see of it',
  params: taskParams,
  answer: task.extend({
    input: z.unknown().optional().meta({ description: 'of an action: its input' }),
    overrides: z.array(overrideSeen).readonly().optional(),
    evidence: z.string().optional(),
    card: z
      .object({
        hash: z.string().meta({ description: 'what a decision is bound to: send it along as `card`' }),
        card: z.unknown().meta({
          description: 'what will happen, why, at what risk and cost, what can be undone, who is asked',
        }),
      })
      .optional(),
  }),
  answers: { 200: 'as it stands now' },
  problems: ['OUTCOME_UNKNOWN', 'TASK_UNKNOWN'],
  async handle({ params }, { services }) {
    const address = addressOf(params.id);
    if (!address.ok) return address;
    const found = await oneTask(services, address.value);
    if (!found.ok) return found;
    const { overrides, ...rest } = found.value;
    const seen = overrides?.map((one) => ({ ...one }));
    return ok({ status: 200, body: { ...rest, ...(seen === undefined ? {} : { overrides: seen }) } });
  },
});

const claimRoute = (what: 'claim' | 'unclaim', summary: string): Route =>
  defineRoute({
    id: `${what}Task`,
    method: 'POST',
    path: `/v1/tasks/{id}/${what}`,
    about: 'task',
    access: WORKERS,
    summary,
    params: taskParams,
    body: z.strictObject({ reason: reason.optional() }),
    answer: acted,
    answers: { 200: 'it is so' },
    problems: [...ACT_PROBLEMS, 'TASK_UNKNOWN', 'TASK_CLAIMED'],
    keepsAnswers: true,
    async handle({ caller, params, body }, { services }) {
      const address = addressOf(params.id);
      if (!address.ok) return address;
      const why = body.reason === undefined ? {} : { reason: body.reason };
      const done = await claimTask(services, address.value, { what, by: caller.name, ...why });
      return shown(done, what === 'claim' ? 'it is yours already' : 'nobody has claimed it');
    },
  });

export const claim = claimRoute('claim', 'Say that a task is yours');
export const unclaim = claimRoute('unclaim', 'Give a task back; what another claimed, with a reason');

export const fire = defineRoute({
  id: 'fireTask',
  method: 'POST',
  path: '/v1/tasks/{id}/fire',
  about: 'task',
  access: OPERATORS,
  summary: 'Fire a held action under your own name',
  description:
    'It is decided anew as your manual work. What needs an approval for its risk still waits for it.',
  params: taskParams,
  body: z.strictObject({ reason }),
  answer: acted.extend({ control: z.string() }),
  answers: { 200: 'it is yours, and asks again' },
  problems: [...ACT_PROBLEMS, 'TASK_UNKNOWN', 'OVERRIDE_NOT_POSSIBLE'],
  keepsAnswers: true,
  async handle({ caller, params, body }, { services }) {
    const address = addressOf(params.id);
    if (!address.ok) return address;
    const why = { by: caller.name, reason: body.reason };
    return shown(await fireByName(services, address.value, why), 'it is not held any more');
  },
});

/** What a person says of work that they did elsewhere. */
export const doneByHand = z.strictObject({
  evidence: reason.meta({ description: 'where to see that it was done' }),
  output: anyJson.meta({ description: 'stands in for the output of the action; `null` where it has none' }),
  undo: z
    .enum(['person', 'compensation'])
    .default('person')
    .meta({ description: 'who undoes it, should it come to that' }),
  undoInput: anyJson
    .optional()
    .meta({ description: 'input of the compensation, where it does not follow from input and output' }),
  reason: reason.optional(),
});

export const doneOf = ({ reason: why, undoInput, ...done }: z.output<typeof doneByHand>) => ({
  ...done,
  ...(undoInput === undefined ? {} : { undoInput }),
  ...(why === undefined ? {} : { reason: why }),
});

export const complete = defineRoute({
  id: 'completeTask',
  method: 'POST',
  path: '/v1/tasks/{id}/complete',
  about: 'task',
  access: OPERATORS,
  summary: 'Say that it was done by hand',
  description:
    'A held action is attested: recorded with its evidence, and never executed. An incident or an escalation is resolved as supplied. A gate is decided instead.',
  params: taskParams,
  body: doneByHand,
  answer: acted,
  answers: { 200: 'it is recorded' },
  problems: [
    ...ACT_PROBLEMS,
    'TASK_UNKNOWN',
    'OVERRIDE_TOO_LATE',
    'OVERRIDE_NOT_POSSIBLE',
    'OVERRIDE_OUTPUT_NEEDED',
    'OVERRIDE_INPUT_INVALID',
  ],
  keepsAnswers: true,
  async handle({ caller, params, body }, { services }) {
    const address = addressOf(params.id);
    if (!address.ok) return address;
    const done = await completeTask(services, address.value, { ...doneOf(body), by: caller.name });
    return shown(done, 'it needs nobody any more');
  },
});

function addressOf(id: string): Result<NodeAddress, Refusal> {
  const address = readNodeAddress(id);
  return address === undefined ? refuse('OUTCOME_UNKNOWN', `\`${id}\`: there is no such task`) : ok(address);
}
