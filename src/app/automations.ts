/** Use case: the automations of a tenant as they stand: configured, and with what people have set since. Entry ring. */
import { isMode, type Mode } from '../governance/mode';
import { resolve } from '../config/resolve';
import type { TenantConfig } from './configuration';
import type { Services } from './services';

export interface AutomationState {
  readonly id: string;
  readonly summary?: string;
  readonly events: readonly string[];
  readonly outcome: string;
  readonly entity: string;
  readonly dial: Mode;
  readonly dialSetBy?: string;
  readonly killed: boolean;
  readonly paused: boolean;
  readonly inFlight: number;
}

export async function listAutomationsOf(
  { authority }: Pick<Services, 'authority'>,
  { bundle }: TenantConfig,
): Promise<readonly AutomationState[]> {
  const { tenant, tier, content } = bundle;
  const controls = await authority.controls(tenant);
  const states = content.automations.map(async (automation): Promise<AutomationState> => {
    const { id, summary, events, outcome, entity } = automation;
    const own = controls.filter(({ scope, name }) => scope === 'automation' && name === id);
    const set = own.find(({ kind }) => kind === 'dial');
    const configured = automation.dial ?? resolve(bundle, 'dial.default', { tenant, tier }).value;
    return {
      id,
      ...(summary === undefined ? {} : { summary }),
      events,
      outcome,
      entity,
      dial: isMode(set?.value) ? set.value : configured,
      ...(set === undefined ? {} : { dialSetBy: set.by }),
      killed: own.some(({ kind }) => kind === 'kill'),
      paused: own.some(({ kind }) => kind === 'pause'),
      inFlight: await authority.inFlight(tenant, id),
    };
  });
  return Promise.all(states);
}
