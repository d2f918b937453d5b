/**
 * Services for one command: the servers that the environment names, else the stand that is up, else, for commands that may,
 * a stand of the command's own.
 * Entry ring.
 */
import { bringUp, type Up } from '../app/bring-up';
import type { TenantConfig } from '../app/configuration';
import { openServices, seedTenant, type Services } from '../app/services';
import { wiringOf } from '../app/wiring';
import { inspectStand } from '../embedded';
import type { JsonObject } from '../kernel/json';
import { Complaint } from './complaint';
import type { CommandContext, CommonOptions } from './context';
import { valueOf } from './refuse';

export interface Need {
  /** Brings a stand with sandbox and robots up where none is. */
  readonly starts: boolean;
  /** Puts this tenant's seeded entities into the graph first. */
  readonly seeds?: TenantConfig;
}

/** Runs `work` with services, and closes whatever had to be opened for it. */
export async function withServices<T>(
  context: CommandContext,
  options: Pick<CommonOptions, 'tenant' | 'api'>,
  need: Need,
  work: (services: Services) => Promise<T>,
): Promise<T> {
  const { settings, terminal } = context;
  if ((options.api ?? settings.remote.url) !== undefined) {
    throw new Complaint('this command asks the servers themselves, and an API is named', {
      code: 'CLI_USAGE',
      exit: 2,
      help: 'run it where the servers are, without `--api` and BACKSTEP_API',
    });
  }
  const named = wiringOf(settings);
  const up = named === undefined ? await standFor(context, options, need) : undefined;
  try {
    const wiring = named ?? up!.wiring;
    const services = await openServices(settings, wiring);
    try {
      if (need.seeds !== undefined) await seedTenant(services, need.seeds);
      return await work(services);
    } finally {
      await services.close();
    }
  } finally {
    if (up?.owned === true) {
      await terminal.during('stopping the stand', () => up.close());
      terminal.note(terminal.errColours.dim('the stand is stopped; its data stays'));
    }
  }
}

async function standFor(
  context: CommandContext,
  { tenant }: Pick<CommonOptions, 'tenant'>,
  { starts }: Need,
): Promise<Up> {
  const { settings, terminal } = context;
  const { dim } = terminal.errColours;
  const { state } = await inspectStand({
    dir: settings.standDir,
    name: settings.standName,
    env: settings.env,
  });
  const isUp = state === 'running' || state === 'starting';
  if (!isUp && !starts) {
    throw new Complaint(`no stand is up, and no servers are named`, {
      code: 'STAND_NOT_UP',
      help: 'run `backstep up` in another terminal, or set TEMPORAL_ADDRESS and DATABASE_URL',
    });
  }
  if (!isUp) terminal.note(dim('no stand is up: bringing one up for this command (`backstep up` keeps one)'));
  return terminal.during('starting servers', (say) =>
    bringUp({
      settings,
      tenant,
      onProgress: say,
      ...(isUp ? {} : { signal: context.signal() }),
    }),
  );
}

/** The stand that another process has brought up; a complaint where none is. */
export const standThatIsUp = (context: CommandContext, options: Pick<CommonOptions, 'tenant'>): Promise<Up> =>
  standFor(context, options, { starts: false });

/** An entity from the store; says on standard error that it comes from there. */
export async function storedEntity(
  context: CommandContext,
  services: Services,
  { tenant, id }: { readonly tenant: string; readonly id: string },
): Promise<{ readonly id: string; readonly fields: JsonObject }> {
  const found = await services.cortex.need(tenant, id);
  const entity = valueOf(found, { message: 'no such entity', code: 'COMPILE_REFUSED' });
  context.terminal.note(context.terminal.errColours.dim(`entity ${id} from the store`));
  return entity;
}
