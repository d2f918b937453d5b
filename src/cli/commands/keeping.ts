/** `backstep log hold|lift|holds|expire|erase`; all but the last are also shown for the API. Entry ring. */
import {
  eraseSubject,
  expireNow,
  foreseeExpiry,
  holdsOf,
  liftHold,
  placeHold,
  scheduleExpiry,
  type Expiry,
  type Held,
  type HoldDone,
} from '../../app/keeping';
import type { KnownHold } from '../../store/legal-holds';
import { usage, type ExitCode } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { acceptedOf } from '../refuse';
import { withServices } from '../services';
import type { Terminal } from '../terminal';
import { isoOf, timeOf } from '../times';

const ON_SERVERS = { starts: false } as const;

export interface KeepingOptions extends CommonOptions {
  readonly reason: string;
  readonly as: string;
}

export interface HoldOptions extends KeepingOptions {
  readonly everything?: true;
  readonly outcome?: string;
  readonly entity?: string;
  readonly since?: string;
  readonly until?: string;
}

export async function hold(
  context: CommandContext,
  _arguments: readonly [],
  options: HoldOptions,
): CommandResult {
  const { terminal } = context;
  const held = heldFrom(options);
  const { tenant, reason, as: by } = options;
  return withServices<ExitCode>(context, options, ON_SERVERS, async (services) => {
    const done = acceptedOf(await placeHold(services, tenant, { held, by, reason }));
    return showHold(terminal, options, done, 'in force');
  });
}

/** What became of a hold. */
export function showHold(
  terminal: Terminal,
  { json }: CommonOptions,
  done: HoldDone,
  became: 'in force' | 'lifted',
): ExitCode {
  if (json) terminal.json(done);
  else terminal.line(`${done.id} is ${became}; on record as ${done.control}`);
  return 0;
}

/** What a hold is to keep; wrong usage where it is not one thing. */
export function heldFrom({ everything, outcome, entity, since, until }: HoldOptions): Held {
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
  options: KeepingOptions,
): CommandResult {
  const { terminal } = context;
  const { tenant, reason, as: by } = options;
  return withServices<ExitCode>(context, options, ON_SERVERS, async (services) => {
    const done = acceptedOf(await liftHold(services, tenant, { id, by, reason }));
    return showHold(terminal, options, done, 'lifted');
  });
}

export interface HoldsOptions extends CommonOptions {
  readonly all?: true;
}

export async function holds(
  context: CommandContext,
  _arguments: readonly [],
  options: HoldsOptions,
): CommandResult {
  return withServices<ExitCode>(context, options, ON_SERVERS, async (services) =>
    showHolds(context.terminal, options, await holdsOf(services, options.tenant, options.all === true)),
  );
}

/** Oldest first. */
export function showHolds(
  terminal: Terminal,
  { json }: CommonOptions,
  found: readonly KnownHold[],
): ExitCode {
  if (json) terminal.json(found);
  else if (found.length === 0) terminal.line('no legal hold is in force');
  else for (const one of found) terminal.line(lineOf(one));
  return 0;
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

export interface ExpireOptions extends CommonOptions {
  readonly reason?: string;
  readonly as: string;
  readonly at?: string;
  readonly schedule?: 'on' | 'off';
}

/** What the end of retention is asked of, on servers or over an API. */
interface ExpiryAsked {
  foresee(at: number | undefined): Promise<Expiry>;
  letGo(reason: string): Promise<{ readonly control: string; readonly cut: Expiry['cut'] }>;
  schedule(on: boolean): Promise<{ readonly cron: string | null }>;
}

export async function expire(
  context: CommandContext,
  _arguments: readonly [],
  options: ExpireOptions,
): CommandResult {
  const { tenant, as: by } = options;
  const asked = expiryFrom(options);
  return withServices<ExitCode>(context, options, ON_SERVERS, (services) =>
    showExpiry(context.terminal, asked, {
      foresee: (at) => foreseeExpiry(services, tenant, at),
      letGo: (reason) => expireNow(services, tenant, { by, reason }),
      schedule: (on) => scheduleExpiry(services, tenant, { on, by }),
    }),
  );
}

type ExpiryGiven = Omit<ExpireOptions, 'at'> & { readonly at: number | undefined };

/** The options, with the time read; wrong usage where it is none. */
export const expiryFrom = (options: ExpireOptions): ExpiryGiven => ({
  ...options,
  at: options.at === undefined ? undefined : timeOf('--at', options.at),
});

/** Does what was asked, and shows what came of it. */
export async function showExpiry(
  terminal: Terminal,
  { json, schedule, reason, at }: ExpiryGiven,
  ask: ExpiryAsked,
): CommandResult {
  if (schedule !== undefined) {
    const set = await ask.schedule(schedule === 'on');
    if (json) terminal.json(set);
    else
      terminal.line(set.cron === null ? 'nothing is let go by itself' : `let go by itself: ${set.cron} UTC`);
    return 0;
  }
  if (reason !== undefined) {
    const done = await ask.letGo(reason);
    if (json) terminal.json(done);
    else terminal.line(`${done.cut.histories} histories let go; on record as ${done.control}`);
    return 0;
  }
  const { cut, due } = await ask.foresee(at);
  if (json) terminal.json({ ...cut, due });
  else {
    for (const { workflow, run, closedAt, isHeld } of due)
      terminal.line(`${isHeld ? 'held' : 'goes'} ${isoOf(closedAt)} ${workflow} ${run}`);
    terminal.line(
      `${cut.histories} histories would go as of ${cut.before}, ${cut.held} more are under a legal hold; records stay`,
    );
  }
  return 0;
}

export async function erase(
  context: CommandContext,
  [subject]: readonly [subject: string],
  options: KeepingOptions,
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
