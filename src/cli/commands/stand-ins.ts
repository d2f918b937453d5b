/** `backstep delegate|absent|review`: who decides in whose place, and what is looked at afterwards. Entry ring. */
import {
  delegate,
  openReviews,
  review,
  sayAbsent,
  withdraw,
  type OpenReview,
  type Speaker,
} from '../../app/approvals/delegate';
import { delegateTask, withdrawTask } from '../../app/approvals/delegate-task';
import type { ApproverLevel } from '../../governance/mode';
import { usage } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { acceptedOf } from '../refuse';
import { withServices } from '../services';
import { timeOf } from '../times';
import { addressFrom } from './act';

interface Options extends CommonOptions {
  readonly as: string;
  readonly reason: string;
}

/** Whoever has this machine has its keys: the rules ask who they say they are, and the history keeps it. */
const speakerOf = ({ as, reason }: Options): Speaker => ({ by: as, roles: ['approver', 'auditor'], reason });

export interface DelegateOptions extends Options {
  readonly until?: string;
  readonly level?: ApproverLevel;
  readonly whenAbsent?: true;
  readonly withdraw?: true;
  /** `<outcome id>#<node>` where it is for that alone. */
  readonly task?: string;
}

/** What is handed on, to whom and until when; wrong usage where the options do not say it. */
export function handedFrom(
  to: string,
  { task, until, level, whenAbsent, withdraw: isBack }: DelegateOptions,
) {
  if (isBack !== true && task === undefined && until === undefined) {
    throw usage('`delegate` needs `--until <time>`', 'or `--task <task>`, with which it ends');
  }
  return {
    to,
    isBack: isBack === true,
    ...(task === undefined ? {} : { task: addressFrom(task, 'a task', 'acme/EMP-R-001/6f1d#manager') }),
    ...(until === undefined ? {} : { until: timeOf('--until', until) }),
    ...(level === undefined ? {} : { level }),
    ...(whenAbsent === undefined ? {} : { onlyWhenAbsent: whenAbsent }),
  };
}

/** What came of `delegate`. */
export interface Handed {
  readonly from: string;
  readonly to: string;
  readonly control: string;
}

export async function delegating(
  context: CommandContext,
  [to]: readonly [to: string],
  options: DelegateOptions,
): CommandResult {
  const { as: from, tenant } = options;
  const { isBack, task, until, ...handed } = handedFrom(to, options);
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const given = { from, ...handed, ...speakerOf(options) };
    const bounded = { ...given, ...(until === undefined ? {} : { until }) };
    const done =
      task === undefined
        ? isBack
          ? await withdraw(services, tenant, given)
          : await delegate(services, tenant, { ...given, until: until ?? 0 })
        : await (isBack ? withdrawTask : delegateTask)(services, task, bounded);
    showHanded(context, options, { from, to, control: acceptedOf(done).id });
    return 0;
  });
}

export function showHanded({ terminal }: CommandContext, options: DelegateOptions, handed: Handed): void {
  const { from, to } = handed;
  const what = options.task === undefined ? '' : ` on ${options.task}`;
  if (options.json) terminal.json(handed);
  else if (options.withdraw === true) terminal.line(`${to} no longer decides for ${from}${what}`);
  else terminal.line(`${to} may decide for ${from}${what}`);
}

export interface AbsentOptions extends Options {
  readonly from?: string;
  readonly until: string;
}

export interface Away {
  readonly person: string;
  readonly from: number;
  readonly until: number;
  readonly control: string;
}

export async function beingAway(
  context: CommandContext,
  _given: readonly [],
  options: AbsentOptions,
): CommandResult {
  const { as: person, from, until, tenant } = options;
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const away = {
      from: from === undefined ? services.now() : timeOf('--from', from),
      until: timeOf('--until', until),
    };
    const { id } = acceptedOf(await sayAbsent(services, tenant, { person, ...away, ...speakerOf(options) }));
    showAway(context, options, { person, ...away, control: id });
    return 0;
  });
}

export function showAway({ terminal }: CommandContext, { json }: CommonOptions, away: Away): void {
  if (json) terminal.json(away);
  else terminal.line(`${away.person} is away until ${new Date(away.until).toISOString()}`);
}

/** Where reviews are read and closed: the servers themselves, or an API. */
export interface ReviewSource {
  open(): Promise<readonly OpenReview[]>;
  close(task: string, verdict: 'sound' | 'unsound', reason: string): Promise<{ readonly control: string }>;
}

export type ReviewOptions = Options;
export type ReviewGiven = readonly [task?: string, verdict?: 'sound' | 'unsound'];

export const reviewing = (
  context: CommandContext,
  given: ReviewGiven,
  options: ReviewOptions,
): CommandResult => {
  const { tenant } = options;
  return withServices(context, options, { starts: false }, (services) =>
    showReviews(
      context,
      { given, options },
      {
        open: () => openReviews(services, tenant),
        close: async (id, verdict) => {
          const said = { id, verdict, ...speakerOf(options) };
          return { control: acceptedOf(await review(services, tenant, said)).id };
        },
      },
    ),
  );
};

export async function showReviews(
  { terminal }: CommandContext,
  { given: [task, verdict], options }: { readonly given: ReviewGiven; readonly options: ReviewOptions },
  source: ReviewSource,
): CommandResult {
  if (task === undefined) {
    const open = await source.open();
    if (options.json) for (const one of open) terminal.json(one);
    else if (open.length === 0) terminal.line('nothing is to be reviewed');
    else for (const { id, by, reason } of open) terminal.line(`${id} by ${by}: ${reason}`);
    return 0;
  }
  if (verdict === undefined || isUnsaid(options)) {
    throw usage('a review needs its verdict and `--reason <text>`', 'such as `backstep review <task> sound`');
  }
  const { control } = await source.close(task, verdict, options.reason);
  if (options.json) terminal.json({ task, verdict, control });
  else terminal.line(`reviewed: ${verdict}`);
  return 0;
}

/** A list needs no reason, so the option is not mandatory. */
const isUnsaid = ({ reason }: Partial<Options>): boolean => reason === undefined;
