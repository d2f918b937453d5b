/**
 * Use cases: change calendars (freezes and maintenance windows) over a scope, and nodes that only watch. Each is an act of
 * control by a person.
 * Entry ring.
 */
import { WINDOWS_LIMIT, type ChangeWindow } from '../config/calendar';
import { ok, type Result } from '../kernel/result';
import type { ControlDone } from '../temporal/controls';
import type { ControlAct, PausedScope } from '../../workflows/control-protocol';
import type { TenantConfig } from './configuration';
import { control, knownScope, unknown, type Accountable } from './control';
import { actionsByName } from './declared-nodes';
import { refuse, type Refusal } from './refusal';
import type { Services } from './services';

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

/**
 * Makes an action passive, so that the engine only says what it would do there, or active again; in the plans of its own runbook and
 * of every one that uses it. Errors: `CONTROL_REFUSED`.
 */
export async function setPassive(
  services: Services,
  { bundle }: TenantConfig,
  { node, on, ...why }: Accountable & { readonly node: string; readonly on: boolean },
): Promise<Result<ControlDone, Refusal>> {
  const actions = actionsByName();
  const standing = actions.get(node);
  if (standing === undefined) return unknown('action', node, [...actions.keys()]);
  // In a plan where it stands as its author named it the row of the node says it; elsewhere that of the runbook.
  const within = [...new Set(standing.flatMap(({ runbook, isPlain }) => (isPlain ? [] : [runbook])))];
  const act: ControlAct = { do: 'passive', node, on, ...(within.length === 0 ? {} : { within }) };
  return ok(await control(services, bundle.tenant, { act, ...why }));
}
