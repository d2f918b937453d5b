/**
 * The commands against an API in place of servers: the same arguments, the same output. Who acts is whoever the token names.
 * Entry ring.
 */
import type { Acted } from '../../app/act-on-outcome';
import { readScope, type InForce, type TrustState } from '../../app/control';
import type { Task, TaskDetail } from '../../app/tasks';
import type { Explanation, Level } from '../../replay/explanation';
import { explanationLines } from '../../replay/explanation';
import { usage } from '../complaint';
import type { CommonOptions } from '../context';
import type { Pairs } from '../context';
import { outcomeIdFrom } from '../refuse';
import { addressFrom, resolutionFrom, show, type ResolveOptions } from '../commands/act';
import { inForceLines, limitFrom, showDial, showKill, trustLines } from '../commands/authority';
import { reportRemotely } from '../commands/report';
import { askedFrom, showTasks, type InboxOptions } from '../commands/inbox';
import type { RemoteCommand } from './api';
import * as standing from './standing';
import { afterExplanation, noteAll } from '../next-steps';
import * as entities from './entities';
import * as keeping from './keeping';
import * as log from './log';
import * as people from './people';
import * as plans from './plans';
import * as replay from './replay';
import * as stories from './stories';

interface Acting extends CommonOptions {
  readonly reason?: string;
}

const taskPath = (id: string, rest = ''): string => `/v1/tasks/${encodeURIComponent(id)}${rest}`;
const whyOf = ({ reason }: Acting) => (reason === undefined ? {} : { reason });

const decide =
  (
    verdict: 'approve' | 'reject',
  ): RemoteCommand<readonly [task: string], Acting & { readonly card?: string; readonly emergency?: true }> =>
  async (api, context, { given: [text], options }) => {
    const { outcome, node } = addressFrom(text, 'a gate', 'acme/EMP-R-001/6f1d#manager');
    const { card, emergency } = options;
    const acted = await api.post<Acted>(taskPath(`${outcome}#${node}`, '/decision'), {
      verdict,
      ...whyOf(options),
      ...(card === undefined ? {} : { card }),
      ...(emergency === true && verdict === 'approve' ? { emergency } : {}),
    });
    const done = verdict === 'approve' ? 'approved' : 'rejected';
    return show(context, options, acted, { done, kept: 'kept until the gate opens', late: '' });
  };

const hold =
  (what: 'pause' | 'resume'): RemoteCommand<readonly [id: string], Acting> =>
  async (api, context, { given: [text], options }) => {
    const scope = readScope(text);
    const { terminal } = context;
    if (scope !== undefined) {
      if (options.reason === undefined) throw usage(`\`${what}\` of a scope needs \`--reason <text>\``);
      const path = `/v1/scopes/${scope.scope}/${encodeURIComponent(scope.name)}/${what}`;
      const done = await api.post<object>(path, { reason: options.reason });
      if (options.json) terminal.json(done);
      else terminal.line(`${scope.scope} ${scope.name} is ${what === 'pause' ? 'paused' : 'resumed'}`);
      return 0;
    }
    const acted = await api.post<Acted>(stories.pathOf(outcomeIdFrom(text), `/${what}`), whyOf(options));
    return show(context, options, acted, {
      done: what === 'pause' ? 'paused' : 'resumed',
      kept: 'kept',
      late: '',
    });
  };

const resolve: RemoteCommand<readonly [node: string, how: 'retry'], ResolveOptions> = async (
  api,
  context,
  { given: [text, how], options },
) => {
  const { outcome, node } = addressFrom(text, 'a node', 'acme/EMP-R-001/6f1d#channels');
  const body = { node, resolution: resolutionFrom(how, options) };
  const acted = await api.post<Acted>(stories.pathOf(outcome, '/resolve'), body);
  return show(context, options, acted, { done: `resolved: ${how}`, kept: 'kept', late: '' });
};

const inbox: RemoteCommand<readonly [task?: string], InboxOptions> = async (
  api,
  context,
  { given: [task], options },
) =>
  showTasks(context, askedFrom(task, options), {
    one: ({ outcome, node }) => api.get<TaskDetail>(taskPath(`${outcome}#${node}`)),
    page: async ({ limit, cursor }, { since, ...filter }) => {
      const from = since === undefined ? undefined : new Date(since).toISOString();
      const query = { ...filter, since: from, cursor, limit };
      const { items, next } = await api.get<{ readonly items: readonly Task[]; readonly next?: string }>(
        '/v1/tasks',
        query,
      );
      return { rows: items, ...(next === undefined ? {} : { next }) };
    },
  });

