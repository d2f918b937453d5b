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

interface CalendarOptions extends ActOptions {
  readonly freeze?: readonly string[];
  readonly maintenance?: readonly string[];
  readonly lift?: true;
}

export async function calendar(
  context: CommandContext,
  [id, over]: readonly [id: string, scope: string],
  options: CalendarOptions,
): CommandResult {
  const found = readScope(over);
  if (found === undefined) {
    throw usage(
      `\`${over}\` is no scope`,
      'write it as `tenant:acme`, or with `domain`, `runbook` or `automation`',
    );
  }
  const { kind, windows } = windowsOf(options);
  const config = await configOf(context, options.tenant);
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const why = { by: options.as, reason: options.reason };
    const act = { id, ...found, kind, ...(windows === undefined ? {} : { windows }) };
    const done = acceptedOf(await setCalendar(services, config, { ...act, ...why }));
    const what = windows === undefined ? 'is lifted' : `is set: ${kind}, ${windows.length} windows`;
    if (options.json) context.terminal.json({ ...act, control: done.id });
    else context.terminal.line(`the calendar ${id} over ${over} ${what}`);
    return 0;
  });
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

export async function passive(
  context: CommandContext,
  [node]: readonly [node: string],
  options: ActOptions & { readonly off?: true },
): CommandResult {
  const config = await configOf(context, options.tenant);
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const act = { node, on: options.off !== true, by: options.as, reason: options.reason };
    const done = acceptedOf(await setPassive(services, config, act));
    if (options.json) context.terminal.json({ node, passive: act.on, control: done.id });
    else context.terminal.line(act.on ? `${node} only watches` : `${node} acts again`);
    return 0;
  });
}
