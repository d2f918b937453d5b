/**
 * Use cases: change calendars (freezes and maintenance windows) over a scope, and nodes that only watch. Each is an act of
 * control by a person.
 * Entry ring.
 */
import { ok, type Result } from '../kernel/result';
import type { ControlDone } from '../temporal/controls';
import type { ControlAct, PausedScope } from '../../workflows/control-protocol';
import { shipped } from './catalog';
import type { TenantConfig } from './configuration';
import { control, knownScope, unknown, type Accountable } from './control';
import { refuse, type Refusal } from './refusal';
import type { Services } from './services';

/** `[from, to)`, in milliseconds since the epoch. */
export interface ChangeWindow {
  readonly from: number;
  readonly to: number;
}

/** Most windows of one calendar: a year of nights. */
const WINDOWS_LIMIT = 400;

/**
 * Reads `<from>/<to>`, two moments of ISO 8601 with the second behind the first; `undefined` where the text is none. A moment
 * without a zone is UTC.
 */
export function readWindow(text: string): ChangeWindow | undefined {
  const [from, to, ...rest] = text.split('/').map(momentOf);
  if (from === undefined || to === undefined || rest.length > 0 || from >= to) return undefined;
  return { from, to };
}

const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?(Z|[+-]\d\d:\d\d)?$/;

function momentOf(text: string): number | undefined {
  const [matched, zone] = MOMENT.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const at = Date.parse(zone === undefined && text.includes('T') ? `${text}Z` : text);
  return Number.isNaN(at) ? undefined : at;
}

/** Sets a calendar over a scope; without windows it is taken away. Errors: `CONTROL_REFUSED`. */
export async function setCalendar(
  services: Services,
  { bundle }: TenantConfig,
  {
    id,
    scope,
    name,
    kind,
    windows,
    ...why
  }: Accountable & {
    readonly id: string;
    readonly scope: PausedScope;
    readonly name: string;
    readonly kind: 'freeze' | 'maintenance';
    readonly windows?: readonly ChangeWindow[];
  },
): Promise<Result<ControlDone, Refusal>> {
  const known = knownScope(bundle, scope, name);
  if (!known.ok) return known;
  if (windows !== undefined && windows.length > WINDOWS_LIMIT) {
    return refuse('CONTROL_REFUSED', `a calendar has no more than ${WINDOWS_LIMIT} windows`);
  }
  const act: ControlAct = {
    ...{ do: 'calendar', id, scope, name, kind },
    ...(windows === undefined ? {} : { windows }),
  };
  return ok(await control(services, bundle.tenant, { act, ...why }));
}

/** Makes a node passive, so that the engine only says what it would do there, or active again. Errors: `CONTROL_REFUSED`. */
export async function setPassive(
  services: Services,
  { bundle }: TenantConfig,
  { node, on, ...why }: Accountable & { readonly node: string; readonly on: boolean },
): Promise<Result<ControlDone, Refusal>> {
  const nodes = shipped().configurable.runbooks.flatMap(({ id, nodes: own = [] }) =>
    own.map((one) => `${id}/${one}`),
  );
  if (!nodes.includes(node)) return unknown('node', node, nodes);
  return ok(await control(services, bundle.tenant, { act: { do: 'passive', node, on }, ...why }));
}