const automationPath = (id: string, rest: string): string =>
  `/v1/automations/${encodeURIComponent(id)}/${rest}`;

const dial: RemoteCommand<readonly [automation: string, mode: string], Acting> = async (
  api,
  { terminal },
  { given: [automation, mode], options },
) => {
  const body = { mode, reason: options.reason };
  showDial(terminal, options, await api.put(automationPath(automation, 'dial'), body));
  return 0;
};

const kill: RemoteCommand<readonly [automation: string], Acting> = async (
  api,
  { terminal },
  { given: [automation], options },
) =>
  showKill(terminal, options, await api.post(automationPath(automation, 'kill'), { reason: options.reason }));

const guardrails: RemoteCommand<readonly [], Acting & { readonly set?: Pairs }> = async (
  api,
  { terminal },
  { options },
) => {
  const limits = (options.set ?? []).map(([name, value]) => limitFrom(name, value));
  if (limits.length > 0 && options.reason === undefined) {
    throw usage('`--set` needs `--reason <text>`', 'see `backstep guardrails --help`');
  }
  for (const { guardrail, limit } of limits) {
    await api.put(`/v1/guardrails/${guardrail}`, { limit, reason: options.reason });
  }
  const inForce = await api.get<InForce>('/v1/guardrails');
  if (options.json) terminal.json(inForce);
  else for (const line of inForceLines(inForce)) terminal.line(line);
  return 0;
};

const trust: RemoteCommand<readonly [], CommonOptions> = async (api, { terminal }, { options }) => {
  const state = await api.get<TrustState>('/v1/trust');
  if (options.json) terminal.json(state);
  else {
    const { tenant } = await api.get<{ readonly tenant: string }>('/v1/config');
    for (const line of trustLines(tenant, state)) terminal.line(line);
  }
  return 0;
};

const explain: RemoteCommand<
  readonly [action: string],
  CommonOptions & { readonly level: string; readonly file?: readonly string[] }
> = async (api, { terminal }, { given: [text], options }) => {
  if (options.file !== undefined) return undefined;
  const { outcome, node } = addressFrom(text, 'an action', 'acme/EMP-R-001/6f1d#identity');
  const path = `/v1/actions/${encodeURIComponent(`${outcome}#${node}`)}`;
  if (options.json) {
    // Where else the API tells of it is nothing that the command says on the machine of the servers.
    const { links: _, ...told } = await api.get<{ readonly links?: unknown }>(path, { level: options.level });
    terminal.json(told);
  } else {
    const whole = await api.get<Explanation>(path, { level: 3 });
    for (const line of explanationLines(whole, Number(options.level) as Level)) terminal.line(line);
    noteAll(terminal, afterExplanation(outcome, whole.action));
  }
  return 0;
};

/** By the name of the command. What is not here works on this machine, or says that it does not over an API. */
export const REMOTE: Readonly<Record<string, RemoteCommand>> = {
  run: stories.run,
  emit: stories.emit,
  trace: stories.trace,
  backstep: stories.takeBack,
  approve: decide('approve'),
  reject: decide('reject'),
  pause: hold('pause'),
  resume: hold('resume'),
  resolve,
  inbox,
  report: reportRemotely,
  claim: people.claiming('claim'),
  unclaim: people.claiming('unclaim'),
  complete: people.byHand('complete'),
  override: people.override,
  attest: people.byHand('attest'),
  delegate: standing.delegating,
  absent: standing.beingAway,
  review: standing.reviewing,
  calendar: standing.calendar,
  passive: standing.passive,
  dial,
  kill,
  guardrails,
  trust,
  explain,
  compile: plans.compile,
  'entity get': entities.get,
  'entity upsert': entities.upsert,
  'log holds': keeping.holds,
  'log hold': keeping.hold,
  'log lift': keeping.lift,
  'log expire': keeping.expire,
  'log list': log.list,
  'log export': log.exportLog,
  'replay rehearse': replay.rehearse,
  'replay review': replay.review,
  'replay fork': replay.fork,
  'log prove': log.prove,
};
