/** What waits for a person: looked up, claimed, handed on and worked on. Entry ring. */
import { z } from 'zod';
import { delegateTask, withdrawTask } from '../../app/approvals/delegate-task';
import { oneTask, pageOfTasks, TASK_KINDS } from '../../app/tasks';
import { claimTask, completeTask, fireByName } from '../../app/work-on-task';
import { APPROVER_LEVELS } from '../../governance/mode';
import { readNodeAddress, type NodeAddress } from '../../kernel/ids';
import { refuse, type Refusal } from '../../app/refusal';
import { ok, type Result } from '../../kernel/result';
import { API_LIMITS } from '../limits';
import { defineRoute, type Route } from '../route';
import { anyJson, name, pageQuery, reason, taskId } from '../schemas';
import { ACT_PROBLEMS, acted, OPERATORS, shown } from './acts';

const READERS = { roles: ['operator', 'approver', 'auditor', 'admin'] } as const;
/** An auditor works on reviews, and on nothing else. */
const reviews = ['auditor', 'admin'] as const;
const WORKERS = { roles: ['operator', 'approver', 'admin'], reviews } as const;
const COMPLETERS = { ...OPERATORS, reviews } as const;
const taskParams = z.object({ id: taskId });
const instant = z.number().meta({ description: 'milliseconds since the epoch' });

