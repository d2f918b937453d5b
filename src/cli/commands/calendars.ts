/** `backstep calendar|passive`: when changes may be made, and where the engine only watches. Entry ring. */
import { setCalendar, setPassive } from '../../app/calendars';
import { readScope } from '../../app/control';
import { readWindow } from '../../config/calendar';
import { usage } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { acceptedOf, configOf } from '../refuse';
import { withServices } from '../services';

interface ActOptions extends CommonOptions {
  readonly reason: string;
  readonly as: string;
}

export interface CalendarOptions extends ActOptions {
  readonly freeze?: readonly string[];
  readonly maintenance?: readonly string[];
  readonly lift?: true;
}

/** The calendar that is meant; wrong usage where the arguments say none. */
export function calendarFrom(over: string, options: CalendarOptions) {
  const found = readScope(over);
  if (found === undefined) {
    throw usage(
      `\`${over}\` is no scope`,
      'write it as `tenant:acme`, or with `domain`, `runbook` or `automation`',
    );
  }
  const { kind, windows } = windowsOf(options);
  return { ...found, kind, ...(windows === undefined ? {} : { windows }) };
}

export async function calendar(
  context: CommandContext,
  [id, over]: readonly [id: string, scope: string],
  options: CalendarOptions,
): CommandResult {
  const act = calendarFrom(over, options);
  const config = await configOf(context, options.tenant);
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const why = { by: options.as, reason: options.reason };
    const done = acceptedOf(await setCalendar(services, config, { id, ...act, ...why }));
    showCalendar(context, options, { id, ...act, control: done.id });
    return 0;
  });
}

export function showCalendar(
  { terminal }: CommandContext,
  { json }: CommonOptions,
  set: ReturnType<typeof calendarFrom> & { readonly id: string; readonly control: string },
): void {
  const { id, scope, name, kind, windows } = set;
  const what = windows === undefined ? 'is lifted' : `is set: ${kind}, ${windows.length} windows`;
  if (json) terminal.json(set);
  else terminal.line(`the calendar ${id} over ${scope}:${name} ${what}`);
}

function windowsOf({ freeze, maintenance, lift }: CalendarOptions) {
  const given = [freeze, maintenance, lift].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw usage(
      'one of `--freeze`, `--maintenance` and `--lift` is needed',
      'see `backstep calendar --help`',
    );
  }
  const kind = maintenance === undefined ? ('freeze' as const) : ('maintenance' as const);
  if (lift === true) return { kind };
  const windows = (freeze ?? maintenance ?? []).map((text) => {
    const window = readWindow(text);
    if (window !== undefined) return window;
    const help = 'write it as `<from>/<to>`, such as `2026-12-20T00:00Z/2027-01-02T00:00Z`';
    throw usage(`\`${text}\` is no window`, help);
  });
  return { kind, windows };
}

export interface PassiveOptions extends ActOptions {
  readonly off?: true;
}

export async function passive(
  context: CommandContext,
  [node]: readonly [node: string],
  options: PassiveOptions,
): CommandResult {
  const config = await configOf(context, options.tenant);
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const act = { node, on: options.off !== true, by: options.as, reason: options.reason };
    const done = acceptedOf(await setPassive(services, config, act));
    showPassive(context, options, { node, passive: act.on, control: done.id });
    return 0;
  });
}

export function showPassive(
  { terminal }: CommandContext,
  { json }: CommonOptions,
  set: { readonly node: string; readonly passive: boolean; readonly control: string },
): void {
  if (json) terminal.json(set);
  else terminal.line(set.passive ? `${set.node} only watches` : `${set.node} acts again`);
}
