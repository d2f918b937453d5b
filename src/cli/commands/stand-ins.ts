/** `backstep delegate|absent|review`: who decides in whose place, and what is looked at afterwards. Entry ring. */
import {
  delegate,
  openReviews,
  review,
  sayAbsent,
  withdraw,
  type Speaker,
} from '../../app/approvals/delegate';
import type { ApproverLevel } from '../../governance/mode';
import { usage } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { acceptedOf } from '../refuse';
import { withServices } from '../services';

interface Options extends CommonOptions {
  readonly as: string;
  readonly reason: string;
}

/** Whoever has this machine has its keys: the rules ask who they say they are, and the history keeps it. */
const speakerOf = ({ as, reason }: Options): Speaker => ({ by: as, roles: ['approver', 'auditor'], reason });

interface DelegateOptions extends Options {
  readonly until?: string;
  readonly level?: ApproverLevel;
  readonly whenAbsent?: true;
  readonly withdraw?: true;
}

export async function delegating(
  context: CommandContext,
  [to]: readonly [to: string],
  options: DelegateOptions,
): CommandResult {
  const { terminal } = context;
  const { until, level, whenAbsent = false, as: from, tenant } = options;
  const isBack = options.withdraw === true;
  if (!isBack && until === undefined) throw usage('`delegate` needs `--until <time>`');
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const speaker = speakerOf(options);
    const done = isBack
      ? await withdraw(services, tenant, { from, to, ...speaker })
      : await delegate(services, tenant, {
          ...{ from, to, until: instantFrom(until ?? ''), onlyWhenAbsent: whenAbsent },
          ...(level === undefined ? {} : { level }),
          ...speaker,
        });
    const { id } = acceptedOf(done);
    if (options.json) terminal.json({ from, to, control: id });
    else terminal.line(isBack ? `${to} no longer decides for ${from}` : `${to} may decide for ${from}`);
    return 0;
  });
}

export async function beingAway(
  context: CommandContext,
  _given: readonly [],
  options: Options & { readonly from?: string; readonly until: string },
): CommandResult {
  const { as: person, from, until, tenant } = options;
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const away = {
      from: from === undefined ? services.now() : instantFrom(from),
      until: instantFrom(until),
    };
    const { id } = acceptedOf(await sayAbsent(services, tenant, { person, ...away, ...speakerOf(options) }));
    if (options.json) context.terminal.json({ person, ...away, control: id });
    else context.terminal.line(`${person} is away until ${new Date(away.until).toISOString()}`);
    return 0;
  });
}

export async function reviewing(
  context: CommandContext,
  [task, verdict]: readonly [task?: string, verdict?: 'sound' | 'unsound'],
  options: Options,
): CommandResult {
  const { terminal } = context;
  const { tenant } = options;
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    if (task === undefined) {
      const open = await openReviews(services, tenant);
      if (options.json) for (const one of open) terminal.json(one);
      else if (open.length === 0) terminal.line('nothing is to be reviewed');
      else for (const { id, by, reason } of open) terminal.line(`${id} by ${by}: ${reason}`);
      return 0;
    }
    if (verdict === undefined || isUnsaid(options)) {
      throw usage(
        'a review needs its verdict and `--reason <text>`',
        'such as `backstep review <task> sound`',
      );
    }
    const said = { id: task, verdict, ...speakerOf(options) };
    const { id } = acceptedOf(await review(services, tenant, said));
    if (options.json) terminal.json({ task, verdict, control: id });
    else terminal.line(`reviewed: ${verdict}`);
    return 0;
  });
}

function instantFrom(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw usage(`\`${text}\` is no time`, 'write it as ISO 8601, such as `2026-11-21T08:00:00Z`');
  return at;
}

/** A list needs no reason, so the option is not mandatory. */
const isUnsaid = ({ reason }: Partial<Options>): boolean => reason === undefined || reason === '';