const task = z.object({
  id: z.string(),
  kind: z.enum(TASK_KINDS),
  outcome: z.string(),
  node: z.string(),
  entity: z.string(),
  since: instant,
  approval: z.string().optional(),
  by: z.array(z.string()).readonly().optional(),
  delegatedTo: z
    .array(z.string())
    .readonly()
    .optional()
    .meta({ description: 'to whom those who are asked have handed it on' }),
  because: z.string().optional(),
  passedBy: z
    .string()
    .optional()
    .meta({ description: 'of a review: who passed the chain in an emergency, and may not review it' }),
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
    'Open gates, held actions, incidents, escalations and reviews of the tenant. `limit` counts outcomes, of which each may have several tasks; conditions are looked at after that, so a page can be empty and still have a `next`. Reviews stand on the first page, before all others.',
  query: pageQuery.extend({
    limit: z.coerce.number().int().min(1).max(API_LIMITS.taskOutcomesMax).default(API_LIMITS.pageDefault),
    kind: z.enum(TASK_KINDS).optional(),
    outcome: text.optional().meta({ description: 'code or id of an outcome' }),
    entity: text.optional(),
    claimed: text.optional().meta({ description: 'who has claimed it, or `nobody`' }),
    by: text
      .optional()
      .meta({ description: 'of whom it is asked, such as `manager`, or to whom it was handed on' }),
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
    delegations: z
      .array(z.object({ from: z.string(), to: z.string(), until: instant, whenAbsent: z.boolean() }))
      .readonly()
      .optional(),
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
    const { overrides, delegations, ...rest } = found.value;
    const seen = overrides?.map((one) => ({ ...one }));
    const body = {
      ...rest,
      ...(seen === undefined ? {} : { overrides: seen }),
      ...(delegations === undefined ? {} : { delegations: delegations.map((one) => ({ ...one })) }),
    };
    return ok({ status: 200, body });
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
    problems: [...ACT_PROBLEMS, 'TASK_UNKNOWN', 'TASK_CLAIMED', 'REVIEW_REFUSED'],
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
  problems: [...ACT_PROBLEMS, 'TASK_UNKNOWN', 'OVERRIDE_NOT_POSSIBLE', 'GATE_SELF_APPROVAL'],
  keepsAnswers: true,
  async handle({ caller, params, body }, { services }) {
    const address = addressOf(params.id);
    if (!address.ok) return address;
    const why = { by: caller.name, reason: body.reason };
    return shown(await fireByName(services, address.value, why), 'it is not held any more');
  },
});

export const delegateOne = defineRoute({
  id: 'delegateTask',
  method: 'POST',
  path: '/v1/tasks/{id}/delegate',
  about: 'task',
  access: { roles: ['approver', 'admin'] },
  summary: 'Let somebody of your tier decide on this task in your place, or no longer',
  description:
    'For this task alone, by whoever is asked; an admin may do it for them. The decision names both. With `whenAbsent` it counts only during an absence that was said after it. `PUT /v1/delegations/{to}` hands on all that is asked of somebody.',
  params: taskParams,
  body: z.strictObject({
    to: name('who is to decide, such as `person:jonas.weber`'),
    from: name('in whose place, where it is not the caller; for an admin').optional(),
    until: z.iso.datetime({ offset: true }).nullish().meta({
      description: 'left out: for as long as the task waits, 90 days at most; `null` takes it back',
    }),
    level: z.enum(APPROVER_LEVELS).optional().meta({ description: 'the most that is handed on' }),
    whenAbsent: z.boolean().optional(),
    reason,
  }),
  answer: z.object({
    task: z.string(),
    from: z.string(),
    to: z.string(),
    control: z.string().meta({ description: 'id of the workflow that did it: its history is the record' }),
  }),
  answers: { 200: 'it stands so' },
  problems: ['OUTCOME_UNKNOWN', 'TASK_UNKNOWN', 'DELEGATION_REFUSED'],
  keepsAnswers: true,
  async handle({ caller, params, body }, { services }) {
    const address = addressOf(params.id);
    if (!address.ok) return address;
    const { to, from = caller.name, until, level, whenAbsent = false } = body;
    const said = { from, to, by: caller.name, roles: [...caller.roles], reason: body.reason };
    const done =
      until === null
        ? await withdrawTask(services, address.value, said)
        : await delegateTask(services, address.value, {
            ...{ ...said, onlyWhenAbsent: whenAbsent },
            ...(level === undefined ? {} : { level }),
            ...(until === undefined ? {} : { until: Date.parse(until) }),
          });
    if (!done.ok) return done;
    return ok({ status: 200, body: { task: params.id, from, to, control: done.value.id } });
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

/** What came of the look at what passed a chain in an emergency. */
const looked = z.strictObject({ verdict: z.enum(['sound', 'unsound']), reason });

export const complete = defineRoute({
  id: 'completeTask',
  method: 'POST',
  path: '/v1/tasks/{id}/complete',
  about: 'task',
  access: COMPLETERS,
  summary: 'Say that it was done by hand, or what came of a review',
  description:
    'A held action is attested: recorded with its evidence, and never executed. An incident or an escalation is resolved as supplied. A review takes a verdict and a reason, by an auditor or an admin who did not pass the chain. A gate is decided instead.',
  params: taskParams,
  body: z.union([doneByHand, looked]),
  answer: acted,
  answers: { 200: 'it is recorded' },
  problems: [
    ...ACT_PROBLEMS,
    'TASK_UNKNOWN',
    'REVIEW_REFUSED',
    'OVERRIDE_TOO_LATE',
    'OVERRIDE_NOT_POSSIBLE',
    'OVERRIDE_OUTPUT_NEEDED',
    'OVERRIDE_AFTER_APPROVAL',
    'OVERRIDE_INPUT_INVALID',
  ],
  keepsAnswers: true,
  async handle({ caller, params, body }, { services }) {
    const address = addressOf(params.id);
    if (!address.ok) return address;
    const by = caller.name;
    const said = 'verdict' in body ? { ...body, roles: [...caller.roles] } : doneOf(body);
    return shown(await completeTask(services, address.value, { ...said, by }), 'it needs nobody any more');
  },
});

function addressOf(id: string): Result<NodeAddress, Refusal> {
  const address = readNodeAddress(id);
  return address === undefined ? refuse('OUTCOME_UNKNOWN', `\`${id}\`: there is no such task`) : ok(address);
}
