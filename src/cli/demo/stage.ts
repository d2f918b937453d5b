/**
 * The demonstration's stage: a stand of its own with sandbox and robots, cleared of what a former demonstration left.
 * Entry ring.
 */
import { bringUp, type Up } from '../../app/bring-up';
import type { TenantConfig } from '../../app/configuration';
import { openServices, seedTenant, type Services } from '../../app/services';
import { SandboxAdmin } from '../../sandbox';
import { Complaint } from '../complaint';
import type { CommandContext } from '../context';

export const DEMO_STAND = 'demo';

export interface Stage {
  readonly config: TenantConfig;
  readonly up: Up;
  readonly services: Services;
  /** The sandbox's own record: the second path, which nothing under demonstration goes through. */
  readonly sandbox: SandboxAdmin;
  readonly tenant: string;
  /** Records that earlier demonstrations left in the log. */
  readonly recordsBefore: number;
  readonly signal: AbortSignal;
  close(): Promise<void>;
}

export async function setStage(
  context: CommandContext,
  config: TenantConfig,
  say: (text: string) => void,
): Promise<Stage> {
  const { settings } = context;
  const { tenant } = config.bundle;
  const signal = context.signal();
  const up = await bringUp({
    settings: { ...settings, logLevel: 'error' },
    tenant,
    name: DEMO_STAND,
    robots: false,
    onProgress: say,
    signal,
  });
  if (!up.owned || up.sandbox === undefined) {
    throw new Complaint('another demonstration is running in this project', {
      code: 'STAND_ALREADY_UP',
      help: 'wait until it has ended, or give this one a folder of its own with BACKSTEP_DIR',
    });
  }
  let services: Services | undefined;
  try {
    const opened = (services = await openServices(settings, up.wiring));
    const sandbox = new SandboxAdmin(up.sandbox.urls.admin);
    // Robots come last: nothing that a killed demonstration left behind may reach the world of this one.
    await endLeftovers(opened);
    await sandbox.clearFaults();
    await sandbox.reset(tenant);
    await seedTenant(opened, config);
    say('starting the robots');
    await up.addWorker();
    const { size: recordsBefore } = await opened.evidence.log.end(tenant);
    const close = async (): Promise<void> => {
      await sandbox.clearFaults().catch(() => undefined);
      await opened.close();
      await up.close();
    };
    return { config, up, services: opened, sandbox, tenant, recordsBefore, signal, close };
  } catch (error) {
    await services?.close();
    await up.close();
    throw error;
  }
}

/** Outcomes that a demonstration which was killed left running. They are ended by force, as nobody waits for them. */
async function endLeftovers({ outcomes }: Services): Promise<void> {
  const left = await outcomes.list('ExecutionStatus = "Running"', 1_000);
  for (const { id, runId } of left) {
    await outcomes.client.workflow.getHandle(id, runId).terminate('left behind by an earlier demonstration');
  }
}
