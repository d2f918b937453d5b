/** `backstep log hold|lift|holds|expire|erase`. Entry ring. */
import {
  eraseSubject,
  expireNow,
  foreseeExpiry,
  holdsOf,
  liftHold,
  placeHold,
  scheduleExpiry,
  type Held,
} from '../../app/keeping';
import type { KnownHold } from '../../store/legal-holds';
import { usage, type ExitCode } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { acceptedOf } from '../refuse';
import { withServices } from '../services';
import { isoOf, timeOf } from '../times';

const ON_SERVERS = { starts: false } as const;

interface Acting extends CommonOptions {
  readonly reason: string;
  readonly as: string;
}

export async function hold(
  context: CommandContext,
  _arguments: readonly [],
  options: Acting & {
    readonly everything?: true;
    readonly outcome?: string;
    readonly entity?: string;
    readonly since?: string;
    readonly until?: string;
  },
): CommandResult {
  const { terminal } = context;
  const held = heldFrom(options);
  const { tenant, reason, as: by } = options;
  return withServices<ExitCode>(context, options, ON_SERVERS, async (services) => {
    const done = acceptedOf(await placeHold(services, tenant, { held, by, reason }));
    if (options.json) terminal.json(done);
    else terminal.line(`${done.id} is in force; on record as ${done.control}`);
    return 0;
  });
}

function heldFrom({
  everything,
  outcome,
  entity,
  since,
  until,
}: {
  readonly everything?: true;
  readonly outcome?: string;
  readonly entity?: string;
  readonly since?: string;
  readonly until?: string;
}): Held {
  const asked: Held[] = [
    ...(everything === true ? [{ scope: 'tenant' } as const] : []),
    ...(outcome === undefined ? [] : [{ scope: 'outcome', outcome } as const]),
    ...(entity === undefined ? [] : [{ scope: 'entity', entity } as const]),
    ...(since === undefined || until === undefined
      ? []
      : [{ scope: 'time', from: timeOf('--since', since), until: timeOf('--until', until) } as const]),
  ];
  const [held] = asked;
  const isSpan = (since === undefined) === (until === undefined);
  if (held === undefined || asked.length > 1 || !isSpan)
    throw usage('name one: `--outcome`, `--entity`, `--since` with `--until`, or `--everything`');
  if (held.scope === 'time' && held.from >= held.until) throw usage('`--since` is before `--until`');
  return held;
}

export async function lift(
  context: CommandContext,
  [id]: readonly [id: string],
  options: Acting,
): CommandResult {
  const { terminal } = context;
  const { tenant, reason, as: by } = options;
  return withServices<ExitCode>(context, options, ON_SERVERS, async (services) => {
    const done = acceptedOf(await liftHold(services, tenant, { id, by, reason }));
    if (options.json) terminal.json(done);
    else terminal.line(`${done.id} is lifted; on record as ${done.control}`);
    return 0;
  });
}

export async function holds(
  context: CommandContext,
  _arguments: readonly [],
  options: CommonOptions & { readonly all?: true },
): CommandResult {
  const { terminal } = context;
  return withServices<ExitCode>(context, options, ON_SERVERS, async (services) => {
    const found = await holdsOf(services, options.tenant, options.all === true);
    if (options.json) terminal.json(found);
    else if (found.length === 0) terminal.line('no legal hold is in force');
    else for (const one of found) terminal.line(lineOf(one));
    return 0;
  });
}

function lineOf({ id, scope, name, subject, from, until, by, reason, at, liftedAt }: KnownHold): string {
  const what =
    scope === 'time'
      ? `${isoOf(from ?? 0)} to ${isoOf(until ?? 0)}`
      : scope === 'entity'
        ? (subject ?? name)
        : name;
  const end = liftedAt === null ? '' : `; lifted ${isoOf(liftedAt)}`;
  return `${id} ${scope} ${what} since ${isoOf(at)} by ${by}: ${reason}${end}`;
}

export async function expire(
  context: CommandContext,
  _arguments: readonly [],
  options: CommonOptions & {
    readonly reason?: string;
    readonly as: string;
    readonly at?: string;
    readonly schedule?: 'on' | 'off';
  },
): CommandResult {
  const { terminal } = context;
  const { tenant, reason, as: by, schedule } = options;
  const at = options.at === undefined ? undefined : timeOf('--at', options.at);
  return withServices<ExitCode>(context, options, ON_SERVERS, async (services) => {
    if (schedule !== undefined) {
      const set = await scheduleExpiry(services, tenant, { on: schedule === 'on', by });
      if (options.json) terminal.json(set);
      else
        terminal.line(
          set.cron === null ? 'nothing is let go by itself' : `let go by itself: ${set.cron} UTC`,
        );
      return 0;
    }
    if (reason !== undefined) {
      const done = await expireNow(services, tenant, { by, reason });
      if (options.json) terminal.json(done);
      else terminal.line(`${done.cut.histories} histories let go; on record as ${done.control}`);
      return 0;
    }
    const { cut, due } = await foreseeExpiry(services, tenant, at);
    if (options.json) terminal.json({ ...cut, due });
    else {
      for (const { workflow, run, closedAt, isHeld } of due)
        terminal.line(`${isHeld ? 'held' : 'goes'} ${isoOf(closedAt)} ${workflow} ${run}`);
      terminal.line(
        `${cut.histories} histories would go as of ${cut.before}, ${cut.held} more are under a legal hold; records stay`,
      );
    }
    return 0;
  });
}

export async function erase(
  context: CommandContext,
  [subject]: readonly [subject: string],
  options: Acting,
): CommandResult {
  const { terminal } = context;
  const { tenant, reason, as: by } = options;
  return withServices<ExitCode>(context, options, ON_SERVERS, async (services) => {
    const done = acceptedOf(await eraseSubject(services, tenant, { subject, by, reason }));
    if (options.json) terminal.json(done);
    else terminal.line(`the key is destroyed; on record as ${done.control}`);
    return 0;
  });
}
